#include <weft/net/reconnecting_client_factory.hpp>

#include "worlds.hpp"

#include <weft/defer/testing.hpp>
#include <weft/net/endpoints/tcp_endpoint.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

class Quiet : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
};

class Feeds : public ReconnectingClientFactory {
 public:
  using ReconnectingClientFactory::ReconnectingClientFactory;
  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    ++built;
    return last = std::make_shared<Quiet>();
  }
  int built = 0;
  std::shared_ptr<Protocol> last;
};

struct Case {
  ManualClock clock;
  MemoryNetwork network{clock};
  std::shared_ptr<ClientEndpoint> endpoint = std::make_shared<TCPClientEndpoint>(network, "localhost", 7);
  std::unique_ptr<Port> serve() { return network.listen(7, factoryOf<Quiet>()); }
};

}  // namespace

// J12
TEST_CASE("the delays grow by e, and begin anew by themselves after a connection") {
  Case c;
  Feeds feeds(ReconnectOptions().jitter(0));
  feeds.connect(c.endpoint, c.clock);
  c.clock.play(0.1);
  CHECK(feeds.delay() == doctest::Approx(2.71828));
  c.clock.play(2.8);
  CHECK(feeds.delay() == doctest::Approx(7.38906));
  CHECK(feeds.retries() == 2);
  auto port = c.serve();
  c.clock.play(7.5);
  REQUIRE(feeds.built == 1);
  CHECK(feeds.retries() == 0);
  feeds.last->transport().abortConnection();
  c.clock.play(0.1);
  CHECK(feeds.delay() == doctest::Approx(2.71828));
  c.clock.play(3);
  CHECK(feeds.built == 2);
}

TEST_CASE("the delays have a limit, and jitter around it") {
  Case c;
  Feeds feeds(ReconnectOptions().maxDelay(10).seed(1));
  feeds.connect(c.endpoint, c.clock);
  c.clock.play(200);
  bool below = false, above = false;
  for (int i = 0; i < 50; ++i) {
    c.clock.play(15);
    CHECK(feeds.delay() > 2);
    CHECK(feeds.delay() < 18);
    below = below || feeds.delay() < 10;
    above = above || feeds.delay() > 10;
  }
  CHECK(below);
  CHECK(above);
}

TEST_CASE("after maxRetries it gives up") {
  Case c;
  Feeds feeds(ReconnectOptions().maxRetries(3).jitter(0).factor(1));
  feeds.connect(c.endpoint, c.clock);
  c.clock.play(100);
  CHECK(c.network.attempts() == 4);
  CHECK(c.clock.getDelayedCalls().empty());
}

TEST_CASE("stopTrying closes the connection and makes no other") {
  Case c;
  auto port = c.serve();
  Feeds feeds;
  successResultOf(feeds.stopTrying());
  feeds.connect(c.endpoint, c.clock);
  c.clock.play(0.1);
  auto stopping = feeds.stopTrying();
  c.clock.play(100);
  successResultOf(stopping);
  CHECK(feeds.built == 1);
  CHECK(c.network.openConnections() == 0);
}

TEST_CASE("resetDelay makes the next delay the first one") {
  Case c;
  Feeds feeds(ReconnectOptions().jitter(0).factor(2));
  feeds.connect(c.endpoint, c.clock);
  c.clock.play(7);
  CHECK(feeds.delay() == 8);
  feeds.resetDelay();
  c.clock.play(8);
  CHECK(feeds.delay() == 2);
}

TEST_CASE("a factory that is destroyed connects no more") {
  Case c;
  {
    Feeds feeds;
    feeds.connect(c.endpoint, c.clock);
  }
  auto port = c.serve();
  c.clock.play(100);
  CHECK(c.network.openConnections() == 0);
}
