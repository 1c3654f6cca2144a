// ConnectedPair: a client's and a server's protocol, joined in memory and moved step by step.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/transport.hpp>

#include <memory>
#include <utility>

namespace weft::net {

/// Twisted's iosim, in the open: no network, no time, and every step can be looked at.
///
///     ConnectedPair pair(client, server);
///     pair.flush();                                    // until nothing more happens
///     CHECK(client->greeting() == "220 ready");
///
/// Destroyed, it aborts the connection if it is still open.
class ConnectedPair {
 public:
  /// Both have had their connectionMade when this returns: the client first.
  ConnectedPair(std::shared_ptr<Protocol> client, std::shared_ptr<Protocol> server, const MemoryLink& link = {});

  /// One step: what is due now, but not what comes of it. False when nothing is.
  bool pump();
  /// Steps until nothing is due; gives how many. Throws Error after 100,000: two ends that keep each other busy.
  int flush();
  /// Lets time pass, for links with latency and protocols with timeouts, then flush()es.
  void advance(Delay delay) {
    clock_.play(delay);
    flush();
  }

  /// The ends' transports; they may have ended.
  Transport& client() const noexcept { return *client_; }
  Transport& server() const noexcept { return *server_; }
  ManualClock& clock() noexcept { return clock_; }

 private:
  ManualClock clock_{0};
  MemoryNetwork network_{clock_};
  std::shared_ptr<Transport> client_, server_;
};

/// A ConnectedPair on the heap, as a function: `auto pair = connectInMemory(client, server);`
inline std::unique_ptr<ConnectedPair> connectInMemory(std::shared_ptr<Protocol> client, std::shared_ptr<Protocol> server, const MemoryLink& link = {}) {
  return std::make_unique<ConnectedPair>(std::move(client), std::move(server), link);
}

}  // namespace weft::net
