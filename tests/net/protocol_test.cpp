#include <weft/net/protocol.hpp>

#include "tls_world.hpp"

#include <weft/core/log.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

class Echo : public Protocol {
 public:
  explicit Echo(std::string greeting = {}) : greeting_(std::move(greeting)) {}
  void connectionMade() override {
    if (!greeting_.empty()) transport().write(greeting_);
  }
  void dataReceived(std::string_view data) override { transport().write(data); }

 private:
  std::string greeting_;
};

class Counted : public Factory {
 public:
  std::shared_ptr<Protocol> buildProtocol(const Address&) override { return std::make_shared<Echo>(); }
  void doStart() override { ++starts; }
  void doStop() override { ++stops; }
  int starts = 0;
  int stops = 0;
};

class Watcher : public Protocol {
 public:
  void dataReceived(std::string_view bytes) override { data += bytes; }
  void connectionLost(const Failure&) override { lost = true; }
  std::string data;
  bool lost = false;
};

}  // namespace

TEST_CASE("a protocol can be tested with a StringTransport") {      // N1
  auto echo = std::make_shared<Echo>("welcome ");
  StringTransport transport;
  transport.setProtocol(echo);
  transport.receiveInPieces("hello", 2);
  CHECK(transport.value() == "welcome hello");
  CHECK(transport.writes() == 4);
  CHECK(transport.take() == "welcome hello");
  CHECK(transport.value().empty());
  transport.receiveEnd();
  CHECK(transport.disconnecting());
  CHECK(!transport.connected());
  transport.lose();
  transport.lose();
  CHECK(!echo->hasTransport());
  CHECK(echo.use_count() == 1);
}

TEST_CASE("a protocol that outlives its StringTransport knows that it is gone") {
  auto echo = std::make_shared<Echo>();
  {
    StringTransport transport;
    transport.setProtocol(echo);
    CHECK(echo->hasTransport());
  }
  CHECK(!echo->hasTransport());
}

EVERY_NETWORK("a factory that says no: the caller is connected and then closed") {      // H12
  World world;
  auto port = world.network.listen(0, factory([] { return std::shared_ptr<Protocol>(); }), world.loopback());
  auto watcher = std::make_shared<Watcher>();
  resultOf(world, connectProtocol(world.network, "127.0.0.1", port->getHost().port(), watcher));
  CHECK(world.until([&] { return watcher->lost; }));
}

EVERY_NETWORK("a factory that throws is logged, and the port goes on") {      // H12
  LogCapture log;
  World world;
  int calls = 0;
  auto port = world.network.listen(0, factory([&]() -> std::shared_ptr<Protocol> {
                                     if (++calls == 1) throw std::runtime_error("no room");
                                     return std::make_shared<Echo>("hi");
                                   }),
                                   world.loopback());
  auto first = std::make_shared<Watcher>();
  auto second = std::make_shared<Watcher>();
  resultOf(world, connectProtocol(world.network, "127.0.0.1", port->getHost().port(), first));
  REQUIRE(world.until([&] { return first->lost; }));
  CHECK(log.contains("no room"));
  resultOf(world, connectProtocol(world.network, "127.0.0.1", port->getHost().port(), second));
  CHECK(world.until([&] { return second->data == "hi"; }));
}

EVERY_NETWORK("doStart before the first port of a factory, doStop after the last") {      // H12
  World world;
  auto counted = std::make_shared<Counted>();
  auto one = world.network.listen(0, counted, world.loopback());
  auto two = world.network.listen(0, counted, world.loopback());
  CHECK(counted->starts == 1);
  resultOf(world, one->stopListening());
  CHECK(counted->stops == 0);
  two.reset();
  world.settle();
  CHECK(counted->stops == 1);
  one = world.network.listen(0, counted, world.loopback());
  CHECK(counted->starts == 2);
}

EVERY_NETWORK("factoryOf passes its arguments to each protocol") {
  World world;
  auto port = world.network.listen(0, factoryOf<Echo>(std::string("hello")), world.loopback());
  for (int i = 0; i < 2; ++i) {
    auto watcher = std::make_shared<Watcher>();
    resultOf(world, connectProtocol(world.network, "127.0.0.1", port->getHost().port(), watcher));
    CHECK(world.until([&] { return watcher->data == "hello"; }));
  }
}
