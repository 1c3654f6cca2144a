#include <weft/net/policies/protocol_wrapper.hpp>

#include "../tls_world.hpp"

#include <weft/core/log.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

class Recorder : public Protocol {
 public:
  void connectionMade() override { events += "made "; }
  void dataReceived(std::string_view data) override { events += std::string(data) + " "; }
  void readConnectionLost() override { events += "end "; }
  void connectionLost(const Failure& reason) override { events += "lost: " + std::string(reason.what()); }
  std::string events;
};

class Shout final : public ProtocolWrapper {
 public:
  using ProtocolWrapper::ProtocolWrapper;
  void write(std::string_view data) override { ProtocolWrapper::write(std::string(data) + "!"); }
};

}  // namespace

TEST_CASE("a wrapper passes everything on, both ways, and cuts its references at the end") {      // I1
  auto inner = std::make_shared<Recorder>();
  auto wrapper = std::make_shared<ProtocolWrapper>(inner);
  StringTransport transport;
  transport.setPeer(Address::loopback(1234));
  transport.setProtocol(wrapper);
  CHECK(&inner->transport() == wrapper.get());
  CHECK(wrapper->protocol() == inner);
  transport.receive("hello");
  Transport& seen = inner->transport();
  seen.write("a");
  seen.writeOwned("b");
  seen.writeSequence({"c", "d"});
  CHECK(transport.take() == "abcd");
  CHECK(seen.getPeer() == Address::loopback(1234));
  CHECK(seen.getHost() == transport.getHost());
  CHECK(&seen.clock() == &transport.clock());
  seen.pauseReading();
  CHECK(transport.readingPaused());
  seen.resumeReading();
  CHECK(!transport.readingPaused());
  transport.setBuffered(1'000'000);
  CHECK(seen.buffered() == 1'000'000);
  auto drained = seen.drained();
  CHECK(!drained.called());
  transport.setBuffered(0);
  CHECK(drained.called());
  CHECK(seen.connected());
  transport.receiveEnd();
  seen.loseConnection();
  CHECK(transport.disconnecting());
  transport.lose();
  CHECK(inner->events == "made hello end lost: the connection was closed cleanly");
  CHECK(!inner->hasTransport());
  CHECK(!wrapper->hasTransport());
  CHECK(wrapper->protocol() == nullptr);
  CHECK(inner.use_count() == 1);
  wrapper->write("into the void");
  wrapper->abortConnection();
  CHECK(!wrapper->connected());
  CHECK(wrapper->getPeer() == Address::loopback(1234));
}

TEST_CASE("a wrapping factory wraps what the other builds, refuses what it refuses, and is started and stopped with it") {      // I1
  class Inner : public Factory {
   public:
    std::shared_ptr<Protocol> buildProtocol(const Address& peer) override { return peer.port() == 1 ? nullptr : std::make_shared<Recorder>(); }
    void doStart() override { ++started; }
    void doStop() override { ++stopped; }
    int started = 0, stopped = 0;
  };
  auto inner = std::make_shared<Inner>();
  auto wrapping = std::make_shared<WrappingFactory>(inner);
  CHECK(wrapping->buildProtocol(Address::loopback(1)) == nullptr);
  CHECK(std::dynamic_pointer_cast<ProtocolWrapper>(wrapping->buildProtocol(Address::loopback(2))) != nullptr);
  ManualClock clock;
  MemoryNetwork network(clock);
  auto one = network.listen(1, wrapping), two = network.listen(2, wrapping);
  CHECK(inner->started == 1);
  one.reset();
  CHECK(inner->stopped == 0);
  two.reset();
  CHECK(inner->stopped == 1);
}

TEST_CASE("what is wrapped around a wrapper sees what the inner one did") {
  auto inner = std::make_shared<Recorder>();
  StringTransport transport;
  transport.setProtocol(std::make_shared<Shout>(std::make_shared<Shout>(inner)));
  inner->transport().write("hey");
  CHECK(transport.value() == "hey!!");
}

EVERY_NETWORK("a Stream, an upgrade and a protocol that throws work through a wrapper") {      // I1
  LogCapture log;
  World world;
  auto wrapped = std::make_shared<WrappingFactory>(streamFactory([](Stream stream) -> Deferred<> {
    auto line = co_await stream.readLine();
    if (line == "throw") {
      class Throws : public Protocol {
        void dataReceived(std::string_view) override { throw std::runtime_error("ouch"); }
      };
      stream.detach()->setProtocol(std::make_shared<Throws>());
      co_return;
    }
    std::string rest = co_await stream.readExactly(4);
    Stream next(stream.detach());
    co_await next.write(*line + "/" + rest + "/");
    std::string more = co_await next.read();
    co_await next.write(more);
    co_await next.close();
  }));
  auto port = world.network.listen(0, wrapped, world.loopback());
  auto visit = [&](std::string words) -> Deferred<std::string> {
    auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
    Stream stream(std::move(transport));
    co_await stream.write(words);
    stream.closeWriting();
    std::string all;
    for (;;) {
      std::string data = co_await stream.read();
      if (data.empty()) co_return all;
      all += data;
    }
  };
  CHECK(resultOf(world, visit("line\nfourmore")) == "line/four/more");
  Outcome<std::string> cut = outcomeOf(world, visit("throw\nnow"));
  if (cut) CHECK(cut->empty());
  else CHECK(cut.failure().template check<TlsTruncated>());      // so TLS tells that it was for an error
  CHECK(log.contains("ouch"));
}
