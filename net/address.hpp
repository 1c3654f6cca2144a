// Address: one end of a connection.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::net {

/// A numeric IPv4 or IPv6 address with a port, the name of a UNIX socket, or nothing (an end that has no address). A value of 24 bytes; of UNIX names only, the text
/// lies on the heap, shared by all copies. May be copied to other threads.
class Address {
 public:
  enum class Family : std::uint8_t { None, IPv4, IPv6, Unix };

  Address() noexcept = default;
  /// IPv4 or IPv6. `bytes` in network order; of IPv4 the first four count. `scope` is the interface of a link-local IPv6 address.
  Address(Family family, std::array<std::uint8_t, 16> bytes, std::uint16_t port, std::uint32_t scope = 0) noexcept
      : bytes_(bytes), scope_(scope), port_(port), family_(family) {}
  Address(const Address& other) noexcept : bytes_(other.bytes_), scope_(other.scope_), port_(other.port_), family_(other.family_) {
    if (family_ == Family::Unix) hold();
  }
  Address(Address&& other) noexcept : bytes_(other.bytes_), scope_(other.scope_), port_(other.port_), family_(other.family_) {
    if (family_ == Family::Unix) other.family_ = Family::None;
  }
  Address& operator=(Address other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(scope_, other.scope_);
    std::swap(port_, other.port_);
    std::swap(family_, other.family_);
    return *this;
  }
  ~Address() {
    if (family_ == Family::Unix) release();
  }

  /// Reads "127.0.0.1", "::1", "fe80::1%eth0" or "[::1]". Nothing for anything else, names too: this asks nobody.
  static std::optional<Address> parse(std::string_view host, std::uint16_t port);
  static Address loopback(std::uint16_t port) noexcept { return {Family::IPv4, {127, 0, 0, 1}, port}; }
  /// A UNIX socket: a path ("/run/x.sock"), Linux's abstract name after an '@' ("@name"), or "" for an end that has no name, as clients mostly have none. A path that
  /// begins with '@' is written "./@…".
  static Address unixPath(std::string_view path);

  Family family() const noexcept { return family_; }
  /// Zeros, of a UNIX socket.
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return family_ == Family::Unix ? kNoBytes : bytes_; }
  std::uint16_t port() const noexcept { return port_; }
  std::uint32_t scope() const noexcept { return scope_; }
  /// The name of a UNIX socket, as it was given to unixPath(); empty for any other address. The view lives as long as a copy of this address.
  std::string_view path() const noexcept;
  explicit operator bool() const noexcept { return family_ != Family::None; }
  /// A UNIX socket has no port and stays what it is.
  Address withPort(std::uint16_t port) const noexcept {
    Address address(*this);
    if (family_ != Family::Unix) address.port_ = port;
    return address;
  }

  /// "127.0.0.1", "::1", "fe80::1%2"; path() of a UNIX socket.
  std::string host() const;
  /// "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock", "unix:@name", "unix:(unnamed)".
  std::string toString() const;

  bool operator==(const Address& other) const noexcept { return (*this <=> other) == 0; }
  std::strong_ordering operator<=>(const Address& other) const noexcept {
    if (const auto order = family_ <=> other.family_; order != 0) return order;
    if (family_ == Family::Unix) return path() <=> other.path();
    if (const auto order = std::memcmp(bytes_.data(), other.bytes_.data(), bytes_.size()) <=> 0; order != 0) return order;
    if (const auto order = scope_ <=> other.scope_; order != 0) return order;
    return port_ <=> other.port_;
  }

 private:
  struct Name;
  static constexpr std::array<std::uint8_t, 16> kNoBytes{};
  Name* name() const noexcept;
  void hold() const noexcept;
  void release() noexcept;

  std::array<std::uint8_t, 16> bytes_{};               // of a UNIX socket: a pointer to its Name
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
  Family family_ = Family::None;
};

inline void appendLogText(std::string& to, const Address& address) { to += address.toString(); }

}  // namespace weft::net
