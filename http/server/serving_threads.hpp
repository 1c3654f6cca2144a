// ServingThreads: one server on several cores.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/core/reactor.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/network.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace weft::http {

/// What each thread of ServingThreads serves.
struct Served {
  Served(std::shared_ptr<Site> site) : site(site), factory(std::move(site)) {}                        // a Site as it is
  /// A Site behind another factory: TLS, for example.
  Served(std::shared_ptr<Site> site, std::shared_ptr<net::Factory> factory) : site(std::move(site)), factory(std::move(factory)) {}
  std::shared_ptr<Site> site;
  std::shared_ptr<net::Factory> factory;
};

/// Threads with a Reactor each, all of which listen at one port: the system spreads the connections over them (SO_REUSEPORT), and each stays with its thread to its end. So a Site, its handlers and
/// what they hold are one thread's, and need no locks; `make` is called on each thread, for its own. Signals are the program's: its own reactor
/// gets them, see react().
///
///     ServingThreads serving(4, 8080, [](Reactor&) { return std::make_shared<Site>(makeRouter()); });
///     …
///     serving.stop();
///
/// Thread: the one that made it.
class ServingThreads {
 public:
  using Make = std::function<Served(Reactor&)>;

  /// Returns when all threads listen. Port 0: any free one. Throws what `make` throws on one of them, and net::CannotListenError.
  ServingThreads(std::size_t threads, std::uint16_t port, Make make, const net::ListenOptions& options = {});
  /// As stop().
  ~ServingThreads();
  ServingThreads(const ServingThreads&) = delete;
  ServingThreads& operator=(const ServingThreads&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::size_t threads() const noexcept;
  /// Listens no more, lets each request that is under way end, for `grace` at most, and returns when all threads have ended. Blocks: do not call it on a reactor that has other work.
  void stop(Delay grace = 15);

 private:
  struct Worker;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::uint16_t port_ = 0;
};

}  // namespace weft::http
