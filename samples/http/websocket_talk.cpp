// Talks over a WebSocket: sends one text, and prints what comes.
#include "../arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_websocket_talk URL [--say TEXT] [--count N]\n\n"
    "Opens a WebSocket (ws:// or wss://), sends the text, and prints each message that comes.\n\n"
    "  --say TEXT   what to send; nothing at first\n"
    "  --count N    ends after N messages; 0, at first: when the server does\n";

// [websocket-client]
Deferred<> talk(http::AnyAgent& agent, std::string url, std::string text, long count) {
  auto opening = http::connectWebSocket(agent, url);
  auto socket = co_await opening;
  if (!text.empty()) co_await socket->send(text);
  for (long heard = 0; count == 0 || heard < count; ++heard) {
    auto message = co_await socket->receive();
    if (!message) break;                               // the server has closed
    std::printf("%s\n", message->isText() ? message->data.c_str() : (std::to_string(message->data.size()) + " bytes").c_str());
    std::fflush(stdout);
  }
  co_await socket->close();
  std::printf("closed: %d\n", socket->closeCode());
}
// [/websocket-client]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  return react(
      [&](Reactor& reactor) -> Deferred<> {
        net::TcpNetwork network(reactor);
        http::Agent agent(network);
        auto talking = talk(agent, argv[1], arguments.text("--say", ""), arguments.number("--count", 0));
        auto outcome = co_await talking.outcome();
        if (outcome) co_return;
        std::fprintf(stderr, "%s\n", outcome.failure().what());
        throw SystemExit(1);
      },
      argc, argv);
}
