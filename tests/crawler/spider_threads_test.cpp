#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/spider_threads.hpp>
#include <weft/defer/defer_later.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

struct Found {
  std::string url;
};
WEFT_ITEM(Found, url)

constexpr int kPages = 200;

// Pages in a heap: page n leads to 2n+1 and 2n+2.
class HeapSpider : public Spider {
 public:
  HeapSpider() : Spider("heap") { startUrls = {"http://a/0"}; }
  Results parse(Response response) override {
    threads.insert(std::this_thread::get_id());        // without a lock: the instance is its thread's
    ++calls;
    Found visit;
    visit.url = response.url.href();
    co_yield visit;
    const int page = std::stoi(std::string(response.url.path().substr(1)));
    if (page == failing) throw std::runtime_error("a page that fails");
    auto pause = deferLater(*Reactor::current(), 0);
    co_await pause;                                    // of the thread's own reactor
    for (int next : {2 * page + 1, 2 * page + 2})
      if (next < kPages && !seen(response.urljoin("/" + std::to_string(next)))) co_yield response.follow("/" + std::to_string(next));
    threads.insert(std::this_thread::get_id());
  }
  void closed(std::string_view reason) override {
    closedWith = reason;
    threads.insert(std::this_thread::get_id());
  }
  int calls = 0, failing = -1;
  std::string closedWith;
  std::set<std::thread::id> threads;
};

// Gives every page at once.
class Pages final : public Downloader {
 public:
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    ++fetched;
    threads.insert(std::this_thread::get_id());
    Response response(request->url, 200, {}, "page");
    response.setRequest(std::move(request));
    return succeed(std::move(response));
  }
  int fetched = 0;
  std::set<std::thread::id> threads;
};

class Visits final : public Feed {
 public:
  void write(const Item& item) override { urls.push_back(item.as<Found>()->url); }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "memory"; }
  std::uint64_t written() const noexcept override { return urls.size(); }
  std::vector<std::string> urls;
};

struct Threaded {
  Settings settings;
  Reactor reactor;
  Pages pages;
  LogCapture log;
  FrontierCounts counts;
  std::string closeReason;
  std::vector<std::string> urls;

  Threaded() {
    settings.robotstxtObey = false;
    settings.logstatsInterval = 0;
  }
  void run(std::vector<Spider*> spiders) {
    SpiderThreads threads(reactor, spiders);
    MemoryFrontier frontier(settings);
    Engine engine(*spiders.front(), settings, reactor, pages, frontier, &threads);
    auto feed = std::make_unique<Visits>();
    Visits& visits = *feed;
    engine.addFeed(std::move(feed));
    reactor.callWhenRunning([&] { engine.run().addBoth([this] { reactor.stop(); }).detach(); });
    reactor.run(false);
    REQUIRE(threads.stop(std::chrono::minutes(1)));
    counts = engine.counts();
    closeReason = engine.closeReason();
    urls = visits.urls;
    CHECK(counts.enqueued == counts.done + counts.failed + counts.dropped);
  }
};

}  // namespace

TEST_CASE("a callback on its thread fetches pages by the engine's, and is told when there are none") {
  class Fetching : public HeapSpider {
   public:
    Results parse(Response response) override {
      Response other = co_await fetch(response.follow("/other"));
      if (other.request().meta("by").empty()) fetched += other.body;
      Found visit;
      visit.url = response.url.href();
      co_yield visit;
      try {
        Response none = co_await fetch(Request("ftp://a/"));
        fetched += "!";
      } catch (const IgnoreRequest&) {
        ++refused;
      }
      threads.insert(std::this_thread::get_id());
    }
    std::string fetched;
    int refused = 0;
  } first, second;
  first.startUrls.clear();
  for (int i = 0; i < 50; ++i) first.startUrls.push_back("http://a/" + std::to_string(i));
  Threaded crawl;
  crawl.run({&first, &second});
  CHECK(crawl.urls.size() == 50);
  CHECK(first.fetched.size() + second.fetched.size() == 50 * std::string("page").size());
  CHECK(first.refused + second.refused == 50);
  CHECK(crawl.pages.fetched == 100);
  CHECK(crawl.pages.threads == std::set<std::thread::id>{std::this_thread::get_id()});
  CHECK_FALSE(first.threads.contains(std::this_thread::get_id()));
}

TEST_CASE("a crawl that is aborted while callbacks on threads wait for pages ends at once") {
  class Waiting : public HeapSpider {
   public:
    Results parse(Response response) override {
      Response other = co_await fetch(response.follow("/never"));
      Found visit;
      visit.url = other.url.href();
      co_yield visit;
    }
  } spider;
  Threaded crawl;
  class Stuck final : public Downloader {
   public:
    Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
      if (request->url.path() != "/never") {
        Response response(request->url, 200, {}, "page");
        response.setRequest(std::move(request));
        return succeed(std::move(response));
      }
      Deferred<Response> never([this] { ++cancelled; });
      triggers.push_back(never.takeTrigger());
      asked();
      return never;
    }
    std::vector<Trigger<Response>> triggers;
    int cancelled = 0;
    std::function<void()> asked;
  } stuck;
  SpiderThreads threads(crawl.reactor, {&spider});
  MemoryFrontier frontier(crawl.settings);
  auto engine = std::make_unique<Engine>(spider, crawl.settings, crawl.reactor, stuck, frontier, &threads);
  Deferred<> running(nullptr);
  stuck.asked = [&] {
    crawl.reactor.callLater(0, [&] {
      engine->abort();
      running.cancel();
      crawl.reactor.stop();
    });
  };
  crawl.reactor.callWhenRunning([&] { running = engine->run().addErrback([](const Failure&) {}); });
  crawl.reactor.run(false);
  engine.reset();
  CHECK(stuck.cancelled == 1);
  CHECK(threads.stop(std::chrono::minutes(1)));
}

TEST_CASE("callbacks run on threads of their own, each with its spider, and every page is visited once") {
  for (int count : {1, 2, 3}) {
    CAPTURE(count);
    Threaded crawl;
    std::vector<std::unique_ptr<HeapSpider>> spiders;
    std::vector<Spider*> pointers;
    for (int i = 0; i < count; ++i) pointers.push_back(spiders.emplace_back(std::make_unique<HeapSpider>()).get());
    crawl.run(pointers);
    CHECK(crawl.counts.done == kPages);
    CHECK(std::set<std::string>(crawl.urls.begin(), crawl.urls.end()).size() == kPages);
    CHECK(crawl.urls.size() == kPages);
    CHECK(crawl.pages.fetched == kPages);
    CHECK(crawl.pages.threads == std::set<std::thread::id>{std::this_thread::get_id()});
    int calls = 0;
    for (const auto& spider : spiders) {
      calls += spider->calls;
      CHECK(spider->calls > 0);
      CHECK(spider->threads.size() == 1);
      CHECK_FALSE(spider->threads.contains(std::this_thread::get_id()));
    }
    CHECK(calls == kPages);
    CHECK(spiders.front()->closedWith == "finished");
  }
}

TEST_CASE("an exception in a callback on a thread costs that page, and is logged") {
  Threaded crawl;
  HeapSpider spider;
  spider.failing = kPages - 1;
  crawl.run({&spider});
  CHECK(crawl.counts.done == kPages - 1);
  CHECK(crawl.counts.failed == 1);
  CHECK(crawl.urls.size() == kPages);                  // what it yielded before stays
  CHECK(crawl.log.contains("a page that fails"));
}

TEST_CASE("a callback that blocks holds neither the engine's thread nor the callbacks of another thread") {
  static std::mutex mutex;
  static std::condition_variable changed;
  static bool released;
  static int others;                                   // visited so far
  released = false;
  others = 0;
  // Page 0 blocks until most others have been visited; a few may stand behind it.
  class Blocking : public Spider {
   public:
    Blocking() : Spider("blocking") {
      for (int i = 0; i < 20; ++i) startUrls.push_back("http://a/" + std::to_string(i));
    }
    Results parse(Response response) override {
      std::unique_lock lock(mutex);
      if (response.url.path() == "/0") {
        released = changed.wait_for(lock, std::chrono::minutes(1), [] { return others >= 12; });
      } else {
        ++others;
        changed.notify_all();
      }
      Found visit;
      visit.url = response.url.href();
      co_yield visit;
    }
  };
  Threaded crawl;
  Blocking one, two;
  crawl.run({&one, &two});
  CHECK(released);
  CHECK(crawl.counts.done == 20);
}

TEST_CASE("start requests come in batches, and a list that fails says so") {
  class Long : public HeapSpider {
   public:
    Results startRequests() override {
      for (int i = 0; i < 1000; ++i) {
        const std::string url = "http://a/" + std::to_string(kPages + i);
        co_yield Request(url.c_str());
      }
      throw std::runtime_error("the list ends badly");
    }
  };
  Threaded crawl;
  Long spider;
  crawl.run({&spider});
  CHECK(crawl.counts.done == 1000);
  CHECK(crawl.closeReason == "start_error");
}
