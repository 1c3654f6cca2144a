#include <weft/http/websocket/server.hpp>

#include <doctest/doctest.h>

#include "http/websocket/web_socket_world.hpp"

#include <weft/core/log.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/websocket/client.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/accumulating_protocol.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace weft;
using namespace weft::http;
using test::closeFrame;
using test::frame;

namespace {

/// A Site at port 80, and a client whose every byte is the test's.
struct HandshakeWorld {
  explicit HandshakeWorld(Handler handler) : site(std::make_shared<Site>(std::move(handler))), port(network.listen(80, site)) {
    auto connecting = network.connect("localhost", 80);
    clock.play(0);
    transport = successResultOf(connecting);
    transport->setProtocol(client);
  }
  /// What the server answers, of its head the part that this room makes.
  std::string ask(std::string_view bytes) {
    client->data.clear();
    transport->write(bytes);
    clock.play(0.01);
    return client->data;
  }

  ManualClock clock;
  net::MemoryNetwork network{clock, 1};
  std::shared_ptr<Site> site;
  std::unique_ptr<net::Port> port;
  std::shared_ptr<net::AccumulatingProtocol> client = std::make_shared<net::AccumulatingProtocol>();
  std::shared_ptr<net::Transport> transport;
};

Deferred<> echo(std::shared_ptr<WebSocket> socket) {
  while (auto message = co_await socket->receive()) co_await socket->send(*message);
}

/// The example of RFC 6455 section 1.3, with other fields.
std::string opening(std::string_view more = {}, std::string_view start = "GET /chat HTTP/1.1") {
  return std::string(start) + "\r\nHost: server.example\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         std::string(more) + "\r\n";
}

std::string without(std::string text, std::string_view line) {
  const auto at = text.find(line);
  REQUIRE(at != std::string::npos);
  return text.erase(at, text.find("\r\n", at) + 2 - at);
}

int statusOf(const std::string& answer) { return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0; }
bool has(const std::string& answer, std::string_view line) { return answer.find("\r\n" + std::string(line) + "\r\n") != std::string::npos; }

}  // namespace

TEST_CASE("the example of RFC 6455 is answered as it says there, and what comes behind it is a WebSocket") {
  HandshakeWorld world(webSocketHandler(echo));
  const std::string answer = world.ask(opening("Origin: http://server.example\r\n") + frame(0x81, "at once"));
  CHECK(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(has(answer, "Upgrade: websocket"));
  CHECK(has(answer, "Connection: Upgrade"));
  CHECK(has(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  CHECK(answer.find("Sec-WebSocket-Extensions") == std::string::npos);
  CHECK(answer.find("Sec-WebSocket-Protocol") == std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n\x81\x07"
                         "at once"));
  CHECK(world.ask(frame(0x89, "p") + closeFrame(1000)) == "\x8A\x01p" + closeFrame(1000, "", false));
  CHECK(world.client->lost);
  CHECK(world.network.openConnections() == 0);
}

TEST_CASE("a handshake that is not as it must be gets its status") {
  const std::string good = opening();
  const std::pair<int, std::string> wrong[] = {
      {405, opening("", "POST /chat HTTP/1.1")},
      {405, opening("", "HEAD /chat HTTP/1.1")},
      {400, opening("", "GET /chat HTTP/1.0")},
      {426, without(good, "Upgrade: ")},
      {426, without(good, "Connection: ")},
      {426, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, without(good, "Sec-WebSocket-Version")},
      {426, without(good, "Sec-WebSocket-Version").insert(good.find("Sec-WebSocket-Key"), "Sec-WebSocket-Version: 8\r\n")},
      {400, opening("Sec-WebSocket-Version: 13\r\n")},
      {400, without(good, "Sec-WebSocket-Key")},
      {400, opening("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")},
      {400, without(good, "Sec-WebSocket-Key").insert(good.find("Sec-WebSocket-Key"), "Sec-WebSocket-Key: c2hvcnQ=\r\n")},
      {400, without(good, "Sec-WebSocket-Key").insert(good.find("Sec-WebSocket-Key"), "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n")},
      {400, opening("Sec-WebSocket-Protocol: a, a\r\n")},
      {400, opening("Sec-WebSocket-Protocol: a b\r\n")},
      {400, opening("Sec-WebSocket-Extensions: permessage-deflate;\r\n")},
      {400, opening("Content-Length: 2\r\n") + "xx"},
      {403, opening("Origin: http://evil.example\r\n")},
      {403, opening("Origin: http://server.example:8080\r\n")},
      {403, opening("Origin: null\r\n")},
      {400, opening("Origin: http://server.example\r\nOrigin: http://server.example\r\n")},
  };
  for (const auto& [status, bytes] : wrong) {
    CAPTURE(bytes);
    HandshakeWorld world(webSocketHandler(echo));
    const std::string answer = world.ask(bytes);
    CHECK(statusOf(answer) == status);
    if (status == 405) CHECK(has(answer, "Allow: GET"));
    if (status == 426) CHECK(has(answer, "Sec-WebSocket-Version: 13"));
    if (status == 426) CHECK(has(answer, "Upgrade: websocket"));
  }
}

TEST_CASE("the first subprotocol of the client's that is known is chosen, or none") {
  const auto chosen = [](std::string_view offered) {
    HandshakeWorld world(webSocketHandler(echo, WebSocketOptions().addProtocol("chat.v1").addProtocol("chat.v2")));
    const std::string answer = world.ask(opening("Sec-WebSocket-Protocol: " + std::string(offered) + "\r\n"));
    CHECK(statusOf(answer) == 101);
    const auto at = answer.find("Sec-WebSocket-Protocol: ");
    return at == std::string::npos ? std::string() : answer.substr(at + 24, answer.find("\r\n", at) - at - 24);
  };
  CHECK(chosen("other, chat.v2, chat.v1") == "chat.v2");
  CHECK(chosen("chat.v1") == "chat.v1");
  CHECK(chosen("CHAT.v1") == "");
}

TEST_CASE("the program may look at the origin itself") {
  const auto ask = [](WebSocketOptions options) {
    HandshakeWorld world(webSocketHandler(echo, std::move(options)));
    return statusOf(world.ask(opening("Origin: https://partner.example\r\n")));
  };
  CHECK(ask(WebSocketOptions()) == 403);
  CHECK(ask(WebSocketOptions().setAnyOrigin()) == 101);
  CHECK(ask(WebSocketOptions().setOriginCheck([](std::string_view origin, const Request& request) { return origin == "https://partner.example" && request.target == "/chat"; })) == 101);
}

TEST_CASE("compression is agreed upon, and used") {
  HandshakeWorld world(webSocketHandler(echo));
  const std::string answer = world.ask(opening("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
  CHECK(has(answer, "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"));
  CHECK(world.ask(frame(0xC1, std::string("\xf2\x48\xcd\xc9\xc9\x07\x00", 7))) == "\x81\x05Hello");
  CHECK(static_cast<unsigned char>(world.ask(frame(0x81, std::string(1000, 'x')))[0]) == 0xC1);
}

TEST_CASE("a handler may look at the request first, and gets it with the WebSocket") {
  std::string path;
  HandshakeWorld world([&](Request request) -> Deferred<Response> {
    if (request.url.path() != "/chat") co_return errorResponse(404);
    co_return webSocketResponse(std::move(request), WebSocketServe([&path](std::shared_ptr<WebSocket> socket, Request asked) -> Deferred<> {
                                  path = asked.target;
                                  co_await socket->send("welcome");
                                }));
  });
  CHECK(statusOf(world.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 404);
  // The handler ends, so the WebSocket is closed.
  CHECK(world.ask(opening()).ends_with("\r\n\r\n\x81\x07welcome" + closeFrame(1000, "", false)));
  CHECK(path == "/chat");
  world.ask(closeFrame(1000));
  CHECK(world.client->lost);
}

TEST_CASE("what a handler fails with is logged, and the client gets 1011") {
  LogCapture log;
  const auto failing = [](std::shared_ptr<WebSocket> socket) -> Deferred<> {
    co_await socket->receive();
    throw std::runtime_error("on purpose");
  };
  HandshakeWorld world(webSocketHandler(failing));
  CHECK(statusOf(world.ask(opening())) == 101);
  CHECK(world.ask(frame(0x81, "x")) == closeFrame(1011, "", false));
  CHECK(log.contains("on purpose"));
  world.ask(closeFrame(1011));
  CHECK(world.client->lost);
}

TEST_CASE("a client that breaks the protocol or the connection is no error of the handler") {
  LogCapture log;
  for (const bool breaks : {false, true}) {
    HandshakeWorld world(webSocketHandler(echo));
    CHECK(statusOf(world.ask(opening())) == 101);
    if (breaks) world.transport->abortConnection();
    else CHECK(world.ask(frame(0x83, "x")) == closeFrame(1002, "", false));
    world.clock.play(20);
    CHECK(world.network.openConnections() == 0);
  }
  CHECK(log.count(LogLevel::Warning) == 0);
}

namespace {

class Greeter final : public WebSocketProtocol {
 public:
  explicit Greeter(std::string name) : name_(std::move(name)) {}

 private:
  void connectionMade() override { socket().write("hello " + name_); }
  void messageReceived(std::string_view data, WebSocketKind kind) override { socket().write(data, kind); }
  std::string name_;
};

}  // namespace

TEST_CASE("a factory of protocols serves as well, and what it throws is 1011") {
  HandshakeWorld world(webSocketFactory([](const Request& request) { return std::make_shared<Greeter>(std::string(request.url.path())); }));
  CHECK(world.ask(opening()).ends_with("\x81\x0Bhello /chat"));
  CHECK(world.ask(frame(0x82, "x") + closeFrame(1001)) == "\x82\x01x" + closeFrame(1001, "", false));
  CHECK(world.client->lost);

  LogCapture log;
  HandshakeWorld broken(webSocketFactory([](const Request&) -> std::shared_ptr<WebSocketProtocol> { throw std::runtime_error("no protocol today"); }));
  CHECK(broken.ask(opening()).ends_with(closeFrame(1011, "", false)));
  CHECK(log.contains("no protocol today"));
}
