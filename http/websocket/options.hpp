// WebSocketOptions: limits, times and compression of a WebSocket.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/http/websocket/message.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

class Request;

/// permessage-deflate (RFC 7692): what is offered, or accepted.
class WebSocketCompression {
 public:
  bool enabled = true;
  bool keepContext = false;                    ///< each message may refer to those before it: smaller, for up to 300 KiB a connection. Else each stands alone, and an idle connection holds no memory for it
  int windowBits = 15;                         ///< 9 to 15: how far back this side looks, 2^windowBits bytes. Smaller costs less memory
  int level = 6;                               ///< of zlib, 1 to 9
  std::size_t from = 256;                      ///< shorter messages are sent as they are

  WebSocketCompression& setEnabled(bool value) { return enabled = value, *this; }
  WebSocketCompression& setKeepContext(bool value) { return keepContext = value, *this; }
  /// Throws std::invalid_argument.
  WebSocketCompression& setWindowBits(int value);
  /// Throws std::invalid_argument.
  WebSocketCompression& setLevel(int value);
  WebSocketCompression& setFrom(std::size_t bytes) { return from = bytes, *this; }
};

/// How a WebSocket behaves, at either end. `WebSocketOptions().setMaxMessage(64 * 1024)`.
class WebSocketOptions {
 public:
  std::size_t maxMessage = 16 * 1024 * 1024;   ///< of a message that comes, inflated: a longer one ends the connection with 1009
  std::size_t maxFrame = 17 * 1024 * 1024;     ///< of a single frame as it comes: 1009. A little more than maxMessage, since what cannot be compressed grows
  std::size_t maxFragments = 65536;            ///< frames of one message: 1009
  std::size_t readAhead = 64 * 1024;           ///< bytes of messages that wait for receive(); with more, the peer is made to wait
  std::size_t fragmentSize = 0;                ///< longer messages are sent in frames of this size, for peers with a limit on frames. 0: each message in one
  Delay pingInterval = 30;                     ///< after so long without a byte from the peer it is pinged. 0: never
  Delay pongTimeout = 30;                      ///< and after so long without a byte since then the connection is given up: 1006, WebSocketTimeout
  Delay closeTimeout = 10;                     ///< from close() until the peer has answered and the connection has ended; then it is aborted
  std::optional<WebSocketKind> only;           ///< messages of the other kind end the connection with 1003
  WebSocketCompression compression;

  // ---- of the handshake

  std::vector<std::string> protocols;          ///< subprotocols: a client offers them, the best first; a server takes the first of the client's that is among them

  // ---- of a server's handshake

  using OriginCheck = std::function<bool(std::string_view origin, const Request& request)>;
  /// May a page of this origin use the server? Asked when there is an Origin field, so for browsers. Unset: if the origin's host and port are those of the Host field. Else 403.
  OriginCheck originCheck;

  WebSocketOptions& setMaxMessage(std::size_t bytes) { return maxMessage = bytes, maxFrame = bytes + bytes / 16 + 64, *this; }
  WebSocketOptions& setMaxFrame(std::size_t bytes) { return maxFrame = bytes, *this; }
  WebSocketOptions& setMaxFragments(std::size_t value) { return maxFragments = value, *this; }
  WebSocketOptions& setReadAhead(std::size_t bytes) { return readAhead = bytes, *this; }
  WebSocketOptions& setFragmentSize(std::size_t bytes) { return fragmentSize = bytes, *this; }
  WebSocketOptions& setPing(Delay interval, Delay timeout) { return pingInterval = interval, pongTimeout = timeout, *this; }
  WebSocketOptions& setCloseTimeout(Delay value) { return closeTimeout = value, *this; }
  WebSocketOptions& setOnly(WebSocketKind value) { return only = value, *this; }
  WebSocketOptions& setCompression(WebSocketCompression value) { return compression = value, *this; }
  WebSocketOptions& addProtocol(std::string name) { return protocols.push_back(std::move(name)), *this; }
  WebSocketOptions& setOriginCheck(OriginCheck check) { return originCheck = std::move(check), *this; }
  /// Pages of every site may use the server, with the cookies of their readers.
  WebSocketOptions& setAnyOrigin() {
    return setOriginCheck([](std::string_view, const Request&) { return true; });
  }
};

}  // namespace weft::http
