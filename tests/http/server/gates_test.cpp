// Who comes in, and what a server remembers of him: authentication and sessions.
#include <doctest/doctest.h>

#include "http/server/server_world.hpp"

#include <weft/http/client/agent.hpp>
#include <weft/http/client/auth_agent.hpp>
#include <weft/http/client/cookie_agent.hpp>
#include <weft/http/server/authentication.hpp>
#include <weft/http/server/sessions.hpp>

#include <map>
#include <string>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;

namespace {

Deferred<Response> greet(Request request) {
  const User* user = request.attached<User>();
  co_return Response(200, "hello " + (user ? user->name : "nobody"));
}

std::string textFrom(World& world, AnyAgent& agent, const std::string& url) {
  auto asked = agent.get(url).addCallback([](Response response) {
    return response.text().addBoth([kept = std::make_unique<Response>(std::move(response))](Outcome<std::string> text) { return text; });
  });
  world.run(5);
  return successResultOf(asked);
}

}  // namespace

TEST_CASE("basic authentication: without it, with a wrong password, and with the right one") {
  auto site = std::make_shared<Site>(greet);
  site->use(basicAuthentication("the \"office\"", [](std::string user, std::string password) -> Deferred<bool> { co_return user == "ann" && sameSecret(password, "se:cret"); }));
  World world(site);
  const std::string without = world.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(statusOf(without) == 401);
  CHECK(without.find("WWW-Authenticate: Basic realm=\"the \\\"office\\\"\", charset=\"UTF-8\"\r\n") != std::string::npos);
  for (const char* field : {"Basic", "Basic !", "Basic YW5u", "Bearer x", "Basic YW5uOndyb25n"}) {
    CAPTURE(field);
    CHECK(statusOf(world.exchange("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: " + std::string(field) + "\r\n\r\n")) == 401);
  }
  Agent agent(world.network);
  AuthAgent client(agent, world.clock);
  client.add(Credentials("http://a", "ann", "se:cret"));
  CHECK(textFrom(world, client, "http://a/") == "hello ann");
}

TEST_CASE("digest authentication: our client comes in, a replay does not, an old nonce is renewed without asking") {
  World world([&]() {
    auto site = std::make_shared<Site>(greet);
    return site;
  }());
  std::vector<std::string> sent;
  world.site->use([&](Request request, const Handler& next) {
    sent.emplace_back(request.headers.get("Authorization", ""));
    return next(std::move(request));
  });
  world.site->use(digestAuthentication("office", [](const std::string& user) { return user == "ann" ? std::optional<std::string>("secret") : std::nullopt; }, world.clock));
  Agent agent(world.network);
  AuthAgent client(agent, world.clock);
  client.add(Credentials("http://a", "ann", "secret"));
  CHECK(textFrom(world, client, "http://a/x?y") == "hello ann");
  CHECK(textFrom(world, client, "http://a/x?y") == "hello ann");
  REQUIRE(sent.size() == 3);                                               // the second request knew the nonce
  CHECK(sent[2].find("nc=00000002") != std::string::npos);
  const std::string replay = world.exchange("GET /x?y HTTP/1.1\r\nHost: a\r\nAuthorization: " + sent[2] + "\r\n\r\n");
  CHECK(statusOf(replay) == 401);
  CHECK(replay.find("stale=true") != std::string::npos);
  CHECK(statusOf(world.exchange("GET /other HTTP/1.1\r\nHost: a\r\nAuthorization: " + sent[2] + "\r\n\r\n")) == 401);
  world.run(400);
  const std::size_t before = sent.size();
  CHECK(textFrom(world, client, "http://a/x?y") == "hello ann");
  CHECK(sent.size() == before + 2);
  Agent second(world.network);
  AuthAgent stranger(second, world.clock);
  stranger.add(Credentials("http://a", "bob", "secret"));
  auto refused = stranger.get("http://a/");
  world.run(5);
  CHECK(successResultOf(refused).status == 401);
}

namespace {
struct Visits {
  int count = 0;
};
}  // namespace

// M9
TEST_CASE("a session follows its browser by a cookie, and ends when it is not used") {
  auto site = std::make_shared<Site>([](Request request) -> Deferred<Response> {
    if (request.url.path() == "/plain") co_return Response(200, "plain");
    if (request.url.path() == "/out") {
      sessionOf(request)->expire();
      co_return Response(200, "out");
    }
    co_return Response(200, std::to_string(++sessionOf(request)->data<Visits>().count));
  });
  World world(site);
  Sessions sessions(world.clock, SessionOptions().setLifetime(60).setMaxSessions(3));
  site->use(sessions.layer());
  const std::string plain = world.exchange("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(plain.find("Set-Cookie") == std::string::npos);                    // nobody asked for one
  CHECK(sessions.size() == 0);
  const std::string first = world.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(first.find("; Path=/; HttpOnly; SameSite=Lax\r\n") != std::string::npos);
  CHECK(first.find("Secure") == std::string::npos);
  CookieJar ann, bob;
  Agent agent(world.network);
  CookieAgent annAgent(agent, ann), bobAgent(agent, bob);
  CHECK(textFrom(world, annAgent, "http://a/") == "1");
  CHECK(textFrom(world, annAgent, "http://a/") == "2");
  CHECK(textFrom(world, bobAgent, "http://a/") == "1");
  CHECK(sessions.size() == 3);
  world.run(30);
  CHECK(textFrom(world, annAgent, "http://a/") == "3");
  world.run(40);                                                           // the others were not used for a minute
  CHECK(sessions.size() == 1);
  CHECK(textFrom(world, annAgent, "http://a/") == "4");
  CHECK(textFrom(world, annAgent, "http://a/out") == "out");
  CHECK(textFrom(world, annAgent, "http://a/") == "1");
  for (int i = 0; i < 5; ++i) world.exchange("GET / HTTP/1.1\r\nHost: a\r\nCookie: weft_session=made-up\r\n\r\n");
  CHECK(sessions.size() == 3);
}

TEST_CASE("a cookie is found among others, and whoever waits for a session's end is told") {
  Request request;
  request.headers.add("Cookie", "a=1; bb=2;c = 3").add("cookie", "d=x=y");
  CHECK(cookieOf(request, "a") == "1");
  CHECK(cookieOf(request, "bb") == "2");
  CHECK(cookieOf(request, "d") == "x=y");
  CHECK(!cookieOf(request, "b"));
  CHECK_THROWS_AS(sessionOf(request), weft::http::Error);
  ManualClock clock;
  std::shared_ptr<Session> session;
  Deferred<> ended(nullptr);
  {
    Sessions sessions(clock);
    const Handler handler = layered(sessions.layer(), [&](Request request) {
      session = sessionOf(request);
      return succeed(Response(200));
    });
    successResultOf(handler(Request(Url("http://a/"))));
    ended = session->notifyOnExpire();
    clock.advance(899);
    assertNoResult(ended);
    clock.advance(2);
    successResultOf(ended);
    successResultOf(session->notifyOnExpire());
    CHECK(sessions.size() == 0);
  }
  CHECK(clock.getDelayedCalls().empty());
}
