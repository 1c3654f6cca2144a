// The echo servers that bench/net compares: the floor, raw Asio, and ours.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace bench {

/// Told the port on which a server listens, once it does.
using Listening = std::function<void(std::uint16_t port)>;

/// A server on 127.0.0.1 that sends back what it gets. `serve` does not return.
struct EchoServer {
  const char* name;
  void (*serve)(const Listening& listening);
};

void serveByEpoll(const Listening& listening);
void serveByAsio(const Listening& listening);
void serveByProtocol(const Listening& listening);
void serveByStream(const Listening& listening);

/// The first is the floor: the least code that does it.
inline const std::vector<EchoServer> kEchoServers = {
    {"raw epoll", serveByEpoll}, {"raw Asio, callbacks", serveByAsio}, {"weft Protocol", serveByProtocol}, {"weft Stream", serveByStream}};

inline constexpr int kBacklog = 4096;

}  // namespace bench
