#include <weft/crawler/http_cache/internal/http_cache_store.hpp>

#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/core/reactor.hpp>
#include <weft/defer/errors.hpp>
#include <weft/defer/testing.hpp>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using namespace weft::crawler::internal;
using namespace weft::test;

namespace {

const Date kNow = *http::parseDate("Sun, 06 Nov 1994 08:49:37 GMT");

PutPage page(std::uint64_t print, std::string body) {
  PutPage put;
  put.print = {print, 1};
  put.method = "GET";
  put.head.url = "http://a/" + std::to_string(print);
  put.head.status = 200;
  put.head.requested = put.head.received = kNow;
  put.body = std::move(body);
  return put;
}

// On a reactor of its own, or in place.
struct World {
  explicit World(bool threaded = true) : threaded(threaded) { open(); }
  void open() {
    store.reset();
    auto file = std::make_unique<HttpCacheFile>(folder / "a.sqlite", std::uint64_t{1} << 30, true);
    if (threaded) store.emplace(std::move(file), reactor, &reactor, [] { return kNow; }, stats);
    else store.emplace(std::move(file), clock, nullptr, [] { return kNow; }, stats);
  }
  Deferred<std::optional<CachedPage>> find(std::uint64_t print) { return store->find({print, 1}, "http://a", {}); }
  // Runs the coroutine to its end.
  template <class F> void run(F function) {
    Failure failure{std::exception_ptr()};
    Deferred<> running(nullptr);
    reactor.callWhenRunning([&] { running = function().addErrback([&](Failure error) { failure = std::move(error); }).addBoth([&] { reactor.stop(); }); });
    reactor.run();
    if (failure.exception()) FAIL(failure.getTraceback());
  }

  // What the cache has logged.
  std::vector<std::string> told() const {
    std::vector<std::string> messages;
    for (const auto& entry : log.entries())
      if (entry.name == "weft.crawler.httpcache") messages.push_back(entry.message);
    return messages;
  }

  const bool threaded;
  TemporaryFolder folder;
  Stats stats;
  LogCapture log;
  ManualClock clock;
  Reactor reactor;
  std::optional<HttpCacheStore> store;
};

}  // namespace

TEST_CASE("what was put is found, before it is written and after") {
  World world;
  const auto story = [&]() -> Deferred<> {
    CHECK_FALSE(co_await world.find(1));
    std::vector<Deferred<std::optional<CachedPage>>> asked;
    for (std::uint64_t i = 0; i < 100; ++i) {
      auto putting = world.store->put(page(i, "body " + std::to_string(i)));
      co_await putting;
      asked.push_back(world.find(i));
    }
    for (std::uint64_t i = 0; i < 100; ++i) {
      const auto found = co_await asked[i];
      REQUIRE(found);
      CHECK(found->body == "body " + std::to_string(i));
    }
    auto again = co_await world.find(5);
    FreshenPage fresh;
    fresh.id = again->id;
    fresh.head = again->head;
    fresh.head.headers.set("X-New", "1");
    world.store->freshen(std::move(fresh));
    world.store->remove({{6, 1}});
  };
  world.run(story);
  world.open();
  const auto later = [&]() -> Deferred<> {
    CHECK((co_await world.find(99))->body == "body 99");
    CHECK((co_await world.find(5))->head.headers.get("X-New", "") == "1");
    CHECK_FALSE(co_await world.find(6));
  };
  world.run(later);
  CHECK(world.told().empty());
}

TEST_CASE("closing writes what waits; then nothing is found, and what is put is lost") {
  World world;
  auto putting = world.store->put(page(1, "kept"));
  successResultOf(putting);
  world.store->close();
  world.store->close();
  auto lost = world.store->put(page(2, "lost"));
  successResultOf(lost);
  auto finding = world.find(1);
  CHECK_FALSE(successResultOf(finding));
  CHECK(world.reactor.getDelayedCalls().empty());
  world.open();
  const auto later = [&]() -> Deferred<> {
    CHECK((co_await world.find(1))->body == "kept");
    CHECK_FALSE(co_await world.find(2));
  };
  world.run(later);
}

TEST_CASE("who asks when the store is dropped is told") {
  World world;
  auto finding = world.find(1);
  world.store.reset();
  CHECK(failureResultOf(finding).check<AbandonedError>());
}

TEST_CASE("a disk that is slower than the crawl holds it up, and no more than so much waits in memory") {
  World world;
  std::size_t waited = 0;
  const auto story = [&]() -> Deferred<> {
    for (std::uint64_t i = 0; i < 60; ++i) {
      auto putting = world.store->put(page(i, std::string(1 << 20, static_cast<char>('a' + i % 26))));
      waited += !putting.called();
      co_await putting;
    }
    CHECK((co_await world.find(59))->body.size() == 1 << 20);
  };
  world.run(story);
  CHECK(waited > 0);
}

TEST_CASE("a page that is larger than all that may wait holds up the next one, and not for ever") {
  World world;
  const auto story = [&]() -> Deferred<> {
    auto putting = world.store->put(page(1, std::string(HttpCacheStore::kMaxWaiting + 1, 'x')));
    CHECK_FALSE(putting.called());
    co_await putting;
    CHECK((co_await world.find(1))->body.size() == HttpCacheStore::kMaxWaiting + 1);
  };
  world.run(story);
}

TEST_CASE("in virtual time all happens in place") {
  World world(false);
  auto putting = world.store->put(page(1, "body"));
  successResultOf(putting);
  auto finding = world.find(1);
  CHECK(successResultOf(finding)->body == "body");
  world.store->remove({{1, 1}});
  auto gone = world.find(1);
  CHECK_FALSE(successResultOf(gone));
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("a full disk is told of once and counted, and keeps nothing from being found") {
  for (const bool threaded : {true, false}) {
    World world(threaded);
    const auto story = [&]() -> Deferred<> {
      auto first = world.store->put(page(1, "first"));
      co_await first;
      CHECK(co_await world.find(1));
      const FileSizeLimit limit(150'000);
      for (std::uint64_t i = 2; i < 5; ++i) {
        std::string body(400'000, '\0');
        std::uint64_t noise = i;                       // which nothing can make smaller
        for (char& c : body) c = static_cast<char>((noise = noise * 6364136223846793005u + 1442695040888963407u) >> 56);
        auto putting = world.store->put(page(i, std::move(body)));
        co_await putting;
        CHECK_FALSE(co_await world.find(i));
      }
      CHECK((co_await world.find(1))->body == "first");
    };
    world.run(story);
    CHECK(world.stats.getValue("httpcache/store_error") == 3);
    CHECK(world.stats.getValue("httpcache/retrieve_error") == 0);
    REQUIRE(world.told().size() == 1);
    CHECK(world.told().front().find("no room left on the disk for the cache " + (world.folder / "a.sqlite")) == 0);
  }
}

TEST_CASE("a damaged page is told of once and counted, and counts as missing") {
  World world;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto putting = world.store->put(page(i, "body"));
    successResultOf(putting);
  }
  world.store->close();
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((world.folder / "a.sqlite").c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, "UPDATE bodies SET body = 'BODY' WHERE id < 3", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  world.open();
  const auto story = [&]() -> Deferred<> {
    CHECK_FALSE(co_await world.find(1));
    CHECK_FALSE(co_await world.find(2));
    CHECK((co_await world.find(3))->body == "body");
  };
  world.run(story);
  CHECK(world.stats.getValue("httpcache/retrieve_error") == 2);
  REQUIRE(world.told().size() == 1);
  CHECK(world.told().front().find("is damaged (a body is not what was written): remove the file") != std::string::npos);
}
