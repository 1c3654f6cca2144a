#include <weft/net/address_range.hpp>

#include <charconv>
#include <cstdint>

namespace weft::net {

namespace {

/// The address with all bits beyond the prefix cleared.
Address masked(const Address& address, unsigned prefix) noexcept {
  auto bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = prefix > 8 * i ? prefix - 8 * i : 0;
    if (kept < 8) bytes[i] = static_cast<std::uint8_t>(bytes[i] & ~(0xff >> kept));
  }
  return {address.family(), bytes, 0};
}

}  // namespace

BadAddressRange::BadAddressRange(std::string text, std::string_view why)
    : Error('"' + text + "\" is not a range of addresses: " + std::string(why)), text(std::move(text)) {}

AddressRange AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash), 0);
  if (!address || address->scope() != 0 || text.starts_with('['))
    throw BadAddressRange(std::string(text), "it must begin with an address, as in 10.0.0.0/8 or 2001:db8::/32");
  const unsigned most = address->family() == Address::Family::IPv4 ? 32 : 128;
  unsigned prefix = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > most)
      throw BadAddressRange(std::string(text), "after the '/' comes the number of bits that are the same, 0 to " + std::to_string(most));
  }
  const AddressRange range(masked(*address, prefix), prefix);
  if (range.first_ != *address) throw BadAddressRange(std::string(text), "it has bits set beyond its prefix; the range is " + range.toString());
  return range;
}

bool AddressRange::contains(const Address& address) const noexcept { return address.family() == first_.family() && masked(address, prefix_) == first_; }

std::string AddressRange::toString() const { return first_.host() + '/' + std::to_string(prefix_); }

}  // namespace weft::net
