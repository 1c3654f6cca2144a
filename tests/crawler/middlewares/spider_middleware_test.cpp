#include "crawler/no_control.hpp"
#include "crawler/site_crawl.hpp"

#include <weft/crawler/middlewares/spider_middleware.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using weft::testing::SiteCrawl;

namespace {

using Names = std::vector<std::string>;

struct Found {
  std::string url, text;
};
WEFT_ITEM(Found, url, text)

// Yields each page, and follows the words of its body.
class Words : public Spider {
 public:
  Words() : Spider("words") { startUrls = {"http://e.com/"}; }
  Results parse(Response response) override {
    Found found;
    found.url = response.url.href();
    found.text = response.body;
    co_yield found;
    std::string word;
    for (char c : response.body + " ") {
      if (c != ' ') word += c;
      else if (!word.empty()) co_yield std::move(response.follow(std::exchange(word, "")).setErrback(&Words::failed));
    }
    if (response.body == "throws") throw std::runtime_error("a callback's own");
  }
  Results failed(Failure failure, Request request) {
    Found found;
    found.url = request.url.href();
    found.text = failure.what();
    co_yield found;
  }
};

// Says what it sees.
class Noting : public SpiderMiddleware {
 public:
  Noting(std::string name, int order, Names& said) : SpiderMiddleware(std::move(name), order), said_(said) {}
  void open(const CrawlContext& crawl) override { said_.push_back(name + " opens for " + crawl.spider.name); }
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override {
    said_.push_back(name + " in " + request->url.href() + (page ? "" : " failed"));
    auto handling = next.handle(std::move(request), std::move(page));
    Called called = co_await handling;
    said_.push_back(name + " out " + std::to_string(called.results.size()) + (called.failure.exception() ? " and a failure" : ""));
    co_return called;
  }

 private:
  Names& said_;
};

}  // namespace

TEST_CASE("pages go through the layers from outside to inside, and what the callback gave goes back") {
  Words spider;
  SiteCrawl crawl;
  Names said;
  spider.spiderMiddlewares = {std::make_shared<Noting>("Inner", 600, said), std::make_shared<Noting>("Outer", 60, said)};
  crawl.site.text("http://e.com/", "throws");
  crawl.settings.set("DEPTH_LIMIT", "1");
  crawl.run(spider);
  CHECK(said == Names{"Inner opens for words", "Outer opens for words", "Outer in http://e.com/", "Inner in http://e.com/", "Inner out 2 and a failure", "Outer out 2 and a failure",
                      // inside of HttpErrorMiddleware, a 404 is a failure: the errback tells of it
                      "Outer in http://e.com/throws failed", "Inner in http://e.com/throws failed", "Inner out 1", "Outer out 1"});
  CHECK(crawl.stat("spider_exceptions/count") == 1);
}

TEST_CASE("a layer may take results out, give others, turn a failure into a page, and fail") {
  Words spider;
  SiteCrawl crawl;
  crawl.site.text("http://e.com/", "a gone fails");
  crawl.site.text("http://e.com/a", "");
  crawl.site.text("http://e.com/fails", "");
  class Changing : public SpiderMiddleware {
   public:
    Changing() : SpiderMiddleware("Changing") {}
    Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override {
      if (request->url.path() == "/fails") throw std::runtime_error("a layer's own");
      if (request->url.path() == "/gone") {
        Response kept(request->url, 200, {}, "from the archive");
        kept.setRequest(request);
        page = Outcome<Response>(std::move(kept));
      }
      auto handling = next.handle(request, std::move(page));
      Called called = co_await handling;
      if (request->url.path() == "/gone") std::erase_if(called.results, [](Result& result) { return !result.isItem(); });
      if (request->url.path() == "/a") {
        Found more;
        more.text = "more";
        called.results.emplace_back(more);
      }
      co_return called;
    }
  };
  spider.spiderMiddlewares = {std::make_shared<Changing>()};
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{R"({"url":"","text":"more"})", R"({"url":"http://e.com/","text":"a gone fails"})", R"({"url":"http://e.com/a","text":""})",
                                                R"({"url":"http://e.com/gone","text":"from the archive"})"});
  CHECK(crawl.site.asked.size() == 4);
  REQUIRE(crawl.engine->failedPages().size() == 1);
  CHECK(crawl.engine->failedPages()[0].url == "http://e.com/fails");
  CHECK(crawl.engine->failedPages()[0].cause.find("a layer's own") != std::string::npos);
}

TEST_CASE("every request is shown to the layers before it goes to the frontier: of pages, of the start, of redirects") {
  Words spider;
  SiteCrawl crawl;
  crawl.site.text("http://e.com/", "a b");
  crawl.site.text("http://e.com/a", "").status = 302;
  crawl.site.pages["http://e.com/a"].headers.set("Location", "/c");
  class Choosing : public SpiderMiddleware {
   public:
    explicit Choosing(Names& seen) : SpiderMiddleware("Choosing"), seen_(seen) {}
    bool accepts(Request& request, const Request* from) override {
      seen_.push_back(request.url.href() + (from ? " from " + from->url.href() : ""));
      request.setMeta("shown", "yes");
      return request.url.path() != "/b";
    }

   private:
    Names& seen_;
  };
  Names seen;
  spider.spiderMiddlewares = {std::make_shared<Choosing>(seen)};
  crawl.run(spider);
  CHECK(seen == Names{"http://e.com/", "http://e.com/a from http://e.com/", "http://e.com/b from http://e.com/", "http://e.com/c"});
  CHECK(crawl.site.urls() == Names{"http://e.com/", "http://e.com/a", "http://e.com/c"});
  CHECK(crawl.site.request("http://e.com/c")->meta("shown") == "yes");
}

TEST_CASE("weft's own stand at Scrapy's places, and can be moved and taken out by name") {
  Words spider;
  SiteCrawl crawl;
  crawl.site.text("http://e.com/", "a http://o.com/");
  crawl.site.text("http://e.com/a", "b");
  spider.allowedDomains = {"e.com"};
  const Names own{"HttpErrorMiddleware", "OffsiteMiddleware", "TrapGuardMiddleware", "RefererMiddleware", "UrlLengthMiddleware", "DepthMiddleware"};
  const auto namesWith = [&](std::string_view setting) {
    crawl.settings.set("SPIDER_MIDDLEWARES", setting);
    Stats stats;
    Signals signals;
    weft::testing::NoControl control;
    InlineSpider runner(spider);
    return SpiderMiddlewares(CrawlContext{spider, crawl.settings, stats, signals, crawl.clock, control}, runner).names();
  };
  CHECK(namesWith("") == own);
  CHECK(namesWith(R"({"DepthMiddleware": 1, "RefererMiddleware": null})") == Names{"DepthMiddleware", "HttpErrorMiddleware", "OffsiteMiddleware", "TrapGuardMiddleware", "UrlLengthMiddleware"});
  CHECK_THROWS_WITH_AS(namesWith(R"({"DepthMiddlewear": null})"), "SPIDER_MIDDLEWARES: this crawl has none called DepthMiddlewear; did you mean DepthMiddleware?", SettingError);
  SUBCASE("as they are") {
    crawl.settings.set("SPIDER_MIDDLEWARES", "");
    crawl.run(spider);
    CHECK(crawl.stat("offsite/filtered") == 1);
    CHECK(crawl.stat("request_depth_max") == 2);
    CHECK(crawl.site.request("http://e.com/a")->referrer() == "http://e.com/");
  }
  SUBCASE("without some") {
    crawl.settings.set("SPIDER_MIDDLEWARES", R"({"OffsiteMiddleware": null, "RefererMiddleware": null, "HttpErrorMiddleware": null})");
    crawl.run(spider);
    CHECK(crawl.stat("offsite/filtered") == 0);
    REQUIRE(crawl.site.request("http://o.com/"));
    CHECK(crawl.site.request("http://e.com/a")->referrer().empty());
    CHECK(crawl.items.size() == 4);                    // the 404s as well
  }
}

TEST_CASE("HTTPERROR_ALLOWED_CODES lets statuses through, and a request's own list goes before it") {
  Words spider;
  SiteCrawl crawl;
  crawl.site.text("http://e.com/", "gone");
  crawl.settings.set("HTTPERROR_ALLOWED_CODES", "410, 404");
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{R"({"url":"http://e.com/","text":"gone"})", R"({"url":"http://e.com/gone","text":""})"});
  CHECK_THROWS_WITH_AS(crawl.settings.set("HTTPERROR_ALLOWED_CODES", "4O4"), "HTTPERROR_ALLOWED_CODES=4O4: must be statuses such as 404, with commas between", SettingError);
}

TEST_CASE("a callback that throws CloseSpider ends the crawl with that reason, and loses nothing") {
  SiteCrawl crawl;
  crawl.settings.concurrentRequests = 1;
  class Enough : public Words {
   public:
    Results parse(Response response) override {
      Found found;
      found.url = response.url.href();
      co_yield found;
      co_yield response.follow("/more");
      throw CloseSpider("enough_seen");
    }
  } spider;
  crawl.site.text("http://e.com/", "");
  crawl.run(spider);
  CHECK(crawl.engine->closeReason() == "enough_seen");
  CHECK(crawl.items.size() == 1);
  CHECK(crawl.stat("spider_exceptions/count") == 0);
  CHECK(crawl.engine->counts().pending == 1);
  CHECK(crawl.engine->counts().done == 1);
}
