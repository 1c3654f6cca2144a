#include <weft/http/server/reverse_proxy.hpp>

#include <doctest/doctest.h>

#include "http/server/server_world.hpp"

#include <weft/defer/defer_later.hpp>
#include <weft/http/server/router.hpp>
#include <weft/http/server/virtual_hosts.hpp>

#include <string>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;

namespace {

// A proxy at "a:80" before a target at "a:81".
struct Proxied {
  explicit Proxied(Handler target, ReverseProxyOptions options = ReverseProxyOptions(), AgentOptions limits = AgentOptions())
      : world(std::make_shared<Site>([this](Request request) { return (*proxy)(std::move(request)); })), agent(world.network, limits) {
    proxy = std::make_unique<ReverseProxy>(agent, Url("http://a:81/base/"), options);
    port = world.network.listen(81, std::make_shared<Site>(std::move(target)));
  }
  std::unique_ptr<ReverseProxy> proxy;
  World world;
  Agent agent;
  std::unique_ptr<net::Port> port;
};

std::string bodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("a request goes on to the target with its body, and without the fields of its connection") {
  std::string seen;
  Proxied proxied([&](Request request) -> Deferred<Response> {
    seen = request.method() + " " + request.target + "\n";
    for (const HeaderField field : request.headers) seen.append(field.name).append(": ").append(field.value).append("\n");
    seen += co_await request.bytes();
    co_return Response(201, "made").setHeader("X-Own", "1").setHeader("Keep-Alive", "timeout=5");
  });
  const std::string answer = proxied.world.exchange(
      "POST /a%20b?c=d HTTP/1.1\r\nHost: front\r\nX-Mine: 2\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 3\r\nX-Forwarded-For: 6.6.6.6\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 1);
  CHECK(seen.starts_with("POST /base/a%20b?c=d\n"));
  CHECK(seen.ends_with("\nabcde"));
  CHECK(seen.find("X-Mine: 2\n") != std::string::npos);
  CHECK(seen.find("X-Hop") == std::string::npos);
  CHECK(seen.find("Host: a:81\n") != std::string::npos);
  CHECK(seen.find("X-Forwarded-Host: front\n") != std::string::npos);
  CHECK(seen.find("X-Forwarded-Proto: http\n") != std::string::npos);
  CHECK(seen.find("6.6.6.6") == std::string::npos);
  CHECK(seen.find("Via: 1.1 weft\n") != std::string::npos);
  CHECK(statusOf(answer) == 201);
  CHECK(answer.find("X-Own: 1\r\n") != std::string::npos);
  CHECK(answer.find("Keep-Alive") == std::string::npos);
  CHECK(bodyOf(answer) == "made");
}

TEST_CASE("a proxy below a place of its own passes on what is behind that place, and never leaves the target's folder") {
  std::string seen;
  Router router;
  Proxied proxied([&](Request request) -> Deferred<Response> {
    seen = request.target;
    co_return Response(200);
  });
  router.any("/api/{rest...}", ReverseProxy(proxied.agent, Url("http://a:81/base/"), ReverseProxyOptions().setMount("/api")));
  auto front = proxied.world.network.listen(82, std::make_shared<Site>(router));
  const auto ask = [&](const std::string& path) {
    seen = "nothing";
    auto connecting = net::connectProtocol(proxied.world.network, "a", 82, std::make_shared<Client>());
    proxied.world.run();
    auto client = successResultOf(connecting);
    client->transport().write("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    proxied.world.run(1);
    return seen;
  };
  CHECK(ask("/api/x%20y/z?q=1") == "/base/x%20y/z?q=1");
  CHECK(ask("/api/") == "/base/");
  for (const char* path : {"/api/%2e%2e%2fsecret", "/api/..%2fsecret", "/api/a/..%2f..%2f..%2fsecret", "/api/%2e%2e/secret", "/api/../secret"}) {
    CAPTURE(path);
    const std::string target = ask(path);
    CHECK((target == "nothing" || target.starts_with("/base/")));
  }
}

TEST_CASE("bodies stream through in both directions, and a client that leaves ends the request at the target") {
  bool left = false;
  Clock* clock = nullptr;
  Proxied proxied([&](Request request) -> Deferred<Response> {
    if (request.url.path() == "/base/wait") {
      auto waiting = deferLater(*clock, 1000);
      const auto waited = co_await waiting.outcome();
      left = !waited;
      co_return Response(200);
    }
    co_return Response(200).setBodyChunks(request.chunks());
  });
  clock = &proxied.world.clock;
  auto client = proxied.world.connect();
  client->transport().write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  proxied.world.run(1);
  CHECK(client->received.ends_with("2\r\nab\r\n"));
  client->transport().write("2\r\ncd\r\n0\r\n\r\n");
  proxied.world.run(1);
  CHECK(client->received.ends_with("2\r\ncd\r\n0\r\n\r\n"));
  auto leaving = proxied.world.connect();
  leaving->transport().write("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  proxied.world.run(1);
  leaving->transport().abortConnection();
  proxied.world.run(1);
  CHECK(left);
}

TEST_CASE("a target that is not there is a 502, one that is slow a 504, and a circle a 508") {
  Silence silence;
  Clock* clock = nullptr;
  Proxied proxied(
      [&](Request) -> Deferred<Response> {
        co_await deferLater(*clock, 100);
        co_return Response(200);
      },
      ReverseProxyOptions(), AgentOptions().setFirstByteTimeout(5));
  clock = &proxied.world.clock;
  CHECK(statusOf(proxied.world.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 10)) == 504);
  CHECK(statusOf(proxied.world.exchange("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 other, 1.1 weft\r\n\r\n", 10)) == 508);
  proxied.port.reset();
  proxied.agent.close();
  Agent fresh(proxied.world.network);
  proxied.proxy = std::make_unique<ReverseProxy>(fresh, Url("http://a:81/"));
  CHECK(statusOf(proxied.world.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 10)) == 502);
}

TEST_CASE("a change of protocol passes through, and joins both connections until one ends") {
  class Shout final : public net::Protocol {
    void dataReceived(std::string_view data) override {
      transport().write(std::string(data) + "!");
      if (data == "bye") transport().loseConnection();
    }
  };
  Proxied proxied([](Request request) -> Deferred<Response> {
    CHECK(request.headers.get("Upgrade", "") == "shout");
    co_return Response().setUpgrade("shout", [](std::shared_ptr<net::Transport> transport) { transport->setProtocol(std::make_shared<Shout>()); });
  });
  auto client = proxied.world.connect();
  client->transport().write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nhey");
  proxied.world.run(1);
  CHECK(statusOf(client->received) == 101);
  CHECK(client->received.ends_with("\r\n\r\nhey!"));
  client->transport().write("bye");
  proxied.world.run(1);
  CHECK(client->received.ends_with("bye!"));
  CHECK(client->lost);
  CHECK(client->clean);
}

TEST_CASE("virtual hosts: by name, below a name, otherwise, or not here") {
  const auto says = [](std::string text) -> Handler { return [text](Request) { return succeed(Response(200, text)); }; };
  VirtualHosts hosts;
  hosts.add("Example.com", says("one")).add("*.example.com", says("below")).add("deep.sub.example.com", says("deep")).add("*.sub.example.com", says("sub"));
  World world(hosts);
  const auto ask = [&](const std::string& host) { return bodyOf(world.exchange("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")); };
  CHECK(ask("example.com:8080") == "one");
  CHECK(ask("EXAMPLE.COM") == "one");
  CHECK(ask("x.example.com") == "below");
  CHECK(ask("x.sub.example.com") == "sub");
  CHECK(ask("deep.sub.example.com") == "deep");
  CHECK(ask("other.com").starts_with("421 Misdirected Request"));
  CHECK(ask("com").starts_with("421"));
  hosts.otherwise(says("else"));
  World other(hosts);
  CHECK(bodyOf(other.exchange("GET / HTTP/1.1\r\nHost: other.com\r\n\r\n")) == "else");
}
