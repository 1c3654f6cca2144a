// A WebSocket server and a client that talk to other people's: for websocket_test.py.
//
//     websocket_peer serve               echoes at /echo (awaited) and /protocol (callbacks), up to 1000 bytes at /small, text alone at /text, closes at /close, fails at /fail
//     websocket_peer talk URL [words]    sends messages of all sizes to an echo; words: plain (no compression), keep (contexts), fragments, binary
//     websocket_peer listen URL          prints what comes, to the end
#include <weft/core.hpp>
#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::http;

namespace {

using Socket = std::shared_ptr<WebSocket>;

Deferred<> echo(Socket socket) {
  while (auto message = co_await socket->receive()) co_await socket->send(*message);
}

class Echo final : public WebSocketProtocol {
  void messageReceived(std::string_view data, WebSocketKind kind) override { socket().write(data, kind); }
};

Deferred<> closeAtOnce(Socket socket) {
  co_await socket->send("goodbye");
  co_await socket->close(4001, "closed on purpose");
}

Deferred<> failAtOnce(Socket) {
  throw std::runtime_error("on purpose");
  co_return;
}

Deferred<> serve(Reactor& reactor) {
  net::TcpNetwork network(reactor);
  const auto root = std::make_shared<Resource>();
  const auto at = [&](const char* name, Handler handler) {
    auto place = std::make_shared<Resource>();
    place->onGet(std::move(handler));
    root->putChild(name, std::move(place));
  };
  WebSocketOptions keeping;
  keeping.addProtocol("echo").setCompression(WebSocketCompression().setKeepContext(true));
  at("echo", webSocketHandler(echo, keeping));
  at("protocol", webSocketFactory([](const Request&) { return std::make_shared<Echo>(); }));
  at("small", webSocketHandler(echo, WebSocketOptions().setMaxMessage(1000)));
  at("text", webSocketHandler(echo, WebSocketOptions().setOnly(WebSocketKind::Text)));
  at("close", webSocketHandler(closeAtOnce));
  at("fail", webSocketHandler(failAtOnce));
  auto site = std::make_shared<Site>(root);
  auto port = network.listen(0, site, net::ListenOptions().interface("127.0.0.1"));
  std::printf("listening on %d\n", port->getHost().port());
  std::fflush(stdout);
  Deferred<> stopped;
  co_await stopped;
}

std::string bytesOf(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < size) bytes += static_cast<char>(32 + ((state = state * 1664525 + 1013904223) >> 16) % 95);
  return bytes;
}

Deferred<> talk(Reactor& reactor, std::string url, std::vector<std::string> words) {
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  net::TcpNetwork network(reactor);
  Agent agent(network);
  WebSocketOptions options;
  options.setMaxMessage(20'000'000).setFragmentSize(has("fragments") ? 5000 : 0);
  options.setCompression(WebSocketCompression().setEnabled(!has("plain")).setKeepContext(has("keep")));
  Socket socket = co_await connectWebSocket(agent, url, options);
  std::size_t right = 0, wrong = 0;
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 1000UL, 65'535UL, 65'536UL, 300'000UL, 16'000'000UL}) {
    WebSocketMessage message(bytesOf(size), has("binary") ? WebSocketKind::Binary : WebSocketKind::Text);
    auto sending = socket->send(message);
    auto answer = co_await socket->receive();
    co_await sending;
    ++(answer && *answer == message ? right : wrong);
  }
  co_await socket->send("\xF0\x9F\x98\x80 \xCE\xBA\xCF\x8C\xCF\x83\xCE\xBC\xCE\xB5");
  auto answer = co_await socket->receive();
  ++(answer && answer->data == "\xF0\x9F\x98\x80 \xCE\xBA\xCF\x8C\xCF\x83\xCE\xBC\xCE\xB5" ? right : wrong);
  const auto took = co_await socket->ping();
  ++(took.count() >= 0 ? right : wrong);
  co_await socket->close(1000, "enough");
  std::printf("%zu right, %zu wrong, compression %s, closed %d\n", right, wrong, socket->compresses() ? "on" : "off", socket->closeCode());
}

Deferred<> listenTo(Reactor& reactor, std::string url) {
  net::TcpNetwork network(reactor);
  Agent agent(network);
  Socket socket = co_await connectWebSocket(agent, url);
  for (;;) {
    auto receiving = socket->receive();
    auto message = co_await receiving.outcome();
    if (!message) {
      std::printf("error: %s\n", message.failure().what());
      break;
    }
    if (!*message) break;
    std::printf("%s %s\n", (*message)->isText() ? "text" : "binary", (*message)->data.c_str());
  }
  auto closing = socket->close();
  co_await closing;
  std::printf("closed %d %s\n", socket->closeCode(), socket->closeReason().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  return react(
      [&](Reactor& reactor) -> Deferred<> {
        if (words.size() == 1 && words[0] == "serve") return serve(reactor);
        if (words.size() >= 2 && words[0] == "talk") return talk(reactor, words[1], words);
        if (words.size() == 2 && words[0] == "listen") return listenTo(reactor, words[1]);
        std::fprintf(stderr, "websocket_peer serve | talk URL [plain] [keep] [fragments] [binary] | listen URL\n");
        return fail(SystemExit(2));
      },
      argc, argv);
}
