#include <weft/net/transport.hpp>

#include "tls_world.hpp"

#include <weft/core/log.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

// N7: every test here runs on every backend.
#define EVERY_TRANSPORT(name) TEST_CASE_TEMPLATE(name, World, TcpWorld, UnixWorld, MemoryWorld, TlsWorld, TlsUnixWorld)

namespace {

/// Writes down what happens to it; counts how many are alive.
class Recorder : public Protocol {
 public:
  explicit Recorder(std::vector<std::string>* events = nullptr) : events(events) { ++alive; }
  ~Recorder() override { --alive; }
  void connectionMade() override {
    note("made");
    if (onMade) onMade(*this);
  }
  void dataReceived(std::string_view bytes) override {
    CHECK(!lost);
    data += bytes;
    ++pieces;
    if (onData) onData(*this);
  }
  void readConnectionLost() override {
    note("read side lost");
    if (onEnd) onEnd(*this);
    else Protocol::readConnectionLost();
  }
  void writeConnectionLost() override { note("write side lost"); }
  void connectionLost(const Failure& why) override {
    ++losses;
    lost = true;
    reason = why;
    note("lost");
  }
  void note(std::string event) {
    if (events) events->push_back(std::move(event));
  }

  static inline int alive = 0;
  std::vector<std::string>* events;
  std::function<void(Recorder&)> onMade, onData, onEnd;
  std::string data;
  Failure reason{nullptr};
  int pieces = 0;
  int losses = 0;
  bool lost = false;
};

/// A connection with a Recorder at each end.
template <class World> struct Pair {
  World world;
  std::shared_ptr<Recorder> server = std::make_shared<Recorder>();
  std::shared_ptr<Recorder> client = std::make_shared<Recorder>();
  std::unique_ptr<Port> port;

  void connect() {
    port = world.network.listen(0, factory([this] { return server; }), world.loopback());
    resultOf(world, connectProtocol(world.network, "127.0.0.1", port->getHost().port(), client));
    REQUIRE(world.until([this] { return server->hasTransport(); }));
  }
  bool bothLost() {
    return world.until([this] { return client->lost && server->lost; });
  }
};

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

}  // namespace

EVERY_TRANSPORT("made, data, lost: in that order, lost once and last") {      // H1
  Pair<World> pair;
  std::vector<std::string> events;
  pair.server->events = &events;
  pair.server->onData = [](Recorder& self) { self.note("data"); };
  pair.connect();
  pair.client->transport().write("x");
  REQUIRE(pair.world.until([&] { return pair.server->data == "x"; }));
  pair.client->transport().loseConnection();
  pair.client->transport().loseConnection();
  REQUIRE(pair.bothLost());
  pair.world.settle();
  CHECK(events == std::vector<std::string>{"made", "data", "read side lost", "lost"});
  CHECK(pair.server->losses == 1);
  CHECK(pair.client->losses == 1);
  CHECK(pair.server->reason.template check<ConnectionDone>());
  CHECK(pair.client->reason.template check<ConnectionDone>());
  CHECK(!pair.server->hasTransport());
}

EVERY_TRANSPORT("nothing is left of a connection that has ended, but what its user holds") {
  {
    Pair<World> pair;
    pair.connect();
    std::shared_ptr<Transport> held = pair.client->transport().shared_from_this();
    std::weak_ptr<Transport> server = pair.server->transport().weak_from_this();
    std::weak_ptr<Recorder> protocol = pair.server;
    pair.server->transport().loseConnection();
    REQUIRE(pair.bothLost());
    pair.server.reset();
    pair.port.reset();
    pair.world.settle();
    CHECK(server.expired());
    CHECK(protocol.expired());
    CHECK(!held->connected());
    held->write("into the void");
    CHECK(held->buffered() == 0);
    held->loseConnection();
    held->abortConnection();
    pair.world.settle();
    CHECK(pair.client->losses == 1);
  }
  CHECK(Recorder::alive == 0);
}

EVERY_TRANSPORT("a large message arrives whole, in order, however it was cut") {      // H2
  Pair<World> pair;
  pair.connect();
  const std::string large = pattern(3'000'000);
  std::string_view rest = large;
  for (std::size_t size = 1; !rest.empty(); size = size * 3 + 1) {
    const std::string_view piece = rest.substr(0, size);
    switch (size % 3) {
      case 0: pair.client->transport().write(piece); break;
      case 1: pair.client->transport().writeOwned(std::string(piece)); break;
      default: pair.client->transport().writeSequence({piece.substr(0, piece.size() / 2), "", piece.substr(piece.size() / 2)});
    }
    rest.remove_prefix(piece.size());
  }
  pair.client->transport().loseConnection();
  REQUIRE(pair.bothLost());
  CHECK(pair.server->data == large);
}

EVERY_TRANSPORT("loseConnection sends what was written first; then the peer sees a clean end") {      // H3
  Pair<World> pair;
  pair.connect();
  pair.server->transport().pauseReading();
  const std::string large = pattern(8'000'000);
  pair.client->transport().write(large);
  pair.client->transport().loseConnection();
  CHECK(!pair.client->transport().connected());
  pair.client->transport().write("too late");
  pair.world.settle();
  CHECK(!pair.client->lost);
  pair.server->transport().resumeReading();
  REQUIRE(pair.bothLost());
  CHECK(pair.server->data.size() == large.size());
  CHECK(pair.server->data == large);
  CHECK(pair.client->reason.template check<ConnectionDone>());
}

EVERY_TRANSPORT("abortConnection drops what was not sent, and tells its own side later, not in the call") {      // H4
  Pair<World> pair;
  pair.connect();
  pair.server->transport().pauseReading();
  pair.client->transport().write(pattern(8'000'000));
  pair.client->transport().abortConnection();
  CHECK(pair.client->losses == 0);
  CHECK(pair.client->transport().buffered() == 0);
  pair.server->transport().resumeReading();
  REQUIRE(pair.bothLost());
  CHECK(pair.client->reason.template check<ConnectionAborted>());
  if (World::kResets) CHECK(pair.server->reason.template check<ConnectionLost>());
  CHECK(pair.server->data.size() < 8'000'000);
}

EVERY_TRANSPORT("abortConnection inside dataReceived: no more data, connectionLost once") {      // H4
  Pair<World> pair;
  pair.server->onData = [](Recorder& self) {
    self.transport().abortConnection();
    CHECK(!self.lost);
    self.transport().write("dropped");
  };
  pair.connect();
  pair.client->transport().write(pattern(500'000));
  REQUIRE(pair.bothLost());
  CHECK(pair.server->pieces == 1);
  CHECK(pair.server->reason.template check<ConnectionAborted>());
  CHECK(pair.client->data.empty());
}

EVERY_TRANSPORT("what dataReceived throws closes that connection with it as the reason, and is logged") {      // H8
  LogCapture log;
  Pair<World> pair;
  pair.server->onData = [](Recorder&) { throw std::logic_error("broken protocol"); };
  pair.connect();
  pair.client->transport().write("x");
  REQUIRE(pair.bothLost());
  CHECK(pair.server->reason.template check<std::logic_error>());
  CHECK(log.contains("broken protocol"));
  auto again = std::make_shared<Recorder>();
  resultOf(pair.world, connectProtocol(pair.world.network, "127.0.0.1", pair.port->getHost().port(), again));
  CHECK(again->hasTransport());
}

EVERY_TRANSPORT("what connectionMade throws closes the connection; what connectionLost throws is logged") {
  LogCapture log;
  Pair<World> pair;
  pair.client->onMade = [](Recorder&) { throw std::runtime_error("not ready"); };
  pair.port = pair.world.network.listen(0, factory([&] { return pair.server; }), pair.world.loopback());
  resultOf(pair.world, connectProtocol(pair.world.network, "127.0.0.1", pair.port->getHost().port(), pair.client));
  REQUIRE(pair.bothLost());
  CHECK(pair.client->reason.template check<std::runtime_error>());
  CHECK(log.contains("connectionMade threw"));
  CHECK(log.contains("not ready"));
}

EVERY_TRANSPORT("a paused reader gets nothing, and everything after resumeReading") {
  Pair<World> pair;
  pair.connect();
  pair.server->transport().pauseReading();
  pair.client->transport().write("one");
  pair.world.settle();
  CHECK(pair.server->data.empty());
  pair.client->transport().write("two");
  pair.client->transport().loseConnection();
  pair.world.settle();
  CHECK(pair.server->data.empty());
  CHECK(!pair.server->lost);
  pair.server->transport().resumeReading();
  REQUIRE(pair.bothLost());
  CHECK(pair.server->data == "onetwo");
}

EVERY_TRANSPORT("pauseReading inside dataReceived takes effect at once") {
  Pair<World> pair;
  pair.server->onData = [](Recorder& self) { self.transport().pauseReading(); };
  pair.connect();
  pair.client->transport().write(pattern(1'000'000));
  REQUIRE(pair.world.until([&] { return pair.server->pieces == 1; }));
  pair.world.settle();
  CHECK(pair.server->pieces == 1);
  std::size_t before = pair.server->data.size();
  pair.server->transport().resumeReading();
  pair.server->transport().resumeReading();
  CHECK(pair.server->data.size() == before);           // from the loop, not in the call
  REQUIRE(pair.world.until([&] { return pair.server->pieces == 2; }));
}

EVERY_TRANSPORT("a writer waits for drained() while the peer doesn't read, within the high mark and what the system takes") {
  Pair<World> pair;
  pair.connect();
  pair.server->transport().pauseReading();
  Transport& transport = pair.client->transport();
  REQUIRE(transport.drained().called());
  while (transport.buffered() <= 64 * 1024) transport.write(pattern(10'000));
  auto drained = transport.drained();
  auto given = transport.drained();
  given.cancel();
  CHECK(outcomeOf(pair.world, std::move(given)).failure().template check<CancelledError>());
  pair.world.settle();
  CHECK(!drained.called());
  pair.server->transport().resumeReading();
  resultOf(pair.world, std::move(drained));
  CHECK(transport.buffered() <= 16 * 1024);
}

EVERY_TRANSPORT("drained() fails with the reason when the connection ends") {
  Pair<World> pair;
  pair.connect();
  pair.server->transport().pauseReading();
  Transport& transport = pair.client->transport();
  transport.setWriteLimits(0, 10, 100'000'000);
  transport.write(pattern(8'000'000));
  auto drained = transport.drained();
  CHECK(!drained.called());
  transport.abortConnection();
  errorOf<ConnectionAborted>(pair.world, std::move(drained));
}

EVERY_TRANSPORT("a writer that never waits is cut off at the limit") {      // H2
  Pair<World> pair;
  pair.connect();
  pair.server->transport().pauseReading();
  auto transport = pair.client->transport().shared_from_this();
  transport->setWriteLimits(0, 0, 1'000'000);
  int writes = 0;
  while (transport->connected() && writes < 10'000) {
    transport->write(pattern(100'000));
    ++writes;
  }
  CHECK(writes < 1000);
  REQUIRE(pair.world.until([&] { return pair.client->lost; }));
  REQUIRE(pair.client->reason.template check<WriteBufferFull>());
  CHECK(pair.client->reason.template as<WriteBufferFull>()->limit == 1'000'000);
}

EVERY_TRANSPORT("half-close: the peer reads to the end, and still answers") {      // H5
  Pair<World> pair;
  std::vector<std::string> events;
  pair.client->events = &events;
  pair.server->onEnd = [](Recorder& self) {
    self.transport().write("answer to " + self.data);
    self.transport().loseConnection();
  };
  pair.connect();
  pair.client->transport().write("question");
  pair.client->transport().loseWriteConnection();
  pair.client->transport().loseWriteConnection();
  pair.client->transport().write("dropped");
  REQUIRE(pair.bothLost());
  CHECK(pair.server->data == "question");
  CHECK(pair.client->data == "answer to question");
  CHECK(events == std::vector<std::string>{"made", "write side lost", "lost"});
  CHECK(pair.client->reason.template check<ConnectionDone>());
}

EVERY_TRANSPORT("an end that comes together with data which is answered at once is not missed") {      // H5
  Pair<World> pair;
  pair.server->onData = [](Recorder& self) { self.transport().write("ok"); };
  pair.connect();
  pair.client->transport().write("last words");
  pair.client->transport().loseWriteConnection();
  REQUIRE(pair.bothLost());
  CHECK(pair.client->data == "ok");
}

EVERY_TRANSPORT("a reset that comes together with data is not missed") {      // H8
  Pair<World> pair;
  pair.connect();
  pair.client->transport().write("last words");
  pair.client->transport().abortConnection();
  REQUIRE(pair.bothLost());
  if (World::kResets) CHECK(pair.server->reason.template check<ConnectionLost>());
}

EVERY_TRANSPORT("a connection can be handed to another protocol in mid-stream") {
  Pair<World> pair;
  auto next = std::make_shared<Recorder>();
  std::weak_ptr<Recorder> first = pair.server;
  pair.server->onData = [&](Recorder& self) {
    if (self.data == "upgrade") {
      Transport& transport = self.transport();
      pair.server.reset();
      transport.setProtocol(next);
      transport.write("switched");
      CHECK(self.data == "upgrade");                   // still alive while it runs
    }
  };
  pair.connect();
  pair.client->transport().write("upgrade");
  REQUIRE(pair.world.until([&] { return pair.client->data == "switched"; }));
  CHECK(first.expired());
  pair.client->transport().write("more");
  REQUIRE(pair.world.until([&] { return next->data == "more"; }));
  pair.client->transport().loseConnection();
  REQUIRE(pair.world.until([&] { return next->lost; }));
  CHECK(next->losses == 1);
}

EVERY_TRANSPORT("both ends know both addresses") {      // H6
  Pair<World> pair;
  pair.connect();
  const Address port = pair.port->getHost();
  CHECK(&pair.client->transport().clock() == &pair.world.clock());
  if (!World::kPorts) {
    CHECK(pair.client->transport().getPeer() == pair.server->transport().getHost());
    CHECK(pair.client->transport().getPeer().path().starts_with("@weft-test-"));
    CHECK(pair.server->transport().getPeer() == Address::unixPath(""));
    return;
  }
  CHECK(pair.client->transport().getPeer() == Address::loopback(port.port()));
  CHECK(pair.server->transport().getHost() == Address::loopback(port.port()));
  CHECK(pair.client->transport().getHost() == pair.server->transport().getPeer());
}

EVERY_TRANSPORT("a transport without a protocol reads nothing, keeps what comes, and is closed with its last pointer") {
  Pair<World> pair;
  pair.port = pair.world.network.listen(0, factory([&] { return pair.server; }), pair.world.loopback());
  pair.server->onMade = [](Recorder& self) { self.transport().write("greeting"); };
  auto transport = resultOf(pair.world, pair.world.network.connect("127.0.0.1", pair.port->getHost().port()));
  pair.world.settle();
  transport->setProtocol(pair.client);
  REQUIRE(pair.world.until([&] { return pair.client->data == "greeting"; }));

  auto other = std::make_shared<Recorder>();
  pair.port = pair.world.network.listen(0, factory([&] { return other; }), pair.world.loopback());
  auto dropped = resultOf(pair.world, pair.world.network.connect("127.0.0.1", pair.port->getHost().port()));
  REQUIRE(pair.world.until([&] { return other->hasTransport(); }));
  dropped.reset();
  REQUIRE(pair.world.until([&] { return other->lost; }));
}

EVERY_TRANSPORT("a protocol that comes after the end is told so") {
  Pair<World> pair;
  pair.port = pair.world.network.listen(0, factory([&] { return pair.server; }), pair.world.loopback());
  auto transport = resultOf(pair.world, pair.world.network.connect("127.0.0.1", pair.port->getHost().port()));
  transport->abortConnection();
  pair.world.settle();
  transport->setProtocol(pair.client);
  CHECK(!pair.client->lost);
  REQUIRE(pair.world.until([&] { return pair.client->lost; }));
  CHECK(pair.client->losses == 1);
  CHECK(!pair.client->hasTransport());
}

EVERY_TRANSPORT("a network that ends first takes its connections along: connectionLost once, nothing leaks") {
  auto client = std::make_shared<Recorder>();
  auto server = std::make_shared<Recorder>();
  std::shared_ptr<Transport> held;
  std::unique_ptr<Port> port;
  std::optional<Deferred<std::shared_ptr<Transport>>> connecting;
  {
    World world;
    port = world.network.listen(0, factory([&] { return server; }), world.loopback());
    resultOf(world, connectProtocol(world.network, "127.0.0.1", port->getHost().port(), client));
    REQUIRE(world.until([&] { return server->hasTransport(); }));
    held = client->transport().shared_from_this();
    held->write(pattern(5'000'000));
    connecting.emplace(world.network.connect("127.0.0.1", port->getHost().port()));
  }
  CHECK(client->losses == 1);
  CHECK(server->losses == 1);
  CHECK(client->reason.check<ConnectionAborted>());
  CHECK(!held->connected());
  held->write("x");
  held->abortConnection();
  CHECK(connecting->called());
  port.reset();
  held.reset();
  client.reset();
  server.reset();
  connecting->cancel();
  if (connecting->called()) static_cast<void>(connecting->result());
  CHECK(Recorder::alive == 0);
}

EVERY_TRANSPORT("two hundred connections talk at once, each gets its own bytes back") {
  World world;
  auto port = world.network.listen(0, streamFactory([](Stream stream) -> Deferred<> {
                                     for (;;) {
                                       auto data = co_await stream.readSome();
                                       if (data.empty()) co_return;
                                       co_await stream.write(data);
                                     }
                                   }),
                                   world.loopback());
  int done = 0;
  auto talk = [&](int id) -> Deferred<> {
    auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
    Stream stream(std::move(transport));
    for (int i = 0; i < 20; ++i) {
      const std::string message = pattern(static_cast<std::size_t>(id) * 37 + 1) + std::to_string(id);
      co_await stream.write(message);
      const std::string answer = co_await stream.readExactly(message.size());
      if (answer != message) co_return;
    }
    ++done;
  };
  std::vector<Deferred<>> talks;
  for (int i = 0; i < 200; ++i) talks.push_back(talk(i));
  REQUIRE(world.until([&] { return done == 200; }));
}
