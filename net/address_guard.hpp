// AddressGuard: which addresses may be connected to.
#pragma once

#include <weft/net/address.hpp>
#include <weft/net/address_range.hpp>
#include <weft/net/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

/// An AddressGuard refused to connect there. `rule` says what the address is ("loopback", "private", …), `range` where that ends. The text says how to allow it.
class AddressRefused : public ConnectError {
 public:
  AddressRefused(std::string host, std::uint16_t port, const Address& address, std::string rule, const AddressRange& range);
  Address address;
  std::string rule;
  AddressRange range;
};

/// The rules for a program that connects to where strangers tell it, such as a crawler or a web hook: it must not be led to the machine's own services, its neighbours or the
/// cloud's metadata (server-side request forgery). Refused unless allowed: whatever the IANA special-purpose registries (RFC 6890) list as not globally reachable, that is
/// unspecified, loopback, private, shared, link-local, metadata, documentation, benchmarking, multicast and reserved addresses, and those in which an IPv4 address is
/// mapped or translated (::ffff:0:0/96, 64:ff9b::/96, 6to4, Teredo).
///
///     AddressGuard guard;
///     guard.allow("10.1.0.0/16").allowHost("intranet.example");
///     GuardedNetwork network(tcp, guard);
///
/// A value; it asks nobody. GuardedNetwork applies it to the very address that is connected to.
class AddressGuard {
 public:
  /// Why an address is refused: the rule in words, and the range that it stands for.
  struct Refusal {
    std::string rule;
    AddressRange range;
  };

  AddressGuard() = default;
  /// Addresses of this range are allowed. One that carries an IPv4 address is allowed only if that is allowed too. Throws BadAddressRange.
  AddressGuard& allow(std::string_view range) { return allow(AddressRange::parse(range)); }
  AddressGuard& allow(const AddressRange& range) {
    allowed_.push_back(range);
    return *this;
  }
  /// Whatever addresses this host has are allowed, where it is connected to by this name (or address): in any case, no other name under it.
  AddressGuard& allowHost(std::string host);
  /// Addresses of this range are refused, whatever else is allowed. `rule` is for the error: "ours". Throws BadAddressRange.
  AddressGuard& refuse(std::string_view range, std::string rule) { return refuse(AddressRange::parse(range), std::move(rule)); }
  AddressGuard& refuse(const AddressRange& range, std::string rule) {
    refused_.push_back({std::move(rule), range});
    return *this;
  }

  /// Why a connection to `host`, which has this address, is refused; nothing if it is allowed.
  std::optional<Refusal> check(std::string_view host, const Address& address) const;

 private:
  std::optional<Refusal> checkAddress(const Address& address) const;
  bool allowsHost(std::string_view host) const;

  std::vector<AddressRange> allowed_;
  std::vector<std::string> hosts_;
  std::vector<Refusal> refused_;
};

}  // namespace weft::net
