#include <weft/http/client/redirect_agent.hpp>

#include "http/client/world.hpp"

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

struct Redirects : World {
  explicit Redirects(RedirectOptions options = {}) : client(agent, clock, std::move(options)) {}
  RedirectAgent client;
};

std::vector<std::string> urlsOf(const std::vector<Hop>& chain) {
  std::vector<std::string> all;
  for (const Hop& hop : chain) all.push_back(std::to_string(hop.status) + " " + hop.method + " " + hop.url.href());
  return all;
}

AsyncGenerator<std::string> once() { co_yield "a=1"; }

}  // namespace

// L9, and #8265: each Location is resolved against the URL that was redirected, not against the first one.
TEST_CASE("redirects are followed, each from where the last one led, and the response tells the way") {
  Redirects world;
  world.on("/start", redirectTo("/deep/one", 301)).on("/deep/one", redirectTo("two", 307)).on("/deep/two", redirectTo("//b/three?q", 308)).on("b/three?q", reply("there"));
  Response response = world.get(world.client.get("http://a/start"));
  CHECK(response.status == 200);
  CHECK(response.url.href() == "http://b/three?q");
  CHECK(world.get(response.text()) == "there");
  CHECK(urlsOf(response.history().redirects) == std::vector<std::string>{"301 GET http://a/start", "307 GET http://a/deep/one", "308 GET http://a/deep/two"});
  CHECK(world.agent.stats().connects == 2);              // the redirects' own bodies were read off
}

TEST_CASE("what is no redirect is given out as it is") {
  Redirects world;
  for (int status : {200, 300, 304, 305, 404, 500}) {
    world.on("/x", status == 304 ? "HTTP/1.1 304 X\r\nLocation: /y\r\n\r\n" : reply("", "Location: /y\r\n", status));
    Response response = world.get(world.client.get("http://a/x"));
    CHECK(response.status == status);
    CHECK(response.history().redirects.empty());
  }
}

// L10: 308 keeps the method, which browsers do and Twisted does not.
TEST_CASE("303 makes a GET, 301 and 302 make one of POST, 307 and 308 keep method and body") {
  struct Case {
    const char* method;
    int status;
    const char* after;
  };
  for (const Case& c : {Case{"POST", 301, "GET"}, Case{"POST", 302, "GET"}, Case{"POST", 303, "GET"}, Case{"POST", 307, "POST"}, Case{"POST", 308, "POST"}, Case{"PUT", 301, "PUT"},
                        Case{"PUT", 303, "GET"}, Case{"DELETE", 302, "DELETE"}, Case{"HEAD", 303, "HEAD"}, Case{"HEAD", 302, "HEAD"}, Case{"GET", 307, "GET"}}) {
    CAPTURE(c.method);
    CAPTURE(c.status);
    Redirects world;
    world.on("/from", std::string(c.method) == "HEAD" ? "HTTP/1.1 " + std::to_string(c.status) + " X\r\nLocation: /to\r\n\r\n" : redirectTo("/to", c.status));
    world.on("/to", "HTTP/1.1 204 X\r\n\r\n");
    Request request(c.method, "http://a/from");
    request.setHeader("X-Keep", "1");
    const bool body = std::string(c.method) == "POST" || std::string(c.method) == "PUT";
    if (body) request.setBody("a=1", "text/plain");
    world.get(world.client.request(std::move(request)));
    REQUIRE(world.lines().size() == 2);
    CHECK(world.lines()[1] == (body ? "a=1" : "") + std::string(c.after) + " a/to");     // the first request's body stands before the second head
    CHECK(fieldOf(world.heads[1], "X-Keep") == "1");
    const bool kept = body && std::string(c.after) == c.method;
    CHECK(fieldOf(world.heads[1], "Content-Type") == (kept ? "text/plain" : "(none)"));
    CHECK(fieldOf(world.heads[1], "Content-Length") == (kept ? "3" : "(none)"));
    if (kept) CHECK(world.server.peers[0]->received.ends_with("\r\n\r\na=1"));
  }
}

TEST_CASE("the fragment is inherited, unless the target has one") {
  Redirects world;
  world.on("/a", redirectTo("/b")).on("/b", redirectTo("/c#own")).on("/c", reply("x"));
  Response response = world.get(world.client.get("http://a/b#mine"));
  CHECK(response.url.href() == "http://a/c#own");
  world.on("/b", redirectTo("/c"));
  response = world.get(world.client.get("http://a/a#mine"));
  CHECK(response.url.href() == "http://a/c#mine");
}

TEST_CASE("secrets stay with their origin: another host, another port, another scheme") {
  for (const char* target : {"http://b/to", "http://a:8080/to"}) {
    Redirects world(RedirectOptions().addSecretHeader("X-Api-Key"));
    world.on("/same", redirectTo("/from")).on("/from", redirectTo(target)).on("/to", reply("x"));
    Request request("GET", "http://a/same");
    request.setHeader("Authorization", "Basic x").setHeader("Cookie", "a=1").setHeader("Proxy-Authorization", "Basic y").setHeader("Host", "a").setHeader("X-Api-Key", "k").setHeader("Accept", "*/*");
    world.get(world.client.request(std::move(request)));
    REQUIRE(world.heads.size() == 3);
    for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key"}) {
      CHECK(fieldOf(world.heads[1], name) != "(none)");
      CHECK(fieldOf(world.heads[2], name) == "(none)");
    }
    CHECK(fieldOf(world.heads[2], "Accept") == "*/*");
    CHECK(fieldOf(world.heads[2], "Host") == std::string(target).substr(7, std::string(target).size() - 10));
  }
}

TEST_CASE("from https to http of the same host is another origin, too") {
  // The scheme is all that differs: an agent that takes both shows what would be sent.
  struct Recorder final : AnyAgent {
    std::vector<Request> sent;
    Deferred<Response> request(Request request) override {
      Response response(request.url.scheme() == "https" ? 301 : 200);
      if (response.status == 301) response.setHeader("Location", "http://a/to");
      response.url = request.url;
      sent.push_back(std::move(request));
      return succeed(std::move(response));
    }
  } recorder;
  ManualClock clock;
  RedirectAgent client(recorder, clock);
  Request request("GET", "https://a/from");
  request.setHeader("Authorization", "Basic x").setHeader("Cookie", "a=1");
  successResultOf(client.request(std::move(request)));
  REQUIRE(recorder.sent.size() == 2);
  CHECK(recorder.sent[0].headers.has("Authorization"));
  CHECK(recorder.sent[1].url.href() == "http://a/to");
  CHECK(recorder.sent[1].headers.empty());
}

TEST_CASE("a chain that is too long is an error that tells it") {
  Redirects world(RedirectOptions().setMaxRedirects(3));
  for (int i = 0; i < 9; ++i) world.on("/" + std::to_string(i), redirectTo("/" + std::to_string(i + 1)));
  const auto error = world.error<TooManyRedirects>(world.client.get("http://a/0"));
  CHECK(error.limit == 3);
  CHECK(error.location == "/4");
  CHECK(urlsOf(error.chain) == std::vector<std::string>{"302 GET http://a/0", "302 GET http://a/1", "302 GET http://a/2", "302 GET http://a/3"});
  CHECK(std::string(error.what()) == "requesting http://a/3: redirected to \"/4\" after 3 redirects, which is the limit");
  CHECK(world.heads.size() == 4);
  CHECK(world.get(textOf(world.client.get("http://a/9"))) == "nothing");         // the next request works
  CHECK(world.agent.stats().open == 1);
}

TEST_CASE("a loop is an error, but there and back once is not") {
  Redirects world;
  int visits = 0;
  world.on("/page", [&](const std::string&) { return ++visits == 1 ? redirectTo("/login") : reply("welcome"); }).on("/login", redirectTo("/page"));
  CHECK(world.get(textOf(world.client.get("http://a/page"))) == "welcome");
  world.on("/page", redirectTo("/login"));
  const auto error = world.error<RedirectLoop>(world.client.get("http://a/page#x"));
  CHECK(error.chain.size() == 4);
  CHECK(error.location == "/page");
  world.on("/self", redirectTo("?")).on("/self?", redirectTo("?"));
  CHECK(world.error<RedirectLoop>(world.client.get("http://a/self")).chain.size() == 3);
}

TEST_CASE("a target that cannot be followed is an error of its own") {
  Redirects world;
  world.on("/none", reply("", {}, 301)).on("/empty", redirectTo(" "));
  CHECK(world.error<RedirectWithNoLocation>(world.client.get("http://a/none")).chain.size() == 1);
  world.error<RedirectWithNoLocation>(world.client.get("http://a/empty"));
  for (const char* target : {"file:///etc/passwd", "ftp://a/x", "data:text/html,x", "javascript:alert(1)", "mailto:me@a"}) {
    world.on("/bad", redirectTo(target));
    const auto error = world.error<BadRedirect>(world.client.get("http://a/bad"));
    CHECK(error.location == target);
    CHECK(std::string(error.what()).find("only http and https are followed") != std::string::npos);
  }
  for (const char* target : {"http://", "http://[::1", "http://a:99999/", "//"}) {
    world.on("/bad", redirectTo(target));
    CHECK(world.error<BadRedirect>(world.client.get("http://a/bad")).url == "http://a/bad");
  }
  world.on("/long", redirectTo("/" + std::string(40'000, 'x')));
  CHECK(world.error<BadRedirect>(world.client.get("http://a/long")).location.size() == 2000);
}

TEST_CASE("bytes beyond ASCII in a Location are asked for as they are") {
  Redirects world;
  world.on("/from", redirectTo("/caf\xE9?\xC3\xA9")).on("/caf%E9?%C3%A9", reply("found"));
  CHECK(world.get(textOf(world.client.get("http://a/from"))) == "found");
}

TEST_CASE("a redirect's large or slow body costs its connection, not the request") {
  Redirects world(RedirectOptions().setMaxBodyRead(1000).setBodyTime(2));
  world.on("/large", reply(std::string(200'000, 'x'), "Location: /to\r\n", 302)).on("/slow", "HTTP/1.1 302 X\r\nLocation: /to\r\nContent-Length: 10\r\n\r\nhalf").on("/to", reply("there"));
  CHECK(world.get(textOf(world.client.get("http://a/large"))) == "there");
  CHECK(world.server.peers.size() == 2);
  Deferred<std::string> slow = textOf(world.client.get("http://a/slow"));
  world.run(1.9);
  assertNoResult(slow);
  world.run(0.2);
  CHECK(successResultOf(slow) == "there");
  world.run(1);
  CHECK(world.agent.stats().open == world.agent.stats().idle);
  CHECK(world.server.openConnections() == world.agent.stats().idle);
}

TEST_CASE("the total time is that of the whole chain") {
  Redirects world(RedirectOptions().setTotalTimeout(10));
  world.network.setLink(net::MemoryLink().latency(2));
  world.on("/0", redirectTo("/1")).on("/1", redirectTo("/2")).on("/2", redirectTo("/3")).on("/3", reply("late"));
  Deferred<Response> chain = world.client.get("http://a/0");
  world.run(9.9);
  assertNoResult(chain);
  world.run(0.2);
  const Failure failure = failureResultOf<TotalTimeout>(chain);
  CHECK(failure.as<TotalTimeout>()->seconds == 10);
  Request patient("GET", "http://a/0");
  patient.setTimeout(60);
  CHECK(world.get(textOf(world.client.request(std::move(patient))), 60) == "late");
}

TEST_CASE("cancel stops the chain wherever it is") {
  for (double at : {0.05, 0.5, 1.2, 1.6}) {              // while it connects, waits for a head, reads a redirect's body, waits for the next head
    Redirects world(RedirectOptions().setBodyTime(30));
    world.network.setLink(net::MemoryLink().latency(0.2));
    world.on("/from", "HTTP/1.1 302 X\r\nLocation: /to\r\nContent-Length: 100\r\n\r\nhalf").on("/to", reply("there"));
    Deferred<Response> pending = world.client.get("http://a/from");
    world.run(at);
    pending.cancel();
    failureResultOf<CancelledError>(pending);
    CHECK(world.agent.stats().open == 0);
    world.run(100);
    CHECK(world.heads.size() <= 1);
    CHECK(world.server.openConnections() == 0);
  }
}

TEST_CASE("agents may be destroyed while a chain is under way") {
  World world;
  world.network.setLink(net::MemoryLink().latency(1));
  auto inner = std::make_unique<Agent>(world.network);
  auto client = std::make_unique<RedirectAgent>(*inner, world.clock);
  Deferred<Response> pending = client->get("http://a/");
  world.run(0.5);
  client.reset();
  inner.reset();
  failureResultOf<AgentClosed>(pending);
  // And while a redirect's body is read off.
  world.on("/half", "HTTP/1.1 302 X\r\nLocation: /to\r\nContent-Length: 100\r\n\r\nhalf");
  inner = std::make_unique<Agent>(world.network);
  client = std::make_unique<RedirectAgent>(*inner, world.clock, RedirectOptions().setBodyTime(60));
  pending = client->get("http://a/half");
  world.run(10);
  CHECK(world.heads.size() == 1);
  client.reset();
  inner.reset();
  failureResultOf<AgentClosed>(pending);
}

TEST_CASE("a body that can be sent once only is not redirected, but dropped where the method changes") {
  Redirects world;
  world.on("/keep", redirectTo("/to", 307)).on("/change", redirectTo("/to", 303)).on("/to", reply("there"));
  Request keep("POST", "http://a/keep");
  keep.setBodyChunks(once(), 3);
  CHECK(std::string(world.error<BadRedirect>(world.client.request(std::move(keep))).what()).find("can be sent once only") != std::string::npos);
  Request change("POST", "http://a/change");
  change.setBodyChunks(once(), 3);
  CHECK(world.get(textOf(world.client.request(std::move(change)))) == "there");
}
