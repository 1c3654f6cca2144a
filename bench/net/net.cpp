// bench/net: what connections cost, beside raw epoll and raw Asio in the same run. See docs/performance.md.
#include "load.hpp"
#include "server_process.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace bench;

struct Options {
  std::vector<std::string> words;
  int rounds = 7;
  double seconds = 0.4;
  bool wants(const std::string& name) const {
    return words.empty() || std::any_of(words.begin(), words.end(), [&](const std::string& word) { return name.find(word) != std::string::npos; });
  }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}


/// What one server needed, over all rounds.
struct Row {
  std::vector<double> cpu, ratio;                      // us per message; to the floor of the same round
  ServerProcess::Use use;
  long messages = 0;
};

void print(const std::string& name, const char* server, const Row& row) {
  const auto messages = static_cast<double>(row.messages);
  const double ticks = std::max(1.0, row.use.user + row.use.system);
  const double cpu = median(row.cpu);
  std::printf("%-22s %-22s %9.2f %9.2f %9.2f %9.2f %9.3f\n", name.c_str(), server, cpu, median(row.ratio), cpu * row.use.user / ticks,
              static_cast<double>(row.use.calls) / messages, static_cast<double>(row.use.allocations) / messages);
  std::fflush(stdout);
}

/// All servers under the same load, in turn, round after round, so that what else the machine does falls on all alike.
template <class Run> void compare(const Options& options, const std::string& name, int connections, std::size_t bytes, Run run) {
  if (!options.wants(name)) return;
  std::vector<Row> rows(kEchoServers.size());
  {
    std::vector<std::unique_ptr<ServerProcess>> servers;
    for (const EchoServer& server : kEchoServers) servers.push_back(std::make_unique<ServerProcess>(server));
    for (int round = 0; round < options.rounds; ++round) {
      double floor = 0;
      for (std::size_t i = 0; i < servers.size(); ++i) {
        std::unique_ptr<Connections> open;
        if (connections > 0) open = std::make_unique<Connections>(servers[i]->port(), connections, bytes);
        const ServerProcess::Use before = servers[i]->use();
        const LoadResult result = run(servers[i]->port(), open.get());
        const ServerProcess::Use used = servers[i]->use() - before;
        const double cpu = used.cpu / 1000 / static_cast<double>(result.messages);
        if (i == 0) floor = cpu;
        rows[i].cpu.push_back(cpu);
        rows[i].ratio.push_back(cpu / floor);
        rows[i].messages += result.messages;
        rows[i].use = {rows[i].use.cpu + used.cpu, rows[i].use.user + used.user, rows[i].use.system + used.system,
                       rows[i].use.calls + used.calls, rows[i].use.allocations + used.allocations};
      }
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) print(name, kEchoServers[i].name, rows[i]);
}

void echo(const Options& options, int connections, std::size_t bytes) {
  const std::string name = "echo " + std::to_string(connections) + " x " + std::to_string(bytes) + " B";
  compare(options, name, connections, bytes, [&](std::uint16_t, Connections* open) { return open->exchange(options.seconds); });
}

void idle(const Options& options) {
  constexpr int kConnections = 5000;
  if (!options.wants("idle")) return;
  for (const EchoServer& kind : kEchoServers) {
    const ServerProcess server(kind);
    Connections(server.port(), 1, 64);                 // what the first connection brings is not counted
    const std::size_t before = server.privateBytes();
    const Connections open(server.port(), kConnections, 64);
    const double bytes = static_cast<double>(server.privateBytes() - before) / kConnections;
    std::printf("%-22s %-22s %9.0f B of private memory per connection\n", "idle", kind.name, bytes);
    std::fflush(stdout);
  }
}

/// Ping-pong in memory and virtual time: what a test or a simulation pays.
class Pong final : public weft::net::Protocol {
 public:
  explicit Pong(long* messages) : messages_(messages) {}
  void dataReceived(std::string_view data) override {
    ++*messages_;
    transport().write(data);
  }

 private:
  long* messages_;
};

void memory(const Options& options) {
  for (const std::size_t bytes : {std::size_t{64}, std::size_t{65536}}) {
    const std::string name = "memory 1 x " + std::to_string(bytes) + " B";
    if (!options.wants(name)) continue;
    std::vector<double> cost;
    for (int round = 0; round < options.rounds; ++round) {
      weft::ManualClock clock;
      weft::net::MemoryNetwork network(clock, 1);
      network.setLink(weft::net::MemoryLink().latency(0.001));
      long messages = 0;
      const auto port = network.listen(7, weft::net::factoryOf<Pong>(&messages));
      auto client = std::make_shared<Pong>(&messages);
      auto connecting = weft::net::connectProtocol(network, "localhost", 7, client);
      clock.play(0.1);
      client->transport().write(std::string(bytes, 'x'));
      const std::clock_t start = std::clock();
      clock.play(20);
      cost.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC * 1e6 / static_cast<double>(messages));
    }
    std::printf("%-22s %-22s %9.2f us per message, %.0f MB/s\n", name.c_str(), "MemoryNetwork", median(cost),
                static_cast<double>(bytes) / median(cost));
    std::fflush(stdout);
  }
}

constexpr std::string_view kHelp =
    "net: what connections cost, beside raw epoll and raw Asio\n\n"
    "usage: net [--rounds N] [--seconds S] [WORD...]\n\n"
    "Measures the cases whose name contains one of the words, or all of them. The servers run one after the other in each of N rounds (7), under a load of\n"
    "S seconds (0.4), pinned to processor 0; the load runs on processor 1. A line says, per message:\n"
    "  cpu      microseconds of the server's processor time, as the scheduler counts it: median of the rounds\n"
    "  ratio    the same in units of raw epoll's in the same round: median\n"
    "  user     microseconds outside the kernel (from ticks of 10 ms: rough)\n"
    "  calls    system calls\n"
    "  allocs   calls of operator new\n"
    "Cases: echo CONNECTIONS x BYTES (ping-pong, one message in flight on each connection), connect (open, one message, close), idle, memory.\n";

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      std::printf("%s", kHelp.data());
      return 0;
    }
    if (word == "--rounds" && i + 1 < argc) {
      options.rounds = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--seconds" && i + 1 < argc) {
      options.seconds = std::max(0.01, std::atof(argv[++i]));
    } else if (word.starts_with("-")) {
      std::fprintf(stderr, "net: unknown option %s; see --help\n", argv[i]);
      return 2;
    } else {
      options.words.emplace_back(word);
    }
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  pinToLoadProcessor();

  std::printf("%-22s %-22s %9s %9s %9s %9s %9s\n", "case", "server", "cpu us", "ratio", "user us", "calls", "allocs");
  for (const int connections : {64, 1, 1000, 10000}) {
    if (static_cast<rlim_t>(connections) + 100 < files.rlim_cur) echo(options, connections, 64);
  }
  echo(options, 64, 65536);
  compare(options, "connect", 0, 0, [&](std::uint16_t port, Connections*) { return openAndClose(port, options.seconds); });
  idle(options);
  memory(options);
  return 0;
}
