#include <weft/http/public_suffix.hpp>

#include <libpsl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weft::http {
namespace {

constexpr std::size_t kLongestName = 255;              // longer names are no domains, and are cached nowhere

// An answer: how many bytes at the end of a host are its registrable domain.
struct KnownHost {
  std::array<char, 64> host;
  std::uint8_t size = 0;
  std::uint8_t registrable = 0;
};
constexpr std::size_t kAnswers = 256;

std::size_t slotOf(std::string_view host) noexcept {
  std::uint64_t hash = host.size();
  for (char c : host) hash = (hash ^ static_cast<unsigned char>(c)) * 0x9E3779B97F4A7C15;
  return static_cast<std::size_t>(hash >> 56) % kAnswers;
}

// A host that ends in a number is an IPv4 address or none at all (WHATWG URL section 3.5).
bool isIpAddress(std::string_view host) noexcept {
  if (host.empty() || host.front() == '[') return true;
  if (host.find(':') != std::string_view::npos) return true;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos;
}

std::size_t ask(std::string_view host) noexcept {
  std::string_view name = host;
  const bool finalDot = name.ends_with('.');
  if (finalDot) name.remove_suffix(1);
  if (name.empty() || name.size() > kLongestName || isIpAddress(name)) return 0;
  char text[kLongestName + 1];
  for (std::size_t i = 0; i < name.size(); ++i) text[i] = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] + 32) : name[i];
  text[name.size()] = '\0';
  if (std::memchr(text, '\0', name.size())) return 0;
  const char* domain = psl_registrable_domain(psl_builtin(), text);
  if (!domain || *domain == '.' || *domain == '\0') return 0;
  return std::strlen(domain) + (finalDot ? 1 : 0);
}

}  // namespace

std::string_view registrableDomain(std::string_view host) noexcept {
  if (host.size() > sizeof(KnownHost::host)) return host.substr(host.size() - ask(host));
  if (host.empty()) return {};
  thread_local std::array<KnownHost, kAnswers> answers;   // 17 KB for a thread that asks
  KnownHost& answer = answers[slotOf(host)];
  if (answer.size != host.size() || std::memcmp(answer.host.data(), host.data(), host.size()) != 0) {
    answer.registrable = static_cast<std::uint8_t>(ask(host));
    std::memcpy(answer.host.data(), host.data(), host.size());
    answer.size = static_cast<std::uint8_t>(host.size());
  }
  return host.substr(host.size() - answer.registrable);
}

bool isPublicSuffix(std::string_view domain) noexcept {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return !domain.empty() && !domain.starts_with('.') && domain.find("..") == std::string_view::npos && !isIpAddress(domain) &&
         registrableDomain(domain).empty();
}

}  // namespace weft::http
