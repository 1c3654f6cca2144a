#include <weft/net/datagram.hpp>

#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"
#include "worlds.hpp"

#include <weft/core/log.hpp>
#include <weft/net/testing/memory_datagrams.hpp>
#include <weft/net/udp_network.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::openDescriptors;
using weft::test::TemporaryFolder;

// Rows H13 and H14: on sockets and in memory alike.

namespace {

struct UdpWorld : TcpWorld {
  UdpNetwork network{reactor};
};
struct MemoryDatagramWorld {
  ManualClock time;
  MemoryDatagrams network{time, 7};
  bool until(const std::function<bool()>& done) {
    for (int i = 0; !done() && i < 10'000; ++i) time.advance(0.001);
    return done();
  }
  void settle() { time.play(0.1); }
};
#define EVERY_DATAGRAM_NETWORK(name) TEST_CASE_TEMPLATE(name, World, UdpWorld, MemoryDatagramWorld)

class Recorder : public DatagramProtocol {
 public:
  void startProtocol() override { events.push_back("start"); }
  void stopProtocol() override { events.push_back("stop"); }
  void datagramReceived(std::string_view data, const Address& from) override {
    received.emplace_back(data);
    peer = from;
    if (onData) onData(*this);
  }
  void connectionRefused() override { ++refusals; }
  std::function<void(Recorder&)> onData;
  std::vector<std::string> events, received;
  Address peer;
  int refusals = 0;
};

template <class World> struct Pair {
  World world;
  std::shared_ptr<Recorder> one = std::make_shared<Recorder>(), other = std::make_shared<Recorder>();
  DatagramPort first = world.network.listen(Address::loopback(0), one), second = world.network.listen(Address::loopback(0), other);
};

}  // namespace

EVERY_DATAGRAM_NETWORK("a datagram arrives whole, with where it came from; an empty one too") {
  Pair<World> pair;
  CHECK(pair.first->getHost().port() != 0);
  CHECK(pair.first->write("hello", pair.second->getHost()));
  CHECK(pair.first->write("", pair.second->getHost()));
  CHECK(pair.first->write(std::string(60'000, 'x'), pair.second->getHost()));
  REQUIRE(pair.world.until([&] { return pair.other->received.size() == 3; }));
  CHECK(pair.other->received[0] == "hello");
  CHECK(pair.other->received[1].empty());
  CHECK(pair.other->received[2].size() == 60'000);
  CHECK(pair.other->peer == pair.first->getHost());
}

EVERY_DATAGRAM_NETWORK("started once, stopped once and last; the Deferred fires after that") {
  Pair<World> pair;
  auto stopping = pair.first->stopListening();
  CHECK(!stopping.called());
  CHECK(!pair.first->listening());
  CHECK(!pair.first->write("x", pair.second->getHost()));
  resultOf(pair.world, std::move(stopping));
  CHECK(pair.one->events == std::vector<std::string>{"start", "stop"});
  CHECK(!pair.one->hasTransport());
  resultOf(pair.world, pair.first->stopListening());
  pair.second = DatagramPort();
  REQUIRE(pair.world.until([&] { return pair.other->events.size() == 2; }));
}

EVERY_DATAGRAM_NETWORK("a taken address is a CannotListenError, and free again afterwards") {
  Pair<World> pair;
  const Address at = pair.first->getHost();
  CHECK_THROWS_AS(static_cast<void>(pair.world.network.listen(at, std::make_shared<Recorder>())), CannotListenError);
  resultOf(pair.world, pair.first->stopListening());
  auto again = pair.world.network.listen(at, std::make_shared<Recorder>());
  CHECK(again->getHost() == at);
}

EVERY_DATAGRAM_NETWORK("connected: writes need no address, others are not heard, a missing listener is noticed") {
  Pair<World> pair;
  CHECK_THROWS_AS(pair.first->write("to whom?"), std::logic_error);
  const Address second = pair.second->getHost();
  pair.first->connect(second);
  CHECK(pair.first->write("to you"));
  REQUIRE(pair.world.until([&] { return pair.other->received.size() == 1; }));
  auto third = pair.world.network.listen(Address::loopback(0), std::make_shared<Recorder>());
  third->write("unheard", pair.first->getHost());
  pair.second->write("heard", pair.first->getHost());
  REQUIRE(pair.world.until([&] { return pair.one->received.size() == 1; }));
  CHECK(pair.one->received[0] == "heard");
  resultOf(pair.world, pair.second->stopListening());
  pair.first->write("anybody there?");
  REQUIRE(pair.world.until([&] { return pair.one->refusals == 1; }));
}

EVERY_DATAGRAM_NETWORK("what is too long is an error that says so, also inside a callback, where it is logged") {
  LogCapture log;
  Pair<World> pair;
  try {
    pair.first->write(std::string(70'000, 'x'), pair.second->getHost());
    FAIL("it was sent");
  } catch (const DatagramError& error) {
    CHECK(error.systemError == EMSGSIZE);
    CHECK(error.address == pair.second->getHost());
  }
  pair.other->onData = [](Recorder& self) {
    if (self.received.size() == 1) throw std::runtime_error("not this one");
  };
  pair.first->write("1", pair.second->getHost());
  pair.first->write("2", pair.second->getHost());
  REQUIRE(pair.world.until([&] { return pair.other->received.size() == 2; }));
  CHECK(log.contains("not this one"));
}

EVERY_DATAGRAM_NETWORK("a paused reader gets nothing until it resumes; stopping inside a callback is the last of it") {
  Pair<World> pair;
  pair.second->pauseReading();
  pair.first->write("1", pair.second->getHost());
  pair.first->write("2", pair.second->getHost());
  pair.world.settle();
  CHECK(pair.other->received.empty());
  pair.other->onData = [](Recorder& self) { self.transport().stopListening().detach(); };
  pair.second->resumeReading();
  REQUIRE(pair.world.until([&] { return pair.other->events.size() == 2; }));
  CHECK(pair.other->received.size() == 1);
}

EVERY_DATAGRAM_NETWORK("multicast reaches those who have joined, and no others") {
  World world;
  const Address any = *Address::parse("0.0.0.0", 0), lo = Address::loopback(0);
  auto member = std::make_shared<Recorder>(), second = std::make_shared<Recorder>(), sender = std::make_shared<Recorder>();
  auto one = world.network.listen(any, member, DatagramOptions().shareAddress());
  const std::uint16_t port = one->getHost().port();
  auto two = world.network.listen(any.withPort(port), second, DatagramOptions().shareAddress());
  auto from = world.network.listen(lo, sender);
  const Address group = *Address::parse("239.255.77.1", port);
  try {
    one->joinGroup(group, lo);
    two->joinGroup(group, lo);
    from->setOutgoingInterface(lo);
  } catch (const DatagramError& error) {
    MESSAGE("no multicast on this machine: " << error.what());
    return;
  }
  CHECK(from->getTTL() == 1);
  from->setTTL(2);
  CHECK(from->getTTL() == 2);
  CHECK(from->getLoopbackMode());
  from->write("all", group);
  REQUIRE(world.until([&] { return member->received.size() == 1 && second->received.size() == 1; }));
  one->leaveGroup(group, lo);
  from->write("some", group);
  REQUIRE(world.until([&] { return second->received.size() == 2; }));
  world.settle();
  CHECK(second->received[1] == "some");
  CHECK_THROWS_AS(one->leaveGroup(group, lo), DatagramError);
  CHECK_THROWS_AS(one->joinGroup(lo), DatagramError);
}

EVERY_DATAGRAM_NETWORK("broadcast is a switch") {
  Pair<World> pair;
  CHECK(!pair.first->getBroadcastAllowed());
  pair.first->setBroadcastAllowed(true);
  CHECK(pair.first->getBroadcastAllowed());
}

EVERY_DATAGRAM_NETWORK("a network that ends first stops its protocols once") {
  auto recorder = std::make_shared<Recorder>();
  DatagramPort port;
  std::optional<DatagramSocket> socket;
  std::optional<Deferred<Datagram>> waiting;
  {
    World world;
    port = world.network.listen(Address::loopback(0), recorder);
    socket.emplace(world.network, Address::loopback(0));
    waiting.emplace(socket->receive());
  }
  CHECK(recorder->events == std::vector<std::string>{"start", "stop"});
  CHECK(!port->listening());
  REQUIRE(waiting->called());
  CHECK(waiting->result().failure().check<ConnectionAborted>());
}

EVERY_DATAGRAM_NETWORK("a DatagramSocket is awaited; beyond its limits the newest are dropped and counted") {
  World world;
  DatagramSocket server(world.network, Address::loopback(0), {}, 3);
  DatagramSocket client(world.network, Address::loopback(0));
  auto serve = [&]() -> Deferred<> {
    Datagram question = co_await server.receive();
    server.write("re: " + question.data, question.from);
  };
  auto ask = [&]() -> Deferred<std::string> {
    client.write("question", server.transport().getHost());
    Datagram answer = co_await client.receive();
    co_return answer.data;
  };
  auto serving = serve();
  CHECK(resultOf(world, ask()) == "re: question");
  resultOf(world, std::move(serving));

  for (int i = 0; i < 5; ++i) client.write(std::to_string(i), server.transport().getHost());
  REQUIRE(world.until([&] { return server.dropped() == 2; }));
  for (int i = 0; i < 3; ++i) CHECK(resultOf(world, server.receive()).data == std::to_string(i));
  auto waiting = server.receive();
  errorOf<AlreadyReading>(world, server.receive());
  waiting.cancel();
  errorOf<CancelledError>(world, std::move(waiting));
  client.write("after", server.transport().getHost());
  CHECK(resultOf(world, server.receive()).data == "after");
  resultOf(world, server.close());
  errorOf<ConnectionAborted>(world, server.receive());

  const Address gone = client.transport().getHost();
  { DatagramSocket moved = std::move(client); }
  world.settle();
  DatagramSocket last(world.network, Address::loopback(0));
  last.connect(gone);
  last.write("x");
  CHECK(errorOf<ConnectionRefused>(world, last.receive()).port == gone.port());
}

TEST_CASE("memory: the same seed loses, doubles and reorders the same datagrams") {
  auto run = [](std::uint64_t seed) {
    ManualClock clock;
    MemoryDatagrams network(clock, seed);
    network.setLink(DatagramLink().latency(0.01).jitter(0.05).loss(0.2).duplicates(0.1));
    auto recorder = std::make_shared<Recorder>();
    auto to = network.listen(Address::loopback(9), recorder);
    auto from = network.listen(Address::loopback(0), std::make_shared<Recorder>());
    for (int i = 0; i < 1000; ++i) from->write(std::to_string(i), Address::loopback(9));
    clock.play(1);
    CHECK(network.sent() == 1000);
    CHECK(network.lost() > 100);
    CHECK(network.lost() < 300);
    CHECK(recorder->received.size() > 1000 - network.lost());
    CHECK(!std::is_sorted(recorder->received.begin(), recorder->received.end()));
    return recorder->received;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("UNIX datagrams: the same over paths, which go with their sockets") {
  UdpWorld world;
  TemporaryFolder folder;
  auto one = std::make_shared<Recorder>(), other = std::make_shared<Recorder>();
  auto first = world.network.listen(Address::unixPath(folder / "a"), one);
  auto second = world.network.listen(Address::unixPath(folder / "b"), other);
  CHECK(first->write("over", Address::unixPath(folder / "b")));
  REQUIRE(world.until([&] { return other->received.size() == 1; }));
  CHECK(other->peer == Address::unixPath(folder / "a"));
  CHECK(!first->write("nobody", Address::unixPath(folder / "c")));
  resultOf(world, first->stopListening());
  struct stat status {};
  CHECK(::stat((folder / "a").c_str(), &status) != 0);
}

TEST_CASE("UDP: two hundred datagrams at once all arrive, and no descriptor is left") {
  UdpWorld world;
  world.settle();
  const int before = openDescriptors();
  {
    auto recorder = std::make_shared<Recorder>();
    auto to = world.network.listen(Address::loopback(0), recorder);
    auto from = world.network.listen(Address::loopback(0), std::make_shared<Recorder>());
    int sent = 0;
    for (int i = 0; i < 200; ++i) sent += from->write("x", to->getHost());
    REQUIRE(world.until([&] { return recorder->received.size() == static_cast<std::size_t>(sent); }));
  }
  world.settle();
  CHECK(openDescriptors() == before);
}
