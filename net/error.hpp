// The errors of floor net.
#pragma once

#include <weft/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

class Address;

/// The root of net's errors.
class Error : public weft::Error {
 public:
  using weft::Error::Error;
};

/// "127.0.0.1:80", "[::1]:80", "example.com:80".
std::string hostAndPort(std::string_view host, std::uint16_t port);

// ---- connecting

/// A connection that did not come about. `host` and `port` are what was asked for: of a UNIX socket its path and 0.
class ConnectError : public Error {
 public:
  ConnectError(std::string host, std::uint16_t port, std::string_view what, int systemError = 0);
  ConnectError(const Address& to, std::string_view what, int systemError = 0);
  std::string host;
  std::uint16_t port;
  int systemError;                                     // errno, or 0 where no system call failed
  /// Of a name: what each of its addresses said, in the order in which they were tried ("10.0.0.1: connection refused").
  std::vector<std::string> attempts;

 protected:
  struct Text {                                        // all that what() is to say
    std::string all;
  };
  ConnectError(Text text, std::string host, std::uint16_t port, int systemError = 0);
};

/// Nobody listens there.
class ConnectionRefused : public ConnectError {
 public:
  using ConnectError::ConnectError;
};

/// No way to get there: no route, network down, no address of that family.
class HostUnreachable : public ConnectError {
 public:
  using ConnectError::ConnectError;
};

/// No connection within the time allowed.
class ConnectTimeout : public ConnectError {
 public:
  /// `more` is added to the text.
  ConnectTimeout(std::string host, std::uint16_t port, double seconds, std::string_view more = {});
  ConnectTimeout(const Address& to, double seconds);
  double seconds;
};

/// The name has no address, or could not be looked up. What a Resolver says is more exact: see names/error.hpp.
class DNSLookupError : public ConnectError {
 public:
  using ConnectError::ConnectError;
};

// ---- listening

/// listen() failed: the port is taken, the address is not ours, no right to it. Of a UNIX socket `interface` is its path.
class CannotListenError : public Error {
 public:
  CannotListenError(std::string interface, std::uint16_t port, std::string_view what, int systemError = 0);
  CannotListenError(const Address& at, std::string_view what, int systemError = 0);
  std::string interface;
  std::uint16_t port;
  int systemError;
};

// ---- why a connection ended: the reasons that Protocol::connectionLost() gets

/// The root of these reasons.
class ConnectionClosed : public Error {
 public:
  using Error::Error;
};

/// It was closed in the ordinary way, by either side.
class ConnectionDone : public ConnectionClosed {
 public:
  ConnectionDone() : ConnectionClosed("the connection was closed cleanly") {}
};

/// It broke: reset by the peer, timed out on the way, the network went.
class ConnectionLost : public ConnectionClosed {
 public:
  explicit ConnectionLost(std::string_view what, int systemError = 0);
  int systemError;
};

/// abortConnection(), on this side.
class ConnectionAborted : public ConnectionClosed {
 public:
  ConnectionAborted() : ConnectionClosed("the connection was aborted") {}
  explicit ConnectionAborted(const std::string& why) : ConnectionClosed("the connection was aborted: " + why) {}
};

/// More was written than the transport may hold (Transport::setWriteLimits), since the peer does not read: the connection was aborted.
class WriteBufferFull : public ConnectionAborted {
 public:
  explicit WriteBufferFull(std::size_t limit);
  std::size_t limit;
};

// ---- Stream

/// The root of what a Stream's reads throw beside the reasons above.
class StreamError : public Error {
 public:
  using Error::Error;
};

/// The connection ended before the bytes that were asked for had come. What had come is in `partial`.
class IncompleteReadError : public StreamError {
 public:
  /// `expected` is what was waited for, in words: "1024 bytes", "the delimiter".
  IncompleteReadError(std::string_view expected, std::string partial);
  std::string partial;
};

/// readUntil() found no delimiter within its limit.
class LimitExceeded : public StreamError {
 public:
  explicit LimitExceeded(std::size_t limit);
  std::size_t limit;
};

/// A second read while one is waiting.
class AlreadyReading : public StreamError {
 public:
  AlreadyReading() : StreamError("this Stream is being read already: one read at a time") {}
};

namespace detail {
std::string systemErrorText(int systemError);          // "connection refused"
}

}  // namespace weft::net
