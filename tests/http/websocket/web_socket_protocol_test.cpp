#include <weft/http/websocket/web_socket_protocol.hpp>

#include <doctest/doctest.h>

#include "http/websocket/web_socket_world.hpp"
#include "support/counted.hpp"

#include <weft/core/log.hpp>
#include <weft/http/websocket/web_socket.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::http;
using test::closeFrame;
using test::frame;
using test::PlayedClient;
using test::WebSocketWorld;
using Lines = std::vector<std::string>;

namespace {

/// Writes down what happens, and does what the message says.
class Diary final : public WebSocketProtocol {
 public:
  explicit Diary(Lines& lines) : lines_(lines) {}
  ~Diary() override { lines_.push_back("gone"); }

 private:
  void connectionMade() override { lines_.push_back("made"); }
  void messageReceived(std::string_view data, WebSocketKind kind) override {
    lines_.push_back((kind == WebSocketKind::Text ? "text " : "binary ") + std::string(data));
    if (data == "throw") throw std::runtime_error("on purpose");
    if (data == "close") socket().close(4000, "asked to").detach();
    if (data == "abort") socket().abort();
    if (data == "pause") socket().pauseReading();
    if (data == "echo") socket().write(data, kind);
  }
  void closed(int code, const std::string& reason) override {
    CHECK(!socket().connected());
    lines_.push_back("closed " + std::to_string(code) + " " + reason);
  }

  Lines& lines_;
};

}  // namespace

TEST_CASE("a protocol is told of everything, in order, and is let go at the end") {
  Lines lines;
  WebSocketWorld world;
  world.server->setProtocol(std::make_shared<Diary>(lines));
  world.server.reset();                                // the protocol has it
  world.client->write("one");
  world.client->write("two", WebSocketKind::Binary);
  world.client->write("echo");
  CHECK(world.text(*world.client) == "echo");
  auto closing = world.client->close(1000, "enough");
  world.run();
  CHECK(lines == Lines{"made", "text one", "binary two", "text echo", "closed 1000 enough", "gone"});
  CHECK(world.network.openConnections() == 0);
}

TEST_CASE("messages that came before the protocol are its first ones") {
  Lines lines;
  PlayedClient peer;
  peer.transport->receive(frame(0x81, "early") + frame(0x81, ""));
  peer.socket->setProtocol(std::make_shared<Diary>(lines));
  peer.transport->receive(frame(0x81, "late"));
  CHECK(lines == Lines{"made", "text early", "text ", "text late"});
  CHECK_THROWS_AS(peer.socket->setProtocol(std::make_shared<Diary>(lines)), WebSocketUsageError);
  failureResultOf<WebSocketUsageError>(peer.socket->receive());
  peer.transport->lose();
}

TEST_CASE("a protocol that comes after the end is told of it") {
  Lines lines;
  PlayedClient peer;
  peer.transport->receive(frame(0x81, "early") + closeFrame(1000, "bye"));
  peer.transport->lose();
  peer.socket->setProtocol(std::make_shared<Diary>(lines));
  CHECK(lines == Lines{"made", "text early", "closed 1000 bye", "gone"});
}

TEST_CASE("what a protocol throws is logged and ends the connection with 1011") {
  Lines lines;
  LogCapture log;
  PlayedClient peer;
  peer.socket->setProtocol(std::make_shared<Diary>(lines));
  peer.transport->receive(frame(0x81, "throw") + frame(0x81, "not delivered"));
  CHECK(peer.transport->take() == closeFrame(1011, "", false));
  CHECK(log.contains("on purpose"));
  peer.transport->receive(closeFrame(1011));
  peer.transport->lose();
  CHECK(lines == Lines{"made", "text throw", "closed 1011 ", "gone"});
}

TEST_CASE("a protocol may close, abort and pause where a message arrives; what follows is not delivered") {
  for (const std::string what : {"close", "abort", "pause"}) {
    CAPTURE(what);
    Lines lines;
    PlayedClient peer;
    peer.socket->setProtocol(std::make_shared<Diary>(lines));
    peer.transport->receive(frame(0x81, what) + frame(0x81, "later"));
    CHECK(lines == Lines{"made", "text " + what});
    CHECK(peer.transport->take() == (what == "close" ? closeFrame(4000, "asked to", false) : ""));
    CHECK(peer.transport->aborted() == (what == "abort"));
    CHECK(peer.transport->readingPaused() == (what == "pause"));
    if (what == "pause") {
      peer.socket->resumeReading();
      CHECK(!peer.transport->readingPaused());
      peer.transport->receive("");                     // the loop's part
      CHECK(lines.back() == "text later");
    }
    peer.transport->lose();
    CHECK(lines.back() == "gone");
  }
}
