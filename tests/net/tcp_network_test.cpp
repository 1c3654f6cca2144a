#include <weft/net/tcp_network.hpp>

#include <weft/core/reactor.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft;
using namespace weft::net;

namespace {

class Echo : public Protocol {
 public:
  void dataReceived(std::string_view data) override { transport().write(data); }
};

const ListenOptions kLoopback = ListenOptions().interface("127.0.0.1");

/// Runs the reactor until `work` has ended.
template <class T> Outcome<T> runUntil(Reactor& reactor, Deferred<T> work) {
  bool done = false;
  auto ended = work.addBoth([&](Outcome<T> outcome) {
    done = true;
    if (reactor.running()) reactor.crash();
    return outcome;
  });
  const DelayedCall guard = reactor.callLater(10, [&] { reactor.crash(); });
  if (!done) reactor.run(false);
  REQUIRE(done);
  return ended.result();
}

}  // namespace

TEST_CASE("a message comes back from an echo server") {
  Reactor reactor;
  TcpNetwork network(reactor);
  auto port = network.listen(0, factoryOf<Echo>(), kLoopback);
  auto talk = [](Network& network, std::uint16_t port) -> Deferred<std::string> {
    Stream stream(co_await network.connect("127.0.0.1", port));
    co_await stream.write("hello");
    std::string answer = co_await stream.readExactly(5);
    co_await stream.close();
    co_return answer;
  };
  auto outcome = runUntil(reactor, talk(network, port->getHost().port()));
  REQUIRE(outcome.ok());
  CHECK(*outcome == "hello");
}

TEST_CASE("a refused connection says to whom") {
  Reactor reactor;
  TcpNetwork network(reactor);
  auto outcome = runUntil(reactor, network.connect("127.0.0.1", 1));
  REQUIRE(!outcome.ok());
  REQUIRE(outcome.failure().check<ConnectionRefused>());
  CHECK(std::string(outcome.failure().what()) == "connecting to 127.0.0.1:1: connection refused");
}
