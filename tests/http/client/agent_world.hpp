// What tests of an Agent share: a network in memory with hosts a to d, and its time.
#pragma once

#include "http/peers.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <string>
#include <utility>

namespace weft::test {

struct AgentWorld {
  ManualClock clock;
  net::MemoryNetwork network{clock, 1};
  AgentWorld() {
    for (const char* name : {"a", "b", "c", "d"}) network.addHost(name);
  }
  void run(double seconds = 0.001) { clock.play(seconds); }

  template <class T> T get(Deferred<T> deferred, double seconds = 1) {
    run(seconds);
    return successResultOf(deferred);
  }
  template <class E, class T> E error(Deferred<T> deferred, double seconds = 1) {
    run(seconds);
    const Failure failure = failureResultOf<E>(deferred);
    return *failure.as<E>();
  }
};

inline Deferred<std::string> textOf(Deferred<http::Response> pending) {
  http::Response response = co_await pending;
  co_return co_await response.text();
}

}  // namespace weft::test
