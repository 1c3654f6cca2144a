// One client's and one server's context, used by several reactors on threads of their own at the same time.
#include "../tls_world.hpp"

#include <weft/defer/gather.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

constexpr int kVisits = 40;

Deferred<> serve(Stream stream) {
  for (;;) {
    const std::string_view data = co_await stream.readSome();
    if (data.empty()) co_return;
    co_await stream.write(data);
  }
}

/// Counts the visits whose bytes came back, and those that went on with a session of an earlier one.
Deferred<> visit(Network& network, std::uint16_t port, TlsClientContext context, std::atomic<int>& echoed, std::atomic<int>& resumed) {
  auto plain = co_await network.connect("127.0.0.1", port);
  const TlsClientConnectionOptions options = optionsForClientTLS("localhost", context);
  auto secure = co_await startTLS(std::move(plain), options);
  if (secure->tlsFacts()->resumed()) ++resumed;
  Stream stream(std::move(secure));
  const std::string text(20'000, 'x');
  co_await stream.write(text);
  const std::string answer = co_await stream.readExactly(text.size());
  if (answer == text) ++echoed;
  co_await stream.close();
}

/// What the threads share.
struct Shared {
  const TlsServerContext server{localhostOptions()};
  const TlsClientContext client{trustingOptions()};
  std::array<std::uint16_t, 2> ports{};
  std::latch listening{2};
  std::atomic<int> echoed = 0, resumed = 0, finished = 0;
};

/// A server, and clients that visit this one and the other thread's, on a reactor of this thread.
void talk(Shared& shared, std::size_t number) {
  Reactor reactor;
  TcpNetwork network(reactor);
  const auto port = network.listen(0, std::make_shared<TlsFactory>(shared.server, streamFactory(serve)), ListenOptions().interface("127.0.0.1"));
  shared.ports[number] = port->getHost().port();
  shared.listening.arrive_and_wait();
  const auto rounds = [&]() -> Deferred<> {
    for (int i = 0; i < kVisits; i += 4) {
      std::vector<Deferred<>> visits;
      for (std::size_t k = 0; k < 4; ++k) visits.push_back(visit(network, shared.ports[k % 2], shared.client, shared.echoed, shared.resumed));
      auto all = gatherResults(std::move(visits));
      co_await std::move(all);
    }
  };
  Deferred<> running = rounds();
  while (!running.called()) reactor.iterate(0.05);
  const Outcome<> outcome = running.result();
  if (!outcome) MESSAGE(outcome.failure().getTraceback());
  ++shared.finished;
  while (shared.finished < 2) reactor.iterate(0.01);   // the other's clients may still be here
}

}  // namespace

TEST_CASE("reactors on two threads share one client's and one server's context, with its sessions, at the same time") {
  Shared shared;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i) threads.emplace_back([&, i] { talk(shared, i); });
  for (std::thread& thread : threads) thread.join();
  CHECK(shared.echoed == 2 * kVisits);
  CHECK(shared.resumed > 0);
  CHECK(shared.client.cachedHosts() == 2);
  CHECK(shared.client.cachedSessions() <= 8);
}
