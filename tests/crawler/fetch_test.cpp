// Spider::fetch(): pages that a callback waits for.
#include "site_crawl.hpp"

#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/defer/gather.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using weft::testing::SiteCrawl;
using weft::testing::TableSite;

namespace {

struct Found {
  std::string url, text;
};
WEFT_ITEM(Found, url, text)

// Fetches `wanted` from its start page's callback.
class Fetching : public Spider {
 public:
  Fetching() : Spider("fetching") { startUrls = {"http://e.com/"}; }
  Request wanted{"http://e.com/price"};
  // [fetch-within]
  Results parse(Response response) override {
    Found found;
    try {
      Response price = co_await fetch(wanted);
      found.url = price.url.href();
      found.text = std::to_string(price.status) + " " + price.body;
    } catch (const weft::Error& error) {
      found.text = error.what();
    }
    co_yield found;
    co_yield response.follow("/price", &Fetching::parsePrice);
  }
  // [/fetch-within]
  Results parsePrice(Response response) {
    Found found;
    found.url = response.url.href();
    found.text = "by callback";
    co_yield found;
  }
};

std::shared_ptr<const Request> inTurn(const std::string& url) {
  auto request = std::make_shared<Request>(url);
  request->waitsInDownloader = true;
  return request;
}

}  // namespace

TEST_CASE("a callback fetches a page and goes on with it; nothing is filtered, nothing recorded") {
  Fetching spider;
  SiteCrawl crawl;
  crawl.site.html("http://e.com/", "");
  crawl.site.html("http://e.com/price", "12");
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{R"({"url":"http://e.com/price","text":"200 12"})", R"({"url":"http://e.com/price","text":"by callback"})"});
  CHECK(crawl.stat("inline/request_count") == 1);
  CHECK(crawl.stat("downloader/request_count") == 3);
  CHECK(crawl.stat("downloader/response_count") == 3);
  CHECK(crawl.stat("scheduler/dequeued") == 2);
  CHECK(crawl.engine->counts().enqueued == 2);
}

TEST_CASE("what is fetched is redirected and tried again like any request, and comes with its status") {
  Fetching spider;
  SiteCrawl crawl;
  crawl.site.html("http://e.com/", "");
  SUBCASE("a redirect and a refresh") {
    crawl.site.text("http://e.com/price", "").status = 302;
    crawl.site.pages["http://e.com/price"].headers.set("Location", "/2");
    crawl.site.html("http://e.com/2", "<meta http-equiv=refresh content='0;url=/3'>");
    crawl.site.html("http://e.com/3", "there");
    crawl.run(spider);
    CHECK(crawl.items[0] == R"({"url":"http://e.com/3","text":"200 there"})");
    CHECK(crawl.site.request("http://e.com/3")->redirectTimes == 2);
  }
  SUBCASE("404") {
    crawl.run(spider);
    CHECK(crawl.items[0] == R"({"url":"http://e.com/price","text":"404 "})");
  }
  SUBCASE("503, three times") {
    crawl.site.text("http://e.com/price", "busy").status = 503;
    crawl.run(spider);
    CHECK(crawl.items[0] == R"({"url":"http://e.com/price","text":"503 busy"})");
    CHECK(crawl.stat("retry/max_reached") == 2);         // and once more by its own request
    CHECK(crawl.stat("inline/request_count") == 3);
  }
  SUBCASE("nobody there") {
    crawl.site.pages["http://e.com/price"].refused = true;
    crawl.run(spider);
    CHECK(crawl.items[0].find("connection refused") != std::string::npos);
    CHECK(crawl.stat("inline/request_count") == 3);
  }
  SUBCASE("in circles") {
    crawl.site.text("http://e.com/price", "").status = 301;
    crawl.site.pages["http://e.com/price"].headers.set("Location", "/price");
    crawl.run(spider);
    CHECK(crawl.items[0].find("more than 20 redirects in a row") != std::string::npos);
  }
  SUBCASE("no http") {
    spider.wanted = Request("ftp://e.com/price");
    crawl.run(spider);
    CHECK(crawl.items[0].find("only http and https are fetched") != std::string::npos);
  }
}

TEST_CASE("a spider that is not being run fetches nothing") {
  Fetching spider;
  auto fetching = spider.fetch(Request("http://e.com/"));
  CHECK(std::string(failureResultOf(fetching).what()).find("the spider \"fetching\" is not being run") != std::string::npos);
  {
    SiteCrawl crawl;
    crawl.site.html("http://e.com/", "");
    crawl.run(spider);
  }
  auto after = spider.fetch(Request("http://e.com/"));
  CHECK(failureResultOf(after).check<SpiderError>());
}

TEST_CASE("an aborted crawl cancels what its callbacks fetch") {
  Fetching spider;
  SiteCrawl crawl;
  crawl.site.html("http://e.com/", "");
  crawl.site.html("http://e.com/price", "");
  auto running = crawl.start(spider);
  crawl.clock.advance(1.5);
  REQUIRE(crawl.site.asked.size() == 2);
  CHECK(crawl.site.inFlight == 1);
  crawl.engine->abort();
  running.cancel();
  CHECK(running.called());
  CHECK(crawl.site.inFlight == 0);
  CHECK(crawl.site.cancelled == 1);
  CHECK(crawl.items.empty());
}

TEST_CASE("what is fetched waits for its host's delay, and for a place") {
  ManualClock clock;
  Settings settings;
  settings.downloadDelay = 5;
  settings.randomizeDownloadDelay = false;
  settings.concurrentRequestsPerDomain = 2;
  Politeness politeness(settings, clock);
  TableSite site(clock);
  PoliteDownloader downloader(site, politeness);
  const auto begin = [&](const char* url) { return downloader.fetch(inTurn(url)); };
  SUBCASE("the delay") {
    auto first = begin("http://e.com/1"), second = begin("http://e.com/2"), other = begin("http://o.com/");
    CHECK(site.asked.size() == 2);                     // of each host one
    clock.advance(4.9);
    CHECK(site.asked.size() == 2);
    second.cancel();
    auto third = begin("http://e.com/3");
    clock.advance(0.2);
    CHECK(site.urls().back() == "http://e.com/3");
    clock.playAll(60);
    CHECK(successResultOf(first).status == 404);
    CHECK(successResultOf(third).status == 404);
    CHECK(successResultOf(other).status == 404);
    CHECK(failureResultOf(second).check<CancelledError>());
  }
  SUBCASE("the places") {
    settings.downloadDelay = 0;
    Politeness quick(settings, clock);
    PoliteDownloader polite(site, quick);
    std::vector<Deferred<Response>> all;
    for (int i = 0; i < 6; ++i) all.push_back(polite.fetch(inTurn("http://e.com/" + std::to_string(i))));
    CHECK(site.inFlight == 2);
    all[3].cancel();
    all[0].cancel();
    CHECK(site.inFlight == 2);
    clock.playAll(60);
    CHECK(site.most == 2);
    CHECK(site.asked.size() == 5);
    for (std::size_t i : {1u, 2u, 4u, 5u}) CHECK(successResultOf(all[i]).status == 404);
    CHECK(failureResultOf(all[0]).check<CancelledError>());
    CHECK(failureResultOf(all[3]).check<CancelledError>());
  }
  CHECK(clock.getDelayedCalls().empty());
}
