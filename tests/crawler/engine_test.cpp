#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/error.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

struct Page {
  std::string url;
  int status = 0;
};
WEFT_ITEM(Page, url, status)

// Answers from a table, after `delay` of a ManualClock.
class FakeDownloader final : public Downloader {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    std::string location;
    int refusals = 0;                                  // attempts that end in ConnectionRefused before the answer comes
  };

  explicit FakeDownloader(Clock& clock) : clock_(clock) {}
  std::map<std::string, Answer> site;
  std::map<std::string, int> fetched;
  int inFlight = 0, most = 0;
  double delay = 1;

  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    ++fetched[std::string(request->url.withoutFragment())];
    most = std::max(most, ++inFlight);
    Deferred<Response> deferred([this] { --inFlight; });
    clock_.callLater(delay, [this, request, trigger = deferred.takeTrigger()]() mutable {
      if (!trigger.active()) return;
      --inFlight;
      const auto found = site.find(std::string(request->url.withoutFragment()));
      if (found == site.end()) return answer(trigger, request, Answer{404, "", "", 0});
      if (found->second.refusals > 0) {
        --found->second.refusals;
        return trigger.errback(net::ConnectionRefused(std::string(request->url.host()), 80, "connection refused"));
      }
      answer(trigger, request, found->second);
    });
    return deferred;
  }

 private:
  static void answer(Trigger<Response>& trigger, const std::shared_ptr<const Request>& request, const Answer& from) {
    http::Headers headers;
    if (!from.location.empty()) headers.set("Location", from.location);
    Response response(request->url, from.status, std::move(headers), from.body);
    response.setRequest(request);
    trigger.callback(std::move(response));
  }
  Clock& clock_;
};

// Follows the words of the body as links, and yields an item for each page.
class WordsSpider : public Spider {
 public:
  WordsSpider() : Spider("words") { startUrls = {"http://a/"}; }
  std::function<void(const Response&)> during = [](const Response&) {};
  std::string closedWith;

  Results parse(Response response) override {
    Page page;
    page.url = response.url.href();
    page.status = response.status;
    co_yield page;
    during(response);
    for (std::size_t at = 0; at < response.body.size();) {
      const std::size_t end = std::min(response.body.find(' ', at), response.body.size());
      co_yield response.follow(response.body.substr(at, end - at), &WordsSpider::parse);
      at = end + 1;
    }
  }
  Results failed(Failure failure, Request request) {
    Page page;
    page.url = "failed " + request.url.href() + " " + (failure.check<HttpError>() ? "HttpError" : failure.typeName());
    co_yield page;
  }
  void closed(std::string_view reason) override { closedWith = reason; }
};

class MemoryFeed final : public Feed {
 public:
  explicit MemoryFeed(std::vector<std::string>& urls, int failAt = -1) : urls_(urls), failAt_(failAt) {}
  void write(const Item& item) override {
    if (failAt_-- == 0) throw FeedError("cannot write to", "memory", 28);
    urls_.push_back(item.as<Page>()->url);
  }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "memory"; }
  std::uint64_t written() const noexcept override { return urls_.size(); }

 private:
  std::vector<std::string>& urls_;
  int failAt_;
};

struct Crawl {
  Crawl() { settings.robotstxtObey = false; }          // its requests would be among those that are counted here
  ManualClock clock;
  Settings settings;
  FakeDownloader downloader{clock};
  WordsSpider spider;
  std::vector<std::string> items;
  LogCapture log;
  std::unique_ptr<MemoryFrontier> frontier;
  std::unique_ptr<Engine> engine;

  Deferred<> start(int feedFailsAt = -1) {
    frontier = std::make_unique<MemoryFrontier>(settings);
    engine = std::make_unique<Engine>(spider, settings, clock, downloader, *frontier);
    engine->addFeed(std::make_unique<MemoryFeed>(items, feedFailsAt));
    return engine->run();
  }
  void run() {
    auto running = start();
    clock.playAll(3600);
    successResultOf(running);
    checkBalance();
  }
  void checkBalance() {
    const FrontierCounts counts = engine->counts();
    CHECK(counts.enqueued == counts.done + counts.failed + counts.dropped + counts.pending + counts.leased);
    CHECK(clock.getDelayedCalls().empty());
  }
};

}  // namespace

TEST_CASE("a crawl visits every page once, and tells the spider when it has ended") {
  Crawl crawl;
  crawl.downloader.site["http://a/"] = {200, "1 2 /", "", 0};
  crawl.downloader.site["http://a/1"] = {200, "2 3 http://a/#top", "", 0};
  crawl.downloader.site["http://a/2"] = {200, "", "", 0};
  crawl.downloader.site["http://a/3"] = {200, "1", "", 0};
  crawl.run();
  CHECK(crawl.items == std::vector<std::string>{"http://a/", "http://a/1", "http://a/2", "http://a/3"});
  for (const auto& [url, times] : crawl.downloader.fetched) CHECK_MESSAGE(times == 1, url);
  CHECK(crawl.engine->closeReason() == "finished");
  CHECK(crawl.spider.closedWith == "finished");
  CHECK(crawl.engine->counts().done == 4);
  CHECK(crawl.engine->stats().getValue("downloader/response_status_count/200") == 4);
  CHECK(crawl.engine->stats().getValue("item_scraped_count") == 4);
  CHECK(crawl.engine->stats().getValue("request_depth_max") == 3);
  CHECK(crawl.engine->elapsed() == std::chrono::seconds(3));
}

TEST_CASE("as many requests are in flight as the settings say, in all and of one host") {
  Crawl crawl;
  crawl.settings.concurrentRequests = 5;
  crawl.settings.concurrentRequestsPerDomain = 3;
  std::string words;
  for (int i = 0; i < 30; ++i) words += "http://" + std::string(i % 2 ? "a" : "b") + "/" + std::to_string(i) + " ";
  crawl.downloader.site["http://a/"] = {200, words, "", 0};
  crawl.run();
  CHECK(crawl.downloader.most == 5);
  CHECK(crawl.engine->counts().done == 31);
  Crawl narrow;
  narrow.settings.concurrentRequestsPerDomain = 3;
  narrow.downloader.site["http://a/"] = {200, "1 2 3 4 5 6 7 8 9", "", 0};
  narrow.run();
  CHECK(narrow.downloader.most == 3);
}

TEST_CASE("only 200 to 299 reach callbacks, unless the request or the spider wants all") {
  Crawl crawl;
  crawl.downloader.site["http://a/"] = {200, "missing", "", 0};
  crawl.run();
  CHECK(crawl.items == std::vector<std::string>{"http://a/"});
  CHECK(crawl.engine->stats().getValue("httperror/response_ignored_status_count/404") == 1);
  CHECK(crawl.log.contains("Ignoring response <404 http://a/missing>"));
  Crawl all;
  all.spider.handleHttpstatusAll = true;
  all.downloader.site["http://a/"] = {200, "missing", "", 0};
  all.run();
  CHECK(all.items.size() == 2);
}

TEST_CASE("a refused connection is tried again, twice, and then the page has failed") {
  Crawl crawl;
  crawl.downloader.site["http://a/"] = {200, "once never", "", 1};
  crawl.downloader.site["http://a/once"] = {200, "", "", 2};
  crawl.downloader.site["http://a/never"] = {200, "", "", 99};
  crawl.run();
  CHECK(crawl.items == std::vector<std::string>{"http://a/", "http://a/once"});
  CHECK(crawl.downloader.fetched["http://a/never"] == 3);
  CHECK(crawl.engine->counts().failed == 1);
  REQUIRE(crawl.engine->failedPages().size() == 1);
  CHECK(crawl.engine->failedPages()[0].url == "http://a/never");
  CHECK(crawl.engine->failedPages()[0].tries == 3);
  CHECK(crawl.engine->failedPages()[0].cause.find("connection refused") != std::string::npos);
  CHECK(crawl.engine->stats().getValue("retry/count") == 5);
  CHECK(crawl.engine->stats().getValue("retry/max_reached") == 1);
  CHECK(crawl.engine->stats().getValue("downloader/exception_type_count/ConnectionRefused") == 6);
}

TEST_CASE("a 503 is tried again, and what is left of it is a response like others") {
  Crawl crawl;
  crawl.spider.handleHttpstatusAll = true;
  crawl.downloader.site["http://a/"] = {503, "", "", 0};
  crawl.run();
  CHECK(crawl.downloader.fetched["http://a/"] == 3);
  CHECK(crawl.items == std::vector<std::string>{"http://a/"});
  CHECK(crawl.engine->counts().done == 1);
  CHECK(crawl.engine->stats().getValue("retry/reason_count/503 Service Unavailable") == 2);
}

TEST_CASE("redirects are followed, pass the filter, and end") {
  Crawl crawl;
  crawl.downloader.site["http://a/"] = {301, "", "/b", 0};
  crawl.downloader.site["http://a/b"] = {302, "", "http://a/c#x", 0};
  crawl.downloader.site["http://a/c"] = {200, "d", "", 0};
  crawl.downloader.site["http://a/d"] = {302, "", "/c", 0};
  crawl.run();
  CHECK(crawl.items == std::vector<std::string>{"http://a/c#x"});
  CHECK(crawl.downloader.fetched["http://a/c"] == 1);
  CHECK(crawl.engine->counts().filtered == 1);

  Crawl circle;
  circle.settings.redirectMaxTimes = 3;
  for (int i = 0; i < 9; ++i) circle.downloader.site["http://a/" + (i ? std::to_string(i) : "")] = {302, "", "/" + std::to_string(i + 1), 0};
  circle.run();
  CHECK(circle.engine->counts().dropped == 1);
  CHECK(circle.engine->counts().done == 3);
  CHECK(circle.log.contains("Discarding <GET http://a/3>"));
}

TEST_CASE("an exception in a callback costs that page, is logged once with its URL, and nothing else") {
  Crawl crawl;
  crawl.downloader.site["http://a/"] = {200, "bad good", "", 0};
  crawl.downloader.site["http://a/bad"] = {200, "more", "", 0};
  crawl.downloader.site["http://a/good"] = {200, "", "", 0};
  crawl.spider.during = [](const Response& response) {
    if (response.url.path() == "/bad") throw std::runtime_error("out of tea");
  };
  crawl.run();
  CHECK(crawl.items == std::vector<std::string>{"http://a/", "http://a/bad", "http://a/good"});       // what was yielded before stays
  CHECK(crawl.engine->counts().failed == 1);
  CHECK(crawl.engine->stats().getValue("spider_exceptions/count") == 1);
  CHECK(crawl.engine->stats().getValue("spider_exceptions/runtime_error") == 1);
  int logged = 0;
  for (const auto& entry : crawl.log.entries())
    if (entry.message.find("Spider error processing <GET http://a/bad>") != std::string::npos && entry.message.find("out of tea") != std::string::npos) ++logged;
  CHECK(logged == 1);
  CHECK(crawl.engine->failedPages()[0].cause == "the callback failed: out of tea");
}

TEST_CASE("an errback is told of the failure, with its request, and may yield") {
  class Careful : public WordsSpider {
   public:
    Results startRequests() override {
      Request refused("http://a/refused", &WordsSpider::parse), missing("http://a/missing", &WordsSpider::parse);
      refused.setErrback(&WordsSpider::failed);
      missing.setErrback(&WordsSpider::failed);
      co_yield refused;
      co_yield missing;
    }
  };
  ManualClock clock;
  Settings settings;
  FakeDownloader downloader(clock);
  downloader.site["http://a/refused"] = {200, "", "", 99};
  Careful spider;
  LogCapture log;
  MemoryFrontier frontier(settings);
  std::vector<std::string> items;
  Engine engine(spider, settings, clock, downloader, frontier);
  engine.addFeed(std::make_unique<MemoryFeed>(items));
  auto running = engine.run();
  clock.playAll(60);
  successResultOf(running);
  CHECK(items == std::vector<std::string>{"failed http://a/missing HttpError", "failed http://a/refused weft::net::ConnectionRefused"});
}

TEST_CASE("offsite, too deep, too long and unknown schemes are not followed") {
  Crawl crawl;
  crawl.spider.allowedDomains = {"a", "c.test"};
  crawl.settings.depthLimit = 1;
  crawl.settings.urllengthLimit = 30;
  crawl.downloader.site["http://a/"] = {200, "deep http://b/ http://x.c.test/ http://xc.test/ mailto:x http://a/" + std::string(40, 'l'), "", 0};
  crawl.downloader.site["http://a/deep"] = {200, "deeper", "", 0};
  crawl.run();
  CHECK(crawl.downloader.fetched.size() == 3);
  CHECK(crawl.downloader.fetched.count("http://x.c.test/") == 1);
  CHECK(crawl.engine->stats().getValue("offsite/filtered") == 2);
  CHECK(crawl.engine->stats().getValue("depth/request_ignored_count") == 1);
  CHECK(crawl.engine->stats().getValue("urllength/request_ignored_count") == 1);
  CHECK(crawl.engine->stats().getValue("scheme/request_ignored_count") == 1);
}

TEST_CASE("stop() finishes what is in flight and starts nothing more") {
  Crawl crawl;
  crawl.settings.concurrentRequests = 2;
  crawl.downloader.site["http://a/"] = {200, "1 2 3 4 5", "", 0};
  auto running = crawl.start();
  crawl.clock.play(1.5);                               // 1 and 2 are in flight
  crawl.engine->stop("shutdown");
  assertNoResult(running);
  crawl.clock.play(1);
  successResultOf(running);
  CHECK(crawl.engine->closeReason() == "shutdown");
  CHECK(crawl.engine->counts().done == 3);
  CHECK(crawl.engine->counts().pending == 3);
  crawl.checkBalance();
}

TEST_CASE("a paused crawl starts nothing until it is resumed, and can be stopped") {
  Crawl crawl;
  crawl.settings.concurrentRequests = 2;
  crawl.downloader.site["http://a/"] = {200, "1 2 3 4 5", "", 0};
  auto running = crawl.start();
  crawl.clock.play(1.5);                               // 1 and 2 are in flight
  crawl.engine->pause();
  CHECK(crawl.engine->paused());
  crawl.clock.play(100);
  CHECK(crawl.engine->counts().done == 3);
  CHECK(crawl.engine->counts().pending == 3);
  crawl.engine->resume();
  crawl.engine->resume();                              // twice is once
  crawl.clock.play(1.5);
  CHECK(crawl.engine->counts().done == 5);
  crawl.engine->pause();
  crawl.engine->stop("enough");
  crawl.clock.play(100);
  successResultOf(running);
  CHECK(!crawl.engine->paused());
  CHECK(crawl.engine->closeReason() == "enough");
  CHECK(crawl.downloader.most == 2);
  crawl.checkBalance();
}

TEST_CASE("a crawl that is paused before it begins waits") {
  Crawl crawl;
  crawl.downloader.site["http://a/"] = {200, "1", "", 0};
  crawl.frontier = std::make_unique<MemoryFrontier>(crawl.settings);
  crawl.engine = std::make_unique<Engine>(crawl.spider, crawl.settings, crawl.clock, crawl.downloader, *crawl.frontier);
  crawl.engine->pause();
  auto running = crawl.engine->run();
  crawl.clock.play(10);
  CHECK(crawl.downloader.fetched.empty());
  crawl.engine->resume();
  crawl.clock.playAll(100);
  successResultOf(running);
  CHECK(crawl.engine->counts().done == 2);
}

TEST_CASE("the concurrency of a crawl can be changed while it runs") {
  Crawl crawl;
  crawl.settings.concurrentRequests = 2;
  crawl.settings.concurrentRequestsPerDomain = 100;
  std::string words;
  for (int i = 0; i < 60; ++i) words += std::to_string(i) + " ";
  crawl.downloader.site["http://a/"] = {200, words, "", 0};
  auto running = crawl.start();
  crawl.clock.play(1.5);
  CHECK(crawl.downloader.inFlight == 2);
  crawl.engine->setConcurrency(5);
  CHECK(crawl.downloader.inFlight == 5);
  CHECK(crawl.downloader.most == 5);
  crawl.engine->setConcurrency(1);
  crawl.clock.play(2);
  CHECK(crawl.downloader.inFlight == 1);
  crawl.engine->pause();
  crawl.engine->setConcurrency(4);                     // a paused crawl stays so
  crawl.clock.play(2);
  CHECK(crawl.downloader.inFlight == 0);
  crawl.engine->resume();
  CHECK(crawl.downloader.inFlight == 4);
  crawl.engine->setConcurrency(0);                     // one at the least
  CHECK(crawl.engine->concurrency() == 1);
  crawl.clock.playAll(1000);
  successResultOf(running);
  CHECK(crawl.engine->counts().done == 61);
  CHECK(crawl.downloader.most == 5);
  crawl.checkBalance();
}

TEST_CASE("abort() and a cancel end the crawl at once; what was in flight is neither done nor failed") {
  Crawl crawl;
  crawl.settings.concurrentRequests = 2;
  crawl.downloader.site["http://a/"] = {200, "1 2 3", "", 0};
  auto running = crawl.start();
  crawl.clock.play(1.5);
  crawl.engine->abort();
  running.cancel();
  REQUIRE(running.called());
  CHECK(running.result().ok());
  CHECK(crawl.engine->counts().done == 1);
  CHECK(crawl.engine->counts().leased == 2);
  CHECK(crawl.engine->counts().failed == 0);
  CHECK(crawl.downloader.inFlight == 0);
  crawl.clock.playAll(10);
  crawl.checkBalance();
}

TEST_CASE("the CLOSESPIDER limits stop a crawl") {
  Crawl pages;
  pages.settings.concurrentRequests = 1;
  pages.settings.closespiderPagecount = 3;
  pages.downloader.site["http://a/"] = {200, "1 2 3 4 5", "", 0};
  pages.run();
  CHECK(pages.engine->closeReason() == "closespider_pagecount");
  CHECK(pages.engine->counts().done == 3);
  Crawl time;
  time.settings.concurrentRequests = 1;
  time.settings.closespiderTimeout = 2.5;
  time.downloader.site["http://a/"] = {200, "1 2 3 4 5", "", 0};
  time.run();
  CHECK(time.engine->closeReason() == "closespider_timeout");
  CHECK(time.engine->counts().done == 3);
}

TEST_CASE("a feed that cannot be written stops the crawl, and the page whose items were lost has failed") {
  Crawl crawl;
  crawl.settings.concurrentRequests = 1;
  crawl.downloader.site["http://a/"] = {200, "1 2 3 4 5", "", 0};
  for (int i = 1; i < 6; ++i) crawl.downloader.site["http://a/" + std::to_string(i)] = {200, "", "", 0};
  auto running = crawl.start(2);
  crawl.clock.playAll(60);
  failureResultOf<FeedError>(running);
  CHECK(crawl.engine->closeReason() == "feed_error");
  CHECK(crawl.items.size() == 2);
  CHECK(crawl.engine->counts().done == 2);
  CHECK(crawl.engine->counts().failed == 1);
  CHECK(crawl.engine->counts().pending == 3);
  CHECK(crawl.downloader.fetched.size() == 3);
  crawl.checkBalance();
}

TEST_CASE("start requests that fail end the crawl with start_error, after what was started") {
  class Broken : public WordsSpider {
   public:
    Results startRequests() override {
      co_yield Request("http://a/", &WordsSpider::parse);
      throw std::runtime_error("no list");
    }
  };
  ManualClock clock;
  Settings settings;
  FakeDownloader downloader(clock);
  Broken spider;
  LogCapture log;
  MemoryFrontier frontier(settings);
  Engine engine(spider, settings, clock, downloader, frontier);
  auto running = engine.run();
  clock.playAll(60);
  successResultOf(running);
  CHECK(engine.closeReason() == "start_error");
  CHECK(std::string(engine.startFailure().what()) == "no list");
  CHECK(engine.counts().done == 1);
}

TEST_CASE("start requests are pulled as there is room for them") {
  class Many : public WordsSpider {
   public:
    int yielded = 0;
    Results startRequests() override {
      while (yielded < 3000) {
        const std::string url = "http://a/" + std::to_string(yielded++);
        co_yield Request(url.c_str());
      }
    }
  };
  ManualClock clock;
  Settings settings;
  settings.concurrentRequestsPerDomain = 16;
  FakeDownloader downloader(clock);
  Many spider;
  LogCapture log;
  MemoryFrontier frontier(settings);
  Engine engine(spider, settings, clock, downloader, frontier);
  auto running = engine.run();
  CHECK(spider.yielded <= 1020);
  clock.playAll(3600);
  successResultOf(running);
  CHECK(spider.yielded == 3000);
  CHECK(engine.counts().done == 3000);
}

TEST_CASE("a long crawl says how it goes") {
  Crawl crawl;
  crawl.settings.concurrentRequests = 1;
  std::string words;
  for (int i = 0; i < 150; ++i) words += std::to_string(i) + " ";
  crawl.downloader.site["http://a/"] = {200, words, "", 0};
  crawl.run();
  CHECK(crawl.log.contains("Crawled 59 pages (at 59 pages/min), scraped 1 items (at 1 items/min)"));
}
