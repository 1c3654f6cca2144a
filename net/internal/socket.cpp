#include <weft/net/internal/socket.hpp>

#include <array>
#include <cstring>

#include <netinet/in.h>

namespace weft::net::detail {

SocketAddress::SocketAddress(const Address& address) noexcept {
  if (address.family() == Address::Family::IPv6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(address.port());
    to.sin6_scope_id = address.scope();
    std::memcpy(&to.sin6_addr, address.bytes().data(), sizeof to.sin6_addr);
    std::memcpy(&storage, &to, sizeof to);
    length = sizeof to;
  } else {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port());
    std::memcpy(&to.sin_addr, address.bytes().data(), sizeof to.sin_addr);
    std::memcpy(&storage, &to, sizeof to);
    length = sizeof to;
  }
}

Address SocketAddress::address() const noexcept {
  std::array<std::uint8_t, 16> bytes{};
  if (storage.ss_family == AF_INET) {
    sockaddr_in from;
    std::memcpy(&from, &storage, sizeof from);
    std::memcpy(bytes.data(), &from.sin_addr, sizeof from.sin_addr);
    return {Address::Family::IPv4, bytes, ntohs(from.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 from;
    std::memcpy(&from, &storage, sizeof from);
    std::memcpy(bytes.data(), &from.sin6_addr, sizeof from.sin6_addr);
    return {Address::Family::IPv6, bytes, ntohs(from.sin6_port), from.sin6_scope_id};
  }
  return {};
}

int familyOf(const Address& address) noexcept { return address.family() == Address::Family::IPv6 ? AF_INET6 : AF_INET; }

bool setOption(int socket, int level, int option, int value) noexcept {
  return ::setsockopt(socket, level, option, &value, sizeof value) == 0;
}

int getOption(int socket, int level, int option) noexcept {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(socket, level, option, &value, &length) == 0 ? value : 0;
}

Address localAddress(int socket) noexcept {
  SocketAddress address;
  if (::getsockname(socket, address.data(), &address.length) != 0) return {};
  return address.address();
}

}  // namespace weft::net::detail
