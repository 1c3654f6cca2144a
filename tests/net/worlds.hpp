// The same tests on every kind of network.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/core/reactor.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <functional>

namespace weft::net {

/// Loopback sockets.
struct TcpWorld {
  static constexpr bool kSockets = true;
  Reactor reactor;
  TcpNetwork network{reactor};
  TcpWorld() { reactor.threadPool().start(); }         // as run() would; this only iterates
  Clock& clock() { return reactor; }
  ListenOptions loopback() { return ListenOptions().interface("127.0.0.1"); }

  /// Lets things happen until `done` says so; false if that takes too long.
  bool until(const std::function<bool()>& done) {
    const auto end = reactor.now() + std::chrono::seconds(20);
    while (!done() && reactor.now() < end) reactor.iterate(0.005);
    return done();
  }
  void settle() {
    for (int i = 0; i < 20; ++i) reactor.iterate(0);
  }
};

/// Connections in memory, in virtual time.
struct MemoryWorld {
  static constexpr bool kSockets = false;
  ManualClock time;
  MemoryNetwork network{time, 7};
  MemoryWorld() { network.setLink(MemoryLink().latency(0.001)); }
  Clock& clock() { return time; }
  ListenOptions loopback() { return {}; }

  bool until(const std::function<bool()>& done) {
    for (int i = 0; !done() && i < 200'000; ++i) time.advance(0.0005);
    return done();
  }
  void settle() { time.play(0.1); }
};

/// The result of a Deferred, once it is there.
template <class World, class T> Outcome<T> outcomeOf(World& world, Deferred<T> deferred) {
  REQUIRE(world.until([&] { return deferred.called(); }));
  return deferred.result();
}
template <class World, class T> Stored<T> resultOf(World& world, Deferred<T> deferred) {
  Outcome<T> outcome = outcomeOf(world, std::move(deferred));
  if (!outcome) MESSAGE(outcome.failure().getTraceback());
  REQUIRE(outcome.ok());
  return std::move(*outcome);
}
template <class E, class World, class T> E errorOf(World& world, Deferred<T> deferred) {
  Outcome<T> outcome = outcomeOf(world, std::move(deferred));
  REQUIRE(!outcome.ok());
  if (!outcome.failure().template check<E>()) MESSAGE(outcome.failure().typeName() << ": " << outcome.failure().what());
  REQUIRE(outcome.failure().template check<E>());
  return *outcome.failure().template as<E>();
}

}  // namespace weft::net
