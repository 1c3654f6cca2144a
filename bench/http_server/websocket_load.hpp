// Load on a WebSocket echo: raw epoll, one thread, in this process, as bench/net/load.hpp does for plain connections.
#pragma once

#include "../net/load.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// WebSockets of which each has exchanged one message. What breaks ends the program: the figures would mean nothing.
class WebSocketConnections {
 public:
  WebSocketConnections(std::uint16_t port, int count, std::size_t bytes);
  WebSocketConnections(const WebSocketConnections&) = delete;
  WebSocketConnections& operator=(const WebSocketConnections&) = delete;
  ~WebSocketConnections();

  /// Ping-pong: on each, one message is in flight, for that long; every answer is waited for.
  LoadResult exchange(double seconds);

 private:
  struct One {
    int socket;
    std::size_t received;
  };
  void send(const One& one) const;

  std::vector<One> all_;
  std::string frame_;                  // masked, as a client's must be
  std::size_t answer_;                 // bytes of the frame that comes back
  int poll_;
};

}  // namespace bench
