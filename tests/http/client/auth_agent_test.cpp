#include <weft/http/client/auth_agent.hpp>

#include <weft/http/client/redirect_agent.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/digest.hpp>

#include "http/client/world.hpp"

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

constexpr const char* kBasic = "Basic bWU6c2VjcmV0";     // me:secret

std::string challenge(const std::string& text, const std::string& body = "who are you?") { return reply(body, "WWW-Authenticate: " + text + "\r\n", 401); }

std::string parameter(const std::string& field, const std::string& name) {
  const auto challenges = parseChallenges(field);
  return challenges.empty() ? std::string() : std::string(challenges[0].parameter(name).value_or(""));
}

// A server's side of Digest with MD5, which checks the answer itself. RFC 7616 section 3.4.
class DigestServer {
 public:
  std::string answer(const std::string& request) {
    const std::string field = fieldOf(request, "Authorization");
    if (!field.starts_with("Digest ")) return refuse(false);
    if (parameter(field, "nonce") != nonce) return refuse(true);
    const auto hash = [](const std::string& text) { return net::hexDigest(net::DigestKind::Md5, text); };
    const std::string method = request.substr(0, request.find(' '));
    const std::string expected = hash(hash("me:home:secret") + ":" + nonce + ":" + parameter(field, "nc") + ":" + parameter(field, "cnonce") + ":auth:" + hash(method + ":" + parameter(field, "uri")));
    if (parameter(field, "response") != expected) return refuse(false);
    counts.push_back(parameter(field, "nc"));
    return reply("welcome");
  }
  std::string refuse(bool stale) const { return challenge("Digest realm=\"home\", qop=\"auth\", nonce=\"" + nonce + "\"" + (stale ? ", stale=true" : "")); }
  std::string nonce = "n1";
  std::vector<std::string> counts;
};

struct Guarded : World {
  Guarded() : client(agent, clock) {}
  AuthAgent client;
};

AsyncGenerator<std::string> once() { co_yield "a=1"; }

}  // namespace

TEST_CASE("Basic is sent when the server asks, and at once from then on") {
  Guarded world;
  world.on("/", [](const std::string& request) { return fieldOf(request, "Authorization") == kBasic ? reply("in") : challenge("Basic realm=\"x\""); });
  world.client.add(Credentials("http://a", "me", "secret"));
  CHECK(world.get(textOf(world.client.get("http://a/"))) == "in");
  CHECK(world.get(textOf(world.client.get("http://a/"))) == "in");
  CHECK(world.heads.size() == 3);
  CHECK(fieldOf(world.heads[0], "Authorization") == "(none)");
  CHECK(world.agent.stats().connects == 1);              // the 401's body was read off
}

TEST_CASE("Basic goes out before anybody asks where that was wished for, and there alone") {
  Guarded world;
  world.client.add(Credentials("http://a", "me", "secret").setBasicAtOnce());
  for (const char* url : {"http://a/", "http://a/x/y", "http://b/", "http://a:8080/"}) world.get(world.client.get(url));
  CHECK(fieldOf(world.heads[0], "Authorization") == kBasic);
  CHECK(fieldOf(world.heads[1], "Authorization") == kBasic);
  CHECK(fieldOf(world.heads[2], "Authorization") == "(none)");
  CHECK(fieldOf(world.heads[3], "Authorization") == "(none)");
  CHECK_THROWS_AS(world.client.add(Credentials("http://a", "m:e", "secret").setBasicAtOnce()), AuthError);
}

TEST_CASE("Digest is answered, its nonce counts on, and a stale one is renewed") {
  Guarded world;
  DigestServer server;
  world.on("/page?q=1", [&](const std::string& request) { return server.answer(request); });
  world.client.add(Credentials("http://a", "me", "secret"));
  for (int i = 0; i < 3; ++i) CHECK(world.get(textOf(world.client.get("http://a/page?q=1"))) == "welcome");
  CHECK(world.heads.size() == 4);
  server.nonce = "n2";
  CHECK(world.get(textOf(world.client.get("http://a/page?q=1"))) == "welcome");
  CHECK(world.heads.size() == 6);
  CHECK(server.counts == std::vector<std::string>{"00000001", "00000002", "00000003", "00000001"});
  CHECK(parameter(fieldOf(world.heads[5], "Authorization"), "uri") == "/page?q=1");
}

TEST_CASE("a body goes along with the second try") {
  Guarded world;
  world.client.add(Credentials("http://a", "me", "secret"));
  world.on("/", challenge("Basic realm=\"x\""));
  world.server.answer = [&](ScriptedServer::Peer& peer, const std::string& request) {
    world.heads.push_back(request);
    peer.send(fieldOf(request, "Authorization") == kBasic ? reply("in") : challenge("Basic realm=\"x\""));
  };
  CHECK(world.get(textOf(world.client.post("http://a/", "a=1", "text/plain"))) == "in");
  CHECK(fieldOf(world.heads[1], "Content-Length") == "3");
  CHECK(world.server.peers[0]->received.ends_with("a=1"));
}

TEST_CASE("wrong credentials cost one more request, and the 401 is given out") {
  Guarded world;
  world.on("/basic", challenge("Basic realm=\"x\"", "no")).on("/digest", [](const std::string&) { return challenge("Digest realm=\"x\", qop=\"auth\", nonce=\"n\"", "no"); });
  world.client.add(Credentials("http://a", "me", "wrong")).add(Credentials("http://b", "me", "wrong"));
  Response response = world.get(world.client.get("http://a/basic"));
  CHECK(response.status == 401);
  CHECK(world.get(response.text()) == "no");
  CHECK(world.heads.size() == 2);
  CHECK(world.get(world.client.get("http://b/digest")).status == 401);
  CHECK(world.heads.size() == 4);
  CHECK(world.get(world.client.get("http://b/digest")).status == 401);   // known to be asked for: sent at once, and refused
  CHECK(world.heads.size() == 5);
  world.on("/other", challenge("Negotiate"));
  CHECK(world.get(world.client.get("http://a/other")).status == 401);
  world.on("/nothing", reply("", {}, 401));
  CHECK(world.get(world.client.get("http://a/nothing")).status == 401);
}

TEST_CASE("each realm of an origin has its own credentials") {
  Guarded world;
  const auto realm = [](const std::string& name, const std::string& answer) {
    return [=](const std::string& request) { return fieldOf(request, "Authorization") == answer ? reply("in " + name) : challenge("Basic realm=\"" + name + "\""); };
  };
  world.on("/x", realm("x", kBasic)).on("/y", realm("y", "Basic eW91OnNlY3JldA==")).on("/z", realm("z", kBasic));
  world.client.add(Credentials("http://a", "me", "secret")).add(Credentials("http://a", "you", "secret").setRealm("y"));
  for (int i = 0; i < 2; ++i)
    for (const char* path : {"x", "y", "z"}) CHECK(world.get(textOf(world.client.get("http://a/" + std::string(path)))) == "in " + std::string(path));
}

TEST_CASE("user name and password of a URL answer challenges of its origin") {
  Guarded world;
  const auto guarded = [](const std::string& request) { return fieldOf(request, "Authorization") == "Basic YsOpOnMgdA==" ? reply("in") : challenge("Basic realm=\"x\""); };
  world.on("/", guarded).on("b/", guarded);
  CHECK(world.get(textOf(world.client.get("http://b\xC3\xA9:s%20t@a/"))) == "in");
  CHECK(fieldOf(world.heads[0], "Authorization") == "(none)");
  CHECK(world.heads[0].find("s%20t") == std::string::npos);
  CHECK(world.get(textOf(world.client.get("http://a/"))) == "in");
  CHECK(world.get(world.client.get("http://b/")).status == 401);
  CHECK(world.get(world.client.get("http://b\xC3\xA9:wrong@a/")).status == 401);
  world.error<AuthError>(world.client.get("http://x:a%0Ab@a/"));
}

TEST_CASE("no redirect takes credentials elsewhere, and a field of the request's own passes") {
  Guarded world;
  RedirectAgent client(world.client, world.clock);
  world.client.add(Credentials("http://a", "me", "secret").setBasicAtOnce());
  world.on("a/", redirectTo("http://b/")).on("b/", challenge("Basic realm=\"x\""));
  CHECK(world.get(client.get("http://a/")).status == 401);
  CHECK(fieldOf(world.heads[0], "Authorization") == kBasic);
  CHECK(fieldOf(world.heads[1], "Authorization") == "(none)");
  CHECK(world.heads.size() == 2);
  Request own("GET", "http://a/x");
  own.setHeader("Authorization", "Bearer t");
  world.get(client.request(std::move(own)));
  CHECK(fieldOf(world.heads.back(), "Authorization") == "Bearer t");
}

TEST_CASE("a login at a site of our own") {
  ManualClock clock;
  net::MemoryNetwork network(clock);
  auto site = std::make_shared<Site>([](Request request) -> Deferred<Response> {
    if (request.headers.get("Authorization") == kBasic) co_return Response(200, request.method() + " " + co_await request.bytes());
    co_return Response(401, "no").setHeader("WWW-Authenticate", "Basic realm=\"site\", charset=\"UTF-8\"");
  });
  auto port = network.listen(80, site);
  Agent agent(network);
  AuthAgent client(agent, clock);
  client.add(Credentials("http://localhost", "me", "secret"));
  Deferred<std::string> pending = textOf(client.post("http://localhost/", "hello", "text/plain"));
  clock.play(1);
  CHECK(successResultOf(pending) == "POST hello");
}

TEST_CASE("a body that can be sent once only gets the 401") {
  Guarded world;
  world.on("/", challenge("Basic realm=\"x\""));
  world.client.add(Credentials("http://a", "me", "secret"));
  Request request("POST", "http://a/");
  request.setBodyChunks(once(), 3);
  CHECK(world.get(world.client.request(std::move(request))).status == 401);
  CHECK(world.heads.size() == 1);
}
