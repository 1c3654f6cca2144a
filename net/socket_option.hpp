// SocketOption: the system's options of a connection's socket, with their types.
#pragma once

#include <weft/net/error.hpp>
#include <weft/net/transport.hpp>

#include <concepts>
#include <type_traits>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace weft::net {

/// An option of setsockopt() whose value is a bool or an int. Those below, and any other that the system has: `SocketOption<int>(IPPROTO_TCP, TCP_SYNCNT)`.
template <class T>
  requires(std::same_as<T, bool> || std::same_as<T, int>)
class SocketOption {
 public:
  constexpr SocketOption(int level, int name) noexcept : level_(level), name_(name) {}
  constexpr int level() const noexcept { return level_; }
  constexpr int name() const noexcept { return name_; }

 private:
  int level_, name_;
};

inline constexpr SocketOption<int> kSendBufferBytes{SOL_SOCKET, SO_SNDBUF};           // Linux doubles what it is given
inline constexpr SocketOption<int> kReceiveBufferBytes{SOL_SOCKET, SO_RCVBUF};
inline constexpr SocketOption<int> kLowWater{SOL_SOCKET, SO_RCVLOWAT};
inline constexpr SocketOption<bool> kKeepAlive{SOL_SOCKET, SO_KEEPALIVE};
inline constexpr SocketOption<int> kKeepAliveIdleSeconds{IPPROTO_TCP, TCP_KEEPIDLE};
inline constexpr SocketOption<int> kKeepAliveIntervalSeconds{IPPROTO_TCP, TCP_KEEPINTVL};
inline constexpr SocketOption<int> kKeepAliveProbes{IPPROTO_TCP, TCP_KEEPCNT};
inline constexpr SocketOption<int> kUserTimeoutMilliseconds{IPPROTO_TCP, TCP_USER_TIMEOUT};
inline constexpr SocketOption<bool> kNoDelay{IPPROTO_TCP, TCP_NODELAY};
inline constexpr SocketOption<bool> kQuickAcknowledgement{IPPROTO_TCP, TCP_QUICKACK};
inline constexpr SocketOption<int> kTypeOfService{IPPROTO_IP, IP_TOS};

/// The transport is no socket (it is in memory, of pipes, or a layer such as TLS around another), or its connection has ended; or the system refused.
class SocketOptionError : public Error {
 public:
  SocketOptionError(std::string_view doing, int level, int name, int systemError);
  int systemError;                                     // errno; ENOTSOCK where there is no socket
};

namespace detail {
void setRawOption(Transport& transport, int level, int name, int value);
int getRawOption(const Transport& transport, int level, int name);
}  // namespace detail

/// `setSocketOption(transport(), kKeepAliveIdleSeconds, 60);` Throws SocketOptionError.
template <class T> void setSocketOption(Transport& transport, SocketOption<T> option, std::type_identity_t<T> value) {
  detail::setRawOption(transport, option.level(), option.name(), static_cast<int>(value));
}
template <class T> T getSocketOption(const Transport& transport, SocketOption<T> option) {
  return static_cast<T>(detail::getRawOption(transport, option.level(), option.name()));
}

}  // namespace weft::net
