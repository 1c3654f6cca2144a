// Back-pressure, keep-alive, and what a WebSocket holds.
#include <weft/http/websocket/web_socket.hpp>

#include <doctest/doctest.h>

#include "http/websocket/web_socket_world.hpp"
#include "support/allocations.hpp"
#include "support/scale.hpp"

#include <weft/http/websocket/web_socket_protocol.hpp>
#include <weft/net/error.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using test::frame;
using test::PlayedClient;
using test::WebSocketWorld;

TEST_CASE("the peer waits while too much waits for receive()") {
  PlayedClient peer(WebSocketOptions().setReadAhead(1000));
  const std::string message = frame(0x82, std::string(300, 'm'));
  peer.transport->receive(message + message);
  CHECK(!peer.transport->readingPaused());
  peer.transport->receive(message + message + message);
  CHECK(peer.transport->readingPaused());              // three weigh more than 1000 bytes; the others went back into the transport
  successResultOf(peer.socket->receive());
  CHECK(peer.transport->readingPaused());
  successResultOf(peer.socket->receive());
  CHECK(!peer.transport->readingPaused());
  peer.transport->receive("");
  for (int i = 0; i < 3; ++i) CHECK(successResultOf(peer.socket->receive())->data.size() == 300);
  auto receiving = peer.socket->receive();
  assertNoResult(receiving);
}

TEST_CASE("empty messages count as well") {
  PlayedClient peer(WebSocketOptions().setReadAhead(1000));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += frame(0x82, "");
  peer.transport->receive(many);
  CHECK(peer.transport->readingPaused());
  int received = 0;
  while (received < 1000) {
    auto receiving = peer.socket->receive();
    if (!receiving.called()) {
      receiving.cancel();
      peer.transport->receive("");                     // the loop's part: what was put back
      continue;
    }
    CHECK(successResultOf(receiving)->data.empty());
    ++received;
  }
}

TEST_CASE("send() waits while the peer does not read, and messages arrive in order afterwards") {
  WebSocketWorld world({}, net::MemoryLink().window(10'000).latency(0.001));
  world.server->pauseReading();
  std::vector<Deferred<>> sending;
  for (int i = 0; i < 30; ++i) sending.push_back(world.client->send(std::to_string(i) + std::string(5000, 'x')));
  world.run(1);
  CHECK(sending[0].called());
  assertNoResult(sending[29]);
  CHECK(world.client->buffered() > 64 * 1024);
  world.server->resumeReading();
  for (int i = 0; i < 30; ++i) CHECK(world.text(*world.server) == std::to_string(i) + std::string(5000, 'x'));
  for (Deferred<>& sent : sending) successResultOf(sent);
}

TEST_CASE("send() that waits ends with the connection, and the error says why") {
  WebSocketWorld world({}, net::MemoryLink().window(10'000));
  world.server->pauseReading();
  auto sending = world.client->sendBinary(std::string(200'000, 'x'));
  auto cancelled = world.client->sendBinary("y");
  world.run();
  cancelled.cancel();
  failureResultOf<CancelledError>(cancelled);
  world.server->abort();
  world.run();
  CHECK(failureResultOf<WebSocketClosed>(sending).as<WebSocketClosed>()->code == 1006);
}

TEST_CASE("a flood of pings from a peer that reads nothing costs one pong") {
  PlayedClient peer;
  peer.transport->setBuffered(100'000);
  for (int i = 0; i < 10'000; ++i) peer.transport->receive(frame(0x89, std::to_string(i)));
  CHECK(peer.transport->value() == "");
  peer.transport->setBuffered(0);
  CHECK(peer.transport->take() == "\x8A\x04"
                                  "9999");
  peer.transport->receive(frame(0x89, "again"));
  CHECK(peer.transport->take() == "\x8A\x05"
                                  "again");
}

TEST_CASE("a silent peer is pinged, and given up when it stays silent") {
  PlayedClient peer(WebSocketOptions().setPing(20, 5));
  auto receiving = peer.socket->receive();
  peer.clock.advance(19);
  peer.transport->receive(frame(0x8A, ""));            // any byte will do
  peer.clock.advance(19);
  CHECK(peer.transport->take() == "");
  peer.clock.advance(1);
  const std::string ping = peer.transport->take();
  CHECK(ping.starts_with("\x89\x04"));
  peer.clock.advance(4);
  peer.transport->receive(frame(0x8A, ping.substr(2)));
  peer.clock.advance(19);
  CHECK(peer.transport->take() == "");
  peer.clock.advance(1);
  CHECK(peer.transport->take().starts_with("\x89\x04"));
  CHECK(!peer.transport->aborted());
  peer.clock.advance(5);
  CHECK(peer.transport->aborted());
}

TEST_CASE("a peer that vanished is noticed: 1006, with WebSocketTimeout as the cause") {
  WebSocketWorld world(WebSocketOptions().setPing(20, 5));
  auto receiving = world.client->receive();
  world.run(1000);                                     // two that are alive keep each other so
  assertNoResult(receiving);
  world.network.vanish("localhost");
  world.run(26);
  const Failure failure = failureResultOf<WebSocketClosed>(receiving);
  CHECK(failure.as<WebSocketClosed>()->code == 1006);
  REQUIRE(failure.as<WebSocketClosed>()->cause.check<WebSocketTimeout>());
  CHECK(failure.as<WebSocketClosed>()->cause.as<WebSocketTimeout>()->seconds == 5);
}

TEST_CASE("who does not read does not give the peer up; without an interval nobody is pinged") {
  PlayedClient peer(WebSocketOptions().setPing(20, 5).setReadAhead(100));
  peer.transport->receive(frame(0x82, std::string(200, 'x')));
  CHECK(peer.transport->readingPaused());
  peer.clock.advance(1000);
  CHECK(!peer.transport->aborted());
  PlayedClient quiet(WebSocketOptions().setPing(0, 5));
  CHECK(quiet.clock.getDelayedCalls().empty());
}

TEST_CASE("a million messages pass in constant memory, and none is lost") {
  const int count = static_cast<int>(test::kMillion);
  PlayedClient peer;
  std::string piece;
  constexpr int kInPiece = 500;
  for (int i = 0; i < kInPiece; ++i) piece += frame(0x81, "a message of some sixty-four bytes, as a chat or a feed may send.");
  const auto echo = [](std::shared_ptr<WebSocket> socket, int& passed) -> Deferred<> {
    while (auto message = co_await socket->receive()) {
      co_await socket->send(*message);
      ++passed;
    }
  };
  int passed = 0;
  auto echoing = echo(peer.socket, passed);
  for (int sent = 0; sent < count; sent += kInPiece) {
    peer.transport->receive(piece);
    CHECK(peer.transport->value().size() == kInPiece * 67);
    peer.transport->clear();
  }
  CHECK(passed >= count);
  peer.transport->receive(test::closeFrame(1000));
  successResultOf(echoing);
}

namespace {

class EchoProtocol final : public WebSocketProtocol {
  void messageReceived(std::string_view data, WebSocketKind kind) override { socket().write(data, kind); }
};

}  // namespace

TEST_CASE("once warm, an echo of 64 bytes allocates the message and nothing else; with callbacks nothing at all") {
  const std::string bytes = frame(0x81, std::string(64, 'm'));
  const auto allocationsOf = [&](PlayedClient& peer) {
    for (int i = 0; i < 100; ++i) {
      peer.transport->receive(bytes);
      peer.transport->clear();
    }
    const auto before = test::allocations();
    for (int i = 0; i < 100; ++i) {
      peer.transport->receive(bytes);
      peer.transport->clear();
    }
    return test::allocations() - before;
  };
  PlayedClient awaited;
  const auto echo = [](std::shared_ptr<WebSocket> socket) -> Deferred<> {
    while (auto message = co_await socket->receive()) co_await socket->send(*message);
  };
  auto echoing = echo(awaited.socket);
  const auto withCoroutine = allocationsOf(awaited);
  PlayedClient called;
  called.socket->setProtocol(std::make_shared<EchoProtocol>());
  const auto withCallbacks = allocationsOf(called);
#ifndef WEFT_UNPOOLED
  CHECK(withCoroutine <= 100);
  CHECK(withCallbacks == 0);
#endif
  CHECK(withCallbacks < withCoroutine);
  awaited.transport->lose();
  failureResultOf<WebSocketClosed>(echoing);
  called.transport->lose();                            // a protocol and its WebSocket hold each other until then
}

TEST_CASE("what an idle WebSocket holds is small") {
  CHECK(sizeof(http::detail::WebSocketConnection) <= 400);
  CHECK(sizeof(WebSocket) <= 32);
}
