// What becomes of a handler's errors, and what stands around handlers.
#include <doctest/doctest.h>

#include "http/server/server_world.hpp"

#include <weft/defer/defer_later.hpp>
#include <weft/http/forms/form_data.hpp>
#include <weft/http/server/access_log.hpp>
#include <weft/http/server/errors.hpp>

#include <string>
#include <vector>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;

namespace {
const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
std::string bodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
}  // namespace

TEST_CASE("what a handler fails with is answered with the status that it means") {
  Silence silence;
  World world([](Request request) -> Deferred<Response> {
    const std::string path(request.url.path());
    if (path == "/gone") throw StatusError(410, "it was moved");
    if (path == "/later") {
      StatusError error(503);
      error.headers.set("Retry-After", "7");
      throw error;
    }
    if (path == "/json") co_return Response(200, (co_await request.json()).dump());
    if (path == "/form") {
      const FormData form = co_await readForm(std::move(request));
      co_return Response(200, std::string(form.fields.get("a").value_or("none")));
    }
    throw std::runtime_error("secret");
  });
  const auto ask = [&](const std::string& path, const std::string& type = {}, const std::string& body = {}) {
    return world.exchange("POST " + path + " HTTP/1.1\r\nHost: a\r\n" + (type.empty() ? "" : "Content-Type: " + type + "\r\n") + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  CHECK(statusOf(ask("/gone")) == 410);
  CHECK(bodyOf(ask("/gone")) == "410 Gone: it was moved\n");
  CHECK(ask("/later").find("Retry-After: 7\r\n") != std::string::npos);
  CHECK(bodyOf(ask("/json", "application/json", "[1, 2]")) == "[1,2]");
  CHECK(statusOf(ask("/json", "application/json", "[1, 2")) == 400);
  CHECK(bodyOf(ask("/form", "application/x-www-form-urlencoded", "a=b+c")) == "b c");
  CHECK(statusOf(ask("/form", "text/plain", "a=b")) == 415);
  CHECK(bodyOf(ask("/other")) == "500 Internal Server Error\n");
}

TEST_CASE("a handler that takes too long is cancelled, and its client told") {
  Silence silence;
  bool cancelled = false;
  ManualClock* clock = nullptr;
  World world(
      [&](Request request) -> Deferred<Response> {
        auto waiting = deferLater(*clock, 1000);
        const auto waited = co_await waiting.outcome();
        cancelled = !waited && waited.failure().check<CancelledError>();
        if (request.url.path() == "/stubborn") co_await deferLater(*clock, 5);
        else if (cancelled) co_return waited.failure();
        co_return Response(200, "after all");
      },
      SiteOptions().setHandlerTimeout(10));
  clock = &world.clock;
  auto client = world.connect();
  client->transport().write(kGet);
  world.run(9.9);
  CHECK(!cancelled);
  world.run(0.2);
  CHECK(cancelled);
  CHECK(statusOf(client->received) == 503);
  CHECK(!client->ended);
  client->received.clear();
  client->transport().write("GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run(16);
  CHECK(client->received.ends_with("after all"));                          // it would not be stopped
}

TEST_CASE("layers see requests and responses, answer themselves, and leave things for the handler") {
  struct User {
    std::string name;
  };
  auto site = std::make_shared<Site>([](Request request) -> Deferred<Response> {
    const User* user = request.attached<User>();
    CHECK(request.attached<std::string>() == nullptr);
    co_return Response(200, user ? user->name : "nobody");
  });
  std::vector<int> seen;
  site->use([&](Request request, const Handler& next) -> Deferred<Response> {
    if (request.url.path() == "/forbidden") co_return Response(403);
    Response response = co_await next(std::move(request));
    seen.push_back(response.status);
    co_return std::move(response).setHeader("X-Layer", "outer");
  });
  site->use([](Request request, const Handler& next) {
    if (const auto name = request.headers.get("X-User")) request.attach(std::make_shared<User>(User{std::string(*name)}));
    return next(std::move(request));
  });
  World world(site);
  CHECK(world.exchange("GET / HTTP/1.1\r\nHost: a\r\nX-User: ann\r\n\r\n") == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Layer: outer\r\n\r\nann");
  CHECK(bodyOf(world.exchange(kGet)) == "nobody");
  CHECK(statusOf(world.exchange("GET /forbidden HTTP/1.1\r\nHost: a\r\n\r\n")) == 403);
  CHECK(seen == std::vector<int>{200, 200});                               // what the inner layer let in, as the outer one saw it
}

TEST_CASE("error pages are the site's own, and keep their status and fields") {
  Silence silence;
  World world([](Request request) -> Deferred<Response> {
                if (request.url.path() == "/secret") throw std::runtime_error("secret");
                throw StatusError(404, "no such thing");
              },
              SiteOptions().setErrorPage([](int status, const Failure* failure) {
                return Response(200, "<h1>" + std::to_string(status) + (failure && failure->check<StatusError>() ? failure->what() : ""), "text/html");
              }));
  CHECK(world.exchange(kGet) == "HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\nContent-Type: text/html\r\n\r\n<h1>404no such thing");
  CHECK(bodyOf(world.exchange("GET /secret HTTP/1.1\r\nHost: a\r\n\r\n")) == "<h1>500");
  CHECK(bodyOf(world.exchange("GET garbage HTTP/1.1\r\nHost: a\r\n\r\n")) == "<h1>400");
}

TEST_CASE("an error page whose own body fails is answered with the plain one") {
  Silence silence;
  World world([](Request) -> Deferred<Response> { throw StatusError(404); }, SiteOptions().setErrorPage([](int, const Failure*) { return Response(200).setBodyFile("/no/such/page.html"); }));
  const std::string answer = world.exchange(kGet);
  CHECK(statusOf(answer) == 500);
  CHECK(bodyOf(answer).find("no/such") == std::string::npos);
}

// M12
TEST_CASE("the access log gets an entry for each answer, and for each client that left before it") {
  Silence silence;
  std::vector<AccessEntry> entries;
  ManualClock* clock = nullptr;
  World world(
      [&](Request request) -> Deferred<Response> {
        if (request.url.path() == "/slow") co_await deferLater(*clock, 10);
        co_return Response(200, "0123456789");
      },
      SiteOptions().setAccessLog([&](const AccessEntry& entry) { entries.push_back(entry); }));
  clock = &world.clock;
  world.exchange("GET /a?b HTTP/1.1\r\nHost: a\r\nReferer: http://r/\r\nUser-Agent: me\r\n\r\n");
  world.exchange("HEAD / HTTP/1.0\r\n\r\n");
  world.exchange("GET nonsense HTTP/1.1\r\nHost: a\r\n\r\n");
  auto gone = world.connect();
  gone->transport().write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run(2);
  gone->transport().abortConnection();
  world.run();
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].status == 200);
  CHECK(entries[0].bytes == 10);
  CHECK(entries[0].target == "/a?b");
  CHECK(entries[0].complete);
  CHECK(entries[1].bytes == 0);
  CHECK(entries[2].status == 400);
  CHECK(entries[2].method == "");
  CHECK(entries[3].status == 0);
  CHECK(!entries[3].complete);
  CHECK(entries[3].duration > std::chrono::seconds(1));
}

// M12
TEST_CASE("a line of the combined format, with what the client sent escaped") {
  AccessEntry entry;
  entry.client = *net::Address::parse("192.0.2.1", 5);
  entry.at = std::chrono::system_clock::from_time_t(1'000'000'000);
  entry.method = "GET";
  entry.target = "/a\"b\\c\x1b[2J";
  entry.status = 200;
  entry.bytes = 12;
  entry.userAgent = "caf\xc3\xa9";
  CHECK(combinedLine(entry) == R"(192.0.2.1 - - [09/Sep/2001:01:46:40 +0000] "GET /a\"b\\c\x1b[2J HTTP/1.1" 200 12 "-" "caf\xc3\xa9")");
  AccessEntry left;
  left.at = entry.at;
  CHECK(combinedLine(left) == R"(- - - [09/Sep/2001:01:46:40 +0000] "-" 499 - "-" "-")");
}

TEST_CASE("one address has no more connections than it may") {
  World world([](Request) -> Deferred<Response> { co_return Response(200); }, SiteOptions().setMaxConnectionsPerAddress(2));
  auto first = world.connect();
  auto second = world.connect();
  auto third = world.connect();
  world.run();
  CHECK(third->lost);
  first->transport().abortConnection();
  world.run();
  auto fourth = world.connect();
  world.run();
  CHECK(!fourth->lost);
}
