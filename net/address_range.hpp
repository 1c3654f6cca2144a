// AddressRange: a block of addresses, as 10.0.0.0/8.
#pragma once

#include <weft/net/address.hpp>
#include <weft/net/error.hpp>

#include <string>
#include <string_view>

namespace weft::net {

/// What should be a range of addresses is none. The text says what is wrong with it.
class BadAddressRange : public Error {
 public:
  BadAddressRange(std::string text, std::string_view why);
  std::string text;
};

/// The addresses that begin with the same bits (RFC 4632; RFC 4291 section 2.3). A value.
///
///     AddressRange::parse("10.0.0.0/8").contains(address)
class AddressRange {
 public:
  /// Reads "10.0.0.0/8", "2001:db8::/32", or one address, which is a range of its own. Throws BadAddressRange, also where bits are set beyond the prefix.
  static AddressRange parse(std::string_view text);

  /// False for an address of the other family: 10.0.0.0/8 does not contain ::ffff:10.0.0.1. Ports and scopes do not count.
  bool contains(const Address& address) const noexcept;
  const Address& first() const noexcept { return first_; }
  /// How many bits are the same, 0 to 32 or 128.
  unsigned prefix() const noexcept { return prefix_; }
  std::string toString() const;
  bool operator==(const AddressRange&) const noexcept = default;

 private:
  AddressRange(const Address& first, unsigned prefix) noexcept : first_(first), prefix_(prefix) {}
  Address first_;
  unsigned prefix_;
};

}  // namespace weft::net
