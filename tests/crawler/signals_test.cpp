#include "crawler/site_crawl.hpp"

#include <weft/crawler/extension.hpp>
#include <weft/crawler/signals.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
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
    signals.spiderClosed.connect([&, note](const std::string& reason) { note(signals.spiderClosed, reason); });
    signals.engineStopped.connect([&, note] { note(signals.engineStopped, ""); });
  };
  TwoPages spider;
  crawl.run(spider);
  CHECK(told == std::vector<std::string>{
                    "spider_opened", "engine_started", "request_scheduled http://a/", "request_reached_downloader http://a/", "response_downloaded 200", "request_left_downloader http://a/",
                    "response_received http://a/", "item_scraped found", "request_scheduled http://a/fails", "request_scheduled http://a/", "request_reached_downloader http://a/fails",
                    "response_downloaded 200", "request_left_downloader http://a/fails", "response_received http://a/fails", "spider_error http://a/fails a page that fails",
                    "spider_closed finished", "engine_stopped"});
}

TEST_CASE("an extension listens and counts, and can be switched off by name") {
  class Counting : public Extension {
   public:
    Counting() : Extension("Counting") {}
    void open(const CrawlContext& crawl) override {
      crawl.signals.responseReceived.connect([&stats = crawl.stats](const Response&) { stats.incValue("counted"); });
    }
  };
  for (const char* setting : {"", R"({"Counting": null})"}) {
    weft::testing::SiteCrawl crawl;
    crawl.settings.set("EXTENSIONS", setting);
    crawl.site.pages["http://a/"] = {};
    TwoPages spider;
    spider.extensions = {std::make_shared<Counting>()};
    crawl.run(spider);
    CHECK(crawl.stat("counted") == (*setting ? 0 : 2));
  }
  weft::testing::SiteCrawl crawl;
  crawl.settings.set("EXTENSIONS", R"({"Countin": null})");
  TwoPages spider;
  spider.extensions = {std::make_shared<Counting>()};
  CHECK_THROWS_WITH_AS(crawl.run(spider), "EXTENSIONS: this crawl has none called Countin; did you mean Counting?", SettingError);
}
