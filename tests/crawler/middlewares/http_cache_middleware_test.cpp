#include <weft/crawler/middlewares/http_cache_middleware.hpp>

#include "crawler/no_control.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/address_guard.hpp>
#include <weft/net/error.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using namespace weft::test;

namespace {

const http::Date kStart = *http::parseDate("Sun, 06 Nov 1994 08:49:37 GMT");

// Answers as it is told, and remembers what it was asked.
class Server final : public Downloader {
 public:
  std::function<Outcome<Response>(const Request&)> answer;
  std::vector<std::shared_ptr<const Request>> asked;

  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    asked.push_back(request);
    Outcome<Response> outcome = answer(*request);
    if (!outcome) return fail<Response>(outcome.failure());
    outcome->setRequest(std::move(request));
    return succeed(std::move(*outcome));
  }
};

using Given = std::vector<std::pair<const char*, std::string>>;         // settings

struct World {
  weft::testing::NoControl control;
  explicit World(const Given& more = {}) {
    settings.set("HTTPCACHE_ENABLED", "true");
    settings.set("HTTPCACHE_DIR", folder / "cache");
    for (const auto& [name, value] : more) settings.set(name, value);
    says(200, "page");
    open();
  }
  void open() {
    cache.reset();
    cache = std::make_unique<HttpCacheMiddleware>(kStart);
    cache->open(CrawlContext{spider, settings, stats, signals, clock, control});
  }
  void says(int status, std::string body, std::vector<std::pair<std::string, std::string>> fields = {}) {
    server.answer = [=](const Request& request) -> Outcome<Response> {
      http::Headers headers;
      for (const auto& [name, value] : fields) headers.add(name, value);
      return Response(request.url, status, std::move(headers), body);
    };
  }
  void fails() {
    server.answer = [](const Request&) -> Outcome<Response> { return Failure(net::ConnectionRefused("a", 80, "connection refused")); };
  }
  Deferred<Response> ask(Request request) { return cache->fetch(std::make_shared<const Request>(std::move(request)), server); }
  Response get(Request request = Request("http://a/")) { return successResultOf(ask(std::move(request))); }
  std::string body(Request request = Request("http://a/")) { return get(std::move(request)).body; }
  std::string failure(Request request = Request("http://a/")) { return failureResultOf(ask(std::move(request))).what(); }
  // All of httpcache/, in the order of their names.
  std::string counted() const {
    std::string text;
    for (const auto& [name, value] : stats.getStats())
      if (name.starts_with("httpcache/")) text += (text.empty() ? "" : " ") + name.substr(10) + "=" + std::to_string(value);
    return text;
  }

  TemporaryFolder folder;
  ManualClock clock;
  Settings settings;
  Stats stats;
  Signals signals;
  Spider spider{"tested"};
  LogCapture log;
  Server server;
  std::unique_ptr<HttpCacheMiddleware> cache;
};

}  // namespace

TEST_CASE("without HTTPCACHE_ENABLED it does nothing, and makes no file") {
  World world(Given{{"HTTPCACHE_ENABLED", "false"}});
  world.get();
  world.get();
  CHECK(world.server.asked.size() == 2);
  CHECK(world.counted().empty());
  CHECK_FALSE(std::filesystem::exists(world.folder / "cache"));
}

TEST_CASE("dummy: a page is fetched once, and then comes out of the cache with the flag \"cached\"") {
  World world;
  world.says(200, "page", {{"Content-Type", "text/plain"}, {"Set-Cookie", "a=1"}, {"Cache-Control", "no-store"}});
  Request request("http://a/?x=1&y=2");
  request.addFlag("mine").setMeta("key", "value");
  const Response first = world.get(request);
  CHECK(first.flags == std::vector<std::string>{});
  CHECK(first.request().meta("key") == "value");
  world.clock.advance(1e9);
  Request same("http://a/?y=2&x=1");                   // the same page by its fingerprint
  same.addFlag("mine").setMeta("key", "other");
  const Response second = world.get(same);
  CHECK(second.body == "page");
  CHECK(second.status == 200);
  CHECK(second.headers.wire() == first.headers.wire());
  CHECK(second.flags == std::vector<std::string>{"mine", "cached"});
  CHECK(second.url.href() == "http://a/?y=2&x=1");
  CHECK(second.request().meta("key") == "other");
  CHECK(second.downloadLatency < 0);
  CHECK(world.server.asked.size() == 1);
  CHECK(world.counted() == "firsthand=1 hit=1 miss=1 store=1");
}

TEST_CASE("the file is the spider's, and is there for the next crawl") {
  World world;
  world.get();
  CHECK(std::filesystem::exists(world.folder / "cache/tested.sqlite"));
  world.open();
  CHECK(world.get().flags == std::vector<std::string>{"cached"});
  Spider other("../a b");
  HttpCacheMiddleware second(kStart);
  second.open(CrawlContext{other, world.settings, world.stats, world.signals, world.clock, world.control});
  CHECK(std::filesystem::exists(world.folder / "cache/_._a_b.sqlite"));
}

TEST_CASE("requests that differ by method, body or session have answers of their own") {
  World world;
  int answers = 0;
  world.server.answer = [&](const Request& request) -> Outcome<Response> { return Response(request.url, 200, {}, std::to_string(++answers)); };
  const Request plain("http://a/");
  const std::vector<Request> all{plain, Request(plain).setMethod("POST"), Request(plain).setMethod("POST").setBody("q"), Request(plain).setMeta("cookiejar", "eva"), Request("http://a/b")};
  for (int round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(world.body(all[i]) == std::to_string(i + 1));
}

TEST_CASE("HTTPCACHE_EXPIRATION_SECS makes what is older missing") {
  World world(Given{{"HTTPCACHE_EXPIRATION_SECS", "100"}});
  world.get();
  world.clock.advance(100);
  world.get();
  CHECK(world.server.asked.size() == 1);
  world.clock.advance(1);
  world.says(200, "new");
  CHECK(world.body() == "new");
  CHECK(world.body() == "new");
  CHECK(world.counted() == "firsthand=2 hit=2 miss=2 store=2");
}

TEST_CASE("the meta key dont_cache lets a request pass by") {
  World world;
  Request request("http://a/");
  request.setMeta("dont_cache", "true");
  world.get(request);
  world.get(request);
  CHECK(world.server.asked.size() == 2);
  CHECK(world.counted().empty());
  CHECK_THROWS_AS(request.setMeta("dont_cache", "maybe"), RequestError);
}

TEST_CASE("what is too long, cut short, or of a status that is not wanted is not kept") {
  World world(Given{{"HTTPCACHE_MAX_BODY", "10"}, {"HTTPCACHE_IGNORE_HTTP_CODES", "500"}});
  world.says(200, "eleven byte");
  world.get();
  world.says(500, "");
  world.get();
  world.says(200, "0123456789");
  Request cut("http://a/");
  cut.setMeta("truncate_body", "10");
  world.get(cut);
  CHECK(world.server.asked.size() == 3);
  CHECK(world.counted() == "firsthand=3 miss=3 uncacheable=3");
  world.get();
  CHECK(world.body() == "0123456789");
  CHECK(world.server.asked.size() == 4);
}

TEST_CASE("an attempt that follows a 503 asks the server, unless there is none to ask") {
  World world;
  world.says(503, "busy");
  world.get();
  Request again("http://a/");
  again.retryTimes = 1;
  world.says(503, "still busy");
  CHECK(world.body(again) == "still busy");
  world.says(200, "page");
  CHECK(world.body() == "still busy");                 // what the last crawl saw, for whoever comes first
  CHECK(world.body(again) == "page");
  CHECK(world.body(again) == "page");                  // this one is as good as any
  CHECK(world.server.asked.size() == 3);

  World offline;
  offline.says(503, "busy");
  offline.get();
  offline.settings.set("HTTPCACHE_IGNORE_MISSING", "true");
  offline.open();
  CHECK(offline.body(again) == "busy");
  CHECK(offline.server.asked.size() == 1);
}

TEST_CASE("HTTPCACHE_IGNORE_MISSING: what is not in the cache is dropped, and nobody is asked") {
  World world;
  world.get();
  world.settings.set("HTTPCACHE_IGNORE_MISSING", "true");
  world.open();
  CHECK(world.body() == "page");
  Failure failure = failureResultOf(world.ask(Request("http://a/b")));
  CHECK(failure.check<NotInCache>());
  CHECK(failure.check<IgnoreRequest>());
  CHECK(failure.what() == std::string("<GET http://a/b> is not in the cache, and nothing else may be asked (HTTPCACHE_IGNORE_MISSING)"));
  CHECK(world.failure(Request("http://a/").setMeta("dont_cache", "1")).find("is not in the cache") != std::string::npos);
  CHECK(world.server.asked.size() == 1);
  CHECK(world.counted() == "firsthand=1 hit=1 ignore=2 miss=2 store=1");
}

TEST_CASE("offline there must be a cache to begin with") {
  World world;
  world.settings.set("HTTPCACHE_IGNORE_MISSING", "true");
  world.settings.set("HTTPCACHE_DIR", world.folder / "elsewhere");
  try {
    world.open();
    FAIL("it was opened");
  } catch (const HttpCacheError& error) {
    CHECK(std::string(error.what()) == "there is no cache " + (world.folder / "elsewhere/tested.sqlite") +
                                           ", and HTTPCACHE_IGNORE_MISSING lets nothing else be asked: crawl without it first, or name the folder by HTTPCACHE_DIR");
  }
  CHECK_FALSE(std::filesystem::exists(world.folder / "elsewhere"));
}

TEST_CASE("rfc9111: what is too old is asked about, and a 304 makes it fresh again") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.says(200, "page", {{"Cache-Control", "max-age=60"}, {"ETag", "\"1\""}, {"X-A", "old"}, {"Content-Type", "text/plain"}});
  world.get();
  world.clock.advance(59);
  CHECK(world.get().flags == std::vector<std::string>{"cached"});
  world.clock.advance(1);
  world.says(304, "", {{"Cache-Control", "max-age=100"}, {"ETag", "\"1\""}, {"X-A", "new"}});
  const Response response = world.get();
  CHECK(response.status == 200);
  CHECK(response.body == "page");
  CHECK(response.flags == std::vector<std::string>{"cached"});
  CHECK(response.headers.get("X-A", "") == "new");
  CHECK(response.headers.get("Content-Type", "") == "text/plain");
  CHECK(response.request().headers().empty());         // the request as it was made
  REQUIRE(world.server.asked.size() == 2);
  CHECK(world.server.asked[1]->headers().get("If-None-Match", "") == "\"1\"");
  world.clock.advance(99);
  CHECK(world.get().headers.get("X-A", "") == "new");
  CHECK(world.server.asked.size() == 2);
  CHECK(world.counted() == "firsthand=1 hit=2 miss=1 revalidate=1 store=1");
}

TEST_CASE("rfc9111: a new page takes the place of the old one") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.says(200, "old", {{"ETag", "\"1\""}});
  world.get();
  world.says(200, "new", {{"ETag", "\"2\""}});
  CHECK(world.get().flags.empty());
  world.says(304, "", {{"ETag", "\"2\""}});
  CHECK(world.body() == "new");
  CHECK(world.server.asked.back()->headers().get("If-None-Match", "") == "\"2\"");
  CHECK(world.counted() == "firsthand=1 invalidate=1 miss=1 revalidate=1 store=2");
}

TEST_CASE("rfc9111: a page whose answer may not be kept any more is not given out again") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.says(200, "old", {{"Cache-Control", "max-age=1"}});
  world.get();
  world.clock.advance(100);
  world.says(410, "gone", {{"Cache-Control", "no-store"}});
  CHECK(world.body() == "gone");
  world.fails();
  CHECK(world.failure().find("connection refused") != std::string::npos);
}

TEST_CASE("rfc9111: a 304 about something else is no answer: all of it is asked for") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.says(200, "old", {{"ETag", "\"1\""}});
  world.get();
  world.server.answer = [](const Request& request) -> Outcome<Response> {
    if (!request.headers().has("If-None-Match")) return Response(request.url, 200, http::Headers{{"ETag", "\"2\""}}, "new");
    return Response(request.url, 304, http::Headers{{"ETag", "\"2\""}}, "");
  };
  CHECK(world.body() == "new");
  CHECK(world.server.asked.size() == 3);
}

TEST_CASE("rfc9111: when the server fails, what is too old will do, unless it says otherwise") {
  for (const bool strict : {false, true}) {
    World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
    world.says(200, "old", {{"Cache-Control", strict ? "max-age=1, must-revalidate" : "max-age=1"}});
    world.get();
    world.clock.advance(100);
    world.says(502, "bad gateway");
    CHECK(world.body() == (strict ? "bad gateway" : "old"));
    world.fails();
    if (strict) {
      CHECK(world.failure().find("connection refused") != std::string::npos);
      CHECK(world.counted() == "firsthand=1 invalidate=1 miss=1 store=1 uncacheable=1");
    } else {
      CHECK(world.body() == "old");
      CHECK(world.counted() == "errorrecovery=1 firsthand=1 miss=1 revalidate=1 store=1");
    }
  }
}

TEST_CASE("rfc9111: what is dropped on purpose, or refused before it was asked, is no failure of the server") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.says(200, "old", {{"Cache-Control", "max-age=1"}});
  world.get();
  world.clock.advance(100);
  world.server.answer = [](const Request&) -> Outcome<Response> { return Failure(IgnoreRequest("not now")); };
  CHECK(world.failure() == "not now");
}

TEST_CASE("rfc9111: only-if-cached asks nobody") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  Request request("http://a/");
  request.setHeader("Cache-Control", "only-if-cached");
  CHECK(world.failure(request) == "<GET http://a/> is not in the cache, and nothing else may be asked (only-if-cached)");
  CHECK(world.server.asked.empty());
  world.says(200, "page", {{"Cache-Control", "max-age=60"}});
  world.get();
  CHECK(world.body(request) == "page");
  CHECK(world.counted() == "firsthand=1 hit=1 ignore=1 miss=2 store=1");
}

TEST_CASE("rfc9111: offline, what is too old is given out, but for what may not be") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.says(200, "old", {{"Cache-Control", "max-age=1"}});
  world.get();
  world.says(200, "strict", {{"Cache-Control", "max-age=1, must-revalidate"}});
  world.get(Request("http://a/strict"));
  world.clock.advance(100);
  world.settings.set("HTTPCACHE_IGNORE_MISSING", "true");
  world.open();
  world.clock.advance(100);
  CHECK(world.body() == "old");
  CHECK(failureResultOf(world.ask(Request("http://a/strict"))).check<NotInCache>());
  CHECK(world.server.asked.size() == 2);
}

TEST_CASE("rfc9111: variants are kept beside each other") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.server.answer = [](const Request& request) -> Outcome<Response> {
    return Response(request.url, 200, http::Headers{{"Vary", "Accept-Language"}, {"Cache-Control", "max-age=60"}}, std::string(request.headers().get("Accept-Language", "none")));
  };
  const Request plain("http://a/");
  const std::vector<Request> all{Request(plain).setHeader("Accept-Language", "de"), Request(plain).setHeader("Accept-Language", "fr"), plain};
  for (int round = 0; round < 2; ++round) {
    CHECK(world.body(all[0]) == "de");
    CHECK(world.body(all[1]) == "fr");
    CHECK(world.body(all[2]) == "none");
  }
  CHECK(world.server.asked.size() == 3);
}

TEST_CASE("rfc9111: a POST that succeeds outdates its page") {
  World world(Given{{"HTTPCACHE_POLICY", "rfc9111"}});
  world.says(200, "page", {{"Cache-Control", "max-age=60"}});
  world.get();
  world.get(Request("http://a/b"));
  world.says(403, "");
  world.get(Request("http://a/").setMethod("POST"));
  CHECK(world.body() == "page");
  world.says(201, "", {{"Location", "/b"}});
  world.get(Request("http://a/").setMethod("POST"));
  world.says(200, "new", {{"Cache-Control", "max-age=60"}});
  CHECK(world.body() == "new");
  CHECK(world.body(Request("http://a/b")) == "new");
}

TEST_CASE("a crawl that ends closes the cache") {
  World world;
  world.get();
  world.signals.engineStopped.send();
  world.get();
  CHECK(world.server.asked.size() == 2);
}
