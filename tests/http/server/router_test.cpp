#include <weft/http/server/router.hpp>

#include <doctest/doctest.h>

#include "http/server/server_world.hpp"

#include <string>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;

namespace {

Handler says(std::string text) {
  return [text = std::move(text)](Request request) {
    std::string all = text;
    for (const auto& [name, value] : request.pathValues) all += " " + name + "=" + value;
    return succeed(Response(200, all));
  };
}

std::string ask(World& world, const std::string& method, const std::string& path) {
  const std::string answer = world.exchange(method + " " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::size_t allow = answer.find("Allow: ");
  return std::to_string(statusOf(answer)) + " " + (allow == std::string::npos ? "" : "[" + answer.substr(allow + 7, answer.find("\r\n", allow) - allow - 7) + "] ") +
         answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("a router leads by path and method, and gives the names in the path decoded") {
  Router router;
  router.get("/", says("front")).get("/authors/{name}", says("author")).get("/authors/new", says("new")).post("/authors/{name}", says("changed"));
  router.get("/authors/{name}/books/{book}", says("book")).get("/files/{path...}", says("file")).any("/any", says("any"));
  World world(router);
  CHECK(ask(world, "GET", "/") == "200 front");
  CHECK(ask(world, "GET", "/authors/Ann%20B") == "200 author name=Ann B");
  CHECK(ask(world, "GET", "/authors/a%2Fb") == "200 author name=a/b");
  CHECK(ask(world, "GET", "/authors/new?x=1") == "200 new");
  CHECK(ask(world, "POST", "/authors/new") == "405 [GET, HEAD, OPTIONS] 405 Method Not Allowed\n");
  CHECK(ask(world, "POST", "/authors/x") == "200 changed name=x");
  CHECK(ask(world, "GET", "/authors/x/books/y") == "200 book name=x book=y");
  CHECK(ask(world, "GET", "/files/a/b%2Fc.txt") == "200 file path=a/b/c.txt");
  CHECK(ask(world, "GET", "/files/") == "200 file path=");
  CHECK(ask(world, "HEAD", "/authors/x") == "200 ");
  CHECK(ask(world, "OPTIONS", "/authors/x") == "204 [GET, HEAD, POST, OPTIONS] ");
  CHECK(ask(world, "DELETE", "/authors/x") == "405 [GET, HEAD, POST, OPTIONS] 405 Method Not Allowed\n");
  CHECK(ask(world, "DELETE", "/any") == "200 any");
}

TEST_CASE("a path that leads nowhere is a 404, or what the router is told") {
  Router router;
  router.get("/a/{x}/c", says("c")).get("/a/b/d", says("d"));
  World world(router);
  CHECK(ask(world, "GET", "/a/b/c") == "200 c x=b");                       // the literal "b" led nowhere: the name is tried
  CHECK(ask(world, "GET", "/a/b/d") == "200 d");
  for (const char* path : {"/", "/a", "/a/", "/a//c", "/a/b/c/", "/files", "/A/b/d"}) CHECK(ask(world, "GET", path) == "404 404 Not Found\n");
  router.otherwise(says("lost"));
  CHECK(ask(world, "GET", "/nowhere") == "200 lost");
}

TEST_CASE("layers stand around the routes that are added after them, the first outermost") {
  const auto marks = [](std::string mark) -> Layer {
    return [mark](Request request, const Handler& next) -> Deferred<Response> {
      Response response = co_await next(std::move(request));
      co_return std::move(response).setBody(mark + response.body.take());
    };
  };
  Router router;
  router.get("/plain", says("x"));
  router.use(marks("1")).use(marks("2"));
  router.get("/both", says("x"));
  World world(router);
  CHECK(ask(world, "GET", "/plain") == "200 x");
  CHECK(ask(world, "GET", "/both") == "200 12x");
}

TEST_CASE("a route may take larger bodies than its site") {
  Router router;
  const Handler size = [](Request request) -> Deferred<Response> {
    const std::string body = co_await request.bytes();
    co_return Response(200, std::to_string(body.size()));
  };
  router.post("/small", size).post("/large", size, RouteOptions().setMaxBody(1000));
  World world(router, SiteOptions().setMaxBody(10));
  const auto post = [&](const std::string& path, std::size_t bytes) {
    return statusOf(world.exchange("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x')));
  };
  CHECK(post("/small", 10) == 200);
  CHECK(post("/small", 11) == 413);
  CHECK(post("/large", 1000) == 200);
  CHECK(post("/large", 1001) == 413);
}

TEST_CASE("a pattern that is none is refused, and the error says which and why") {
  Router router;
  router.get("/a/{x}", says(""));
  const auto problem = [&](const char* pattern) {
    try {
      router.get(pattern, says(""));
    } catch (const RouteError& error) {
      CHECK(error.pattern == pattern);
      return std::string(error.what());
    }
    return std::string("taken");
  };
  CHECK(problem("a") == "the route \"a\": a pattern begins with '/'");
  CHECK(problem("/b/{}") == "the route \"/b/{}\": \"{}\" has no name");
  CHECK(problem("/b/{x}/{x}") == "the route \"/b/{x}/{x}\": it has a name twice");
  CHECK(problem("/b/x{y}") == "the route \"/b/x{y}\": a segment is either text or one \"{name}\"");
  CHECK(problem("/b/{x...}/c") == "the route \"/b/{x...}/c\": nothing can follow \"{name...}\"");
  CHECK(problem("/a/{y}") == "the route \"/a/{y}\": there is one of GET already");
}
