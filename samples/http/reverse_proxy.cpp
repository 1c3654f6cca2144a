// A front for another server: what is asked for below a path is answered by that one, and each answer is a line.
#include "arguments.hpp"
#include "serving.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <memory>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_reverse_proxy URL [--below PATH] [--listen ENDPOINT]\n\n"
    "Passes requests on to the server at URL, and its answers back: GET PATH/a of this one is GET URL/a of that one.\n\n"
    "  --below PATH        of this server: /api, for example; all of it at first\n"
    "  --listen ENDPOINT   where to listen (tcp:8080:interface=127.0.0.1)\n";

Deferred<> run(Reactor& reactor, std::string endpoint, http::Url target, std::string below) {
  net::TcpNetwork network(reactor);
  // [reverse-proxy]
  http::Agent agent(network, http::AgentOptions().setMaxPerHost(64).setMaxBody(http::Body::kUnlimited));
  http::Router router;
  router.any(below + "/{rest...}", http::ReverseProxy(agent, target, http::ReverseProxyOptions().setMount(below)));
  const auto site = std::make_shared<http::Site>(router, http::SiteOptions().setMaxBody(http::Body::kUnlimited).setAccessLog([](const http::AccessEntry& entry) {
    std::printf("%s\n", http::combinedLine(entry).c_str());
    std::fflush(stdout);
  }));
  // [/reverse-proxy]
  auto serving = serve(network, endpoint, site);
  co_await serving;
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  const auto target = http::Url::tryParse(argv[1]);
  std::string below = arguments.text("--below", "");
  if (!target || !target->isHttp() || (!below.empty() && (below[0] != '/' || below.back() == '/'))) {
    std::fprintf(stderr, !target || !target->isHttp() ? "%s is no URL of a server\n" : "%s is no path: /api would be one\n", !target || !target->isHttp() ? argv[1] : below.c_str());
    return 2;
  }
  const std::string endpoint = arguments.text("--listen", "tcp:8080:interface=127.0.0.1");
  return react([&](Reactor& reactor) { return orSay(run(reactor, endpoint, *target, below)); }, argc, argv);
}
