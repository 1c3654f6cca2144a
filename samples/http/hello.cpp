// The smallest server: a Router, and a coroutine that answers.
#include "arguments.hpp"
#include "serving.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <memory>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_hello [--listen ENDPOINT]\n\n"
    "Greets the world at /, and whoever is named at /NAME.\n\n"
    "  --listen ENDPOINT   where to listen (tcp:8080:interface=127.0.0.1)\n";

// [hello]
Deferred<http::Response> hello(http::Request request) {
  const std::string name(request.pathValue("name"));
  co_return http::Response(200, "Hello, " + (name.empty() ? "world" : name) + "!\n", "text/plain; charset=utf-8");
}

Deferred<> run(Reactor& reactor, std::string endpoint) {
  net::TcpNetwork network(reactor);
  http::Router router;
  router.get("/", hello).get("/{name}", hello);
  const auto site = std::make_shared<http::Site>(router);
  auto serving = serve(network, endpoint, site);
  co_await serving;
}
// [/hello]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  const std::string endpoint = arguments.text("--listen", "tcp:8080:interface=127.0.0.1");
  return react([&](Reactor& reactor) { return orSay(run(reactor, endpoint)); }, argc, argv);
}
