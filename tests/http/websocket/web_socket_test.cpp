#include <weft/http/websocket/web_socket.hpp>

#include <doctest/doctest.h>

#include "http/websocket/web_socket_world.hpp"
#include "support/unhandled_errors.hpp"

#include <weft/net/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using test::closeFrame;
using test::frame;
using test::PlayedClient;
using test::WebSocketWorld;
using namespace std::chrono_literals;

TEST_CASE("texts and bytes travel both ways, and close() ends both sides cleanly") {
  WebSocketWorld world;
  successResultOf(world.client->send("hello"));
  successResultOf(world.client->sendBinary(std::string("\0\xFF", 2)));
  successResultOf(world.client->send(WebSocketMessage("")));
  CHECK(world.text(*world.server) == "hello");
  CHECK(world.text(*world.server) == "(binary) " + std::string("\0\xFF", 2));
  CHECK(world.text(*world.server) == "");
  const std::string large(300'000, 'x');
  auto sending = world.server->send(large);
  CHECK(world.text(*world.client) == large);
  successResultOf(sending);

  auto last = world.server->receive();
  auto closing = world.client->close(1000, "done");
  CHECK(!world.client->connected());
  world.run();
  CHECK(!successResultOf(last));
  successResultOf(closing);
  CHECK(world.server->closeCode() == 1000);
  CHECK(world.server->closeReason() == "done");
  CHECK(world.client->closeCode() == 1000);
  CHECK(world.text(*world.client) == "(the end)");
  CHECK(world.text(*world.server) == "(the end)");
  CHECK(world.network.openConnections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
  CHECK(world.server->transport() == nullptr);
}

TEST_CASE("a server's frames are not masked, a client's are, each with a key of its own") {
  PlayedClient peer;
  successResultOf(peer.socket->send("Hello"));
  CHECK(peer.transport->take() == "\x81\x05Hello");
  successResultOf(peer.socket->sendBinary(std::string(200, 'b')));
  CHECK(peer.transport->take() == frame(0x82, std::string(200, 'b'), false));
  successResultOf(peer.socket->sendBinary(std::string(70'000, 'b')));
  CHECK(peer.transport->take() == frame(0x82, std::string(70'000, 'b'), false));

  PlayedClient server({}, WebSocketRole::Client);
  for (const std::size_t size : {0UL, 5UL, 200UL, 70'000UL}) {
    successResultOf(server.socket->sendBinary(std::string(size, 'b')));
    const std::string sent = server.transport->take();
    CHECK(test::eventsOf(sent, 1000) == std::vector<std::string>{"binary " + std::string(size, 'b')});
  }
  successResultOf(server.socket->send("same"));
  const std::string first = server.transport->take();
  successResultOf(server.socket->send("same"));
  CHECK(server.transport->take() != first);
}

TEST_CASE("messages in one piece are answered in one write") {
  PlayedClient peer;
  const auto echo = [](std::shared_ptr<WebSocket> socket) -> Deferred<> {
    while (auto message = co_await socket->receive()) co_await socket->send(*message);
  };
  auto echoing = echo(peer.socket);
  std::string many;
  for (int i = 0; i < 50; ++i) many += frame(0x81, "message " + std::to_string(i)) + frame(0x89, "p");
  peer.transport->receive(many);
  CHECK(peer.transport->writes() == 1);
  CHECK(test::eventsOf(peer.transport->take(), 1000, {}, http::detail::MessageReader::Side::Client).size() == 100);
  peer.transport->receive(closeFrame(1000));
  successResultOf(echoing);
}

TEST_CASE("messages that wait are given out after the end, and then the end") {
  WebSocketWorld world;
  world.client->write("one");
  world.client->write("two", WebSocketKind::Binary);
  auto closing = world.client->close(4001, "why not");
  world.run();
  CHECK(world.text(*world.server) == "one");
  CHECK(world.text(*world.server) == "(binary) two");
  const auto closed = world.error<WebSocketClosed>(world.server->receive());
  CHECK(closed.code == 4001);
  CHECK(closed.reason == "why not");
  CHECK(std::string(closed.what()) == "the WebSocket is closed (4001): why not");
  CHECK(world.error<WebSocketClosed>(world.server->send("x")).code == 4001);
  CHECK(world.error<WebSocketClosed>(world.server->ping()).code == 4001);
  world.server->write("dropped");
  CHECK(world.text(*world.client) == "(the end)");     // it began to close, and was answered
  successResultOf(closing);
}

TEST_CASE("one receive() at a time; a cancelled or dropped one loses no message") {
  WebSocketWorld world;
  auto first = world.server->receive();
  failureResultOf<WebSocketUsageError>(world.server->receive());
  first.cancel();
  failureResultOf<CancelledError>(first);
  world.client->write("one");
  world.run();
  CHECK(world.text(*world.server) == "one");
  { auto dropped = world.server->receive(); }
  world.client->write("two");
  world.run();
  CHECK(world.text(*world.server) == "two");
}

TEST_CASE("pings are answered in order, with their payload, also in the middle of a message") {
  PlayedClient peer;
  peer.transport->receive(frame(0x89, "a") + frame(0x01, "x") + frame(0x89, "b") + frame(0x80, "y") + frame(0x8A, "never asked for"));
  CHECK(peer.transport->take() == "\x8A\x01"
                                  "a\x8A\x01"
                                  "b");
  CHECK(successResultOf(peer.socket->receive())->data == "xy");
}

TEST_CASE("ping() says how long the peer took; one answer counts for the pings before it") {
  WebSocketWorld world({}, net::MemoryLink().latency(0.05));
  CHECK(world.get(world.client->ping()) == 100ms);
  PlayedClient peer;
  auto first = peer.socket->ping();
  const std::string sent = peer.transport->take();
  auto second = peer.socket->ping();
  const std::string again = peer.transport->take();
  auto third = peer.socket->ping();
  peer.clock.advance(2);
  CHECK(sent != again);
  peer.transport->receive(frame(0x8A, "what?") + frame(0x8A, again.substr(2)) + frame(0x8A, again.substr(2)));
  CHECK(successResultOf(first) == 2s);
  CHECK(successResultOf(second) == 2s);
  assertNoResult(third);
  third.cancel();
  failureResultOf<CancelledError>(third);
  auto fourth = peer.socket->ping();
  peer.transport->lose(net::ConnectionLost("reset by peer"));
  CHECK(failureResultOf<WebSocketClosed>(fourth).as<WebSocketClosed>()->code == 1006);
}

TEST_CASE("a connection that breaks is 1006, with the reason") {
  WebSocketWorld world;
  auto receiving = world.client->receive();
  auto atServer = world.server->receive();
  world.server->abort();
  CHECK(world.server->closeCode() == 1006);
  assertNoResult(atServer);                            // not out of abort(), where the caller may be going through a list of them
  world.run();
  failureResultOf<WebSocketClosed>(atServer);
  const Failure failure = failureResultOf<WebSocketClosed>(receiving);
  CHECK(failure.as<WebSocketClosed>()->code == 1006);
  CHECK(failure.as<WebSocketClosed>()->cause.check<net::ConnectionLost>());
  CHECK(world.error<WebSocketClosed>(world.server->receive()).cause.check<net::ConnectionAborted>());
  CHECK(world.client->closeCode() == 1006);

  PlayedClient peer;                                   // closed without a Close, in the middle of a message
  peer.transport->receive(frame(0x81, "whole") + frame(0x01, "half"));
  peer.transport->lose();
  CHECK(successResultOf(peer.socket->receive())->data == "whole");
  CHECK(peer.error<WebSocketClosed>().cause.check<net::ConnectionDone>());
}

TEST_CASE("whatever the peer does wrong ends with its code on the wire, and as an error here") {
  const WebSocketOptions options = WebSocketOptions().setMaxMessage(1000).setOnly(WebSocketKind::Text);
  const std::pair<int, std::string> mistakes[] = {{1002, frame(0x81, "x", false)}, {1002, frame(0x83, "x")}, {1003, frame(0x82, "x")}, {1007, frame(0x81, "\xFF")}, {1009, frame(0x81, std::string(1001, 'x'))}};
  for (const auto& [code, bytes] : mistakes) {
    CAPTURE(code);
    PlayedClient peer(options);
    peer.transport->receive(frame(0x81, "good") + bytes + frame(0x81, "too late"));
    CHECK(peer.transport->take() == closeFrame(code, "", false));
    CHECK(peer.transport->writeClosed());              // what is on its way is still read, so that no reset overtakes the Close
    CHECK(!peer.transport->disconnecting());
    CHECK(successResultOf(peer.socket->receive())->data == "good");
    CHECK(peer.error<WebSocketProtocolError>().code == code);
    CHECK(peer.socket->closeCode() == code);
    peer.transport->receive(std::string(100'000, 'x'));
    CHECK(peer.transport->take() == "");
    peer.clock.advance(10);
    CHECK(peer.transport->aborted());                  // a peer that goes on
    peer.transport->lose(net::ConnectionAborted());
    CHECK(peer.error<WebSocketProtocolError>().code == code);
    CHECK(peer.clock.getDelayedCalls().empty());
  }
}

TEST_CASE("a mistake after close() is not answered by a second Close") {
  PlayedClient peer;
  auto closing = peer.socket->close();
  CHECK(peer.transport->take() == closeFrame(1000, "", false));
  peer.transport->receive(frame(0x83, "x"));
  CHECK(peer.transport->take() == "");
  peer.transport->lose();
  successResultOf(closing);
  CHECK(peer.error<WebSocketProtocolError>().code == 1002);
}

TEST_CASE("the peer's Close is answered with its code; a server then ends the connection, a client waits for that") {
  for (const WebSocketRole role : {WebSocketRole::Server, WebSocketRole::Client}) {
    const bool masked = role == WebSocketRole::Server;
    PlayedClient peer({}, role);
    auto receiving = peer.socket->receive();
    peer.transport->receive(closeFrame(1001, "going", masked));
    CHECK(!successResultOf(receiving));
    const std::string answer = peer.transport->take();
    CHECK(test::eventsOf(answer, 100, {}, masked ? http::detail::MessageReader::Side::Client : http::detail::MessageReader::Side::Server) == std::vector<std::string>{"close 1001 "});
    CHECK(peer.transport->disconnecting() == masked);
    CHECK(peer.socket->closeReason() == "going");
    peer.clock.advance(9.9);
    CHECK(!peer.transport->aborted());
    peer.clock.advance(0.1);
    CHECK(peer.transport->aborted());
    CHECK(peer.socket->closeCode() == 1001);
  }
  PlayedClient peer;                                   // without a code
  peer.transport->receive(frame(0x88, ""));
  CHECK(peer.transport->take() == std::string("\x88\x00", 2));
  CHECK(!successResultOf(peer.socket->receive()));
  CHECK(peer.socket->closeCode() == 1005);
}

TEST_CASE("a peer that does not answer close() is given up") {
  PlayedClient peer(WebSocketOptions().setCloseTimeout(3));
  auto receiving = peer.socket->receive();
  auto closing = peer.socket->close(1000, "bye");
  auto again = peer.socket->close(1001);               // waits for the same end
  CHECK(peer.transport->take() == closeFrame(1000, "bye", false));
  peer.transport->receive(frame(0x81, "dropped") + frame(0x89, "not answered"));
  CHECK(peer.transport->take() == "");
  peer.clock.advance(2.9);
  CHECK(!peer.transport->aborted());
  assertNoResult(receiving);
  peer.clock.advance(0.1);
  CHECK(peer.transport->aborted());
  peer.transport->lose(WebSocketTimeout("Close", 3));
  successResultOf(closing);
  successResultOf(again);
  CHECK(peer.socket->closeCode() == 1006);
  CHECK(failureResultOf<WebSocketClosed>(receiving).as<WebSocketClosed>()->cause.check<WebSocketTimeout>());
  successResultOf(peer.socket->close());               // there is nothing left to close
}

TEST_CASE("what may not be sent is refused, and nothing is sent") {
  PlayedClient peer;
  failureResultOf<WebSocketUsageError>(peer.socket->send("\xFF"));
  CHECK_THROWS_AS(peer.socket->write("\xC3"), WebSocketUsageError);
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, -1}) failureResultOf<WebSocketUsageError>(peer.socket->close(code));
  failureResultOf<WebSocketUsageError>(peer.socket->close(1000, std::string(124, 'x')));
  failureResultOf<WebSocketUsageError>(peer.socket->close(1000, "\xFF"));
  CHECK(peer.transport->take() == "");
  CHECK(peer.socket->connected());
}

TEST_CASE("a WebSocket that is dropped closes with 1001, and lets go of everything") {
  WebSocketWorld world;
  world.client->write("nobody reads this");
  world.run();
  world.server.reset();
  world.run();
  CHECK(world.client->closeCode() == 1001);
  CHECK(world.text(*world.client) == "(the end)");
  CHECK(world.network.openConnections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("a WebSocket may be dropped where its message arrives") {
  WebSocketWorld world;
  auto receiving = world.server->receive().addCallback([&](std::optional<WebSocketMessage>) { world.server.reset(); });
  world.client->write("one");
  world.client->write("two");
  world.run();
  successResultOf(receiving);
  CHECK(world.client->closeCode() == 1001);
}

TEST_CASE("long messages can be sent in frames of a size") {
  PlayedClient peer(WebSocketOptions().setFragmentSize(4));
  successResultOf(peer.socket->send("12345678"));
  CHECK(peer.transport->take() == frame(0x01, "1234", false) + frame(0x80, "5678", false));
  successResultOf(peer.socket->send("123456789"));
  CHECK(peer.transport->take() == frame(0x01, "1234", false) + frame(0x00, "5678", false) + frame(0x80, "9", false));
  successResultOf(peer.socket->send("1234"));
  CHECK(peer.transport->take() == frame(0x81, "1234", false));
}

TEST_CASE("compressed messages travel both ways, with and without a context that is kept") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "the quick brown fox " + std::to_string(i);
  for (const bool keeps : {false, true}) {
    WebSocketOptions options;
    options.setCompression(WebSocketCompression().setKeepContext(keeps)).setFragmentSize(1000);
    WebSocketWorld world(options, {}, true);
    for (int i = 0; i < 3; ++i) {
      for (const std::string& message : {text, std::string("short"), std::string(), std::string(300, 'y')}) {
        world.client->write(message);
        CHECK(world.text(*world.server) == message);
        world.server->write(message);
        CHECK(world.text(*world.client) == message);
      }
    }
  }
}
