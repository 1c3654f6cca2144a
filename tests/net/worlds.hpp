// The same tests on every kind of network.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/core/reactor.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/unix_network.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// Loopback sockets.
struct TcpWorld {
  static constexpr bool kSockets = true;
  static constexpr bool kResets = true;                // does the peer of an aborted connection see a reset?
  static constexpr bool kPorts = true;                 // are there port numbers?
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

/// UNIX sockets that are called by port numbers: each stands for an abstract name.
class UnixPorts final : public Network {
 public:
  explicit UnixPorts(Reactor& reactor) : unix_(reactor) {}
  Deferred<std::shared_ptr<Transport>> connect(std::string, std::uint16_t port, const ConnectOptions& options = {}) override {
    return unix_.connect(name(port), options);
  }
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) override {
    if (port == 0) port = ++last_;
    return std::make_unique<Numbered>(unix_.listen(name(port), std::move(factory), UnixListenOptions().backlog(options.backlog())), port);
  }
  Deferred<std::vector<Address>> resolve(std::string, std::uint16_t port) override { return succeed(std::vector<Address>{Address::unixPath(name(port))}); }
  Clock& clock() noexcept override { return unix_.reactor(); }

 private:
  class Numbered final : public Port {
   public:
    Numbered(std::unique_ptr<Port> port, std::uint16_t number) : port_(std::move(port)), number_(number) {}
    Address getHost() const override { return Address::loopback(number_); }
    Deferred<> stopListening() override { return port_->stopListening(); }

   private:
    std::unique_ptr<Port> port_;
    std::uint16_t number_;
  };
  std::string name(std::uint16_t port) const {
    return "@weft-test-" + std::to_string(::getpid()) + '-' + std::to_string(world_) + '-' + std::to_string(port);
  }
  static inline int worlds = 0;
  const int world_ = ++worlds;
  std::uint16_t last_ = 0;
  UnixNetwork unix_;
};

struct UnixWorld {
  static constexpr bool kSockets = true;
  static constexpr bool kResets = false;
  static constexpr bool kPorts = false;
  Reactor reactor;
  UnixPorts network{reactor};
  Clock& clock() { return reactor; }
  ListenOptions loopback() { return {}; }

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
  static constexpr bool kResets = true;
  static constexpr bool kPorts = true;
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
