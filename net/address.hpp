// Address: one end of a connection, in numbers.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::net {

/// A numeric IPv4 or IPv6 address with a port, or nothing (an end that has no address). A value of 24 bytes.
class Address {
 public:
  enum class Family : std::uint8_t { None, IPv4, IPv6 };

  Address() noexcept = default;
  /// `bytes` in network order; of IPv4 the first four count. `scope` is the interface of a link-local IPv6 address.
  Address(Family family, std::array<std::uint8_t, 16> bytes, std::uint16_t port, std::uint32_t scope = 0) noexcept
      : bytes_(bytes), scope_(scope), port_(port), family_(family) {}

  /// Reads "127.0.0.1", "::1", "fe80::1%eth0" or "[::1]". Nothing for anything else, names too: this asks nobody.
  static std::optional<Address> parse(std::string_view host, std::uint16_t port);
  static Address loopback(std::uint16_t port) noexcept { return {Family::IPv4, {127, 0, 0, 1}, port}; }

  Family family() const noexcept { return family_; }
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  std::uint16_t port() const noexcept { return port_; }
  std::uint32_t scope() const noexcept { return scope_; }
  explicit operator bool() const noexcept { return family_ != Family::None; }
  Address withPort(std::uint16_t port) const noexcept { return {family_, bytes_, port, scope_}; }

  /// "127.0.0.1", "::1", "fe80::1%2".
  std::string host() const;
  /// "127.0.0.1:80", "[::1]:80".
  std::string toString() const;

  bool operator==(const Address&) const noexcept = default;
  auto operator<=>(const Address&) const noexcept = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
  Family family_ = Family::None;
};

inline void appendLogText(std::string& to, const Address& address) { to += address.toString(); }

}  // namespace weft::net
