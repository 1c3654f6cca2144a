// WebSocket: messages both ways over one connection. RFC 6455.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/websocket/errors.hpp>
#include <weft/http/websocket/message.hpp>
#include <weft/http/websocket/options.hpp>
#include <weft/net/address.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::net {
class Transport;
}

namespace weft::http {

class WebSocketProtocol;
namespace detail {
class WebSocketConnection;
}

/// Which end this is: clients mask what they send.
enum class WebSocketRole : std::uint8_t { Client, Server };

/// One end of a WebSocket: from connectWebSocket(), in the handler of websocketResponse(), or over any transport.
///
///     Deferred<> echo(std::shared_ptr<WebSocket> socket) {
///       while (auto message = co_await socket->receive()) co_await socket->send(*message);
///     }
///
/// Pings are answered by themselves, and a peer from which nothing comes is pinged and given up (WebSocketOptions::pingInterval, pongTimeout). Back-pressure both ways: the peer is made
/// to wait while more than WebSocketOptions::readAhead bytes wait for receive(), and the Deferred of send() fires only when the peer takes bytes fast enough.
///
/// What the peer does wrong ends the connection with its code: 1002 (the protocol), 1003 (WebSocketOptions::only), 1007 (no UTF-8, damaged compression), 1009 (over a limit); receive() then
/// ends with WebSocketProtocolError, after the messages that had come before.
///
/// Ownership: dropped, it closes with 1001 (going away) by itself. With a WebSocketProtocol it belongs to that one. It may be held after its end.
///
/// Thread: the reactor's.
class WebSocket : public std::enable_shared_from_this<WebSocket> {
 public:
  /// Over a connection whose handshake was made elsewhere; without compression. Takes it over: Transport::setProtocol().
  static std::shared_ptr<WebSocket> over(const std::shared_ptr<net::Transport>& transport, WebSocketRole role, WebSocketOptions options = WebSocketOptions());
  explicit WebSocket(std::shared_ptr<detail::WebSocketConnection> connection) noexcept;      // the library's own
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  ~WebSocket();

  // ---- receiving

  /// The next message; nullopt after a clean end: the peer closed with 1000, 1001 or no code, or answered our close(). Otherwise WebSocketClosed (another code; 1006 when the connection
  /// broke, with the reason as its `cause`) or WebSocketProtocolError. After the end the messages that had come before are still given out. One at a time: WebSocketUsageError.
  /// cancel: no message is lost.
  Deferred<std::optional<WebSocketMessage>> receive();
  /// From now on messages go to `protocol`, also those that wait for receive(): calls its connectionMade first. WebSocketUsageError is thrown if there is one already, or a receive() waits.
  void setProtocol(std::shared_ptr<WebSocketProtocol> protocol);
  /// For protocols: messageReceived is not called before resumeReading(). What the peer sends fills the system's buffers, and then the peer waits. Pings are not answered meanwhile.
  void pauseReading();
  void resumeReading();

  // ---- sending

  /// Sends a text. Fires when the peer has taken enough for more to be sent: mostly at once. Errors: WebSocketClosed, when it is closed, being closed, or breaks meanwhile;
  /// WebSocketUsageError where it is not UTF-8, and then nothing was sent. cancel: the wait ends, the message is sent all the same.
  Deferred<> send(std::string_view text);
  Deferred<> send(const WebSocketMessage& message);
  Deferred<> sendBinary(std::string_view bytes);
  /// The same without waiting, for protocols; dropped when the WebSocket is closed or being closed. Throws WebSocketUsageError. Beyond Transport::setWriteLimits() the connection is aborted.
  void write(std::string_view data, WebSocketKind kind = WebSocketKind::Text);
  /// Bytes written but not yet taken by the system.
  std::size_t buffered() const noexcept;
  /// Pings the peer; fires with the time until it has answered. Errors: WebSocketClosed. cancel: the answer will be ignored.
  Deferred<std::chrono::nanoseconds> ping();

  // ---- ending

  /// Sends Close, and fires when the connection has ended: in WebSocketOptions::closeTimeout at the latest, whatever the peer does. What the peer still sends is dropped; what had come
  /// before can be received. Never fails, but with WebSocketUsageError for a code that may not be sent (1000 to 1003, 1007 to 1014, 3000 to 4999 may) or a reason that is not UTF-8 or longer than
  /// 123 bytes. A second call waits for the same end. cancel: the wait ends, closing goes on. RFC 6455 section 7.
  Deferred<> close(int code = 1000, std::string_view reason = {});
  /// Fires when the connection has ended, however. Never fails. cancel: the wait ends.
  Deferred<> whenClosed();
  /// Ends the connection at once; the peer sees it break. Whoever waits is told from the loop, not in here.
  void abort();
  /// Neither closed nor being closed.
  bool connected() const noexcept;
  /// The peer's code, or this side's where the peer broke a rule; 0 until then; 1005: it gave none; 1006: the connection broke. RFC 6455 section 7.1.5.
  int closeCode() const noexcept;
  const std::string& closeReason() const noexcept;

  // ---- facts

  /// The subprotocol that was agreed upon, or an empty text.
  const std::string& subprotocol() const noexcept;
  /// Was permessage-deflate agreed upon?
  bool compresses() const noexcept;
  /// The connection; null once it has ended. For its peer, its TLS facts, its write limits: read and write nothing.
  net::Transport* transport() const noexcept;

 private:
  std::shared_ptr<detail::WebSocketConnection> connection_;
};

}  // namespace weft::http
