#include <weft/net/testing/memory_network.hpp>

#include "worlds.hpp"

#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

class Collect : public Protocol {
 public:
  explicit Collect(Clock& clock) : clock(clock) {}
  void dataReceived(std::string_view bytes) override {
    data += bytes;
    sizes.push_back(bytes.size());
    times.push_back(clock.seconds());
  }
  void connectionLost(const Failure& why) override {
    reason = why;
    lostAt = clock.seconds();
  }
  Clock& clock;
  std::string data;
  std::vector<std::size_t> sizes;
  std::vector<double> times;
  Failure reason{nullptr};
  double lostAt = -1;
};

struct Scene {
  ManualClock clock;
  MemoryNetwork network{clock, 1};
  std::shared_ptr<Collect> server = std::make_shared<Collect>(clock);
  std::shared_ptr<Collect> client = std::make_shared<Collect>(clock);
  std::unique_ptr<Port> port = network.listen(80, factory([this] { return server; }));
  Deferred<std::shared_ptr<Collect>> connecting{nullptr};

  void connect() {
    connecting = connectProtocol(network, "127.0.0.1", 80, client);
    clock.play(1);
    REQUIRE(connecting.called());
  }
};

std::string errorText(Deferred<std::shared_ptr<Transport>> deferred) {
  REQUIRE(deferred.called());
  auto outcome = deferred.result();
  REQUIRE(!outcome);
  return outcome.failure().what();
}

}  // namespace

TEST_CASE("bytes take the link's latency, connecting twice that") {
  Scene scene;
  scene.network.setLink(MemoryLink().latency(0.25));
  auto connecting = connectProtocol(scene.network, "127.0.0.1", 80, scene.client);
  scene.clock.advance(0.49);
  CHECK(!connecting.called());
  scene.clock.advance(0.01);
  REQUIRE(connecting.called());
  scene.client->transport().write("ping");
  scene.clock.play(1);
  CHECK(scene.server->data == "ping");
  CHECK(scene.server->times == std::vector<double>{0.75});
}

TEST_CASE("bandwidth spreads bytes over time") {
  Scene scene;
  scene.network.setLink(MemoryLink().bandwidth(1000).window(1'000'000));
  scene.connect();
  scene.client->transport().write(std::string(500, 'x'));
  scene.client->transport().write(std::string(250, 'y'));
  scene.clock.play(5);
  CHECK(scene.server->times == std::vector<double>{1.5, 1.75});
}

TEST_CASE("pieces have the sizes asked for") {
  Scene scene;
  scene.network.setLink(MemoryLink().chunks(3, 5));
  scene.connect();
  scene.client->transport().write(std::string(1000, 'x'));
  scene.clock.play(1);
  CHECK(scene.server->data.size() == 1000);
  for (std::size_t i = 0; i + 1 < scene.server->sizes.size(); ++i) {
    CHECK(scene.server->sizes[i] >= 3);
    CHECK(scene.server->sizes[i] <= 5);
  }
}

TEST_CASE("bytes stay until dataReceived has returned, also when it ends the connection") {
  struct Hasty : Collect {
    using Collect::Collect;
    void dataReceived(std::string_view bytes) override {
      transport().abortConnection();
      Collect::dataReceived(bytes);
    }
  };
  Scene scene;
  scene.server = std::make_shared<Hasty>(scene.clock);
  scene.connect();
  const std::string sent(5000, 'x');
  scene.client->transport().write(sent);
  scene.clock.play(1);
  CHECK(scene.server->data == sent);
  CHECK(scene.client->reason.check<ConnectionLost>());
}

TEST_CASE("a planned reset strikes both ends after just so many bytes") {
  Scene scene;
  scene.network.setLink(MemoryLink().latency(0.1).resetAfter(10, MemoryLink::Direction::ToServer));
  scene.connect();
  scene.client->transport().write("0123456789abc");
  scene.clock.play(1);
  CHECK(scene.server->data == "0123456789");
  CHECK(scene.server->reason.check<ConnectionLost>());
  CHECK(scene.client->reason.check<ConnectionLost>());
  CHECK(std::string(scene.client->reason.what()) == "the connection was lost: connection reset by peer");
}

TEST_CASE("a truncated direction ends early, and what follows vanishes") {
  Scene scene;
  scene.network.setLink(MemoryLink().truncateAfter(4));
  scene.connect();
  scene.server->transport().write("abcdefgh");
  scene.clock.play(1);
  CHECK(scene.client->data == "abcd");
  CHECK(scene.client->reason.check<ConnectionDone>());
  CHECK(scene.server->reason.check<ConnectionDone>());
}

TEST_CASE("a stalled direction says nothing to anybody; the sender's buffer fills") {
  Scene scene;
  scene.network.setLink(MemoryLink().stallAfter(4).window(100));
  scene.connect();
  scene.server->transport().write("abcdefgh");
  scene.clock.play(10);
  CHECK(scene.client->data == "abcd");
  CHECK(scene.client->lostAt < 0);
  scene.server->transport().write(std::string(100'000, 'x'));
  auto drained = scene.server->transport().drained();
  scene.clock.play(10);
  CHECK(!drained.called());
  scene.server->transport().abortConnection();
  scene.clock.play(1);
  CHECK(drained.called());
  static_cast<void>(drained.result());
}

TEST_CASE("the window holds a writer back until the reader reads") {
  Scene scene;
  scene.network.setLink(MemoryLink().window(1000));
  scene.connect();
  scene.server->transport().pauseReading();
  scene.client->transport().write(std::string(5000, 'x'));
  CHECK(scene.client->transport().buffered() == 4000);
  scene.clock.play(1);
  CHECK(scene.client->transport().buffered() == 4000);
  scene.server->transport().resumeReading();
  scene.clock.play(1);
  CHECK(scene.client->transport().buffered() == 0);
  CHECK(scene.server->data.size() == 5000);
}

TEST_CASE("names: known ones, unknown ones, and hosts with ports of their own") {
  Scene scene;
  const Address one = scene.network.addHost("one.example");
  const Address two = scene.network.addHost("two.example");
  CHECK(one.host() == "10.0.0.1");
  CHECK(two.host() == "10.0.0.2");
  auto other = std::make_shared<Collect>(scene.clock);
  auto port = scene.network.listen(80, factory([&] { return other; }), ListenOptions().interface("two.example"));
  CHECK(port->getHost() == two.withPort(80));
  auto first = scene.network.connect("one.example", 80);
  auto second = scene.network.connect("two.example", 80);
  auto third = scene.network.connect("three.example", 80);
  CHECK(errorText(std::move(third)) == "connecting to three.example:80: looking up the name: no such name in this MemoryNetwork");
  scene.clock.play(1);
  CHECK(scene.server->hasTransport());
  CHECK(other->hasTransport());
  CHECK(scene.network.openConnections() == 2);
  CHECK(scene.network.attempts() == 3);
}

TEST_CASE("refused, silent, late and cancelled attempts") {      // N2
  Scene scene;
  auto nobody = scene.network.connect("127.0.0.1", 81);
  scene.clock.advance(0);
  CHECK(errorText(std::move(nobody)) == "connecting to 127.0.0.1:81: connection refused");

  scene.network.setLink("127.0.0.1", MemoryLink().refused());
  auto refused = scene.network.connect("127.0.0.1", 80);
  scene.clock.advance(0);
  CHECK(errorText(std::move(refused)) == "connecting to 127.0.0.1:80: connection refused");

  scene.network.setLink("127.0.0.1", MemoryLink().silent());
  auto silent = scene.network.connect("127.0.0.1", 80, ConnectOptions().timeout(5));
  auto cancelled = scene.network.connect("127.0.0.1", 80);
  cancelled.cancel();
  CHECK(errorText(std::move(cancelled)) == "cancelled");
  scene.clock.advance(4.9);
  CHECK(!silent.called());
  scene.clock.advance(0.1);
  CHECK(errorText(std::move(silent)) == "connecting to 127.0.0.1:80: no connection after 5 seconds");

  scene.network.setLink("127.0.0.1", MemoryLink().latency(10));
  auto late = scene.network.connect("127.0.0.1", 80, ConnectOptions().timeout(1));
  scene.clock.advance(1);
  CHECK(errorText(std::move(late)) == "connecting to 127.0.0.1:80: no connection after 1 second");
}

TEST_CASE("links can be chosen for each attempt") {
  Scene scene;
  scene.network.setLinks([](const std::string&, std::uint16_t, std::uint64_t number) -> std::optional<MemoryLink> {
    if (number == 0) return MemoryLink().refused();
    return std::nullopt;
  });
  auto first = scene.network.connect("127.0.0.1", 80);
  auto second = scene.network.connect("127.0.0.1", 80);
  scene.clock.play(1);
  CHECK(errorText(std::move(first)) == "connecting to 127.0.0.1:80: connection refused");
  CHECK(second.result().ok());
}

TEST_CASE("a taken port is a CannotListenError, a dropped one is free") {
  Scene scene;
  CHECK_THROWS_AS(static_cast<void>(scene.network.listen(80, factory([&] { return scene.server; }))), CannotListenError);
  CHECK_THROWS_AS(static_cast<void>(scene.network.listen(80, factory([&] { return scene.server; }), ListenOptions().interface("nowhere"))),
                  CannotListenError);
  scene.port.reset();
  scene.port = scene.network.listen(80, factory([&] { return scene.server; }));
  CHECK(scene.network.listen(0, factory([&] { return scene.server; }))->getHost().port() >= 49152);
}

TEST_CASE("bytes for an end that has closed come back as a reset") {
  Scene scene;
  scene.network.setLink(MemoryLink().latency(0.1));
  scene.connect();
  scene.server->transport().pauseReading();
  scene.client->transport().write("unread");
  scene.clock.play(1);
  scene.server->transport().abortConnection();
  scene.client->transport().write("too late");
  scene.clock.play(1);
  CHECK(scene.client->reason.check<ConnectionLost>());
}

namespace {

/// Echoes over links with random faults; everything that happened, in words.
std::string faultyRun(std::uint64_t seed) {
  std::string story;
  ManualClock clock;
  const auto tell = [&](std::string what) { story += std::to_string(clock.now().count()) + " " + what + "\n"; };
  {
    MemoryNetwork network(clock, seed);
    std::uint64_t dice = seed * 2654435761u + 1;
    const auto roll = [&](std::uint64_t sides) { return (dice = dice * 6364136223846793005u + 1442695040888963407u, (dice >> 33) % sides); };
    network.setLinks([&](const std::string&, std::uint16_t, std::uint64_t) -> std::optional<MemoryLink> {
      MemoryLink link;
      link.latency(0.01).jitter(0.02).chunks(1, 700).window(1000 + roll(5000)).bandwidth(200'000);
      const auto direction = roll(2) ? MemoryLink::Direction::ToClient : MemoryLink::Direction::ToServer;
      switch (roll(6)) {
        case 0: return link.resetAfter(roll(6000), direction);
        case 1: return link.truncateAfter(roll(6000), direction);
        case 2: return link.stallAfter(roll(6000), direction);
        case 3: return link.refused();
        default: return link;
      }
    });
    auto port = network.listen(7, streamFactory([&](Stream stream) -> Deferred<> {
                                 stream.setTimeout(5);
                                 for (;;) {
                                   auto outcome = co_await stream.read().outcome();
                                   if (!outcome || outcome->empty()) co_return;
                                   const auto written = co_await stream.write(*outcome).outcome();
                                   if (!written) co_return;
                                 }
                               }));
    auto visit = [&](int id) -> Deferred<> {
      auto connected = co_await network.connect("127.0.0.1", 7).outcome();
      if (!connected) {
        tell(std::to_string(id) + " " + connected.failure().what());
        co_return;
      }
      Stream stream(std::move(*connected));
      stream.setTimeout(5);
      const std::string message(4000 + static_cast<std::size_t>(id), static_cast<char>('a' + id % 26));
      const auto written = co_await stream.write(message).outcome();
      const auto answer = co_await stream.readExactly(message.size()).outcome();
      if (!written) tell(std::to_string(id) + " writing: " + written.failure().what());
      else if (!answer) tell(std::to_string(id) + " reading: " + answer.failure().what());
      else tell(std::to_string(id) + (*answer == message ? " whole" : " WRONG"));
    };
    std::vector<Deferred<>> visits;
    for (int i = 0; i < 6; ++i) visits.push_back(visit(i));
    clock.play(60);
    for (auto& done : visits)
      if (!done.called()) story += "HANGS\n";
  }
  return story;
}

}  // namespace

TEST_CASE("faulty links: every exchange ends whole or with an error, and a seed tells the same story twice") {
  int whole = 0;
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::string story = faultyRun(seed);
    CHECK(story.find("WRONG") == std::string::npos);
    CHECK(story.find("HANGS") == std::string::npos);
    for (std::size_t at = 0; (at = story.find(" whole\n", at)) != std::string::npos; ++at) ++whole;
    for (std::size_t at = 0; (at = story.find(':', at)) != std::string::npos; ++at) ++failed;
    if (seed % 10 == 0) CHECK(faultyRun(seed) == story);
  }
  CHECK(whole > 100);
  CHECK(failed > 100);
}

TEST_CASE("a partition holds everything back, both ways, until it is repaired; connecting across it times out") {
  Scene scene;
  scene.network.addHost("server", Address::loopback(0));
  scene.connect();
  scene.client->transport().write("before ");
  scene.clock.play(1);
  scene.network.partition("server");
  scene.client->transport().write("during");
  scene.server->transport().write("answer");
  scene.clock.play(1000);
  CHECK(scene.server->data == "before ");
  CHECK(scene.client->data.empty());
  auto late = scene.network.connect("server", 80, ConnectOptions().timeout(5));
  scene.clock.play(5);
  REQUIRE(late.called());
  CHECK(late.result().failure().check<ConnectTimeout>());
  scene.network.repair("server");
  scene.clock.play(1);
  CHECK(scene.server->data == "before during");
  CHECK(scene.client->data == "answer");
}

TEST_CASE("a partition between two hosts leaves others alone, and is symmetric") {
  ManualClock clock;
  MemoryNetwork network(clock);
  const Address one = network.addHost("one"), two = network.addHost("two");
  auto port = network.listen(80, factory([&] { return std::make_shared<Collect>(clock); }));
  network.partition("one", "two");
  const auto reaches = [&](const std::string& to, const Address& from) {
    auto connecting = network.connect(to, 80, ConnectOptions().timeout(1).bindAddress(from));
    clock.play(2);
    return connecting.called() && connecting.result().ok();
  };
  CHECK(!reaches("two", one));
  CHECK(!reaches("one", two));
  CHECK(reaches("two", *Address::parse("10.9.9.9", 0)));
  CHECK(reaches("one", one));
  network.repair("two", "one");
  CHECK(reaches("two", one));
  network.partition("10.9.9.9");
  CHECK(!reaches("two", *Address::parse("10.9.9.9", 0)));
  network.repair();
  CHECK(reaches("two", *Address::parse("10.9.9.9", 0)));
  CHECK_THROWS_AS(network.partition("nobody"), std::invalid_argument);
}

TEST_CASE("a host that vanishes leaves half-open connections: nothing arrives, nobody is told, writers have to buffer") {
  Scene scene;
  scene.connect();
  scene.network.vanish("127.0.0.1");
  scene.client->transport().write(std::string(1'000'000, 'x'));
  scene.server->transport().write("last words");
  scene.clock.play(100'000);
  CHECK(scene.server->data.empty());
  CHECK(scene.client->data.empty());
  CHECK(scene.client->lostAt < 0);
  CHECK(scene.client->transport().connected());
  CHECK(scene.client->transport().buffered() == 1'000'000);
  auto drained = scene.client->transport().drained();
  scene.client->transport().abortConnection();
  scene.clock.play(1);
  CHECK(scene.client->lostAt > 0);
  CHECK(drained.result().failure().check<ConnectionAborted>());
  auto again = scene.network.connect("127.0.0.1", 80);
  scene.clock.play(1);
  CHECK(again.result().ok());
}

TEST_CASE("events are planned, done at their time, and written down; a cancelled attempt leaves nothing behind") {      // N2
  ManualClock clock;
  auto network = std::make_unique<MemoryNetwork>(clock);
  network->logEvents(3);
  int done = 0;
  network->at(1.5, "the first", [&] { ++done; });
  network->at(2, "the second", [&] { network->at(1, "the third", [&] { ++done; }); });
  network->at(10, "never", [&] { ++done; });
  clock.play(5);
  CHECK(network->log() == std::vector<std::string>{"1.500000000 the first", "2.000000000 the second", "3.000000000 the third", "(no more events are kept)"});
  auto connecting = network->connect("localhost", 1);
  connecting.cancel();
  CHECK(connecting.result().failure().check<CancelledError>());
  CHECK(clock.getDelayedCalls().size() == 1);
  network.reset();
  clock.play(10);
  CHECK(done == 2);
}
