#include <weft/crawler/middlewares/since_last_middleware.hpp>

#include "crawler/no_control.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/crawler/frontier/journal_error.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/testing.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using namespace weft::test;

namespace {

class Server final : public Downloader {
 public:
  std::function<Response(const Request&)> answer;
  std::vector<std::shared_ptr<const Request>> asked;

  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    asked.push_back(request);
    Response response = answer(*request);
    response.setRequest(std::move(request));
    return succeed(std::move(response));
  }
};

struct World {
  World() { begin(1); }
  // Another run, or the same one gone on with.
  void begin(std::uint64_t run) {
    layer.reset();
    layer = std::make_unique<SinceLastMiddleware>(folder / ".", run);
    layer->open(CrawlContext{spider, settings, stats, signals, clock, control});
  }
  // A page that answers conditions on its ETag, if it has one.
  void says(std::string body, std::string tag) {
    server.answer = [body = std::move(body), tag = std::move(tag)](const Request& request) {
      http::Headers headers;
      if (!tag.empty()) headers.add("ETag", tag);
      if (!tag.empty() && request.headers().get("If-None-Match") == tag) return Response(request.url, 304, std::move(headers), "");
      return Response(request.url, 200, std::move(headers), body);
    };
  }
  Response get(Request request = Request("http://a/")) { return successResultOf(layer->fetch(std::make_shared<const Request>(std::move(request)), server)); }
  // The body, and whether it has changed.
  std::string seen(Request request = Request("http://a/")) {
    const Response response = get(std::move(request));
    const bool unchanged = std::find(response.flags.begin(), response.flags.end(), "unchanged") != response.flags.end();
    return response.body + (unchanged ? ", unchanged" : "");
  }

  TemporaryFolder folder;
  weft::testing::NoControl control;
  ManualClock clock;
  Settings settings;
  Stats stats;
  Signals signals;
  Spider spider{"tested"};
  Server server;
  std::unique_ptr<SinceLastMiddleware> layer;
};

}  // namespace

TEST_CASE("a page is new once, then unchanged by its 304 or its body, until it says something else") {
  for (const bool hasTag : {true, false}) {
    World world;
    world.says("one", hasTag ? "\"1\"" : "");
    CHECK(world.seen() == "one");
    world.begin(2);
    CHECK(world.seen() == "one, unchanged");
    CHECK(world.server.asked.back()->headers().has("If-None-Match") == hasTag);
    CHECK_FALSE(world.get().headers.has("Weft-Run"));
    world.says("two", hasTag ? "\"2\"" : "");
    world.begin(3);
    CHECK(world.seen() == "two");
    world.begin(4);
    CHECK(world.seen() == "two, unchanged");
    CHECK(world.stats.getValue("since_last/new") == 1);
    CHECK(world.stats.getValue("since_last/unchanged") == 3);
  }
}

TEST_CASE("a new ETag on the same body is no change, and is asked by from then on") {
  World world;
  world.says("one", "\"1\"");
  world.get();
  world.says("one", "\"2\"");
  world.begin(2);
  CHECK(world.seen() == "one, unchanged");
  world.begin(3);
  CHECK(world.seen() == "one, unchanged");
  CHECK(world.server.asked.back()->headers().get("If-None-Match") == "\"2\"");
}

TEST_CASE("a run that is gone on with gives a page that it had fetched, as its items may not have been safe") {
  World world;
  world.says("one", "\"1\"");
  world.get();
  world.begin(1);
  CHECK(world.seen() == "one");
  world.begin(2);
  CHECK(world.seen() == "one, unchanged");
}

TEST_CASE("what is no whole page passes by") {
  World world;
  world.says("one", "\"1\"");
  const auto withMeta = [](const char* key, const char* value) { return Request("http://a/").setMeta(key, value); };
  for (int run = 1; run <= 2; ++run) {
    world.begin(static_cast<std::uint64_t>(run));
    CHECK(world.seen(withMeta("dont_cache", "true")) == "one");
    CHECK(world.seen(withMeta("truncate_body", "2")) == "one");
    CHECK(world.seen(Request("http://a/").setMethod("POST")) == "one");
  }
}

TEST_CASE("a page that is gone is new once, and what a busy server says in between is no page") {
  World world;
  const auto answers = [&world](int status, const char* body) { world.server.answer = [=](const Request& request) { return Response(request.url, status, {}, body); }; };
  answers(404, "gone");
  CHECK(world.seen() == "gone");
  world.begin(2);
  CHECK(world.seen() == "gone, unchanged");
  for (const int busy : {408, 429, 500, 503, 302}) {
    answers(busy, "not now");
    world.begin(3);
    CHECK(world.seen() == "not now");
  }
  answers(404, "gone");
  world.begin(4);
  CHECK(world.seen() == "gone, unchanged");
  answers(200, "gone");
  world.begin(5);
  CHECK(world.seen() == "gone");
  world.begin(6);
  CHECK(world.seen() == "gone, unchanged");
}

TEST_CASE("a run is gone on with until it is finished; then the next begins without its journal") {
  TemporaryFolder folder;
  const std::string job = folder / "job", journal = job + "/journal.db";
  CHECK(SinceLastRun(job).number() == 1);
  std::ofstream(journal) << "requests";
  {
    SinceLastRun run(job);
    CHECK(run.number() == 1);
    CHECK(std::filesystem::exists(journal));
    run.finish();
    CHECK(std::filesystem::exists(journal));
  }
  CHECK(SinceLastRun(job).number() == 2);
  CHECK_FALSE(std::filesystem::exists(journal));
  CHECK(SinceLastRun(job).number() == 2);
}

TEST_CASE("a job that was begun without it, and a file that is not its own, are refused") {
  TemporaryFolder folder;
  std::ofstream(folder / "journal.db") << "requests";
  CHECK_THROWS_AS(SinceLastRun(folder / "."), JournalError);
  CHECK(std::filesystem::exists(folder / "journal.db"));
  std::ofstream(folder / "since_last") << "what";
  CHECK_THROWS_AS(SinceLastRun(folder / "."), JournalError);
  CHECK_THROWS_AS(SinceLastRun("/proc/nowhere"), JournalError);
}
