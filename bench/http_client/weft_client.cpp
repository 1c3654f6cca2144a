// Ours: the whole Agent, with its pool and its time limits, and coroutines that each await one response after the other.
#include "clients.hpp"

#include <weft/core/reactor.hpp>
#include <weft/defer/gather.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/net/tcp_network.hpp>

#include <cstdio>
#include <cstdlib>

namespace bench {

namespace {

using namespace weft;

struct Progress {
  long left;
  long bytes = 0;
};

Deferred<> worker(http::AnyAgent& agent, const http::Url& url, Progress& progress) {
  while (progress.left > 0) {
    --progress.left;
    http::Response response = co_await agent.get(url);
    const std::string body = co_await response.bytes();
    progress.bytes += static_cast<long>(body.size());
  }
}

}  // namespace

long getByAgent(const Work& work) {
  Reactor reactor;
  net::TcpNetwork network(reactor);
  const auto connections = static_cast<std::size_t>(work.connections);
  http::Agent agent(network, http::AgentOptions().setMaxPerHost(connections).setMaxTotal(connections));
  const http::Url url("http://127.0.0.1:" + std::to_string(work.port) + work.path);
  Progress progress{work.requests};
  std::vector<Deferred<>> workers;
  for (std::size_t i = 0; i < connections; ++i) workers.push_back(worker(agent, url, progress));
  auto all = gatherResults(std::move(workers)).addBoth([&reactor](auto outcome) {
    reactor.stop();
    if (outcome.ok()) return;
    std::fprintf(stderr, "weft: %s\n", outcome.failure().getErrorMessage().c_str());
    std::exit(1);
  });
  reactor.run();
  return progress.bytes;
}

}  // namespace bench
