#include <weft/net/endpoints/tcp_endpoint.hpp>

#include "../tls_world.hpp"

#include <weft/defer/testing.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft;
using namespace weft::net;

// Where addresses have families.
#define EVERY_FAMILY(name) TEST_CASE_TEMPLATE(name, World, TcpWorld, MemoryWorld, TlsWorld)

namespace {

class Echo : public Protocol {
 public:
  void dataReceived(std::string_view data) override { transport().write(data); }
};

class Watcher : public Protocol {
 public:
  void dataReceived(std::string_view bytes) override { data += bytes; }
  std::string data;
};

}  // namespace

// J1, J2, J4, J8
EVERY_FAMILY("a client endpoint connects to what a server endpoint listens on") {
  World world;
  TCP4ServerEndpoint server(world.network, 0, world.loopback());
  auto port = resultOf(world, server.listen(factoryOf<Echo>()));
  TCP4ClientEndpoint client(world.network, "127.0.0.1", port->getHost().port());
  for (int i = 0; i < 2; ++i) {                        // an endpoint is configuration: it may be used again
    auto watcher = resultOf(world, connectProtocol(client, std::make_shared<Watcher>()));
    watcher->transport().write("hello");
    CHECK(world.until([&] { return watcher->data == "hello"; }));
  }
  auto protocol = resultOf(world, client.connect(factoryOf<Watcher>()));
  CHECK(protocol->transport().getPeer().port() == port->getHost().port());
}

EVERY_NETWORK("an endpoint of no particular family connects to a name") {
  World world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
  TCPClientEndpoint client(world.network, "localhost", port->getHost().port());
  CHECK(resultOf(world, client.connect())->connected());
}

EVERY_FAMILY("an endpoint of one family refuses an address of the other") {
  World world;
  TCP6ClientEndpoint client(world.network, "127.0.0.1", 1);
  CHECK(std::string(errorOf<HostUnreachable>(world, client.connect()).what()) == "connecting to 127.0.0.1:1: it has no IPv6 address");
  TCP4ServerEndpoint server(world.network, 0, ListenOptions().interface("::1"));
  CHECK(std::string(errorOf<CannotListenError>(world, server.listen(factoryOf<Echo>())).what()) == "listening on [::1]:0: this is not an IPv4 address");
}

EVERY_FAMILY("a port that is taken is a CannotListenError of the Deferred, not an exception") {
  World world;
  TCP4ServerEndpoint first(world.network, 0, world.loopback());
  auto port = resultOf(world, first.listen(factoryOf<Echo>()));
  TCP4ServerEndpoint second(world.network, port->getHost().port(), world.loopback());
  CHECK(errorOf<CannotListenError>(world, second.listen(factoryOf<Echo>())).port == port->getHost().port());
}

EVERY_FAMILY("an endpoint comes from the address that it is told to") {
  World world;
  TCP4ServerEndpoint server(world.network, 0, world.loopback());
  auto port = resultOf(world, server.listen(factoryOf<Echo>()));
  TCP4ClientEndpoint client(world.network, "127.0.0.1", port->getHost().port(), ConnectOptions().bindAddress(*Address::parse("127.0.0.2", 0)));
  CHECK(resultOf(world, client.connect())->getHost().host() == "127.0.0.2");
}

TEST_CASE("all attempts of an endpoint together end within its timeout") {
  MemoryWorld world;
  world.network.addHost("silent.example", *Address::parse("10.1.0.1", 0));
  world.network.setLink(MemoryLink().silent());
  TCP4ClientEndpoint client(world.network, "silent.example", 80, ConnectOptions().timeout(5));
  auto connecting = client.connect();
  world.time.advance(4.9);
  assertNoResult(connecting);
  world.time.advance(0.2);
  const Failure failure = failureResultOf<ConnectTimeout>(connecting);
  CHECK(std::string(failure.what()) == "connecting to silent.example:80: no connection after 5 seconds");
}

TEST_CASE("an attempt of an endpoint can be cancelled") {
  MemoryWorld world;
  world.network.setLink(MemoryLink().silent());
  TCP4ClientEndpoint client(world.network, "127.0.0.1", 80);
  auto connecting = client.connect();
  connecting.cancel();
  CHECK(failureResultOf(connecting).check<CancelledError>());
}
