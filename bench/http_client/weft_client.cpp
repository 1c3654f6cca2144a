// Ours: the whole Agent, with its pool and its time limits, and coroutines that each await one response after the other; by itself, and under what most programs put around it.
#include "clients.hpp"

#include <weft/core/reactor.hpp>
#include <weft/defer/gather.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/content_decoder_agent.hpp>
#include <weft/http/client/cookie_agent.hpp>
#include <weft/http/client/redirect_agent.hpp>
#include <weft/http/client/retry_agent.hpp>
#include <weft/http/cookies/cookie_jar.hpp>
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

http::Url urlOf(const Work& work) { return http::Url("http://127.0.0.1:" + std::to_string(work.port) + work.path); }

http::AgentOptions optionsFor(const Work& work) {
  const auto connections = static_cast<std::size_t>(work.connections);
  return http::AgentOptions().setMaxPerHost(connections).setMaxTotal(connections);
}

long run(Reactor& reactor, http::AnyAgent& agent, const Work& work) {
  const http::Url url = urlOf(work);
  Progress progress{work.requests};
  std::vector<Deferred<>> workers;
  for (int i = 0; i < work.connections; ++i) workers.push_back(worker(agent, url, progress));
  auto all = gatherResults(std::move(workers)).addBoth([&reactor](auto outcome) {
    reactor.stop();
    if (outcome.ok()) return;
    std::fprintf(stderr, "weft: %s\n", outcome.failure().getErrorMessage().c_str());
    std::exit(1);
  });
  reactor.run();
  return progress.bytes;
}

// A thousand cookies, of which three are for this site.
void fill(http::CookieJar& jar, const http::Url& site) {
  for (int i = 0; i < 997; ++i) {
    const std::string number = std::to_string(i);
    jar.setCookie("name" + number + "=value" + number, http::Url("http://host" + std::to_string(i % 100) + ".example/"));
  }
  for (const char* cookie : {"id=0123456789abcdef", "theme=dark", "seen=1"}) jar.setCookie(cookie, site);
}

}  // namespace

long getByAgent(const Work& work) {
  Reactor reactor;
  net::TcpNetwork network(reactor);
  http::Agent agent(network, optionsFor(work));
  return run(reactor, agent, work);
}

long getThroughLayers(const Work& work) {
  Reactor reactor;
  net::TcpNetwork network(reactor);
  http::Agent agent(network, optionsFor(work));
  http::CookieJar jar;
  fill(jar, urlOf(work));
  http::CookieAgent cookies(agent, jar);
  http::RetryAgent retries(cookies, reactor);
  http::RedirectAgent redirects(retries, reactor);
  http::ContentDecoderAgent decoder(redirects);
  return run(reactor, decoder, work);
}

}  // namespace bench
