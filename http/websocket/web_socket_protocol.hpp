// WebSocketProtocol: a WebSocket in Twisted's callback manner.
#pragma once

#include <weft/http/websocket/message.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace weft::http {

class WebSocket;
namespace detail {
class WebSocketConnection;
}

/// What happens on one WebSocket, as callbacks: the fastest way to use one, next to WebSocket::receive(). Derive from it and give it to WebSocket::setProtocol().
///
///     class Echo : public WebSocketProtocol {
///       void messageReceived(std::string_view data, WebSocketKind kind) override { socket().write(data, kind); }
///     };
///
/// Order: connectionMade once, messageReceived any number of times, closed exactly once and last. All on the reactor's thread.
///
/// Ownership: the connection holds its protocol, and the protocol its WebSocket, until closed() has returned.
///
/// An exception that leaves one of these is logged, and ends the connection with 1011.
class WebSocketProtocol {
 public:
  WebSocketProtocol() = default;
  WebSocketProtocol(const WebSocketProtocol&) = delete;
  WebSocketProtocol& operator=(const WebSocketProtocol&) = delete;
  virtual ~WebSocketProtocol() = default;

  virtual void connectionMade() {}
  /// A message, whole. `data` dies when this returns.
  virtual void messageReceived(std::string_view data, WebSocketKind kind) = 0;
  /// It is over, and so is the connection. See WebSocket::closeCode().
  virtual void closed(int code, const std::string& reason) { static_cast<void>(code), static_cast<void>(reason); }

  /// From connectionMade until closed has returned.
  WebSocket& socket() const noexcept { return *socket_; }

 private:
  friend detail::WebSocketConnection;
  std::shared_ptr<WebSocket> socket_;
};

}  // namespace weft::http
