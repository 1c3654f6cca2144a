// WebSockets on a network that breaks, at random and at every single operation: each end learns of it, and nothing is left.
#include <weft/http/websocket/web_socket.hpp>

#include <doctest/doctest.h>

#include "http/websocket/web_socket_world.hpp"
#include "support/random.hpp"
#include "support/scale.hpp"

#include <weft/defer/defer_later.hpp>
#include <weft/defer/gather.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/websocket/client.hpp>
#include <weft/http/websocket/server.hpp>
#include <weft/net/testing/failing_network.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using net::MemoryLink;
using net::MemoryNetwork;
using test::Random;

namespace {

MemoryLink badLink(Random& random) {
  MemoryLink link;
  link.latency(0.01).jitter(0.02).chunks(1, 1 + random(300)).window(1000 + random(20'000));
  switch (random(9)) {
    case 0: link.resetAfter(random(30'000)); break;
    case 1: link.truncateAfter(random(30'000)); break;
    case 2: link.stallAfter(random(30'000)); break;
    case 3: link.resetAfter(random(30'000), MemoryLink::Direction::ToServer); break;
    case 4: link.truncateAfter(random(30'000), MemoryLink::Direction::ToServer); break;
    case 5: link.stallAfter(random(30'000), MemoryLink::Direction::ToServer); break;
    default: break;
  }
  return link;
}

/// Sends numbered messages of all sizes, with pings between, and closes, or not.
Deferred<> sendMany(std::shared_ptr<WebSocket> socket, Random& random, Clock& clock) {
  const int count = static_cast<int>(random(40));
  for (int i = 0; i < count; ++i) {
    const std::string text = std::to_string(i) + " " + std::string(random(3) == 0 ? random(3000) : random(50), 'x');
    co_await socket->send(text);
    if (random(8) == 0) co_await socket->ping();
    if (random(4) == 0) {
      auto pause = deferLater(clock, 0.05);
      co_await pause;
    }
  }
  if (random(5) == 0) socket->abort();
  else if (random(5) != 0) co_await socket->close(1000 + static_cast<int>(random(2)) * 3000, "the end");
}

/// Every message comes in order, and none twice.
Deferred<> receiveMany(std::shared_ptr<WebSocket> socket, int& received) {
  while (auto message = co_await socket->receive()) {
    CHECK(message->data.starts_with(std::to_string(received) + " "));
    ++received;
  }
}

}  // namespace

TEST_CASE("whatever the network does, both ends of every WebSocket come to an end, and messages come in order") {
  int whole = 0, broken = 0;
  const std::uint64_t seeds = test::seeds(600);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    ManualClock clock;
    MemoryNetwork network(clock, seed);
    network.setLink(badLink(random));
    WebSocketOptions options;
    options.setPing(5, 3).setCloseTimeout(2).setReadAhead(1 + random(5000)).setFragmentSize(random(3) == 0 ? 1 + random(500) : 0);
    options.setCompression(WebSocketCompression().setEnabled(random(2) == 0).setKeepContext(random(2) == 0).setFrom(random(100)));
    int atServer = 0, atClient = 0, ended = 0;
    const auto note = [&](Outcome<> outcome) {
      ++ended;
      if (outcome) {
        ++whole;
        return;
      }
      ++broken;
      const bool known = outcome.failure().check<WebSocketError, RequestError, net::Error, CancelledError>();
      CHECK_MESSAGE(known, outcome.failure().what());
    };
    int begun = 0;
    auto site = std::make_shared<Site>(webSocketHandler(
        [&](std::shared_ptr<WebSocket> socket) -> Deferred<> {
          begun += 2;
          receiveMany(socket, atServer).addBoth(note).detach();
          auto sending = sendMany(socket, random, clock).addBoth(note);
          co_await sending;
        },
        options));
    auto port = network.listen(80, site);
    Agent agent(network, AgentOptions().setConnectTimeout(3).setFirstByteTimeout(4).setIdleTimeout(4).setTotalTimeout(20));
    auto client = connectWebSocket(agent, "ws://localhost/", options);
    clock.play(10);
    std::vector<Deferred<>> running;
    if (auto outcome = client.result()) {
      begun += 2;
      running.push_back(receiveMany(*outcome, atClient).addBoth(note));
      running.push_back(sendMany(std::move(*outcome), random, clock).addBoth(note));
    }
    clock.play(10);
    if (random(4) == 0 && !running.empty()) running[random(2)].cancel();
    clock.play(1000);
    // One that nobody closes lasts: it is dropped where its program ends.
    CHECK(ended == begun);
    agent.close();
    port.reset();
    clock.play(100);
    CHECK(network.openConnections() == 0);
    CHECK(clock.getDelayedCalls().empty());
  }
  CHECK(whole > 0);
  CHECK(broken > 0);
}

namespace {

Deferred<> echo(std::shared_ptr<WebSocket> socket) {
  while (auto message = co_await socket->receive()) co_await socket->send(*message);
}

/// All kinds of things, one after the other.
Deferred<> useWebSocket(net::Network& network) {
  auto site = std::make_shared<Site>(webSocketHandler(echo, WebSocketOptions().setPing(5, 3).setCloseTimeout(2)));
  auto port = network.listen(80, site);
  Agent agent(network, AgentOptions().setFirstByteTimeout(5).setIdleTimeout(5));
  auto socket = co_await connectWebSocket(agent, "ws://localhost/", WebSocketOptions().setPing(5, 3).setCloseTimeout(2).setFragmentSize(1000));
  for (const std::size_t size : {std::size_t{5}, std::size_t{3000}, std::size_t{0}}) {
    const std::string text(size, 'x');
    co_await socket->send(text);
    auto message = co_await socket->receive();
    if (!message) throw WebSocketClosed(socket->closeCode(), "");
    CHECK(message->data == text);
  }
  co_await socket->ping();
  co_await socket->close();
  CHECK(socket->closeCode() != 0);
  agent.close();
}

}  // namespace

TEST_CASE("a WebSocket's session survives a failure of each single operation of the network") {
  const auto runs = net::failEveryOperation(useWebSocket);
  CHECK(runs.size() > 15);
  CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return !run.error.empty(); }));
}
