#include <weft/net/address_guard.hpp>

#include <weft/net/internal/names_text.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace weft::net {

namespace {

/// Where an IPv6 address carries an IPv4 address.
enum class Carried : std::uint8_t { No, AtEnd, After2, After6, AtEndInverted };

struct Special {
  AddressRange range;
  std::string_view rule;
  Carried carried;
};

// The IANA IPv4 and IPv6 special-purpose address registries, without what they list as globally reachable. The first that fits counts, so the smaller stand first.
const std::vector<Special>& specials() {
  static const std::vector<Special> all = [] {
    std::vector<Special> list;
    const auto add = [&](const char* range, std::string_view rule, Carried carried = Carried::No) { list.push_back({AddressRange::parse(range), rule, carried}); };
    add("169.254.169.254", "metadata");                // of most clouds
    add("168.63.129.16", "metadata");                  // Azure; this one is not in the registries
    add("100.100.100.200", "metadata");                // Alibaba
    add("255.255.255.255", "broadcast");
    add("0.0.0.0/8", "unspecified");                   // RFC 791; Linux connects to itself
    add("10.0.0.0/8", "private");                      // RFC 1918
    add("100.64.0.0/10", "shared");                    // RFC 6598, behind carriers' address translation
    add("127.0.0.0/8", "loopback");                    // RFC 1122
    add("169.254.0.0/16", "link-local");               // RFC 3927
    add("172.16.0.0/12", "private");
    add("192.0.0.0/24", "reserved");                   // RFC 6890, protocol assignments
    add("192.0.2.0/24", "documentation");              // RFC 5737
    add("192.88.99.0/24", "reserved");                 // RFC 7526, relays of 6to4
    add("192.168.0.0/16", "private");
    add("198.18.0.0/15", "benchmarking");              // RFC 2544
    add("198.51.100.0/24", "documentation");
    add("203.0.113.0/24", "documentation");
    add("224.0.0.0/4", "multicast");
    add("240.0.0.0/4", "reserved");

    add("fd00:ec2::254", "metadata");                  // AWS
    add("::", "unspecified");
    add("::1", "loopback");
    add("::ffff:0.0.0.0/96", "IPv4-mapped", Carried::AtEnd);           // RFC 4291: the system connects to the IPv4 address
    add("::/96", "IPv4-compatible", Carried::AtEnd);
    add("64:ff9b::/96", "IPv4-translated", Carried::AtEnd);            // RFC 6052
    add("64:ff9b:1::/48", "IPv4-translated", Carried::After6);         // RFC 8215
    add("100::/64", "discarded");                      // RFC 6666
    add("2001::/32", "Teredo", Carried::AtEndInverted);                // RFC 4380
    add("2001::/23", "reserved");                      // RFC 2928, protocol assignments
    add("2001:db8::/32", "documentation");             // RFC 3849
    add("2002::/16", "6to4", Carried::After2);         // RFC 3056
    add("3fff::/20", "documentation");                 // RFC 9637
    add("fc00::/7", "private");                        // RFC 4193
    add("fe80::/10", "link-local");
    add("fec0::/10", "private");                       // RFC 3879, once "site-local"
    add("ff00::/8", "multicast");
    // All that is not 2000::/3, the global unicast addresses.
    add("::/3", "reserved");
    add("4000::/2", "reserved");
    add("8000::/1", "reserved");
    return list;
  }();
  return all;
}

std::optional<Address> carriedAddress(const Address& address, Carried carried) noexcept {
  const auto& from = address.bytes();
  const auto make = [](std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) { return Address(Address::Family::IPv4, {a, b, c, d}, 0); };
  const auto inverted = [](std::uint8_t byte) { return static_cast<std::uint8_t>(~byte); };
  switch (carried) {
    case Carried::No: return {};
    case Carried::AtEnd: return make(from[12], from[13], from[14], from[15]);
    case Carried::After2: return make(from[2], from[3], from[4], from[5]);
    case Carried::After6: return make(from[6], from[7], from[9], from[10]);      // RFC 6052 section 2.2: byte 8 is zero
    case Carried::AtEndInverted: return make(inverted(from[12]), inverted(from[13]), inverted(from[14]), inverted(from[15]));
  }
  return {};
}

}  // namespace

AddressRefused::AddressRefused(std::string host, std::uint16_t port, const Address& address, std::string rule, const AddressRange& range)
    : ConnectError(host, port,
                   "refused, since " + address.host() + " is a special address (" + rule + ", " + range.toString() + "); AddressGuard::allow(\"" +
                       range.toString() + "\") or allowHost(\"" + host + "\") would allow it"),
      address(address), rule(std::move(rule)), range(range) {}

AddressGuard& AddressGuard::allowHost(std::string host) {
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  hosts_.push_back(std::move(host));
  return *this;
}

bool AddressGuard::allowsHost(std::string_view host) const {
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  const auto numeric = Address::parse(host, 0);
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const std::string& allowed) {
    return detail::equalNames(allowed, host) || (numeric && Address::parse(allowed, 0) == numeric);
  });
}

std::optional<AddressGuard::Refusal> AddressGuard::check(std::string_view host, const Address& address) const {
  for (const Refusal& refusal : refused_)
    if (refusal.range.contains(address)) return refusal;
  if (allowsHost(host)) return {};
  return checkAddress(address);
}

std::optional<AddressGuard::Refusal> AddressGuard::checkAddress(const Address& address) const {
  for (const Refusal& refusal : refused_)
    if (refusal.range.contains(address)) return refusal;
  const bool allowed = std::any_of(allowed_.begin(), allowed_.end(), [&](const AddressRange& range) { return range.contains(address); });
  for (const Special& special : specials()) {
    if (!special.range.contains(address)) continue;
    if (!allowed) return Refusal{std::string(special.rule), special.range};
    const auto carried = carriedAddress(address, special.carried);
    return carried ? checkAddress(*carried) : std::nullopt;
  }
  return {};
}

}  // namespace weft::net
