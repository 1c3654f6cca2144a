// Sockets and their addresses, as the system wants them.
#pragma once

#include <weft/net/address.hpp>

#include <sys/socket.h>

namespace weft::net::detail {

/// An Address for bind(), connect() and accept().
struct SocketAddress {
  SocketAddress() noexcept : length(sizeof storage) {}
  explicit SocketAddress(const Address& address) noexcept;
  Address address() const noexcept;
  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr_storage storage{};
  socklen_t length;
};

int familyOf(const Address& address) noexcept;         // AF_INET or AF_INET6
bool setOption(int socket, int level, int option, int value) noexcept;
int getOption(int socket, int level, int option) noexcept;
Address localAddress(int socket) noexcept;

}  // namespace weft::net::detail
