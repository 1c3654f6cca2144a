#include <weft/net/testing/connected_pair.hpp>

#include <weft/defer/testing.hpp>
#include <weft/net/error.hpp>
#include <weft/net/testing/accumulating_protocol.hpp>
#include <weft/net/testing/raising_network.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

/// Sends back one less, until nothing is left.
class Countdown : public AccumulatingProtocol {
 public:
  explicit Countdown(int start = 0) : start_(start) {}
  void connectionMade() override {
    AccumulatingProtocol::connectionMade();
    if (start_) transport().write(std::string(static_cast<std::size_t>(start_), 'x'));
  }
  void dataReceived(std::string_view bytes) override {
    AccumulatingProtocol::dataReceived(bytes);
    if (bytes.size() > 1) transport().write(bytes.substr(1));
    else transport().loseConnection();
  }

 private:
  int start_;
};

}  // namespace

TEST_CASE("two protocols are joined in memory, and moved step by step or until nothing more happens") {      // N3
  auto client = std::make_shared<Countdown>(10), server = std::make_shared<Countdown>();
  auto pair = connectInMemory(client, server);
  CHECK(client->made);
  CHECK(server->made);
  CHECK(server->data.empty());
  CHECK(pair->pump());
  CHECK(server->data.size() == 10);
  CHECK(client->data.empty());
  CHECK(pair->pump());
  CHECK(client->data.size() == 9);
  CHECK(pair->flush() > 4);
  CHECK(!pair->pump());
  CHECK(client->losses == 1);
  CHECK(server->losses == 1);
  CHECK(!pair->client().connected());
  CHECK(!pair->server().connected());
}

TEST_CASE("a joined pair has time, links with faults, and finds out that two ends keep each other busy") {      // N3
  class PingPong : public Protocol {
   public:
    explicit PingPong(bool first) : first_(first) {}
    void connectionMade() override {
      if (first_) transport().write("x");
    }
    void dataReceived(std::string_view data) override { transport().write(data); }

   private:
    bool first_;
  };
  {
    ConnectedPair busy(std::make_shared<PingPong>(true), std::make_shared<PingPong>(false));
    CHECK_THROWS_AS(busy.flush(), net::Error);
  }
  auto client = std::make_shared<AccumulatingProtocol>(), server = std::make_shared<AccumulatingProtocol>();
  ConnectedPair pair(client, server, MemoryLink().latency(1).resetAfter(3));
  pair.server().write("abcdef");
  pair.flush();
  CHECK(client->data.empty());
  pair.advance(1);
  CHECK(client->data == "abc");
  REQUIRE(client->lost);
  CHECK(client->lost->check<ConnectionLost>());
  auto gone = waitUntilAllDisconnected({client, server});
  CHECK(gone.called());
}

TEST_CASE("waitUntilAllDisconnected fires when the last one has gone") {      // N4
  auto client = std::make_shared<AccumulatingProtocol>(), server = std::make_shared<AccumulatingProtocol>();
  auto made = client->whenMade();
  CHECK(!made.called());
  auto pair = connectInMemory(client, server);
  CHECK(made.called());
  auto all = waitUntilAllDisconnected({client, server});
  pair->client().loseConnection();
  pair->pump();
  CHECK(client->losses + server->losses < 2);
  CHECK(!all.called());
  pair->flush();
  successResultOf(all);
  CHECK(server->readEnded);
  CHECK(server->lost->check<ConnectionDone>());
}

TEST_CASE("on a raising network nothing succeeds, each with the error it was given") {      // N4
  RaisingNetwork network;
  CHECK(std::string(failureResultOf<ConnectionRefused>(network.connect("example.com", 80)).what()).find("example.com:80") != std::string::npos);
  failureResultOf<DNSLookupError>(network.resolve("example.com", 80));
  CHECK_THROWS_AS(static_cast<void>(network.listen(80, nullptr)), CannotListenError);
  network.connectFailure(ConnectTimeout("example.com", 80, 30)).resolveFailure(Failure(std::runtime_error("x")));
  network.listenFailure(Failure(std::runtime_error("no ports today")));
  failureResultOf<ConnectTimeout>(network.connect("example.com", 80));
  failureResultOf<std::runtime_error>(network.resolve("example.com", 80));
  CHECK_THROWS_WITH(static_cast<void>(network.listen(80, nullptr)), "no ports today");
}
