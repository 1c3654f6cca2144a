#include <weft/net/internal/resolv_conf.hpp>

#include <weft/net/internal/names_text.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace weft::net::detail {

namespace {

constexpr std::size_t kMostServers = 8;
constexpr std::size_t kMostDomains = 32;
constexpr int kMostDots = 15;
constexpr int kMostSeconds = 30;
constexpr int kMostAttempts = 10;

std::string_view nextWord(std::string_view& line) noexcept {
  const std::size_t start = std::min(line.find_first_not_of(" \t\r"), line.size());
  const std::size_t end = std::min(line.find_first_of(" \t\r", start), line.size());
  const std::string_view word = line.substr(start, end - start);
  line.remove_prefix(end);
  return word;
}

std::optional<int> numberAfter(std::string_view word, std::string_view key, int least, int most) noexcept {
  if (!word.starts_with(key)) return {};
  word.remove_prefix(key.size());
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  return std::clamp(value, least, most);
}

}  // namespace

ResolvConf ResolvConf::parse(std::string_view text) {
  ResolvConf conf;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const std::string_view key = nextWord(line);
    if (key == "nameserver") {
      const auto server = Address::parse(nextWord(line), 53);
      if (server && conf.servers.size() < kMostServers) conf.servers.push_back(*server);
    } else if (key == "domain" || key == "search") {   // the last one of either counts
      conf.search.clear();
      for (std::string_view word = nextWord(line); !word.empty() && conf.search.size() < kMostDomains; word = nextWord(line)) {
        if (word.ends_with('.')) word.remove_suffix(1);
        if (!word.empty()) conf.search.emplace_back(word);
      }
    } else if (key == "options") {
      for (std::string_view word = nextWord(line); !word.empty(); word = nextWord(line)) {
        if (const auto dots = numberAfter(word, "ndots:", 0, kMostDots)) conf.ndots = *dots;
        else if (const auto seconds = numberAfter(word, "timeout:", 1, kMostSeconds)) conf.timeout = *seconds;
        else if (const auto attempts = numberAfter(word, "attempts:", 1, kMostAttempts)) conf.attempts = *attempts;
        else if (word == "rotate") conf.rotate = true;
      }
    }
  }
  for (std::string& domain : conf.search) lowerName(domain);
  if (conf.servers.empty()) conf.servers.push_back(Address::loopback(53));
  return conf;
}

std::vector<std::string> searchedNames(std::string_view host, const std::vector<std::string>& search, int ndots) {
  if (host.ends_with('.')) return {std::string(host.substr(0, host.size() - 1))};
  std::vector<std::string> names;
  const bool itselfFirst = std::count(host.begin(), host.end(), '.') >= ndots;
  if (itselfFirst) names.emplace_back(host);
  for (const std::string& domain : search) {
    if (host.size() + 1 + domain.size() <= 253) names.push_back(std::string(host) + '.' + domain);
  }
  if (!itselfFirst) names.emplace_back(host);
  return names;
}

}  // namespace weft::net::detail
