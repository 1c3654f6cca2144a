// Sockets and their addresses, as the system wants them.
#pragma once

#include <weft/net/address.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace weft::net::detail {

inline constexpr std::size_t kUnixName = 107;           // bytes of a path without its NUL, or of an abstract name with its '@'

/// An Address for bind(), connect() and accept().
struct SocketAddress {
  SocketAddress() noexcept : length(sizeof storage) {}
  explicit SocketAddress(const Address& address) noexcept;
  Address address() const;
  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr_storage storage{};
  socklen_t length;
};

int familyOf(const Address& address) noexcept;         // AF_INET, AF_INET6 or AF_UNIX
/// What is wrong with the name of a UNIX socket, in words; empty: nothing.
std::string problemOfUnixName(std::string_view name);
bool setOption(int socket, int level, int option, int value) noexcept;
int getOption(int socket, int level, int option) noexcept;
Address localAddress(int socket);
/// SIGPIPE no longer ends the process, unless it has a handler of its own: for writes that cannot say MSG_NOSIGNAL.
void ignoreBrokenPipes() noexcept;

}  // namespace weft::net::detail
