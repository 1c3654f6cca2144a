#include <weft/net/endpoint_service.hpp>

#include "worlds.hpp"

#include <weft/core/log.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/endpoints/endpoint_string.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace weft;
using namespace weft::net;

namespace {

class Quiet : public Protocol {
  void dataReceived(std::string_view) override {}
};

/// Listens when the test says so.
class SlowEndpoint : public ServerEndpoint {
 public:
  Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory>) override {
    Deferred<std::unique_ptr<Port>> deferred;
    ready = deferred.takeTrigger();
    return deferred;
  }
  Trigger<std::unique_ptr<Port>> ready;
};

}  // namespace

// O4
TEST_CASE("a server as a service listens while it runs, and listens already when privileges are still there") {
  MemoryWorld world;
  StreamServerEndpointService service(serverFromString(world.network, "tcp:7"), factoryOf<Quiet>());
  CHECK(service.port() == nullptr);
  service.privilegedStartService();
  REQUIRE(service.port());
  service.startService();
  CHECK(service.port()->getHost().port() == 7);
  auto connection = resultOf(world, world.network.connect("localhost", 7));
  resultOf(world, service.stopService());
  CHECK(service.port() == nullptr);
  CHECK(connection->connected());
  errorOf<ConnectionRefused>(world, world.network.connect("localhost", 7));
  service.startService();
  CHECK(service.port());
}

TEST_CASE("a server that cannot listen does not start, nor does its program") {
  MemoryWorld world;
  auto taken = world.network.listen(7, factoryOf<Quiet>());
  MultiService program;
  program.addService(std::make_shared<StreamServerEndpointService>(serverFromString(world.network, "tcp:8"), factoryOf<Quiet>()));
  program.addService(std::make_shared<StreamServerEndpointService>(serverFromString(world.network, "tcp:7"), factoryOf<Quiet>()));
  CHECK_THROWS_AS(program.startService(), CannotListenError);
  world.settle();
  errorOf<ConnectionRefused>(world, world.network.connect("localhost", 8));
  taken.reset();
  program.startService();
  resultOf(world, world.network.connect("localhost", 8));
}

TEST_CASE("a server that fails to listen later is logged, one that listens too late is closed") {
  LogCapture logs;
  MemoryWorld world;
  auto endpoint = std::make_shared<SlowEndpoint>();
  StreamServerEndpointService service(endpoint, factoryOf<Quiet>());
  service.startService();
  endpoint->ready.errback(std::runtime_error("no room"));
  CHECK(logs.contains("a server does not listen"));
  successResultOf(service.stopService());
  service.startService();
  successResultOf(service.stopService());
  endpoint->ready.callback(world.network.listen(7, factoryOf<Quiet>()));
  world.settle();
  errorOf<ConnectionRefused>(world, world.network.connect("localhost", 7));
}
