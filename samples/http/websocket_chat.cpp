// A chat over WebSockets, with its page: everybody who is there reads what one of them writes. Open http://127.0.0.1:8080/ in two windows.
#include "../arguments.hpp"
#include "../serving.hpp"

#include <weft/http.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

using namespace weft;
using Socket = std::shared_ptr<WebSocket>;

constexpr const char* kPage = R"html(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Chat</title>
<style>
  body { font: 16px system-ui; max-width: 40em; margin: 2em auto }
  #lines { height: 20em; overflow-y: auto; border: 1px solid #999; padding: .5em; white-space: pre-wrap }
  form { display: flex; gap: .5em; margin-top: .5em } input { flex: 1 }
</style>
<h1>Chat</h1><div id="lines" aria-live="polite"></div>
<form><input id="line" autofocus autocomplete="off" placeholder="Your name" maxlength="500"><button>Send</button></form>
<script>
  const lines = document.getElementById('lines'), line = document.getElementById('line');
  const show = text => { lines.append(text + '\n'); lines.scrollTop = lines.scrollHeight };
  const socket = new WebSocket(location.href.replace(/^http/, 'ws').replace(/[^/]*$/, '') + 'chat');
  socket.onmessage = event => show(event.data);
  socket.onclose = event => show('* the connection has ended' + (event.reason ? ': ' + event.reason : ''));
  document.querySelector('form').onsubmit = event => {
    event.preventDefault();
    if (line.value) socket.send(line.value);
    line.value = ''; line.placeholder = 'Say something';
  };
</script>
)html";

// [websocket-chat]
class Room {
 public:
  /// The first message is a name; then whatever comes goes to all.
  Deferred<> serve(Socket socket) {
    auto name = co_await socket->receive();
    if (!name) co_return;
    if (name->data.empty() || !here_.emplace(name->data, socket).second) {
      co_await socket->close(4000, "that name is taken");
      co_return;
    }
    const Seat seat(*this, name->data);                // left also when the connection breaks
    while (auto message = co_await socket->receive()) tell(name->data + ": " + message->data);
  }

 private:
  struct Seat {
    Seat(Room& room, std::string name) : room(room), name(std::move(name)) { room.tell("* " + this->name + " has come"); }
    ~Seat() {
      room.here_.erase(name);
      room.tell("* " + name + " has gone");
    }
    Room& room;
    std::string name;
  };

  void tell(const std::string& line) {
    for (const auto& [name, socket] : here_) {
      if (socket->buffered() < 100'000) socket->write(line);
      else socket->abort();                            // does not read: the others need not remember everything for this one
    }
  }

  std::map<std::string, Socket> here_;
};
// [/websocket-chat]

// [websocket-protocol]
class Echo final : public WebSocketProtocol {
  void messageReceived(std::string_view data, http::WebSocketKind kind) override { socket().write(data, kind); }
};
// [/websocket-protocol]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "http_websocket_chat [--listen ENDPOINT]\n\n"
                            "Serves a page with a chat, and an echo at /echo.\n\n"
                            "  --listen ENDPOINT   tcp:8080:interface=127.0.0.1 at first\n");
  Room room;
  return react(
      [&](Reactor& reactor) -> Deferred<> {
        net::TcpNetwork network(reactor);
        // [websocket-server]
        http::Router router;
        router.get("/", [](const http::Request&) { return succeed(http::Response(200, kPage, "text/html; charset=utf-8")); });
        router.get("/chat", http::webSocketHandler([&room](Socket socket) { return room.serve(std::move(socket)); },
                                                   http::WebSocketOptions().setMaxMessage(2000).setOnly(http::WebSocketKind::Text)));
        router.get("/echo", http::webSocketFactory([](const http::Request&) { return std::make_shared<Echo>(); }));
        // [/websocket-server]
        const auto site = std::make_shared<http::Site>(router);
        co_await orSay(serve(network, arguments.text("--listen", "tcp:8080:interface=127.0.0.1"), site));
      },
      argc, argv);
}
