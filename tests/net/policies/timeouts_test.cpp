#include <weft/net/policies/timeouts.hpp>

#include "../tls_world.hpp"

#include <weft/net/protocols/line_receiver.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

class Sink : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
  void connectionLost(const Failure& reason) override { lost = reason; }
  std::optional<Failure> lost;
};

class Login : public TimeoutMixin<LineOnlyReceiver> {
 public:
  void connectionMade() override { setTimeout(30); }
  void lineReceived(std::string_view) override { resetTimeout(); }
};

ManualClock& timeOf(StringTransport& transport) { return static_cast<ManualClock&>(transport.clock()); }

}  // namespace

TEST_CASE("a protocol's own timeout runs on its transport's clock, begins anew when reset, and closes the connection") {      // I3
  StringTransport transport;
  auto login = std::make_shared<Login>();
  transport.setProtocol(login);
  timeOf(transport).advance(29);
  transport.receive("name\r\n");
  timeOf(transport).advance(29);
  CHECK(!transport.disconnecting());
  timeOf(transport).advance(1);
  CHECK(transport.disconnecting());
}

TEST_CASE("setTimeout gives the period so far, nothing switches it off, and the end of the connection stops it") {      // I3
  StringTransport transport;
  auto login = std::make_shared<Login>();
  transport.setProtocol(login);
  CHECK(login->setTimeout(5) == Delay(30));
  CHECK(login->setTimeout(std::nullopt) == Delay(5));
  login->resetTimeout();
  timeOf(transport).advance(1000);
  CHECK(!transport.disconnecting());
  CHECK(login->setTimeout(5) == std::nullopt);
  CHECK(login->timeout() == Delay(5));
  transport.lose();
  CHECK(timeOf(transport).getDelayedCalls().empty());
}

TEST_CASE("timeoutConnection can do something else") {      // I3
  class Patient : public TimeoutMixin<> {
   public:
    void connectionMade() override { setTimeout(1); }
    void dataReceived(std::string_view) override {}
    void timeoutConnection() override {
      if (++timeouts < 3) setTimeout(1);
    }
    int timeouts = 0;
  };
  StringTransport transport;
  auto patient = std::make_shared<Patient>();
  transport.setProtocol(patient);
  timeOf(transport).play(10);
  CHECK(patient->timeouts == 3);
  CHECK(!transport.disconnecting());
}

TEST_CASE("an idle connection is closed after half an hour unless told otherwise; reading and writing keep it") {      // I2
  StringTransport transport;
  TimeoutFactory byDefault(factoryOf<Sink>());
  auto wrapper = std::dynamic_pointer_cast<ProtocolWrapper>(byDefault.buildProtocol({}));
  transport.setProtocol(wrapper);
  timeOf(transport).advance(29 * 60);
  transport.receive("x");
  timeOf(transport).advance(29 * 60);
  wrapper->write("x");
  timeOf(transport).advance(29 * 60);
  CHECK(!transport.disconnecting());
  timeOf(transport).advance(60);
  CHECK(transport.disconnecting());
  CHECK(!transport.aborted());
  transport.lose();
  CHECK(timeOf(transport).getDelayedCalls().empty());
}

TEST_CASE("a peer that takes nothing is cut off, one that takes slowly is not") {      // I2
  StringTransport transport;
  auto wrapper = std::make_shared<TimeoutProtocol>(std::make_shared<Sink>(), 10);
  transport.setProtocol(wrapper);
  transport.setBuffered(1000);
  wrapper->write("x");
  for (std::size_t left = 900; left > 500; left -= 100) {
    transport.setBuffered(left);
    timeOf(transport).advance(10);
    CHECK(!transport.aborted());
  }
  wrapper->write("writing more does not help");
  timeOf(transport).advance(10);
  CHECK(transport.aborted());
}

EVERY_MEMORY("a server with an idle timeout loses a peer that goes silent, and keeps one that sends a byte a minute") {      // I2, fault 7 and 8 for transports
  World world;
  std::vector<std::shared_ptr<Sink>> served;
  auto port = world.network.listen(1, std::make_shared<TimeoutFactory>(factory([&] { return served.emplace_back(std::make_shared<Sink>()); }), 90));
  auto silent = resultOf(world, world.network.connect("127.0.0.1", 1));
  auto slow = resultOf(world, world.network.connect("127.0.0.1", 1));
  silent->setProtocol(std::make_shared<Sink>());
  slow->setProtocol(std::make_shared<Sink>());
  for (int minute = 0; minute < 60; ++minute) {
    slow->write("x");
    world.time.play(60);
  }
  REQUIRE(served.size() == 2);
  REQUIRE(served[0]->lost);
  CHECK(served[0]->lost->check<ConnectionDone>());
  CHECK(!served[1]->lost);
  CHECK(slow->connected());
  CHECK(!silent->connected());
}
