#include <weft/net/producer.hpp>

#include "tls_world.hpp"

#include <weft/core/log.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

/// Writes down what it is asked.
class Recorded : public Producer {
 public:
  explicit Recorded(std::string& calls) : calls_(calls) {}
  void pauseProducing() override { calls_ += "pause "; }
  void resumeProducing() override { calls_ += "resume "; }
  void stopProducing() override { calls_ += "stop "; }

 private:
  std::string& calls_;
};

/// A connection between two protocols that only listen; `mine` is the client's side.
template <class World> struct Pair {
  class Quiet : public Protocol {
   public:
    void dataReceived(std::string_view data) override { got += data.size(); }
    void connectionLost(const Failure& reason) override { lost = reason; }
    std::size_t got = 0;
    std::optional<Failure> lost;
  };
  explicit Pair(World& world) {
    port = world.network.listen(0, factory([this] { return theirs; }), world.loopback());
    auto connecting = world.network.connect("127.0.0.1", port->getHost().port());
    mine = resultOf(world, std::move(connecting));
    mine->setProtocol(protocol);
    REQUIRE(world.until([&] { return theirs->hasTransport(); }));
  }
  std::shared_ptr<Quiet> protocol = std::make_shared<Quiet>(), theirs = std::make_shared<Quiet>();
  std::unique_ptr<Port> port;
  std::shared_ptr<Transport> mine;
};

}  // namespace

EVERY_NETWORK("a push producer is paused above the high mark, inside the write, and resumed at the low mark") {      // H21
  World world;
  Pair<World> pair(world);
  std::string calls;
  pair.theirs->transport().pauseReading();
  pair.mine->setWriteLimits(1000, 10'000'000, 1'000'000'000);
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), true);
  while (pair.mine->buffered() <= 10'000'000) {
    CHECK(calls.empty());
    pair.mine->write(std::string(1'000'000, 'x'));
  }
  CHECK(calls == "pause ");
  pair.mine->write(std::string(1'000'000, 'x'));
  CHECK(calls == "pause ");
  pair.theirs->transport().resumeReading();
  REQUIRE(world.until([&] { return calls == "pause resume "; }));
  CHECK(pair.mine->buffered() <= 1000);
  pair.mine->unregisterProducer();
  pair.mine->unregisterProducer();
  CHECK(calls == "pause resume ");
}

EVERY_NETWORK("one producer at a time; on a connection that is closing or gone it is stopped at once; a lost connection stops it") {      // H21
  World world;
  Pair<World> pair(world);
  std::string calls;
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), true);
  CHECK_THROWS_AS(pair.mine->registerProducer(std::make_shared<Recorded>(calls), true), ProducerAlreadyRegistered);
  CHECK(calls.empty());
  pair.mine->abortConnection();
  CHECK(!pair.protocol->lost);
  REQUIRE(world.until([&] { return pair.protocol->lost.has_value(); }));
  CHECK(calls == "stop ");
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), true);
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), false);
  CHECK(calls == "stop stop stop ");
  pair.theirs->transport().loseConnection();
}

EVERY_NETWORK("loseConnection waits for the producer, whose writes still go out; unregisterProducer() then closes") {      // H3
  World world;
  Pair<World> pair(world);
  std::string calls;
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), true);
  pair.mine->loseConnection();
  pair.mine->loseConnection();
  world.settle();
  CHECK(!pair.protocol->lost);
  pair.mine->write("last words");
  REQUIRE(world.until([&] { return pair.theirs->got == 10; }));
  CHECK(!pair.protocol->lost);
  pair.mine->unregisterProducer();
  REQUIRE(world.until([&] { return pair.protocol->lost && pair.theirs->lost; }));
  CHECK(pair.protocol->lost->template check<ConnectionDone>());
  CHECK(pair.theirs->lost->template check<ConnectionDone>());
  CHECK(calls.empty());
}

EVERY_NETWORK("loseWriteConnection waits for the producer too") {
  World world;
  Pair<World> pair(world);
  std::string calls;
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), true);
  pair.mine->loseWriteConnection();
  pair.mine->write("last words");
  world.settle();
  CHECK(!pair.theirs->lost);
  pair.mine->unregisterProducer();
  pair.mine->write("too late");
  REQUIRE(world.until([&] { return pair.theirs->lost.has_value(); }));
  CHECK(pair.theirs->got == 10);
}

TEST_CASE("a close that waits for its producer for half a minute is reported, and abortConnection() is the way out") {      // H3
  LogCapture log;
  MemoryWorld world;
  Pair<MemoryWorld> pair(world);
  std::string calls;
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), true);
  pair.mine->loseConnection();
  world.time.advance(29);
  CHECK(log.count() == 0);
  world.time.advance(1);
  CHECK(log.contains("still waits for its producer to call unregisterProducer()"));
  pair.mine->abortConnection();
  world.settle();
  CHECK(pair.protocol->lost->check<ConnectionAborted>());
  CHECK(calls == "stop ");
  CHECK(world.time.getDelayedCalls().empty());
}

EVERY_NETWORK("a pull producer is asked once for each time that everything has been sent") {      // H22
  World world;
  Pair<World> pair(world);
  class Pieces : public Producer {
   public:
    explicit Pieces(Transport& to) : to_(to) {}
    void resumeProducing() override {
      CHECK(to_.buffered() == 0);
      if (++asked == 50) return to_.unregisterProducer();
      to_.write(std::string(static_cast<std::size_t>(asked) * 10'000, 'x'));
    }
    void stopProducing() override { FAIL("stopped"); }
    int asked = 0;

   private:
    Transport& to_;
  };
  auto pieces = std::make_shared<Pieces>(*pair.mine);
  pair.mine->registerProducer(pieces, false);
  pair.mine->loseConnection();
  CHECK(pieces->asked == 0);
  REQUIRE(world.until([&] { return pair.theirs->lost.has_value(); }));
  CHECK(pieces->asked == 50);
  CHECK(pair.theirs->got == 10'000 * 49 * 50 / 2);
}

EVERY_NETWORK("a pull producer that writes later is not asked again before it has written") {      // H22
  World world;
  Pair<World> pair(world);
  std::string calls;
  pair.mine->registerProducer(std::make_shared<Recorded>(calls), false);
  world.settle();
  CHECK(calls == "resume ");
  pair.mine->write("one");
  REQUIRE(world.until([&] { return calls == "resume resume "; }));
  world.settle();
  CHECK(calls == "resume resume ");
  if (World::kResets) pair.theirs->transport().abortConnection();
  else pair.mine->abortConnection();
  REQUIRE(world.until([&] { return pair.protocol->lost.has_value(); }));
  CHECK(calls == "resume resume stop ");
}

EVERY_NETWORK("a producer that throws closes the connection with that reason") {
  LogCapture log;
  World world;
  Pair<World> pair(world);
  class Throws : public Producer {
   public:
    void resumeProducing() override { throw std::runtime_error("no more ink"); }
    void stopProducing() override { throw std::runtime_error("cannot even stop"); }
  };
  pair.mine->registerProducer(std::make_shared<Throws>(), false);
  REQUIRE(world.until([&] { return pair.protocol->lost.has_value(); }));
  CHECK(pair.protocol->lost->what() == std::string("no more ink"));
  CHECK(log.contains("resumeProducing threw"));
  CHECK(log.contains("stopProducing threw"));
}

EVERY_NETWORK("a transport is a producer: a forwarder in Twisted's manner buffers no more than the high mark and a piece") {      // H21
  World world;
  Pair<World> slow(world), fast(world);
  class Forward : public Protocol {
   public:
    explicit Forward(Transport& to) : to_(to) {}
    void dataReceived(std::string_view data) override {
      to_.write(data);
      most = std::max(most, to_.buffered());
    }
    std::size_t most = 0;

   private:
    Transport& to_;
  };
  auto forward = std::make_shared<Forward>(*slow.mine);
  Transport& incoming = fast.theirs->transport();
  auto keep = incoming.shared_from_this();
  incoming.setProtocol(forward);
  slow.mine->registerProducer(keep, true);
  slow.theirs->transport().pauseReading();
  fast.mine->write(std::string(20'000'000, 'x'));
  world.settle();
  CHECK(forward->most < 1'000'000);
  CHECK(fast.mine->buffered() > 1'000'000);
  slow.theirs->transport().resumeReading();
  REQUIRE(world.until([&] { return slow.theirs->got == 20'000'000; }));
  CHECK(forward->most < 1'000'000);
  slow.mine->abortConnection();
  REQUIRE(world.until([&] { return fast.protocol->lost.has_value(); }));      // stopProducing: the other side is closed too
}

TEST_CASE("PullToPush asks a pull producer turn by turn, until it is paused or stopped") {      // H24
  ManualClock clock(10);
  std::string calls;
  StringTransport transport(clock);
  auto push = std::make_shared<PullToPush>(std::make_shared<Recorded>(calls), clock);
  transport.registerProducer(push, true);
  push->startStreaming();
  CHECK(calls.empty());
  clock.advance(0);
  CHECK(calls.size() > std::string("resume resume ").size());
  calls.clear();
  transport.setBuffered(1'000'000);
  clock.advance(1);
  CHECK(calls.empty());
  transport.setBuffered(0);
  clock.advance(0);
  CHECK(!calls.empty());
  calls.clear();
  transport.lose();
  clock.advance(1);
  CHECK(calls == "stop ");
  CHECK(clock.getDelayedCalls().empty());
}

EVERY_NETWORK("pump passes on everything at the pace of the slower side") {
  World world;
  auto sink = world.network.listen(0, streamFactory([](Stream stream) -> Deferred<> {
                                      for (std::size_t total = 0;;) {
                                        auto data = co_await stream.readSome();
                                        if (data.empty()) {
                                          co_await stream.write(std::to_string(total));
                                          co_return;
                                        }
                                        total += data.size();
                                      }
                                    }),
                                    world.loopback());
  const std::uint16_t target = sink->getHost().port();
  std::uint64_t passed = 0;
  auto forwarder = world.network.listen(0, streamFactory([&](Stream client) -> Deferred<> {
                                          auto transport = co_await world.network.connect("127.0.0.1", target);
                                          Stream server(std::move(transport));
                                          passed = co_await pump(client, server);
                                          server.closeWriting();
                                          co_await pump(server, client);
                                        }),
                                        world.loopback());
  auto visit = [&]() -> Deferred<std::string> {
    auto transport = co_await world.network.connect("127.0.0.1", forwarder->getHost().port());
    Stream stream(std::move(transport));
    for (int i = 0; i < 30; ++i) co_await stream.write(std::string(100'000, 'x'));
    stream.closeWriting();
    std::string answer = co_await stream.read();
    co_return answer;
  };
  CHECK(resultOf(world, visit()) == "3000000");
  CHECK(passed == 3'000'000);
}
