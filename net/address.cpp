#include <weft/net/address.hpp>

#include <weft/net/error.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <net/if.h>

namespace weft::net {

struct Address::Name {
  const std::string text;
  std::atomic<std::uint32_t> holders = 1;
};

Address::Name* Address::name() const noexcept {
  Name* name;
  std::memcpy(&name, bytes_.data(), sizeof name);
  return name;
}

void Address::hold() const noexcept { name()->holders.fetch_add(1, std::memory_order_relaxed); }

void Address::release() noexcept {
  if (name()->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete name();
}

Address Address::unixPath(std::string_view path) {
  Name* const name = new Name{std::string(path)};
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &name, sizeof name);
  return {Family::Unix, bytes, 0};
}

std::string_view Address::path() const noexcept { return family_ == Family::Unix ? std::string_view(name()->text) : std::string_view(); }

std::optional<Address> Address::parse(std::string_view host, std::uint16_t port) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return {};
  }
  char text[INET6_ADDRSTRLEN];
  std::array<std::uint8_t, 16> bytes{};
  if (host.find(':') == std::string_view::npos) {
    if (host.size() >= sizeof text) return {};
    text[host.copy(text, host.size())] = 0;
    if (inet_pton(AF_INET, text, bytes.data()) != 1) return {};
    return Address(Family::IPv4, bytes, port);
  }
  const std::size_t percent = host.find('%');
  const std::string_view numbers = host.substr(0, percent);
  if (numbers.size() >= sizeof text) return {};
  text[numbers.copy(text, numbers.size())] = 0;
  if (inet_pton(AF_INET6, text, bytes.data()) != 1) return {};
  std::uint32_t scope = 0;
  if (percent != std::string_view::npos) {
    const std::string zone(host.substr(percent + 1));
    const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), scope);
    if (error != std::errc() || end != zone.data() + zone.size()) scope = if_nametoindex(zone.c_str());
    if (scope == 0) return {};
  }
  return Address(Family::IPv6, bytes, port, scope);
}

std::string Address::host() const {
  if (family_ == Family::None) return {};
  if (family_ == Family::Unix) return name()->text;
  char text[INET6_ADDRSTRLEN];
  inet_ntop(family_ == Family::IPv4 ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  std::string host(text);
  if (scope_ != 0) (host += '%') += std::to_string(scope_);
  return host;
}

std::string Address::toString() const {
  switch (family_) {
    case Family::None: return "(no address)";
    case Family::Unix: return name()->text.empty() ? "unix:(unnamed)" : "unix:" + name()->text;
    default: return hostAndPort(host(), port_);
  }
}

}  // namespace weft::net
