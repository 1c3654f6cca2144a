// A WebSocket's echo of 64 bytes beside a raw TCP echo of as many, in the same run. See docs/performance.md.
#include "../net/server_process.hpp"
#include "websocket_load.hpp"

#include <weft/core/reactor.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/websocket/server.hpp>
#include <weft/net/tcp_network.hpp>

#include "../net/load.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace bench;
using namespace weft;

constexpr std::size_t kBytes = 64;

class Echo final : public http::WebSocketProtocol {
  void messageReceived(std::string_view data, http::WebSocketKind kind) override { socket().write(data, kind); }
};

Deferred<> echo(std::shared_ptr<http::WebSocket> socket) {
  while (auto message = co_await socket->receive()) co_await socket->send(*message);
}

void serve(const Listening& listening, http::Handler handler) {
  Reactor reactor;
  net::TcpNetwork network(reactor);
  auto port = network.listen(0, std::make_shared<http::Site>(std::move(handler)), net::ListenOptions().interface("127.0.0.1").backlog(kBacklog));
  listening(port->getHost().port());
  reactor.run();
}

void serveByCallbacks(const Listening& listening) {
  serve(listening, http::webSocketFactory([](const http::Request&) { return std::make_shared<Echo>(); }));
}
void serveByCoroutine(const Listening& listening) { serve(listening, http::webSocketHandler(echo)); }

struct Kind {
  EchoServer server;
  bool isWebSocket;
};
const std::vector<Kind> kKinds = {{{"raw epoll, TCP", serveByEpoll}, false},
                                  {{"weft WebSocketProtocol", serveByCallbacks}, true},
                                  {{"weft receive(), send()", serveByCoroutine}, true}};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Row {
  std::vector<double> cpu, ratio;
  ServerProcess::Use use;
  long messages = 0;
};

/// All kinds in turn, round after round, so that what else the machine does falls on all alike.
void compare(int connections, int rounds, double seconds) {
  std::vector<Row> rows(kKinds.size());
  std::vector<std::unique_ptr<ServerProcess>> servers;
  for (const Kind& kind : kKinds) servers.push_back(std::make_unique<ServerProcess>(kind.server));
  for (int round = 0; round < rounds; ++round) {
    double floor = 0;
    for (std::size_t i = 0; i < servers.size(); ++i) {
      std::unique_ptr<Connections> plain;
      std::unique_ptr<WebSocketConnections> framed;
      if (kKinds[i].isWebSocket) framed = std::make_unique<WebSocketConnections>(servers[i]->port(), connections, kBytes);
      else plain = std::make_unique<Connections>(servers[i]->port(), connections, kBytes);
      const ServerProcess::Use before = servers[i]->use();
      const LoadResult result = framed ? framed->exchange(seconds) : plain->exchange(seconds);
      const ServerProcess::Use used = servers[i]->use() - before;
      const double cpu = used.cpu / 1000 / static_cast<double>(result.messages);
      if (i == 0) floor = cpu;
      rows[i].cpu.push_back(cpu);
      rows[i].ratio.push_back(cpu / floor);
      rows[i].messages += result.messages;
      rows[i].use.calls += used.calls;
      rows[i].use.allocations += used.allocations;
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto messages = static_cast<double>(rows[i].messages);
    std::printf("echo %5d x %zu B       %-24s %9.2f %9.2f %9.2f %9.3f\n", connections, kBytes, kKinds[i].server.name, median(rows[i].cpu), median(rows[i].ratio),
                static_cast<double>(rows[i].use.calls) / messages, static_cast<double>(rows[i].use.allocations) / messages);
    std::fflush(stdout);
  }
}

void idle() {
  constexpr int kConnections = 5000;
  for (const Kind& kind : kKinds) {
    if (!kind.isWebSocket) continue;
    const ServerProcess server(kind.server);
    const WebSocketConnections first(server.port(), 1, kBytes);                // what the first connection brings is not counted
    const std::size_t before = server.privateBytes();
    const WebSocketConnections open(server.port(), kConnections, kBytes);
    std::printf("idle                    %-24s %9.0f B of private memory per connection\n", kind.server.name, static_cast<double>(server.privateBytes() - before) / kConnections);
    std::fflush(stdout);
  }
}

constexpr std::string_view kHelp =
    "websocket: a WebSocket's echo beside a raw TCP echo\n\n"
    "usage: websocket [--rounds N] [--seconds S]\n\n"
    "Each server runs on processor 0 under a load of S seconds (0.4) from processor 1, one after the other in each of N rounds (7). A line says, per message: microseconds of the\n"
    "server's processor time (median), the same in units of raw epoll's in the same round (median), system calls, and calls of operator new.\n";

}  // namespace

int main(int argc, char** argv) {
  int rounds = 7;
  double seconds = 0.4;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--rounds" && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--seconds" && i + 1 < argc) {
      seconds = std::max(0.01, std::atof(argv[++i]));
    } else {
      std::printf("%s", kHelp.data());
      return word == "--help" || word == "-h" ? 0 : 2;
    }
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  pinToLoadProcessor();
  std::printf("case                    server                      cpu us     ratio     calls    allocs\n");
  for (const int connections : {64, 1, 1000}) compare(connections, rounds, seconds);
  idle();
  return 0;
}
