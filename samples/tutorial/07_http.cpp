// 07: an HTTP request, and the server that answers it.
#include "../arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <memory>
#include <string>

using namespace weft;

Deferred<http::Response> greet(http::Request request) {
  co_return http::Response(200, "hello from " + std::string(request.url.path()) + "\n", "text/plain");
}

Deferred<> run(Reactor& reactor) {
  net::TcpNetwork network(reactor);
  const auto server = network.listen(0, std::make_shared<http::Site>(greet), net::ListenOptions().interface("127.0.0.1"));
  const std::string site = "http://127.0.0.1:" + std::to_string(server->getHost().port());

  http::Agent agent(network);
  http::Response response = co_await agent.get(site + "/a/page");
  std::string body = co_await response.text();
  std::printf("%d %s: %s", response.status, std::string(http::reasonPhrase(response.status)).c_str(), body.c_str());

  try {
    co_await agent.get("http://127.0.0.1:1/");
  } catch (const net::ConnectionRefused& error) {
    std::printf("%s\n", error.what());
  }
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, "tutorial_07_http\n\nAn HTTP request, and the server that answers it.\n");
  return react(run, argc, argv);
}
