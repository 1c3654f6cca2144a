#include <weft/net/names/resolver.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/net/internal/names_text.hpp>

#include <algorithm>
#include <array>

namespace weft::net {

namespace {

constexpr std::size_t kLongestName = 253;              // RFC 1035 section 2.3.4: 255 bytes as they are sent
constexpr std::size_t kLongestLabel = 63;

using weft::detail::isDigit;
bool isHexDigit(char c) noexcept { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool isNamePart(char c) noexcept { return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

bool isNumber(std::string_view label) noexcept {
  if (label.size() >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) return std::all_of(label.begin() + 2, label.end(), isHexDigit);
  return std::all_of(label.begin(), label.end(), isDigit);
}

std::string shown(char c) {
  static constexpr char digits[] = "0123456789abcdef";
  if (c >= ' ' && c <= '~') return std::string("'") + c + '\'';
  const auto byte = static_cast<unsigned char>(c);
  return std::string("the byte 0x") + digits[byte >> 4] + digits[byte & 15];
}

// What names of hosts and of other records have in common.
std::optional<std::string> problemOfName(std::string_view name, bool (*allowed)(char) noexcept) {
  if (name.empty()) return "the name is empty";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) >= 128) return "the name is not ASCII: convert it to its xn-- form (IDNA) first";
    if (c != '.' && !allowed(c)) return "a name does not contain " + shown(c);
  }
  if (name.back() == '.') name.remove_suffix(1);
  if (name.size() > kLongestName) return "the name has " + std::to_string(name.size()) + " bytes, and none has more than 253";
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('.', start), name.size());
    if (end == start) return "a part of the name is empty";
    if (end - start > kLongestLabel) return "a part of the name has " + std::to_string(end - start) + " bytes, and none has more than 63";
    start = end + 1;
  }
  return {};
}

std::vector<Address> localhost(std::uint16_t port) {
  // IPv4 first: it is what most servers of this machine listen on.
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return {Address::loopback(port), Address(Address::Family::IPv6, one, port)};
}

}  // namespace

std::optional<std::string> problemOfHostName(std::string_view host) {
  if (auto problem = problemOfName(host, isNamePart)) return problem;
  if (host.back() == '.') host.remove_suffix(1);
  if (isNumber(host.substr(host.rfind('.') + 1)))
    return "it ends in a number, so it is not a name; if an address is meant, write it as four decimal numbers (127.0.0.1)";
  return {};
}

bool isLocalhost(std::string_view host) noexcept {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  constexpr std::string_view name = "localhost";
  if (host.size() < name.size() || !detail::equalNames(host.substr(host.size() - name.size()), name)) return false;
  return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

Deferred<std::vector<Address>> Resolver::resolve(std::string host, std::uint16_t port) {
  using Addresses = std::vector<Address>;
  if (const auto numeric = Address::parse(host, port)) return succeed(Addresses{*numeric});
  if (const auto problem = problemOfHostName(host)) {
    BadName bad(host, *problem);
    bad.port = port;
    return fail<Addresses>(std::move(bad));
  }
  if (isLocalhost(host)) return succeed(localhost(port));
  detail::lowerName(host);
  return addressesOf(std::move(host)).addBoth([port](Outcome<HostAddresses> outcome) -> Outcome<Addresses> {
    if (!outcome) {
      const auto* error = outcome.failure().as<NameError>();
      return error ? error->withPort(port) : std::move(outcome.failure());
    }
    for (Address& address : outcome->addresses) address = address.withPort(port);
    return std::move(outcome->addresses);
  });
}

Deferred<std::vector<Record>> Resolver::lookup(std::string name, RecordType type) {
  using Records = std::vector<Record>;
  const bool ofHost = type == RecordType::A || type == RecordType::AAAA;
  const auto problem = ofHost ? problemOfHostName(name) : problemOfName(name, [](char c) noexcept { return c > ' ' && c < 127 && c != '\\'; });
  if (problem) return fail<Records>(BadName(name, *problem));
  if (ofHost && isLocalhost(name)) {
    const Address address = localhost(0)[type == RecordType::A ? 0 : 1];
    return succeed(Records{Record(std::move(name), std::chrono::seconds(0), AddressRecord(address))});
  }
  detail::lowerName(name);
  return recordsOf(std::move(name), type);
}

}  // namespace weft::net
