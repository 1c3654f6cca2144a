#include <weft/net/testing/failing_network.hpp>

#include "../tls_world.hpp"
#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <weft/core/log.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/net/protocols/line_receiver.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/accumulating_protocol.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::AllCounted;
using weft::test::Counted;

namespace {

const std::string kText = "some words to send and to get back";

class Echo : public Protocol {
  void dataReceived(std::string_view data) override { transport().write(data); }
  Counted counted_;
};

/// Ends when its text has come back, or the connection has gone.
class EchoClient : public Protocol {
 public:
  void connectionMade() override { transport().write(kText); }
  void dataReceived(std::string_view data) override {
    got += data;
    if (got.size() >= kText.size()) transport().loseConnection();
  }
  void connectionLost(const Failure& reason) override {
    if (got == kText) done.callback();
    else done.errback(reason);
  }
  std::string got;
  Deferred<> ended;
  Trigger<> done = ended.takeTrigger();
  Counted counted;
};

Deferred<> echoByProtocol(Network& network) {
  auto port = network.listen(7, factoryOf<Echo>());
  auto addresses = co_await network.resolve("localhost", 7);
  auto client = std::make_shared<EchoClient>();
  auto connecting = connectProtocol(network, "localhost", addresses.front().port(), client);
  co_await std::move(connecting);
  auto ended = std::move(client->ended);
  co_await std::move(ended);
}

Deferred<> serveEcho(Stream stream) {
  Counted counted;
  for (;;) {
    const std::string_view data = co_await stream.readSome();
    if (data.empty()) co_return;
    co_await stream.write(data);
  }
}

Deferred<> echoByStream(Network& network) {
  Counted counted;
  auto port = network.listen(7, streamFactory(serveEcho));
  auto transport = co_await network.connect("localhost", 7);
  Stream stream(std::move(transport));
  stream.setTimeout(60);
  for (int i = 0; i < 3; ++i) {
    co_await stream.write(kText);
    std::string answer = co_await stream.readExactly(kText.size());
    CHECK(answer == kText);
  }
  stream.closeWriting();
  const std::string_view end = co_await stream.readSome();
  CHECK(end.empty());
  co_await stream.close();
}

class LineEcho : public LineReceiver {
  void lineReceived(std::string_view line) override {
    if (line == "quit") transport().loseConnection();
    else sendLine(line);
  }
  Counted counted_;
};
class LineClient : public LineReceiver {
 public:
  void connectionMade() override { sendLine("first"); }
  void lineReceived(std::string_view line) override {
    lines.emplace_back(line);
    sendLine(lines.size() < 3 ? "next" : "quit");
  }
  void connectionLost(const Failure& reason) override {
    if (lines.size() == 3 && reason.check<ConnectionDone>()) done.callback();
    else if (reason.check<ConnectionDone>()) done.errback(IncompleteReadError("three lines", ""));
    else done.errback(reason);
  }
  std::vector<std::string> lines;
  Deferred<> ended;
  Trigger<> done = ended.takeTrigger();
  Counted counted;
};

Deferred<> talkByLines(Network& network) {
  auto port = network.listen(7, factoryOf<LineEcho>());
  auto client = std::make_shared<LineClient>();
  auto connecting = connectProtocol(network, "localhost", 7, client);
  co_await std::move(connecting);
  auto ended = std::move(client->ended);
  co_await std::move(ended);
}

/// The same program with TLS over the network that fails.
std::function<Deferred<>(Network&)> overTls(Deferred<> (*program)(Network&)) {
  return [program](Network& network) -> Deferred<> {
    const auto tls = std::make_unique<TlsNetwork>(network);
    co_await program(*tls);
  };
}

std::set<std::string> operationsOf(const std::vector<FailureRun>& runs) {
  std::set<std::string> names;
  for (const FailureRun& run : runs) names.insert(run.failed.substr(0, run.failed.find(" (")));
  return names;
}

}  // namespace

TEST_CASE("every operation of an echo by Protocol may fail: the run ends, with a typed error, and nothing stays") {
  AllCounted all;
  LogCapture log;
  const auto runs = failEveryOperation(echoByProtocol);
  CHECK(operationsOf(runs) == std::set<std::string>{"listen", "resolve", "connect", "write", "read", "close", "read of the end"});
  CHECK(runs.front().error.find("CannotListenError") != std::string::npos);
  const auto failed = std::count_if(runs.begin(), runs.end(), [](const FailureRun& run) { return !run.error.empty(); });
  CHECK(failed >= 6);
}

TEST_CASE("every operation of an echo by Stream may fail, on fast and on slow and chopped links") {
  AllCounted all;
  LogCapture log;
  const auto fast = failEveryOperation(echoByStream);
  CHECK(operationsOf(fast) == std::set<std::string>{"listen", "connect", "write", "read", "close", "close of the writing side", "read of the end"});
  CHECK(fast.size() >= 12);
  const auto slow = failEveryOperation(echoByStream, FailureRuns().link(MemoryLink().latency(0.1).jitter(0.05).chunks(1, 5)));
  CHECK(slow.size() > fast.size());
}

TEST_CASE("every operation of a talk by lines may fail") {
  AllCounted all;
  LogCapture log;
  const auto runs = failEveryOperation(talkByLines, FailureRuns().link(MemoryLink().chunks(1, 3)));
  CHECK(runs.size() > 20);
}

TEST_CASE("every operation below TLS may fail, in the handshake and after it: each run ends with a typed error, and nothing stays") {
  AllCounted all;
  LogCapture log;
  for (const auto program : {echoByProtocol, echoByStream, talkByLines}) {
    const auto runs = failEveryOperation(overTls(program), FailureRuns().link(MemoryLink().latency(0.01)));
    const auto names = operationsOf(runs);
    for (const char* operation : {"listen", "connect", "write", "read", "close"}) CHECK_MESSAGE(names.contains(operation), operation);
    const auto refused = [](const FailureRun& run) { return run.error.find("weft::net::ConnectionLost") == 0; };
    CHECK(std::count_if(runs.begin(), runs.end(), refused) >= 4);      // a lost connection is told as one, whichever flight of the handshake it broke
  }
}

TEST_CASE("a program that swallows a failure and hangs, ends with a foreign error, never succeeds, or leaves something behind is found out") {
  LogCapture log;
  const auto textOf = [](auto program, const FailureRuns& how = FailureRuns().patience(100)) {
    try {
      failEveryOperation(program, how);
    } catch (const FailureNotSurvived& e) {
      return std::string(e.what());
    }
    return std::string("survived");
  };
  const auto contains = [](const std::string& text, std::string_view part) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
  };
  contains(textOf([](Network& network) -> Deferred<> {
             auto port = network.listen(7, factoryOf<Echo>());
             auto client = std::make_shared<AccumulatingProtocol>();
             auto connecting = connectProtocol(network, "localhost", 7, client);
             auto connected = co_await connecting.outcome();
             if (!connected) co_await Deferred<>([] {});           // waits for a connection that never comes
             client->transport().abortConnection();
             co_await client->whenLost();
           }),
           "with a failing connect (#1) the program hangs");
  contains(textOf([](Network& network) -> Deferred<> {
             auto addresses = co_await network.resolve("localhost", 1).outcome();
             if (!addresses) throw std::runtime_error("oops");
           }),
           "with a failing resolve (#0) the program ends with an error of no type of its own: std::runtime_error: oops");
  contains(textOf([](Network& network) -> Deferred<> {
             co_await network.connect("localhost", 7);
           }),
           "with no failure the program fails: weft::net::ConnectionRefused");
  contains(textOf([](Network& network) -> Deferred<> {
             auto addresses = co_await network.resolve("localhost", 1).outcome();
             if (!addresses) network.clock().callLater(1'000'000, [] {});
           }),
           "with a failing resolve (#0) the program leaves a call pending");
  contains(textOf(
               [](Network& network) -> Deferred<> {
                 for (;;) {
                   auto addresses = co_await network.resolve("localhost", 1).outcome();
                   if (!addresses) co_return;
                 }
               },
               FailureRuns().most(10)),
           "has not come to its end after 10 runs");
}

TEST_CASE("an operation that fails says so where it was called") {
  ManualClock clock;
  MemoryNetwork memory(clock);
  auto port = memory.listen(7, factoryOf<Echo>());
  FailingNetwork network(memory, 3);
  auto client = std::make_shared<AccumulatingProtocol>();
  auto connecting = connectProtocol(network, "localhost", 7, client);
  clock.play(1);
  REQUIRE(connecting.called());
  client->transport().write("one");
  clock.play(1);
  CHECK(client->data == "one");
  CHECK(network.operations() == 3);
  client->transport().write("two");
  CHECK(network.failed() == "write (#3)");
  CHECK(client->losses == 0);                          // not from in here
  clock.play(1);
  CHECK(client->losses == 1);
  REQUIRE(client->lost);
  CHECK(client->lost->check<ConnectionLost>());
  CHECK(client->lost->what() == std::string("the connection was lost: injected into a write"));
  CHECK(memory.openConnections() == 0);
}
