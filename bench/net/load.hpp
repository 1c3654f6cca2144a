// Load on an echo server: raw epoll, one thread, in this process. A connection that breaks ends the program: the figures would mean nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

struct LoadResult {
  long messages = 0;
  double seconds = 0;
};

/// Connections of which each has exchanged one message.
class Connections {
 public:
  Connections(std::uint16_t port, int count, std::size_t bytes);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections();

  /// Ping-pong: on each, one message of `bytes` is in flight, for that long; every answer is waited for.
  LoadResult exchange(double seconds);

 private:
  struct One {
    int socket;
    std::size_t sent;
    std::size_t received;
  };
  void send(One& one);
  void watch(One& one, int operation, unsigned events);

  std::vector<One> all_;
  std::vector<char> message_;
  int poll_;
};

/// Connects, exchanges one message of 64 bytes, closes, again and again for that long. Each connection is a message of the result.
LoadResult openAndClose(std::uint16_t port, double seconds);

}  // namespace bench
