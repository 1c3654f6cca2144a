// A client of layers: retries, redirects, a login, cookies and a cache, at a site that needs all of them.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_layers [--cache FOLDER]\n\n"
    "Fetches a page twice from a site of its own that is busy at first, redirects, wants a cookie and a login; and tells how it got there.\n\n"
    "  --cache FOLDER   keeps responses there; a new folder unless set, which is removed at the end\n";

// [http-layers]
struct Client {
  Client(net::Network& network, const std::string& folder)
      : agent(network),
        cache(agent, http::CacheOptions(folder)),
        cookies(cache, jar),
        auth(cookies, network.clock()),
        retries(auth, network.clock(), http::RetryOptions().setFirstDelay(0.1)),
        redirects(retries, network.clock()),
        decoder(redirects),
        log(decoder, network.clock()) {}

  Deferred<http::Response> get(std::string url) { return log.get(url); }

  http::CookieJar jar;
  http::Agent agent;                       // sends requests, keeps connections
  http::CacheAgent cache;                  // answers without it where it can
  http::CookieAgent cookies;
  http::AuthAgent auth;
  http::RetryAgent retries;
  http::RedirectAgent redirects;
  http::ContentDecoderAgent decoder;       // gzip, br, zstd
  http::LoggingAgent log;                  // what the program asked for, a line each
};
// [/http-layers]

Deferred<http::Response> serve(http::Request request) {
  static bool busy = true;
  if (std::exchange(busy, false)) co_return http::Response(503, "busy").setHeader("Retry-After", "0");
  if (request.url.path() == "/") co_return http::Response(302, "").setHeader("Location", "/home").setHeader("Set-Cookie", "id=1");
  if (request.headers.get("Cookie") != "id=1") co_return http::Response(403, "no cookie");
  if (!request.headers.has("Authorization")) co_return http::Response(401, "who?").setHeader("WWW-Authenticate", "Basic realm=\"home\"");
  co_return http::Response(200, "welcome home").setHeader("Cache-Control", "max-age=60");
}

void tell(const http::Response& response, const std::string& body) {
  for (const http::FailedTry& one : response.history().tries) std::printf("  tried %s: %d\n", std::string(one.url.path()).c_str(), one.status);
  for (const http::Hop& hop : response.history().redirects) std::printf("  redirected from %s (%d)\n", std::string(hop.url.path()).c_str(), hop.status);
  std::printf("  %s %d: %s%s\n", std::string(response.url.path()).c_str(), response.status, body.c_str(), response.history().cache == http::CacheUse::Fresh ? " (out of the cache)" : "");
}

Deferred<> run(Reactor& reactor, std::string folder) {
  net::TcpNetwork network(reactor);
  const auto server = network.listen(0, std::make_shared<http::Site>(serve), net::ListenOptions().interface("127.0.0.1"));
  const std::string site = "http://127.0.0.1:" + std::to_string(server->getHost().port());
  Client client(network, folder);
  client.auth.add(http::Credentials(site, "me", "secret"));
  for (const char* when : {"first", "again"}) {
    http::Response response = co_await client.get(site + "/");
    const std::string body = co_await response.text();
    std::printf("%s:\n", when);
    tell(response, body);
  }
  std::printf("%d requests over %d connection(s)\n", static_cast<int>(client.agent.stats().requests), static_cast<int>(client.agent.stats().connects));
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  std::string folder = arguments.text("--cache", "");
  const bool own = folder.empty();
  if (own) {
    folder = (std::filesystem::temp_directory_path() / "http_layers-XXXXXX").string();
    if (!::mkdtemp(folder.data())) return std::perror("making a folder"), 1;
  }
  const int status = react([&](Reactor& reactor) { return run(reactor, folder); }, argc, argv);
  if (own) std::filesystem::remove_all(folder);
  return status;
}
