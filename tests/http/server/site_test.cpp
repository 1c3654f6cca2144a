#include <weft/http/server/site.hpp>

#include <doctest/doctest.h>

#include "http/peers.hpp"
#include "http/server/server_world.hpp"

#include <weft/core/log.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/client/agent.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;
using weft::net::MemoryLink;

namespace {

Deferred<Response> echo(Request request) {
  co_return Response(200, request.method() + " " + std::string(request.url.href()) + " " + co_await request.bytes(), "text/plain");
}

}  // namespace

TEST_CASE("a request is answered with status, Date, length and body") {
  World world(echo);
  auto client = world.connect();
  client->transport().write("POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  world.run();
  CHECK(client->received.starts_with("HTTP/1.1 200 OK\r\nDate: "));
  CHECK(client->received.find(" GMT\r\n") != std::string::npos);
  CHECK(client->received.ends_with("Content-Length: 20\r\nContent-Type: text/plain\r\n\r\nPOST http://a/x?y hi"));
  CHECK(!client->lost);
  CHECK(world.site->requests() == 1);
}

TEST_CASE("a connection persists as HTTP/1.1 and 1.0 say") {
  World world(echo);
  CHECK(world
            .exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /3 "
                      "HTTP/1.1\r\nHost: a\r\n\r\n")
            .find("/3") == std::string::npos);
  const std::string closed = world.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(closed.find("Connection: close\r\n") != std::string::npos);
  CHECK(world.exchange("GET / HTTP/1.0\r\n\r\n").find("Connection: close\r\n") != std::string::npos);
  CHECK(world.exchange("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
            .find("Connection: keep-alive\r\n") != std::string::npos);
  world.run(5);
  auto client = world.connect();
  client->transport().write("GET / HTTP/1.0\r\n\r\n");
  world.run();
  CHECK(client->lost);
  CHECK(client->clean);
}

TEST_CASE("pipelined requests are answered in order, whatever order they finish in, however they arrive") {
  ManualClock* clock = nullptr;
  int running = 0;
  int most = 0;
  World world([&](Request request) -> Deferred<Response> {
    most = std::max(most, ++running);
    const std::string path(request.url.path());
    co_await deferLater(*clock, path == "/1" ? 0.5 : 0.1);
    --running;
    co_return Response(200, path);
  });
  clock = &world.clock;
  std::string requests;
  for (int i = 1; i <= 5; ++i) requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  auto client = world.connect();
  for (char byte : requests) {
    client->transport().write(std::string_view(&byte, 1));
    world.run(0.001);
  }
  world.run(2);
  std::string bodies;
  for (std::size_t at = 0; (at = client->received.find("\r\n\r\n", at)) != std::string::npos; at += 6)
    bodies += client->received.substr(at + 4, 2);
  CHECK(bodies == "/1/2/3/4/5");
  CHECK(most == 1);
}

TEST_CASE("answers to HEAD, 204 and 304 have no body") {
  World world([](Request request) -> Deferred<Response> {
    if (request.url.path() == "/204") co_return Response(204);
    if (request.url.path() == "/304") co_return Response(304).setHeader("ETag", "\"x\"");
    co_return Response(200, "0123456789");
  });
  CHECK(world.exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  CHECK(world.exchange("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(world.exchange("GET /304 HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n");
}

TEST_CASE("what is no correct request gets its status, and the connection is closed") {
  World world(echo, SiteOptions().setMaxBody(100));
  const auto status = [&](std::string_view bytes) { return statusOf(world.exchange(bytes)); };
  CHECK(status("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  CHECK(status("garbage\r\n\r\n") != 200);
  CHECK(status("FROB / HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  CHECK(status("GET / HTTP/3.7\r\nHost: a\r\n\r\n") == 505);
  CHECK(status("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n") == 400);
  CHECK(status("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n") == 501);
  CHECK(status("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(status("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n") == 413);
  CHECK(status("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') +
               "\r\n0\r\n\r\n") == 413);
  CHECK(status("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
  CHECK(status("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300000, 'x') + "\r\n\r\n") == 431);
  CHECK(status("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n") == 501);
  CHECK(status("GET relative HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  const std::string answer = world.exchange("GET / HTTP/1.1\r\n\r\n");
  CHECK(answer ==
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 16\r\nConnection: close\r\nContent-Type: text/plain; "
        "charset=utf-8\r\n\r\n400 Bad Request\n");
  world.run(10);
  CHECK(world.site->connections() == 1);                 // one whose body had come in full, too large as it was
  CHECK(world.site->requests() == 2);                    // the two that were too large had reached the handler
}

TEST_CASE("a handler's error is a 500 that tells nothing") {
  Silence silence;
  World world([](Request request) -> Deferred<Response> {
    if (request.url.path() == "/throw") throw std::runtime_error("secret");
    return fail<Response>(std::runtime_error("secret"));
  });
  for (const char* path : {"/throw", "/fail"}) {
    const std::string answer = world.exchange("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(statusOf(answer) == 500);
    CHECK(answer.find("secret") == std::string::npos);
    CHECK(answer.find("Connection: close") == std::string::npos);
  }
}

TEST_CASE("a handler's bad field cannot reach the wire") {
  Silence silence;
  World world([](Request) -> Deferred<Response> { co_return Response(200).setHeader("X", "a\r\nSet-Cookie: b"); });
  CHECK(statusOf(world.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 500);
}

TEST_CASE("a tree of resources: children, leaves, 404, 405 with Allow") {
  auto root = std::make_shared<Resource>();
  root->putChild("", page("front"));
  auto quotes = root->putChild("quotes", std::make_shared<Resource>());
  quotes->putChild("", page("all"));
  quotes->putChild("a b", page("spaced"));
  auto leaf = root->putChild("leaf", std::make_shared<Resource>());
  leaf->isLeaf = true;
  leaf->onGet([](Request request) -> Deferred<Response> { co_return Response(200, std::string(request.url.path())); });
  leaf->onPost([](Request request) -> Deferred<Response> { co_return Response(200, co_await request.bytes()); });
  World world(std::make_shared<Site>(root));
  const auto get = [&](std::string path, std::string method = "GET") {
    const std::string answer = world.exchange(method + " " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return std::to_string(statusOf(answer)) + " " + answer.substr(answer.find("\r\n\r\n") + 4);
  };
  CHECK(get("/") == "200 front");
  CHECK(get("/quotes/") == "200 all");
  CHECK(get("/quotes/a%20b") == "200 spaced");
  CHECK(get("/quotes/x/../a%20b?q") == "200 spaced");
  CHECK(get("/quotes").starts_with("404"));
  CHECK(get("/nothing").starts_with("404"));
  CHECK(get("/quotes/a%20b/").starts_with("404"));
  CHECK(get("/leaf/any/thing") == "200 /leaf/any/thing");
  CHECK(get("/leaf", "HEAD") == "200 ");
  CHECK(get("/leaf", "DELETE").starts_with("405"));
  CHECK(world.exchange("DELETE /leaf HTTP/1.1\r\nHost: a\r\n\r\n").find("Allow: GET, HEAD, POST\r\n") !=
        std::string::npos);
  CHECK(get("http://other/quotes/") == "200 all");
}

TEST_CASE("slow requests end in 408, idle connections are closed, a handler may take its time") {
  ManualClock* clock = nullptr;
  World world(
      [&](Request request) -> Deferred<Response> {
        const std::string body = co_await request.bytes();
        co_await deferLater(*clock, 100);
        co_return Response(200, "late");
      },
      SiteOptions().setHeadTimeout(5).setKeepAlive(10).setBodyTimeout(7));
  clock = &world.clock;
  auto idle = world.connect();
  auto slowHead = world.connect();
  slowHead->transport().write("GET / HT");
  auto slowBody = world.connect();
  slowBody->transport().write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhi");
  auto patient = world.connect();
  patient->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run(6);
  CHECK(statusOf(slowHead->received) == 408);
  CHECK(slowBody->received == "");
  world.run(2);
  CHECK(statusOf(slowBody->received) == 408);
  CHECK(!idle->lost);
  world.run(3);
  CHECK(idle->lost);
  CHECK(idle->received == "");
  world.run(95);
  CHECK(patient->received.ends_with("late"));
  world.run(20);
  CHECK(world.site->connections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("a client that goes away cancels its handler") {
  bool cancelled = false;
  Trigger<Response> never;
  World world([&](Request) {
    Deferred<Response> pending([&] { cancelled = true; });
    never = pending.takeTrigger();
    return pending;
  });
  auto client = world.connect();
  client->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run();
  CHECK(!cancelled);
  client->transport().abortConnection();
  world.run();
  CHECK(cancelled);
  CHECK(world.site->connections() == 0);
}

TEST_CASE("a client that closes its sending side still gets its answer") {
  ManualClock* clock = nullptr;
  World world([&](Request) -> Deferred<Response> {
    co_await deferLater(*clock, 1);
    co_return Response(200, "done");
  });
  clock = &world.clock;
  auto client = world.connect();
  client->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client->transport().loseWriteConnection();
  world.run(2);
  CHECK(client->received.ends_with("done"));
  CHECK(client->lost);
}

TEST_CASE("Expect: 100-continue is answered before the body comes") {
  World world(echo);
  auto client = world.connect();
  client->transport().write("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  world.run();
  CHECK(client->received == "HTTP/1.1 100 Continue\r\n\r\n");
  client->transport().write("hi");
  world.run();
  CHECK(client->received.ends_with("POST http://a/ hi"));
}

TEST_CASE("what a handler fetches can be passed on while it comes") {
  World world([&](Request) -> Deferred<Response> { co_return Response(404); });
  const std::string body(1'000'000, 'z');
  weft::test::ScriptedServer origin(world.network, 81, weft::test::reply(body));
  Agent agent(world.network);
  auto proxy = std::make_shared<Site>([&](Request) -> Deferred<Response> {
    Response upstream = co_await agent.get("http://a:81/");
    Response response(200);
    response.body = std::move(upstream.body);
    co_return response;
  });
  auto port = world.network.listen(82, proxy);
  auto fetched = agent.get("http://a:82/").addCallback([](Response response) {
    return response.bytes().addBoth(
        [kept = std::make_unique<Response>(std::move(response))](Outcome<std::string> bytes) { return bytes; });
  });
  world.run(5);
  CHECK(successResultOf(fetched) == body);
}

TEST_CASE("a site closes gracefully: idle connections now, busy ones after their answer, stubborn ones after a while") {
  ManualClock* clock = nullptr;
  World world([&](Request request) -> Deferred<Response> {
    co_await deferLater(*clock, request.url.path() == "/slow" ? 1000 : 1);
    co_return Response(200, "done");
  });
  clock = &world.clock;
  auto idle = world.connect();
  auto busy = world.connect();
  busy->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto stubborn = world.connect();
  stubborn->transport().write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run();
  auto closed = world.site->close(5);
  world.run();
  CHECK(idle->lost);
  CHECK(!busy->lost);
  world.run(2);
  CHECK(busy->received.ends_with("done"));
  CHECK(busy->received.find("Connection: close") != std::string::npos);
  CHECK(busy->lost);
  assertNoResult(closed);
  world.run(4);
  CHECK(stubborn->lost);
  successResultOf(closed);
}

TEST_CASE("no more connections than allowed") {
  World world(echo, SiteOptions().setMaxConnections(2));
  auto first = world.connect();
  auto second = world.connect();
  auto third = world.connect();
  world.run();
  CHECK(third->lost);
  CHECK(world.site->connections() == 2);
  first->transport().abortConnection();
  world.run();
  auto fourth = world.connect();
  world.run();
  CHECK(!fourth->lost);
}

TEST_CASE("the Agent and the Site understand each other, over any pieces and latency") {
  World world(echo);
  world.network.setLink(MemoryLink().latency(0.01).jitter(0.01).chunks(1, 7));
  Agent agent(world.network);
  for (int i = 0; i < 20; ++i) {
    auto answer =
        agent.post("http://a/" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 50, 'x'), "text/plain")
            .addCallback([](Response response) {
              CHECK(response.status == 200);
              auto text = response.text();
              return text;
            });
    world.run(10);
    CHECK(successResultOf(answer) ==
          "POST http://a/" + std::to_string(i) + " " + std::string(static_cast<std::size_t>(i) * 50, 'x'));
  }
  CHECK(agent.stats().connects == 1);
}

TEST_CASE("a reason with a line break is not sent") {
  World world(Handler([](Request) {
    Response response(200, "x");
    response.reason = "OK\r\nSet-Cookie: a=1";
    return succeed(std::move(response));
  }));
  const std::string answer = world.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nC"));
  CHECK(answer.find("Set-Cookie") == std::string::npos);
}
