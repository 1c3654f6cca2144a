// Whole programs on bad networks: they end with everything delivered or with a typed error, the same way for the same seed, and leave nothing behind.
#include "../tls_world.hpp"
#include "support/counted.hpp"
#include "support/scale.hpp"

#include <weft/core/log.hpp>
#include <weft/defer/gather.hpp>
#include <weft/net/file_sender.hpp>
#include <weft/net/policies/timeouts.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/accumulating_protocol.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::AllCounted;
using weft::test::Counted;
using weft::test::kScale;

namespace {

/// Equal seeds, equal numbers (an LCG of 64 bits, its upper half).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::size_t below(std::size_t bound) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state_ >> 33) % bound;
  }

 private:
  std::uint64_t state_;
};

MemoryLink badLink(Dice& dice) {
  MemoryLink link;
  link.latency(static_cast<double>(dice.below(200)) / 1000).jitter(static_cast<double>(dice.below(100)) / 1000);
  const std::size_t most = 1 + dice.below(3000);
  link.chunks(1 + dice.below(most), most).window(500 + dice.below(20'000));
  if (dice.below(3) == 0) link.bandwidth(2000 + static_cast<double>(dice.below(100'000)));
  const auto direction = dice.below(2) ? MemoryLink::Direction::ToServer : MemoryLink::Direction::ToClient;
  const std::size_t at = dice.below(30'000);
  switch (dice.below(5)) {
    case 0: return link.resetAfter(at, direction);
    case 1: return link.truncateAfter(at, direction);
    case 2: return link.stallAfter(at, direction);
    default: return link;
  }
}

Deferred<> serve(Stream stream) {
  Counted counted;
  stream.setTimeout(30);
  for (;;) {
    const std::string_view data = co_await stream.readSome(4096);
    if (data.empty()) co_return;
    co_await stream.write(data);
  }
}

Deferred<> sendAll(Stream& stream, std::string text, std::size_t piece) {
  for (std::size_t at = 0; at < text.size(); at += piece) co_await stream.write(std::string_view(text).substr(at, piece));
  stream.closeWriting();
}

Deferred<std::string> echoed(Network& network, std::string text, std::size_t piece) {
  Counted counted;
  auto transport = co_await network.connect("localhost", 7);
  Stream stream(std::move(transport));
  stream.setTimeout(30);
  stream.setDeadline(600);
  auto sending = sendAll(stream, text, piece);
  std::string got = co_await stream.readExactly(text.size());
  co_await std::move(sending);
  const std::string_view end = co_await stream.readSome();
  CHECK(end.empty());
  co_await stream.close();
  co_return got;
}

/// One program on a network that this seed makes. Gives how it ended, and what happened.
std::string run(std::uint64_t seed, std::vector<std::string>* events = nullptr) {
  Dice dice(seed);
  ManualClock clock;
  MemoryNetwork network(clock, seed);
  if (events) network.logEvents();
  network.setLink(badLink(dice));
  if (dice.below(4) == 0) {
    network.at(0.2, "cut", [&] { network.partition("localhost"); });
    network.at(0.2 + static_cast<double>(dice.below(60)), "mend", [&] { network.repair(); });
  }
  std::string text(1 + dice.below(25'000), ' ');
  for (char& byte : text) byte = static_cast<char>(dice.below(256));
  std::string ending;
  {
    const auto port = network.listen(7, streamFactory(serve));
    Deferred<std::string> running = echoed(network, text, 1 + dice.below(5000));
    clock.playAll(3600);
    if (!running.called()) return "hangs:\n" + running.describe();
    Outcome<std::string> outcome = running.result();
    if (outcome) ending = *outcome == text ? "delivered" : "wrong bytes";
    else if (outcome.failure().check<weft::Error>()) ending = outcome.failure().typeName();
    else ending = "untyped: " + std::string(outcome.failure().what());
  }
  clock.playAll(3600);
  if (network.openConnections() > 0) return "left open after: " + ending;
  if (!clock.getDelayedCalls().empty()) return "timers left after: " + ending;
  if (events) *events = network.log();
  return ending;
}

}  // namespace

TEST_CASE("a thousand seeds of a faulty echo end with all bytes delivered or a typed error") {
  AllCounted all;
  LogCapture log;
  std::map<std::string, int> endings;
  const std::uint64_t seeds = test::seeds(1000);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::string ending = run(seed);
    ++endings[ending];
    const bool good = ending == "delivered" || ending.starts_with("weft::");
    CHECK_MESSAGE(good, "seed " << seed << " " << ending);
  }
  CHECK(endings["delivered"] > static_cast<int>(seeds / 4));
  for (const char* ending : {"weft::net::ConnectionLost", "weft::net::IncompleteReadError", "weft::TimeoutError"})
    CHECK_MESSAGE(endings[ending] > static_cast<int>(seeds / 100), ending);
  for (const LogCapture::Entry& entry : log.entries())     // of the server's Streams: they tell of what was not a lost connection
    if (entry.level == LogLevel::Critical) CHECK_MESSAGE(entry.message.find("weft::TimeoutError") != std::string::npos, entry.message);
}

TEST_CASE("the same faults with the same seed give the same log, another seed another one") {
  LogCapture log;
  std::vector<std::string> before;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<std::string> first, second;
    CHECK(run(seed, &first) == run(seed, &second));
    CHECK(first.size() > 2);
    CHECK(first == second);
    CHECK(first != before);
    before = std::move(first);
  }
}

TEST_CASE("ten thousand connections that say nothing stay open and quiet, or are closed by an idle timeout") {
  const std::size_t count = 10'000 / kScale;
  std::size_t lost = 0;                                // before the network, whose end is the connections'
  ManualClock clock;
  MemoryNetwork network(clock);
  class Silent : public Protocol {
   public:
    explicit Silent(std::size_t& lost) : lost_(lost) {}
    void dataReceived(std::string_view) override {}
    void connectionLost(const Failure&) override { ++lost_; }

   private:
    std::size_t& lost_;
  };
  auto patient = network.listen(1, factory([&] { return std::make_shared<Silent>(lost); }));
  auto strict = network.listen(2, std::make_shared<TimeoutFactory>(factory([&] { return std::make_shared<Silent>(lost); })));
  for (std::size_t i = 0; i < count; ++i)
    for (const std::uint16_t port : {1, 2}) connectProtocol(network, "localhost", port, std::make_shared<Silent>(lost)).detach();
  clock.play(1);
  CHECK(network.openConnections() == 2 * count);
  CHECK(clock.getDelayedCalls().size() == count);
  clock.play(30 * 60 + 1);
  CHECK(network.openConnections() == count);
  CHECK(lost == 2 * count);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("on sockets too: up to ten thousand connections that say nothing stay open, and a caller among them is served") {
  rlimit before{}, most{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  most = before;
  most.rlim_cur = most.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &most);
  const std::size_t count = std::min<std::size_t>(10'000 / kScale, (static_cast<std::size_t>(most.rlim_cur) - 500) / 2);      // two descriptors each
  class Silent : public Protocol {
   public:
    explicit Silent(std::size_t& lost) : lost_(lost) {}
    void dataReceived(std::string_view) override { FAIL("it said something"); }
    void connectionLost(const Failure&) override { ++lost_; }

   private:
    std::size_t& lost_;
  };
  std::size_t accepted = 0, lost = 0;
  {
    TcpWorld world;
    auto port = world.network.listen(0, factory([&] {
                                       ++accepted;
                                       return std::make_shared<Silent>(lost);
                                     }),
                                     world.loopback());
    auto echo = world.network.listen(0, streamFactory(serve), world.loopback());
    std::vector<std::shared_ptr<Transport>> callers;
    const auto call = [&](std::size_t times) -> Deferred<> {
      while (times-- > 0) {
        auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
        transport->setProtocol(std::make_shared<Silent>(lost));
        callers.push_back(std::move(transport));
      }
    };
    std::vector<Deferred<>> calling;
    for (std::size_t i = 0; i < 20; ++i) calling.push_back(call(count / 20));
    for (Deferred<>& some : calling) resultOf(world, std::move(some));
    REQUIRE(world.until([&] { return accepted == callers.size(); }));
    CHECK(callers.size() == count / 20 * 20);
    CHECK(world.reactor.getDelayedCalls().empty());    // nothing is spent on them
    Stream caller(resultOf(world, world.network.connect("127.0.0.1", echo->getHost().port())));
    resultOf(world, caller.write("hello"));
    CHECK(resultOf(world, caller.readExactly(5)) == "hello");
    CHECK(lost == 0);
    for (const auto& transport : callers) transport->loseConnection();
    CHECK(world.until([&] { return lost == 2 * callers.size(); }));
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

EVERY_NETWORK("a network that is destroyed with everything open ends all of it: no hang, no leak") {
  AllCounted all;
  LogCapture log;
  std::vector<std::shared_ptr<AccumulatingProtocol>> protocols;
  std::optional<Stream> stream;
  Deferred<std::string> reading = nullptr;
  Deferred<> writing = nullptr;
  Deferred<std::optional<char>> sending = nullptr;
  std::unique_ptr<Port> port;
  {
    World world;
    port = world.network.listen(0, factory([&] { return protocols.emplace_back(std::make_shared<AccumulatingProtocol>()); }), world.loopback());
    auto echo = world.network.listen(0, std::make_shared<TimeoutFactory>(streamFactory(serve)), world.loopback());
    const std::uint16_t number = port->getHost().port();
    stream.emplace(resultOf(world, world.network.connect("127.0.0.1", number)));
    auto second = resultOf(world, world.network.connect("127.0.0.1", echo->getHost().port()));
    auto client = protocols.emplace_back(std::make_shared<AccumulatingProtocol>());
    second->setProtocol(client);
    REQUIRE(world.until([&] { return protocols.size() == 2; }));
    for (const auto& protocol : protocols) protocol->transport().pauseReading();
    reading = stream->readExactly(10);
    writing = stream->write(std::string(20'000'000, 'x'));
    sending = FileSender::send([counted = std::make_shared<Counted>()](std::size_t bytes) { return succeed(std::string(bytes, 'x')); }, *second);
    world.settle();
    CHECK(!writing.called());
  }
  for (const auto& protocol : protocols) CHECK(protocol->losses == 1);
  REQUIRE(reading.called());
  REQUIRE(writing.called());
  REQUIRE(sending.called());
  CHECK(reading.result().failure().template check<ConnectionAborted>());
  CHECK(writing.result().failure().template check<ConnectionAborted>());
  CHECK(sending.result().failure().template check<ProducingStopped>());
  stream.reset();
  port.reset();
}
