#include <weft/net/internal/socket.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>

#include <netinet/in.h>
#include <sys/un.h>

namespace weft::net::detail {

SocketAddress::SocketAddress(const Address& address) noexcept {
  if (address.family() == Address::Family::Unix) {
    const std::string_view path = address.path().substr(0, kUnixName);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, path.size());
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    if (path.starts_with('@')) to.sun_path[0] = 0;     // an abstract name is as long as the length says
    else if (!path.empty()) ++length;                  // a path ends with a NUL
    std::memcpy(&storage, &to, sizeof to);
  } else if (address.family() == Address::Family::IPv6) {
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

Address SocketAddress::address() const {
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
  if (storage.ss_family == AF_UNIX) {
    sockaddr_un from;
    std::memcpy(&from, &storage, sizeof from);
    const std::size_t size = length - std::min<std::size_t>(length, offsetof(sockaddr_un, sun_path));
    if (size == 0) return Address::unixPath("");
    if (from.sun_path[0] == 0) return Address::unixPath('@' + std::string(from.sun_path + 1, size - 1));
    return Address::unixPath({from.sun_path, ::strnlen(from.sun_path, std::min(size, sizeof from.sun_path))});
  }
  return {};
}

int familyOf(const Address& address) noexcept {
  switch (address.family()) {
    case Address::Family::Unix: return AF_UNIX;
    case Address::Family::IPv6: return AF_INET6;
    default: return AF_INET;
  }
}

std::string problemOfUnixName(std::string_view name) {
  if (name.empty() || name == "@") return "the name of the socket is empty";
  if (name.find('\0') != std::string_view::npos) return "the name of the socket contains a NUL byte";
  if (name.size() > kUnixName)
    return "the name of a UNIX socket has at most " + std::to_string(kUnixName) + " bytes, this one has " + std::to_string(name.size());
  return {};
}

bool setOption(int socket, int level, int option, int value) noexcept {
  return ::setsockopt(socket, level, option, &value, sizeof value) == 0;
}

int getOption(int socket, int level, int option) noexcept {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(socket, level, option, &value, &length) == 0 ? value : 0;
}

Address localAddress(int socket) {
  SocketAddress address;
  if (::getsockname(socket, address.data(), &address.length) != 0) return {};
  return address.address();
}

void ignoreBrokenPipes() noexcept {
  struct sigaction action {};
  if (::sigaction(SIGPIPE, nullptr, &action) == 0 && !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace weft::net::detail
