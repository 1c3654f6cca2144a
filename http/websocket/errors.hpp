// What can go wrong with a WebSocket.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/http/error.hpp>

#include <string>
#include <string_view>

namespace weft::http {

/// The root of the errors of WebSockets.
class WebSocketError : public Error {
 public:
  using Error::Error;
};

/// The connection is over: what receive() ends with unless the end was a clean one, and what send(), write() and ping() say afterwards. RFC 6455 section 7.1.5.
class WebSocketClosed : public WebSocketError {
 public:
  WebSocketClosed(int code, std::string_view reason, Failure cause = Failure(nullptr));
  int code;                          ///< what the peer gave, or this side; 1005: none was given; 1006: the connection broke without a word
  std::string reason;                ///< UTF-8
  Failure cause;                     ///< of 1006: net::ConnectionLost, WebSocketTimeout…; else it holds nothing
};

/// The peer broke a rule or a limit. It was told so with this code, and the connection is closed.
class WebSocketProtocolError : public WebSocketError {
 public:
  WebSocketProtocolError(int code, std::string_view what);
  int code;                          ///< 1002: the protocol; 1003: a kind of message that is not wanted; 1007: no UTF-8, damaged compression; 1009: too large
};

/// The peer did not answer: a ping, or a Close.
class WebSocketTimeout : public WebSocketError {
 public:
  WebSocketTimeout(std::string_view what, double seconds);
  double seconds;
};

/// The program itself asked for what cannot be: a text that is not UTF-8, a close code that may not be sent, a second receive() while one waits.
class WebSocketUsageError : public WebSocketError {
 public:
  using WebSocketError::WebSocketError;
};

/// The server did not become a WebSocket. RFC 6455 section 4.1.
class WebSocketHandshakeError : public WebSocketError {
 public:
  WebSocketHandshakeError(std::string_view url, int status, std::string_view what);
  std::string url;
  int status;                        ///< of its answer: 101 where it agreed, but not as it must
};

}  // namespace weft::http
