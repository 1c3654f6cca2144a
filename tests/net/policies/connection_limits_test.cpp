#include <weft/net/policies/connection_limits.hpp>

#include "../tls_world.hpp"

#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

class Sink : public Protocol {
  void dataReceived(std::string_view) override {}
};
class Busy : public Protocol {
  void connectionMade() override {
    transport().write("busy");
    transport().loseConnection();
  }
  void dataReceived(std::string_view) override {}
};

template <class World> std::shared_ptr<Transport> visit(World& world, const Address& from = {}) {
  auto transport = resultOf(world, world.network.connect("127.0.0.1", 1, ConnectOptions().bindAddress(from)));
  transport->setProtocol(std::make_shared<Sink>());
  world.settle();
  return transport;
}
template <class World> std::string greeting(World& world) {
  Stream stream(resultOf(world, world.network.connect("127.0.0.1", 1)));
  auto greeting = stream.read();
  world.settle();
  if (!greeting.called()) {
    greeting.cancel();
    return "accepted";
  }
  auto outcome = greeting.result();
  return outcome ? *outcome : "refused";
}

}  // namespace

EVERY_MEMORY("one connection more than the limit is closed at once, or told why; room comes back when one ends") {      // I5
  for (const bool overflow : {false, true}) {
    World world;
    auto limited = std::make_shared<LimitTotalConnectionsFactory>(factoryOf<Sink>(), 2, overflow ? factoryOf<Busy>() : nullptr);
    auto port = world.network.listen(1, limited);
    auto one = visit(world), two = visit(world);
    CHECK(limited->connections() == 2);
    CHECK(greeting(world) == (overflow ? "busy" : ""));
    CHECK(limited->overflowing() == 0);
    one->abortConnection();
    world.settle();
    CHECK(limited->connections() == 1);
    CHECK(greeting(world) == "accepted");
    world.settle();
    two->loseConnection();
    world.settle();
    CHECK(limited->connections() == 0);
    limited->setLimit(0);
    CHECK(greeting(world) != "accepted");
  }
}

TEST_CASE("connections that are turned away are limited as well; a protocol that never got a connection does not count") {      // I5
  auto limited = std::make_shared<LimitTotalConnectionsFactory>(factoryOf<Sink>(), 1, factoryOf<Sink>());
  auto one = limited->buildProtocol({});
  auto overflowing = limited->buildProtocol({});
  CHECK(limited->overflowing() == 1);
  CHECK(limited->buildProtocol({}) == nullptr);
  one.reset();
  overflowing.reset();
  CHECK(limited->connections() == 0);
  CHECK(limited->overflowing() == 0);
  auto none = std::make_shared<LimitTotalConnectionsFactory>(factory([]() -> std::shared_ptr<Protocol> { return nullptr; }), 1);
  CHECK(none->buildProtocol({}) == nullptr);
  CHECK(none->connections() == 0);
}

EVERY_MEMORY("one address has so many connections, others have their own") {      // I6
  World world;
  auto limited = std::make_shared<LimitConnectionsByPeer>(factoryOf<Sink>(), 2);
  auto port = world.network.listen(1, limited);
  const Address here = *Address::parse("10.1.1.1", 0), there = *Address::parse("10.1.1.2", 0);
  std::vector<std::shared_ptr<Transport>> open;
  for (int i = 0; i < 3; ++i) open.push_back(visit(world, here));
  CHECK(open[0]->connected());
  CHECK(open[1]->connected());
  CHECK(!open[2]->connected());
  CHECK(visit(world, there)->connected());
  CHECK(limited->connectionsFrom(here) == 2);
  open[0]->loseConnection();
  world.settle();
  CHECK(limited->connectionsFrom(here.withPort(99)) == 1);
  CHECK(visit(world, here)->connected());
}

TEST_CASE("an IPv6 customer counts once, an IPv4 address counts as itself however it is written") {      // I6
  auto limited = std::make_shared<LimitConnectionsByPeer>(factoryOf<Sink>(), 100);
  const auto at = [](const char* text) { return *Address::parse(text, 1234); };
  std::vector<std::shared_ptr<Protocol>> open;
  for (const char* text : {"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1", "::ffff:10.0.0.1", "10.0.0.1"}) open.push_back(limited->buildProtocol(at(text)));
  CHECK(limited->connectionsFrom(at("2001:db8:0:1::99")) == 2);
  CHECK(limited->connectionsFrom(at("2001:db8:0:2::99")) == 1);
  CHECK(limited->connectionsFrom(at("10.0.0.1")) == 2);
  CHECK(limited->connectionsFrom(at("10.0.0.2")) == 0);
  open.clear();
  CHECK(limited->connectionsFrom(at("2001:db8:0:1::99")) == 0);

  LimitConnectionsByPeer byAddress(factoryOf<Sink>(), 100, 128), all(factoryOf<Sink>(), 100, 0), odd(factoryOf<Sink>(), 100, 60);
  for (LimitConnectionsByPeer* factory : {&byAddress, &all, &odd}) open.push_back(factory->buildProtocol(at("2001:db8:0:10::1")));
  CHECK(byAddress.connectionsFrom(at("2001:db8:0:10::2")) == 0);
  CHECK(all.connectionsFrom(at("fe80::1")) == 1);
  CHECK(odd.connectionsFrom(at("2001:db8:0:1f::1")) == 1);
  CHECK(odd.connectionsFrom(at("2001:db8:0:20::1")) == 0);
  CHECK_THROWS_AS(LimitConnectionsByPeer(factoryOf<Sink>(), 1, 129), std::invalid_argument);
}
