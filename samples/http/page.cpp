// Fetches one page and says what came: over TLS or not, directly or through a proxy.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_page URL [--proxy URL]\n\n"
    "Fetches the page and prints its status, where it ended after redirects, its encoding, and the first line of its text.\n\n"
    "  --proxy URL   http://, https://, socks5:// or socks5h://; else what http_proxy and its kin say\n";

Deferred<> fetch(Reactor& reactor, std::string url, http::ProxySettings proxies) {
  net::TcpNetwork network(reactor);
  http::Agent agent(network, http::AgentOptions().setProxies(std::move(proxies)));
  http::RedirectAgent redirects(agent, reactor);
  http::ContentDecoderAgent client(redirects);
  auto asking = client.get(url);
  http::Response response = co_await asking;
  auto reading = response.decodedText();
  const http::DecodedText decoded = co_await reading;
  std::printf("%d %s\n%s\n", response.status, response.reason.c_str(), response.url.href().c_str());
  std::printf("%s, %zu bytes of text\n%s\n", std::string(decoded.encoding).c_str(), decoded.text.size(), decoded.text.substr(0, decoded.text.find('\n')).c_str());
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  const std::string proxy = arguments.text("--proxy", "");
  return react(
      [&](Reactor& reactor) {
        const auto proxies = proxy.empty() ? http::ProxySettings::fromEnvironment() : http::ProxySettings().all(proxy);
        return fetch(reactor, argv[1], proxies).addErrback([](const Error& error) {
          std::fprintf(stderr, "%s\n", error.what());
          throw SystemExit(1);
        });
      },
      argc, argv);
}
