#include <weft/http/client/cookie_agent.hpp>

#include <weft/http/client/redirect_agent.hpp>

#include "http/client/world.hpp"

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

std::string setCookie(const std::string& value, const std::string& body = "x", int status = 200) { return reply(body, "Set-Cookie: " + value + "\r\n", status); }

}  // namespace

TEST_CASE("cookies of a response go along with the next request, and only where they belong") {
  World world;
  CookieJar jar;
  CookieAgent client(world.agent, jar);
  world.on("/set", reply("x", "Set-Cookie: a=1\r\nSet-Cookie: b=2; Path=/deep\r\n"));
  world.get(client.get("http://a/set"));
  CHECK(jar.size() == 2);
  world.get(client.get("http://a/"));
  world.get(client.get("http://a/deep/x"));
  world.get(client.get("http://b/deep/x"));
  CHECK(fieldOf(world.heads[0], "Cookie") == "(none)");
  CHECK(fieldOf(world.heads[1], "Cookie") == "a=1");
  CHECK(fieldOf(world.heads[2], "Cookie") == "b=2; a=1");
  CHECK(fieldOf(world.heads[3], "Cookie") == "(none)");
}

TEST_CASE("cookies of errors count, too; those for a public suffix or another host do not") {
  World world;
  world.network.addHost("www.example.com");
  CookieJar jar;
  CookieAgent client(world.agent, jar);
  world.on("/404", setCookie("a=1", "x", 404)).on("/500", setCookie("b=2", "x", 500)).on("/com", setCookie("c=3; Domain=com")).on("/other", setCookie("d=4; Domain=other.com"));
  for (const char* path : {"404", "500", "com", "other"}) world.get(client.get("http://www.example.com/" + std::string(path)));
  CHECK(jar.cookieHeader(Url("http://www.example.com/")) == "a=1; b=2");
  CHECK(jar.size() == 2);
}

// L11: Twisted lets an explicit Cookie field win over the whole jar; here the two are merged, and the explicit one wins by name.
TEST_CASE("a request's own cookies go first, and the jar adds those of other names") {
  World world;
  CookieJar jar;
  jar.setCookie("a=jar", Url("http://a/"));
  jar.setCookie("b=jar", Url("http://a/"));
  CookieAgent client(world.agent, jar);
  Request request("GET", "http://a/");
  request.setHeader("Cookie", "z=own; b=own");
  world.get(client.request(std::move(request)));
  CHECK(fieldOf(world.heads[0], "Cookie") == "z=own; b=own; a=jar");
  CHECK(jar.cookieHeader(Url("http://a/")) == "a=jar; b=jar");
}

TEST_CASE("each session has its jar") {
  World world;
  CookieJars jars;
  CookieAgent client(world.agent, jars);
  int count = 0;
  world.on("/login", [&](const std::string&) { return setCookie("id=" + std::to_string(++count)); });
  for (const char* name : {"alice", "bob", ""}) world.get(client.request(Request("GET", "http://a/login").setCookieJar(name)));
  for (const char* name : {"alice", "bob", ""}) world.get(client.request(Request("GET", "http://a/").setCookieJar(name)));
  CHECK(fieldOf(world.heads[3], "Cookie") == "id=1");
  CHECK(fieldOf(world.heads[4], "Cookie") == "id=2");
  CHECK(fieldOf(world.heads[5], "Cookie") == "id=3");
  CookieJar one;
  CookieAgent single(world.agent, one);
  const auto error = world.error<CookieError>(single.request(Request("GET", "http://me:secret@a/").setCookieJar("alice")));
  CHECK(std::string(error.what()) == "requesting http://a/ with the cookie jar \"alice\": this CookieAgent has a single jar; give it CookieJars");
  CookieJars few(CookieJarOptions(), 1);
  CookieAgent limited(world.agent, few);
  world.get(limited.request(Request("GET", "http://a/").setCookieJar("alice")));
  world.error<CookieError>(limited.request(Request("GET", "http://a/").setCookieJar("bob")));
}

TEST_CASE("under a RedirectAgent each request of the chain sends and gets its own cookies") {
  World world;
  CookieJar jar;
  CookieAgent cookies(world.agent, jar);
  RedirectAgent client(cookies, world.clock);
  world.on("a/", redirectTo("http://b/", 302, "Set-Cookie: a=1\r\n")).on("b/", redirectTo("http://a/home", 302, "Set-Cookie: b=2\r\n")).on("a/home", reply("in"));
  CHECK(world.get(textOf(client.get("http://a/"))) == "in");
  CHECK(fieldOf(world.heads[1], "Cookie") == "(none)");
  CHECK(fieldOf(world.heads[2], "Cookie") == "a=1");
  CHECK(jar.cookieHeader(Url("http://b/")) == "b=2");
}
