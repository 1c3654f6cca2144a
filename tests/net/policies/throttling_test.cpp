#include <weft/net/policies/throttling.hpp>

#include "../tls_world.hpp"

#include <weft/net/file_sender.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

/// Counts what comes, and the most that came by any time beyond what the rate allows.
class Meter : public Protocol {
 public:
  explicit Meter(double rate) : rate_(rate) {}
  void connectionMade() override { start_ = transport().clock().seconds(); }
  void dataReceived(std::string_view data) override {
    got += data.size();
    over = std::max(over, static_cast<double>(got) - rate_ * (transport().clock().seconds() - start_));
  }
  void readConnectionLost() override {
    ended = true;
    Protocol::readConnectionLost();
  }
  void connectionLost(const Failure& reason) override { lost = reason; }
  std::size_t got = 0;
  double over = 0;
  bool ended = false;
  std::optional<Failure> lost;

 private:
  double rate_;
  double start_ = 0;
};

}  // namespace

EVERY_MEMORY("reading keeps to the rate, whatever the peer sends at once, and loses nothing") {      // I4
  World world;
  auto meter = std::make_shared<Meter>(10'000);
  auto port = world.network.listen(1, std::make_shared<ThrottlingFactory>(factory([&] { return meter; }), ThrottleLimits().readRate(10'000).burst(500)));
  auto client = resultOf(world, world.network.connect("127.0.0.1", 1));
  client->setProtocol(std::make_shared<Meter>(1));
  client->write(std::string(200'000, 'x'));
  client->loseWriteConnection();
  world.time.play(10);
  CHECK(meter->got > 99'000);
  CHECK(meter->got <= 100'500);
  CHECK(client->buffered() > 0);                       // the peer has to wait
  CHECK(!meter->ended);
  world.time.play(11);
  CHECK(meter->got == 200'000);
  CHECK(meter->ended);
  CHECK(meter->over <= 501);
}

EVERY_MEMORY("writing keeps to the rate over all connections, in turn; what is written is all sent before the end") {      // I4
  World world;
  constexpr int kClients = 4;
  std::string text(25'000, 'x');
  class Sender : public Protocol {
   public:
    explicit Sender(std::string text) : text_(std::move(text)) {}
    void connectionMade() override {
      transport().write(text_);
      transport().loseConnection();
      transport().write("dropped");
    }
    void dataReceived(std::string_view) override {}

   private:
    std::string text_;
  };
  auto throttling = std::make_shared<ThrottlingFactory>(factoryOf<Sender>(text), ThrottleLimits().writeRate(10'000).burst(1000));
  auto port = world.network.listen(1, throttling);
  std::vector<std::shared_ptr<Meter>> meters;
  for (int i = 0; i < kClients; ++i) {
    auto transport = resultOf(world, world.network.connect("127.0.0.1", 1));
    transport->setProtocol(meters.emplace_back(std::make_shared<Meter>(1)));
  }
  REQUIRE(world.until([&] { return throttling->connections() == kClients; }));      // with TLS a server is ready after its client
  world.time.play(5);
  std::size_t total = 0;
  for (const auto& meter : meters) {
    CHECK(meter->got > 10'000);                        // none starves
    total += meter->got;
  }
  CHECK(total > 49'000);
  CHECK(total <= 51'500);
  world.time.play(6);
  for (const auto& meter : meters) {
    CHECK(meter->got == text.size());
    REQUIRE(meter->lost);
    CHECK(meter->lost->check<ConnectionDone>());
  }
  CHECK(throttling->connections() == 0);
}

EVERY_MEMORY("a throttled transport has the back-pressure of any other: drained(), push and pull producers, the write limit") {      // I4
  World world;
  std::string calls;
  std::size_t most = 0;
  std::shared_ptr<Transport> server;
  auto port = world.network.listen(1, std::make_shared<ThrottlingFactory>(streamFactory([&](Stream stream) -> Deferred<> {
                                     server = stream.transport().shared_from_this();
                                     for (int i = 0; i < 30; ++i) {
                                       co_await stream.write(std::string(10'000, 'x'));
                                       most = std::max(most, server->buffered());
                                     }
                                     std::string piece(30'000, 'y');
                                     auto sending = FileSender::send(
                                         [&](std::size_t bytes) {
                                           std::string next = piece.substr(0, bytes);
                                           piece.erase(0, bytes);
                                           return succeed(std::move(next));
                                         },
                                         *server);
                                     co_await std::move(sending);
                                     co_await stream.close();
                                   }),
                                   ThrottleLimits().writeRate(100'000)));
  auto meter = std::make_shared<Meter>(100'000);
  auto client = resultOf(world, world.network.connect("127.0.0.1", 1));
  client->setProtocol(meter);
  REQUIRE(world.until([&] { return meter->lost.has_value(); }));
  CHECK(meter->got == 330'000);
  CHECK(world.time.seconds() > 3.1);
  CHECK(world.time.seconds() < 3.6);
  CHECK(most <= Stream::kReadAhead + 20'000);
  CHECK(meter->over <= 10'100);
}

EVERY_MEMORY("beyond the connections allowed one more is refused; a rate must be a number") {      // I4
  World world;
  auto throttling = std::make_shared<ThrottlingFactory>(factoryOf<Meter>(1.0), ThrottleLimits().connections(1));
  auto port = world.network.listen(1, throttling);
  auto first = resultOf(world, world.network.connect("127.0.0.1", 1));
  first->setProtocol(std::make_shared<Meter>(1));
  auto second = resultOf(world, world.network.connect("127.0.0.1", 1));
  second->setProtocol(std::make_shared<Meter>(1));
  world.settle();
  CHECK(first->connected());
  CHECK(!second->connected());
  CHECK_THROWS_AS(ThrottleLimits().readRate(-1), std::invalid_argument);
  CHECK_THROWS_AS(ThrottleLimits().writeRate(std::numeric_limits<double>::infinity()), std::invalid_argument);
}

EVERY_MEMORY("aborting, losing the peer and the end of the network reach a throttled protocol once") {
  for (int way = 0; way < 3; ++way) {
    auto world = std::make_unique<World>();
    auto meter = std::make_shared<Meter>(1);
    auto port = world->network.listen(1, std::make_shared<ThrottlingFactory>(factory([&] { return meter; }), ThrottleLimits().readRate(10).writeRate(10)));
    auto client = resultOf(*world, world->network.connect("127.0.0.1", 1));
    client->setProtocol(std::make_shared<Meter>(1));
    client->write(std::string(1000, 'x'));
    world->settle();
    REQUIRE(meter->hasTransport());
    meter->transport().write(std::string(1000, 'x'));
    if (way == 0) meter->transport().abortConnection();
    else if (way == 1) client->abortConnection();
    if (way < 2) world->settle();
    CHECK(meter->lost.has_value() == (way < 2));
    world.reset();
    REQUIRE(meter->lost);
    CHECK(meter->lost->check<ConnectionAborted>() == (way != 1));
    CHECK(!meter->hasTransport());
  }
}

EVERY_MEMORY("what a connection's end has dropped is not reported as sent") {
  auto world = std::make_unique<World>();
  auto meter = std::make_shared<Meter>(1);
  auto port = world->network.listen(1, std::make_shared<ThrottlingFactory>(factory([&] { return meter; }), ThrottleLimits()));
  auto client = resultOf(*world, world->network.connect("127.0.0.1", 1));      // reads nothing
  REQUIRE(world->until([&] { return meter->hasTransport(); }));
  meter->transport().write(std::string(1'000'000, 'x'));
  auto drained = meter->transport().drained();
  world->settle();
  CHECK(!drained.called());
  world.reset();
  REQUIRE(drained.called());
  CHECK(drained.result().failure().check<ConnectionAborted>());
}
