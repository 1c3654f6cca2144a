#include "site_crawl.hpp"

#include <weft/crawler/item.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using weft::testing::SiteCrawl;

namespace {

struct Seen {
  std::string url;
  int status = 0;
};
WEFT_ITEM(Seen, url, status)

// Yields what the test has it yield on the start page, and an item for every page.
class TestSpider : public Spider {
 public:
  TestSpider() : Spider("test") { startUrls = {"https://e.com/"}; }
  std::function<std::vector<Request>(const Response&)> links = [](const Response&) { return std::vector<Request>(); };
  Results parse(Response response) override {
    Seen seen;
    seen.url = response.url.href();
    seen.status = response.status;
    co_yield seen;
    if (response.depth() == 0 && response.request().isStartRequest)
      for (Request& request : links(response)) co_yield std::move(request);
  }
};

std::vector<std::string> referrers(const SiteCrawl& crawl) {
  std::vector<std::string> all;
  for (const Request& request : crawl.site.asked) all.push_back(request.url.href() + " from " + (request.referrer().empty() ? "-" : std::string(request.referrer())));
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("requests say which page they come from, by the setting, the page or themselves") {
  TestSpider spider;
  SiteCrawl crawl;
  spider.links = [](const Response& response) {
    return std::vector<Request>{response.follow("/a"), Request("http://o.com/b"), Request("https://o.com/c").setMeta("referrer_policy", "origin")};
  };
  SUBCASE("the default") {
    crawl.site.html("https://e.com/", "");
    crawl.run(spider);
    CHECK(referrers(crawl) == std::vector<std::string>{"http://o.com/b from -", "https://e.com/ from -", "https://e.com/a from https://e.com/", "https://o.com/c from https://e.com/"});
  }
  SUBCASE("the page's own") {
    crawl.site.html("https://e.com/", "").headers.set("Referrer-Policy", "no-referrer, same-origin");
    crawl.run(spider);
    CHECK(crawl.site.request("https://e.com/a")->referrer() == "https://e.com/");
    CHECK(crawl.site.request("http://o.com/b")->referrer().empty());
    CHECK(crawl.site.request("https://o.com/c")->referrer() == "https://e.com/");
  }
  SUBCASE("the setting") {
    crawl.settings.set("REFERRER_POLICY", "unsafe-url");
    crawl.site.html("https://e.com/", "");
    crawl.run(spider);
    CHECK(crawl.site.request("http://o.com/b")->referrer() == "https://e.com/");
  }
  SUBCASE("off") {
    crawl.settings.set("REFERER_ENABLED", "false");
    crawl.site.html("https://e.com/", "");
    crawl.run(spider);
    for (const Request& request : crawl.site.asked) CHECK(request.referrer().empty());
  }
  CHECK_THROWS_AS(crawl.settings.set("REFERRER_POLICY", "some"), SettingError);
}

TEST_CASE("a refresh is a redirect, unless the spider wants every page") {
  TestSpider spider;
  SiteCrawl crawl;
  crawl.site.html("https://e.com/", "<html><head><meta http-equiv=refresh content='5; url=/next'>");
  crawl.site.html("https://e.com/next", "there");
  SUBCASE("followed") {
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"url":"https://e.com/next","status":200})"});
    CHECK(crawl.site.request("https://e.com/next")->referrer() == "https://e.com/");
  }
  SUBCASE("METAREFRESH_ENABLED=false") { crawl.settings.set("METAREFRESH_ENABLED", "false"); }
  SUBCASE("METAREFRESH_MAXDELAY is too small") { crawl.settings.set("METAREFRESH_MAXDELAY", "5"); }
  SUBCASE("handleHttpstatusAll") { spider.handleHttpstatusAll = true; }
  if (crawl.items.empty()) {
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"url":"https://e.com/","status":200})"});
  }
}

TEST_CASE("statuses that a request or the spider lists reach the callback, redirects among them") {
  TestSpider spider;
  SiteCrawl crawl;
  spider.links = [](const Response& response) {
    return std::vector<Request>{response.follow("/404"), response.follow("/410"), response.follow("/302").setHandleHttpstatusList({302, 404})};
  };
  crawl.site.html("https://e.com/", "");
  crawl.site.text("https://e.com/404", "").status = 404;
  crawl.site.text("https://e.com/410", "").status = 410;
  crawl.site.text("https://e.com/302", "").status = 302;
  crawl.site.pages["https://e.com/302"].headers.set("Location", "/");
  spider.handleHttpstatusList = {404};
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{R"({"url":"https://e.com/","status":200})", R"({"url":"https://e.com/302","status":302})",
                                               R"({"url":"https://e.com/404","status":404})"});
}

TEST_CASE("a request says how often and at what priority it is tried again, and how loudly it is given up") {
  TestSpider spider;
  SiteCrawl crawl;
  spider.links = [](const Response& response) {
    return std::vector<Request>{response.follow("/a").setMeta("max_retry_times", "1").setMeta("priority_adjust", "-5").setMeta("give_up_log_level", "DEBUG")};
  };
  crawl.site.html("https://e.com/", "");
  crawl.site.pages["https://e.com/a"].refused = true;
  crawl.run(spider);
  REQUIRE(crawl.site.asked.size() == 3);
  CHECK(crawl.site.asked[2].priority == -5);
  CHECK(crawl.log.contains("Gave up retrying <GET https://e.com/a> (failed 2 times)"));
  for (const auto& record : crawl.log.entries())
    if (record.message.find("Gave up") != std::string::npos) CHECK(record.level == LogLevel::Debug);
}

TEST_CASE("a request may leave the domains, or begin anew at depth 0") {
  TestSpider spider;
  SiteCrawl crawl;
  spider.allowedDomains = {"e.com"};
  crawl.settings.depthLimit = 1;
  spider.links = [](const Response&) {
    return std::vector<Request>{Request("https://o.com/1"), Request("https://o.com/2").setMeta("allow_offsite", "true"), Request("https://e.com/3").setMeta("depth_reset", "true")};
  };
  crawl.site.html("https://e.com/", "");
  crawl.run(spider);
  CHECK(crawl.site.urls() == std::vector<std::string>{"https://e.com/", "https://o.com/2", "https://e.com/3"});
  CHECK(crawl.site.asked[1].depth == 1);
  CHECK(crawl.site.asked[2].depth == 0);
}
