#include "crawler/site_crawl.hpp"

#include <weft/crawler/extension.hpp>
#include <weft/crawler/extensions/memory_usage.hpp>
#include <weft/crawler/pipelines/item_pipeline.hpp>
#include <weft/crawler/signals.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;

TEST_CASE("handlers are called in order, may come and go while they are called, and hurt nobody when they fail") {
  LogCapture log;
  Signal<int> signal("a_signal");
  std::vector<std::string> calls;
  signal.send(0);
  Signal<int>::Id second = 0;
  const auto first = signal.connect([&](int n) {
    calls.push_back("first " + std::to_string(n));
    if (n == 1) signal.connect([&](int m) { calls.push_back("third " + std::to_string(m)); });
    if (n == 2) signal.disconnect(second);
  });
  second = signal.connect([&](int n) {
    calls.push_back("second " + std::to_string(n));
    throw std::runtime_error("a handler's own");
  });
  signal.send(1);
  CHECK(calls == std::vector<std::string>{"first 1", "second 1"});
  CHECK(log.contains("a handler of a_signal failed"));
  calls.clear();
  signal.send(2);
  CHECK(calls == std::vector<std::string>{"first 2", "third 2"});
  signal.disconnect(first);
  signal.disconnect(99);
  CHECK_FALSE(signal.empty());
}

namespace {

struct Word {
  std::string text;
};
WEFT_ITEM(Word, text)

class TwoPages : public Spider {
 public:
  TwoPages() : Spider("two") { startUrls = {"http://a/"}; }
  Results parse(Response response) override {
    if (response.url.path() == "/") {
      Word word;
      word.text = "found";
      co_yield word;
      co_yield response.follow("/fails");
      co_yield response.follow("/");
    } else {
      throw std::runtime_error("a page that fails");
    }
  }
};

}  // namespace

TEST_CASE("a crawl tells what happens in Scrapy's order") {
  TwoPages spider;
  weft::testing::SiteCrawl crawl;
  crawl.site.pages["http://a/"] = {};
  crawl.site.pages["http://a/fails"] = {};
  std::vector<std::string> told;
  crawl.beforeRun = [&told](Engine& engine) {
    Signals& signals = engine.signals();
    const auto note = [&told](const auto& signal, const std::string& what) { told.push_back(std::string(signal.name()) + (what.empty() ? "" : " ") + what); };
    signals.spiderOpened.connect([&, note] { note(signals.spiderOpened, ""); });
    signals.engineStarted.connect([&, note] { note(signals.engineStarted, ""); });
    signals.requestScheduled.connect([&, note](const Request& request) { note(signals.requestScheduled, request.url.href()); });
    signals.requestReachedDownloader.connect([&, note](const Request& request) { note(signals.requestReachedDownloader, request.url.href()); });
    signals.responseDownloaded.connect([&, note](const Response& response) { note(signals.responseDownloaded, std::to_string(response.status)); });
    signals.requestLeftDownloader.connect([&, note](const Request& request) { note(signals.requestLeftDownloader, request.url.href()); });
    signals.responseReceived.connect([&, note](const Response& response) { note(signals.responseReceived, response.url.href()); });
    signals.itemScraped.connect([&, note](const Item& item) { note(signals.itemScraped, item.as<Word>()->text); });
    signals.spiderError.connect([&, note](const Failure& failure, const Request& request) { note(signals.spiderError, request.url.href() + " " + failure.what()); });
    signals.requestDropped.connect([&, note](const Request& request) { note(signals.requestDropped, request.url.href()); });
    signals.spiderIdle.connect([&, note] { note(signals.spiderIdle, ""); });
    signals.feedSlotClosed.connect([&, note](const Feed& feed) { note(signals.feedSlotClosed, std::string(feed.name())); });
    signals.feedExporterClosed.connect([&, note] { note(signals.feedExporterClosed, ""); });
    signals.spiderClosed.connect([&, note](const std::string& reason) { note(signals.spiderClosed, reason); });
    signals.engineStopped.connect([&, note] { note(signals.engineStopped, ""); });
  };
  crawl.run(spider);
  CHECK(told == std::vector<std::string>{
                    "spider_opened", "engine_started", "request_scheduled http://a/", "request_reached_downloader http://a/", "response_downloaded 200", "request_left_downloader http://a/",
                    "response_received http://a/", "item_scraped found", "request_scheduled http://a/fails", "request_scheduled http://a/", "request_dropped http://a/", "request_reached_downloader http://a/fails",
                    "response_downloaded 200", "request_left_downloader http://a/fails", "response_received http://a/fails", "spider_error http://a/fails a page that fails",
                    "spider_idle", "spider_closed finished", "feed_slot_closed memory", "feed_exporter_closed", "engine_stopped"});
}

namespace {

// A crawl whose extension may do what it likes.
class Doing : public Extension {
 public:
  explicit Doing(std::function<void(const CrawlContext&)> open) : Extension("Doing"), open_(std::move(open)) {}
  void open(const CrawlContext& crawl) override { open_(crawl); }

 private:
  std::function<void(const CrawlContext&)> open_;
};

class OnePage : public Spider {
 public:
  OnePage() : Spider("one") { startUrls = {"http://a/"}; }
  Results parse(Response response) override {
    Word word;
    word.text = response.url.path();
    co_yield word;
  }
};

}  // namespace

TEST_CASE("a handler of spider_idle brings more requests, keeps the crawl open, and lets it end") {
  OnePage spider;
  weft::testing::SiteCrawl crawl;
  for (const char* page : {"", "1", "2"}) crawl.site.pages[std::string("http://a/") + page] = {};
  std::vector<double> idleAt;
  int dropped = 0;
  spider.extensions = {std::make_shared<Doing>([&](const CrawlContext& context) {
    context.signals.requestDropped.connect([&](const Request&) { ++dropped; });
    context.signals.spiderIdle.connect([&, context] {
      idleAt.push_back(std::chrono::duration<double>(crawl.clock.now()).count());
      if (idleAt.size() == 1) context.control.crawl(Request("http://a/1"));
      if (idleAt.size() == 2) throw DontCloseSpider();
      if (idleAt.size() == 3) {
        context.control.crawl(Request("http://a/1"));    // known: it keeps nothing open
        throw DontCloseSpider();
      }
      if (idleAt.size() == 4) context.control.crawl(Request("http://a/2"));
    });
  })};
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{R"({"text":"/"})", R"({"text":"/1"})", R"({"text":"/2"})"});
  REQUIRE(idleAt.size() == 5);
  CHECK(idleAt[1] == doctest::Approx(idleAt[0] + 1));  // a page takes a second
  CHECK(idleAt[2] == doctest::Approx(idleAt[1] + 5));
  CHECK(idleAt[3] == doctest::Approx(idleAt[2] + 5));
  CHECK(idleAt[4] == doctest::Approx(idleAt[3] + 1));
  CHECK(dropped == 1);
  CHECK(crawl.engine->closeReason() == "finished");
}

TEST_CASE("a crawl that is kept open is stopped at once, and CloseSpider gives it its reason") {
  OnePage spider;
  weft::testing::SiteCrawl crawl;
  crawl.site.pages["http://a/"] = {};
  SUBCASE("stopped") {
    spider.extensions = {std::make_shared<Doing>([](const CrawlContext& context) { context.signals.spiderIdle.connect([] { throw DontCloseSpider(); }); })};
    auto running = crawl.start(spider);
    crawl.clock.advance(100);
    CHECK_FALSE(running.called());
    crawl.engine->stop("shutdown");
    crawl.clock.playAll(1);
    successResultOf(running);
    CHECK(crawl.engine->closeReason() == "shutdown");
    CHECK(crawl.clock.getDelayedCalls().empty());
  }
  SUBCASE("aborted") {
    spider.extensions = {std::make_shared<Doing>([](const CrawlContext& context) { context.signals.spiderIdle.connect([] { throw DontCloseSpider(); }); })};
    auto running = crawl.start(spider);
    crawl.clock.advance(3);
    crawl.engine->abort();
    running.cancel();
    CHECK(running.called());
  }
  SUBCASE("closed with a reason") {
    spider.extensions = {std::make_shared<Doing>([](const CrawlContext& context) { context.signals.spiderIdle.connect([] { throw CloseSpider("all_said"); }); })};
    crawl.run(spider);
    CHECK(crawl.engine->closeReason() == "all_said");
  }
  SUBCASE("by its extension") {
    spider.extensions = {std::make_shared<Doing>(
        [](const CrawlContext& context) { context.signals.responseReceived.connect([&control = context.control](const Response&) { control.stop("seen_enough"); }); })};
    crawl.run(spider);
    CHECK(crawl.engine->closeReason() == "seen_enough");
    CHECK(crawl.items.size() == 1);
  }
}

TEST_CASE("items that a pipeline drops, or fails over, are told of") {
  OnePage spider;
  weft::testing::SiteCrawl crawl;
  for (const char* page : {"", "1", "2"}) crawl.site.pages[std::string("http://a/") + page] = {};
  spider.startUrls = {"http://a/", "http://a/1", "http://a/2"};
  class Choosy : public ItemPipeline {
   public:
    Choosy() : ItemPipeline("Choosy") {}
    Deferred<> processItem(Item& item) override {
      if (item.as<Word>()->text == "/1") throw DropItem("unwanted");
      if (item.as<Word>()->text == "/2") throw std::runtime_error("a pipeline's own");
      return succeed();
    }
  };
  spider.pipelines = {std::make_shared<Choosy>()};
  std::vector<std::string> told;
  spider.extensions = {std::make_shared<Doing>([&told](const CrawlContext& context) {
    context.signals.itemDropped.connect([&told](const Item& item, const Failure& why) { told.push_back("dropped " + item.as<Word>()->text + ": " + why.what()); });
    context.signals.itemError.connect([&told](const Item& item, const Failure& why) { told.push_back("failed " + item.as<Word>()->text + ": " + why.what()); });
  })};
  crawl.run(spider);
  CHECK(told == std::vector<std::string>{"dropped /1: unwanted", "failed /2: a pipeline's own"});
  CHECK(crawl.items.size() == 1);
}

TEST_CASE("a worker that finds nothing waiting says so") {
  OnePage spider;
  weft::testing::SiteCrawl crawl;
  crawl.settings.concurrentRequests = 2;
  crawl.site.pages["http://a/"] = {};
  int empty = 0;
  spider.extensions = {std::make_shared<Doing>([&empty](const CrawlContext& context) { context.signals.schedulerEmpty.connect([&empty] { ++empty; }); })};
  crawl.run(spider);
  CHECK(empty == 3);                                   // both before the start request came, and one behind its page
}

TEST_CASE("memory in use is watched: a warning once, and an end") {
  OnePage spider;
  weft::testing::SiteCrawl crawl;
  crawl.settings.set("MEMUSAGE_WARNING_MB", "100");
  crawl.settings.set("MEMUSAGE_LIMIT_MB", "200");
  crawl.settings.set("EXTENSIONS", R"({"MemoryUsage": null})");        // that of the process: the test has its own
  crawl.site.pages["http://a/"] = {};
  std::int64_t megabytes = 50;
  int warnings = 0;
  auto usage = std::make_shared<MemoryUsage>([&megabytes] { return megabytes << 20; });
  spider.extensions = {std::make_shared<Doing>([&](const CrawlContext& context) {
    usage->open(context);
    context.signals.memusageWarningReached.connect([&warnings] { ++warnings; });
    context.signals.spiderIdle.connect([] { throw DontCloseSpider(); });
  })};
  auto running = crawl.start(spider);
  crawl.clock.play(70);
  CHECK(warnings == 0);
  megabytes = 150;
  crawl.clock.play(180);
  CHECK(warnings == 1);
  CHECK_FALSE(running.called());
  megabytes = 201;
  crawl.clock.play(60);
  crawl.clock.playAll(60);
  successResultOf(running);
  CHECK(crawl.engine->closeReason() == "memusage_exceeded");
  CHECK(crawl.stat("memusage/startup") == 50 << 20);
  CHECK(crawl.stat("memusage/max") == 201 << 20);
  CHECK(crawl.log.contains("Memory usage of 201 MB exceeds MEMUSAGE_LIMIT_MB=200"));
  CHECK(crawl.clock.getDelayedCalls().empty());
  CHECK(MemoryUsage::residentMemory() > 1 << 20);
}

TEST_CASE("a crawl without a new item for too long ends") {
  OnePage spider;
  weft::testing::SiteCrawl crawl;
  for (int i = 0; i < 50; ++i) {
    const std::string url = "http://a/" + std::to_string(i);
    crawl.site.pages[url] = {};
    if (i > 9) crawl.site.pages[url].status = 404;
    spider.startUrls.push_back(url);
  }
  crawl.settings.concurrentRequests = 1;
  SUBCASE("in seconds") {
    crawl.settings.set("CLOSESPIDER_TIMEOUT_NO_ITEM", "12");
    crawl.run(spider);
    CHECK(crawl.engine->closeReason() == "closespider_timeout_no_item");
  }
  SUBCASE("in pages") {
    crawl.settings.set("CLOSESPIDER_PAGECOUNT_NO_ITEM", "5");
    crawl.run(spider);
    CHECK(crawl.engine->closeReason() == "closespider_pagecount_no_item");
    CHECK(crawl.items.size() == 10);
    CHECK(crawl.site.asked.size() < 20);
  }
}

TEST_CASE("an extension listens and counts, and can be switched off by name") {
  class Counting : public Extension {
   public:
    Counting() : Extension("Counting") {}
    void open(const CrawlContext& crawl) override {
      crawl.signals.responseReceived.connect([&stats = crawl.stats](const Response&) { stats.incValue("own/counted"); });
    }
  };
  for (const char* setting : {"", R"({"Counting": null})"}) {
    TwoPages spider;
    weft::testing::SiteCrawl crawl;
    crawl.settings.set("EXTENSIONS", setting);
    crawl.site.pages["http://a/"] = {};
    spider.extensions = {std::make_shared<Counting>()};
    crawl.run(spider);
    CHECK(crawl.stat("own/counted") == (*setting ? 0 : 2));
  }
  TwoPages spider;
  weft::testing::SiteCrawl crawl;
  crawl.settings.set("EXTENSIONS", R"({"Countin": null})");
  spider.extensions = {std::make_shared<Counting>()};
  CHECK_THROWS_WITH_AS(crawl.run(spider), "EXTENSIONS: this crawl has none called Countin; did you mean Counting?", SettingError);
}
