#include <weft/net/client_service.hpp>

#include "worlds.hpp"

#include <weft/core/log.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/endpoints/tcp_endpoint.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

using State = ClientService::State;
using Log = std::vector<std::string>;

class Client : public Protocol {
 public:
  explicit Client(Log& log) : log_(log) {}
  void connectionMade() override { log_.emplace_back("made"); }
  void dataReceived(std::string_view data) override { log_.push_back("data " + std::string(data)); }
  void connectionLost(const Failure&) override { log_.emplace_back("lost"); }

 private:
  Log& log_;
};

/// Keeps the connections that a server has, so that the test can end them.
class Server : public Protocol {
 public:
  explicit Server(std::vector<std::shared_ptr<Transport>>& all) : all_(all) {}
  void connectionMade() override {
    all_.push_back(transport().shared_from_this());
    transport().write("hi");
  }
  void dataReceived(std::string_view) override {}

 private:
  std::vector<std::shared_ptr<Transport>>& all_;
};

/// A server that can be there or not, and a service that connects to it; the delays are 1, 2, 3 … seconds.
struct Case {
  Log log;                                             // written to until the network is gone
  ManualClock clock;
  MemoryNetwork network{clock, 3};
  std::vector<std::shared_ptr<Transport>> served;
  std::unique_ptr<Port> port;
  ClientService::PrepareConnection prepare;
  std::optional<ClientService> service;

  Case() { network.setLink(MemoryLink().latency(0.01)); }
  void serve() { port = network.listen(7, factory([this] { return std::make_shared<Server>(served); })); }
  ClientService& make(RetryPolicy policy = [](int attempt) { return static_cast<double>(attempt); }) {
    return service.emplace(std::make_shared<TCPClientEndpoint>(network, "localhost", 7), factory([this] { return std::make_shared<Client>(log); }), clock, std::move(policy),
                           prepare);
  }
  void play(double seconds = 0.1) { clock.play(seconds); }
};

}  // namespace

// J11
TEST_CASE("the back-off grows by its factor up to its limit, plus the jitter") {
  const RetryPolicy policy = backoffPolicy(1, 60, 1.5, [] { return 0.25; });
  CHECK(policy(0) == 1.25);
  CHECK(policy(1) == 1.75);
  CHECK(policy(2) == 2.5);
  CHECK(policy(10) == doctest::Approx(std::pow(1.5, 10) + 0.25));
  CHECK(policy(11) == 60.25);
  CHECK(policy(1'000'000) == 60.25);
  const RetryPolicy standard = backoffPolicy();
  for (int i = 0; i < 100; ++i) {
    const double delay = *standard(1);
    CHECK(delay >= 1.5);
    CHECK(delay <= 2.5);
  }
}

TEST_CASE("jitter of the same seed is the same") {
  const auto one = randomJitter(5), two = randomJitter(5), other = randomJitter(6);
  int same = 0;
  for (int i = 0; i < 100; ++i) {
    const double value = one();
    CHECK(value == two());
    same += value == other();
  }
  CHECK(same == 0);
}

// J10
TEST_CASE("a service connects when it is started, and tells who waits") {
  Case c;
  c.serve();
  ClientService& service = c.make();
  auto early = service.whenConnected();
  CHECK(service.state() == State::Init);
  service.startService();
  CHECK(service.state() == State::Connecting);
  c.play();
  CHECK(service.state() == State::Connected);
  auto protocol = successResultOf(early);
  CHECK(successResultOf(service.whenConnected()) == protocol);
  CHECK(protocol->hasTransport());
  CHECK(c.log == Log{"made", "data hi"});
}

TEST_CASE("a lost connection is made again after the policy's delay") {
  Case c;
  c.serve();
  ClientService& service = c.make();
  service.startService();
  c.play();
  c.served.at(0)->abortConnection();
  c.play();
  CHECK(service.state() == State::Waiting);
  CHECK(service.failedAttempts() == 1);
  CHECK(service.lastFailure()->check<ConnectionLost>());
  auto again = service.whenConnected();
  c.play(0.7);
  assertNoResult(again);
  c.play(0.3);
  successResultOf(again);
  CHECK(c.served.size() == 2);
  CHECK(c.log == Log{"made", "data hi", "lost", "made", "data hi"});
}

TEST_CASE("attempts that fail are repeated with growing delays, and a success sets the count back") {
  Case c;
  ClientService& service = c.make();
  service.startService();
  c.play();
  CHECK(service.failedAttempts() == 1);
  c.play(1);
  CHECK(service.failedAttempts() == 2);
  c.play(1);
  CHECK(service.failedAttempts() == 2);
  c.play(1.1);
  CHECK(service.failedAttempts() == 3);
  CHECK(service.lastFailure()->check<ConnectionRefused>());
  c.serve();
  c.play(3);
  CHECK(service.state() == State::Connected);
  CHECK(service.failedAttempts() == 0);
  CHECK(!service.lastFailure());
}

TEST_CASE("who waits for a connection may give up after so many failures") {
  Case c;
  ClientService& service = c.make();
  auto once = service.whenConnected(1);
  auto thrice = service.whenConnected(3);
  auto always = service.whenConnected();
  service.startService();
  c.play();
  CHECK(failureResultOf(once).check<ConnectionRefused>());
  c.play(1);
  assertNoResult(thrice);
  c.play(2);
  CHECK(failureResultOf(thrice).check<ConnectionRefused>());
  c.serve();
  c.play(5);
  successResultOf(always);
}

TEST_CASE("a stop closes the connection, and fires when it is closed") {
  Case c;
  c.serve();
  ClientService& service = c.make();
  service.startService();
  c.play();
  auto stopping = service.stopService();
  auto second = service.stopService();
  CHECK(service.state() == State::Disconnecting);
  assertNoResult(stopping);
  c.play();
  successResultOf(stopping);
  successResultOf(second);
  CHECK(service.state() == State::Stopped);
  CHECK(c.log.back() == "lost");
  CHECK(failureResultOf(service.whenConnected()).check<CancelledError>());
  c.play(100);
  CHECK(c.served.size() == 1);
  CHECK(c.clock.getDelayedCalls().empty());
}

TEST_CASE("a stop while it waits or connects ends at once, and whoever waited is told") {
  Case c;
  ClientService& service = c.make();
  service.startService();
  c.play();
  REQUIRE(service.state() == State::Waiting);
  auto waiting = service.whenConnected();
  successResultOf(service.stopService());
  CHECK(failureResultOf(waiting).check<CancelledError>());
  c.network.setLink(MemoryLink().silent());
  service.startService();
  REQUIRE(service.state() == State::Connecting);
  auto connecting = service.whenConnected();
  successResultOf(service.stopService());
  CHECK(failureResultOf(connecting).check<CancelledError>());
  CHECK(service.state() == State::Stopped);
  c.play(100);
  CHECK(c.log.empty());
}

TEST_CASE("a start while it is stopping connects anew when the old connection has gone") {
  Case c;
  c.serve();
  ClientService& service = c.make();
  service.startService();
  c.play();
  auto stopping = service.stopService();
  service.startService();
  CHECK(service.state() == State::Restarting);
  auto again = service.whenConnected();
  c.play();
  CHECK(service.state() == State::Connected);
  successResultOf(again);
  CHECK(c.served.size() == 2);
  successResultOf(stopping);                           // the connection that it was about has gone
  auto second = service.stopService();
  service.startService();
  auto third = service.stopService();
  CHECK(service.state() == State::Disconnecting);
  c.play();
  successResultOf(second);
  successResultOf(third);
  CHECK(service.state() == State::Stopped);
}

TEST_CASE("prepareConnection comes before those who wait, and may refuse the connection") {
  Case c;
  c.serve();
  std::vector<Trigger<>> preparing;
  c.prepare = [&](std::shared_ptr<Protocol> protocol) {
    CHECK(protocol->hasTransport());
    Deferred<> deferred;
    preparing.push_back(deferred.takeTrigger());
    return deferred;
  };
  ClientService& service = c.make();
  auto connected = service.whenConnected();
  service.startService();
  c.play();
  REQUIRE(preparing.size() == 1);
  CHECK(service.state() == State::Connecting);
  preparing[0].errback(std::runtime_error("wrong password"));
  c.play();
  CHECK(service.state() == State::Waiting);
  CHECK(service.lastFailure()->what() == std::string("wrong password"));
  CHECK(!c.served[0]->connected());
  CHECK(c.log.back() == "lost");
  c.play(1);
  REQUIRE(preparing.size() == 2);
  assertNoResult(connected);
  preparing[1].callback();
  CHECK(service.state() == State::Connected);
  successResultOf(connected);
  CHECK(service.failedAttempts() == 0);
}

TEST_CASE("a connection that is lost while it is prepared counts as a failed attempt, and so does a prepareConnection that throws") {
  Case c;
  c.serve();
  bool throws = false;
  int cancelled = 0;
  std::vector<Trigger<>> preparing;
  c.prepare = [&](std::shared_ptr<Protocol>) {
    if (throws) throw std::runtime_error("no");
    Deferred<> deferred([&] { ++cancelled; });
    preparing.push_back(deferred.takeTrigger());
    return deferred;
  };
  ClientService& service = c.make();
  service.startService();
  c.play();
  c.served[0]->abortConnection();
  c.play();
  CHECK(cancelled == 1);
  CHECK(service.state() == State::Waiting);
  CHECK(service.lastFailure()->check<ConnectionLost>());
  throws = true;
  c.play(1);
  CHECK(service.failedAttempts() == 2);
  CHECK(service.lastFailure()->what() == std::string("no"));
  throws = false;
  c.play(2.1);
  REQUIRE(preparing.size() == 2);
  auto stopping = service.stopService();               // while it is prepared
  CHECK(cancelled == 2);
  c.play();
  successResultOf(stopping);
  CHECK(service.state() == State::Stopped);
}

TEST_CASE("a factory that builds nothing is a failed attempt") {
  Case c;
  c.serve();
  ClientService service(std::make_shared<TCPClientEndpoint>(c.network, "localhost", 7), factory([] { return std::shared_ptr<Protocol>(); }), c.clock, [](int) { return 1; });
  service.startService();
  c.play();
  CHECK(service.lastFailure()->check<NoProtocol>());
  CHECK(c.network.openConnections() == 0);
}

TEST_CASE("a policy that has had enough stops the service with the last error") {
  Case c;
  ClientService& service = c.make([](int attempt) { return attempt < 3 ? std::optional<double>(1) : std::nullopt; });
  auto connected = service.whenConnected();
  service.startService();
  c.play(10);
  CHECK(c.network.attempts() == 3);
  CHECK(service.state() == State::Stopped);
  CHECK(failureResultOf(connected).check<ConnectionRefused>());
  c.serve();
  service.startService();
  c.play();
  CHECK(service.state() == State::Connected);
}

TEST_CASE("a service may be stopped from its own callbacks") {
  Case c;
  c.serve();
  c.prepare = [&](std::shared_ptr<Protocol>) {
    c.service->stopService().detach();
    return Deferred<>();
  };
  ClientService& service = c.make();
  service.startService();
  c.play();
  CHECK(service.state() == State::Stopped);
  CHECK(c.network.openConnections() == 0);
  c.prepare = {};
  ClientService& other = c.make();
  auto connected = other.whenConnected().addCallback([&](std::shared_ptr<Protocol>) { c.service->stopService().detach(); });
  other.startService();
  c.play();
  successResultOf(connected);
  CHECK(other.state() == State::Stopped);
}

TEST_CASE("a stop can be hurried when the peer does not read") {
  Case c;
  c.port = c.network.listen(7, factory([&] {
    class Deaf : public Protocol {
      void connectionMade() override { transport().pauseReading(); }
      void dataReceived(std::string_view) override {}
    };
    return std::make_shared<Deaf>();
  }));
  ClientService& service = c.make();
  service.startService();
  c.play();
  auto protocol = successResultOf(service.whenConnected());
  protocol->transport().write(std::string(10'000'000, 'x'));
  auto stopping = stopWithin(service, 5, c.clock);
  c.play(4.9);
  assertNoResult(stopping);
  c.play(0.3);
  CHECK(failureResultOf(stopping).check<StopTimeout>());
  CHECK(service.state() == State::Stopped);
  CHECK(c.network.openConnections() == 0);
}

TEST_CASE("a service that is destroyed closes its connection, or forgets its attempt") {
  Case c;
  c.serve();
  ClientService& service = c.make();
  service.startService();
  c.play();
  auto stopping = service.stopService();
  c.service.reset();
  c.play();
  successResultOf(stopping);
  CHECK(c.network.openConnections() == 0);
  c.make().startService();
  auto connected = c.service->whenConnected();
  c.service.reset();
  CHECK(failureResultOf(connected).check<CancelledError>());
  c.play(10);
  CHECK(c.network.openConnections() == 0);
  CHECK(c.log.back() == "lost");
}

TEST_CASE("a protocol that hands its connection on takes it out of the service's sight") {
  Case c;
  c.serve();
  ClientService& service = c.make();
  service.startService();
  c.play();
  auto protocol = successResultOf(service.whenConnected());
  protocol->transport().setProtocol(std::make_shared<Client>(c.log));
  CHECK(service.state() == State::Connected);
  successResultOf(service.stopService());
  CHECK(c.network.openConnections() == 1);
}

TEST_CASE("a connection that is lost after n bytes is made again, for each n, and nothing is left at the end") {
  for (std::size_t bytes = 0; bytes <= 3; ++bytes) {
    CAPTURE(bytes);
    Case c;
    c.serve();
    c.network.setLinks([&](const std::string&, std::uint16_t, std::uint64_t number) -> std::optional<MemoryLink> {
      if (number > 0) return std::nullopt;
      return MemoryLink().resetAfter(bytes);
    });
    ClientService& service = c.make();
    service.startService();
    c.play(3);
    CHECK(service.state() == State::Connected);
    CHECK(c.served.size() == (bytes < 2 ? 2 : bytes == 2 ? c.served.size() : 1));
    auto stopping = service.stopService();
    c.play();
    successResultOf(stopping);
    CHECK(c.network.openConnections() == 0);
    CHECK(c.clock.getDelayedCalls().empty());
  }
}
