#include <weft/net/hostname_endpoint.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/testing/memory_resolver.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

class Quiet : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
};

struct World {
  ManualClock clock;
  MemoryNetwork network{clock, 1};
  std::shared_ptr<MemoryResolver> names = std::make_shared<MemoryResolver>(clock);
  std::unique_ptr<Port> port = network.listen(80, factoryOf<Quiet>());
  World() { network.setLink(MemoryLink().latency(0.01)); }
};

}  // namespace

TEST_CASE("a HostnameEndpoint passes silent and refusing addresses by, in the network's time") {      // J3
  World world;
  for (const char* address : {"2001:db8::1", "2001:db8::2", "10.0.0.1", "10.0.0.2"}) world.names->add("example.com", address);
  world.network.setLink("2001:db8::1", MemoryLink().silent());
  world.network.setLink("10.0.0.1", MemoryLink().refused().latency(0.01));
  HostnameEndpoint endpoint(world.network, world.names, "example.com", 80);
  auto connecting = endpoint.connect();
  world.clock.play(0.28);                              // 0.25 s for the silent one, 0.02 s to be refused
  assertNoResult(connecting);
  world.clock.play(0.02);
  const auto transport = successResultOf(connecting);
  CHECK(transport->getPeer().toString() == "[2001:db8::2]:80");
  CHECK(world.network.openConnections() == 1);
  CHECK(world.network.attempts() == 3);
}

TEST_CASE("a HostnameEndpoint can be asked again, and hands its connection to a factory's protocol") {
  World world;
  world.names->add("example.com", "10.0.0.1");
  HostnameEndpoint endpoint(world.network, world.names, "example.com", 80);
  for (int i = 0; i < 2; ++i) {
    auto connecting = endpoint.connect(factoryOf<Quiet>());
    world.clock.play(1);
    CHECK(successResultOf(connecting));
  }
  CHECK(world.names->queries() == 2);
}

TEST_CASE("a HostnameEndpoint without a resolver leaves the name to the network") {
  World world;
  world.network.addHost("example.com");
  HostnameEndpoint endpoint(world.network, "example.com", 80);
  auto connecting = endpoint.connect();
  world.clock.play(1);
  CHECK(successResultOf(connecting)->getPeer().toString() == "10.0.0.1:80");
}

TEST_CASE("a HostnameEndpoint of a bad name, or of one that is not there, says so when it connects") {
  World world;
  HostnameEndpoint bad(world.network, world.names, "not a name", 80);
  failureResultOf<BadName>(bad.connect());
  HostnameEndpoint missing(world.network, world.names, "gone.example", 80);
  failureResultOf<NameNotFound>(missing.connect());
}

TEST_CASE("cancelling a HostnameEndpoint's connect leaves no connection behind") {
  World world;
  world.names->add("example.com", "10.0.0.1");
  world.names->delay("example.com", 1);
  HostnameEndpoint endpoint(world.network, world.names, "example.com", 80);
  auto lookingUp = endpoint.connect();
  lookingUp.cancel();
  failureResultOf<CancelledError>(lookingUp);
  auto connecting = endpoint.connect();
  world.clock.play(1.005);
  connecting.cancel();
  failureResultOf<CancelledError>(connecting);
  world.clock.play(5);
  CHECK(world.network.openConnections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
}
