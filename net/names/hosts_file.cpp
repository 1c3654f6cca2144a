#include <weft/net/names/hosts_file.hpp>

#include <weft/net/internal/names_text.hpp>
#include <weft/net/internal/small_file.hpp>

#include <algorithm>

namespace weft::net {

namespace {

constexpr std::size_t kMostProblems = 100;

std::string_view nextWord(std::string_view& line) noexcept {
  const std::size_t start = std::min(line.find_first_not_of(" \t\r\v\f"), line.size());
  const std::size_t end = std::min(line.find_first_of(" \t\r\v\f", start), line.size());
  const std::string_view word = line.substr(start, end - start);
  line.remove_prefix(end);
  return word;
}

}  // namespace

HostsFile HostsFile::parse(std::string_view text) {
  HostsFile hosts;
  std::size_t number = 0;
  const auto problem = [&](std::string what) {
    if (hosts.problems_.size() < kMostProblems) hosts.problems_.push_back("line " + std::to_string(number) + ": " + what);
  };
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const std::string_view first = nextWord(line);
    if (first.empty()) continue;
    const auto address = Address::parse(first, 0);
    if (!address) {
      problem('"' + std::string(first.substr(0, 64)) + "\" is not an address");
      continue;
    }
    std::string_view word = nextWord(line);
    if (word.empty()) problem("no name follows the address " + address->host());
    for (; !word.empty(); word = nextWord(line)) {
      std::string name(word);
      detail::lowerName(name);
      if (name.back() == '.') name.pop_back();
      auto& addresses = hosts.names_[name];
      if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) addresses.push_back(*address);
      auto& names = hosts.namesOf_[address->host()];
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
  }
  return hosts;
}

HostsFile HostsFile::read(const std::string& path) { return parse(detail::readSmallFile(path)); }

std::span<const Address> HostsFile::find(std::string_view name) const {
  std::string key(name);
  detail::lowerName(key);
  if (!key.empty() && key.back() == '.') key.pop_back();
  const auto found = names_.find(key);
  if (found == names_.end()) return {};
  return found->second;
}

std::vector<std::string> HostsFile::namesOf(const Address& address) const {
  const auto found = namesOf_.find(address.host());
  return found == namesOf_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace weft::net
