#include "../site_crawl.hpp"

#include <weft/crawler/spiders/crawl_spider.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using weft::testing::SiteCrawl;

namespace {

struct Shelved {
  std::string by, url, shelf;
};
WEFT_ITEM(Shelved, by, url, shelf)

Shelved visit(std::string by, const Response& response) {
  Shelved made;
  made.by = std::move(by);
  made.url = response.url.href();
  made.shelf = response.cbKwarg("shelf");
  return made;
}

LinkExtractor linksTo(std::string_view pattern) {
  LinkExtractor links;
  links.allow(pattern);
  return links;
}

class Shop : public CrawlSpider {
 public:
  Shop() : CrawlSpider("shop") { startUrls = {"http://e.com/"}; }
  Results parseBook(Response response) {
    Shelved made = visit("book", response);
    co_yield made;
    co_yield response.follow("/extra", &Shop::parseExtra);
  }
  Results parseExtra(Response response) {
    Shelved made = visit("extra", response);
    co_yield made;
  }
  Results parseOther(Response response) {
    Shelved made = visit("other", response);
    co_yield made;
  }
  Results parseStartUrl(Response response) override {
    Shelved made = visit("start", response);
    co_yield made;
  }
  Results failed(Failure, Request request) {
    Shelved made;
    made.by = "failed";
    made.url = request.url.href();
    co_yield made;
  }
};

void fill(SiteCrawl& crawl) {
  crawl.site.html("http://e.com/", "<a href=/page/2>next</a><a href=/book/1>one</a><a href=/about>about</a>");
  crawl.site.html("http://e.com/page/2", "<a href=/page/1>back</a><a href=/book/2>two</a>");
  crawl.site.html("http://e.com/page/1", "<a href=/>home</a>");
  crawl.site.html("http://e.com/book/1", "<a href=/book/3>three</a>");
  crawl.site.html("http://e.com/book/2", "");
  crawl.site.html("http://e.com/book/3", "");
  crawl.site.html("http://e.com/about", "");
  crawl.site.html("http://e.com/extra", "");
}

std::vector<std::string> sortedUrls(const SiteCrawl& crawl) {
  std::vector<std::string> urls = crawl.site.urls();
  std::sort(urls.begin(), urls.end());
  return urls;
}

}  // namespace

TEST_CASE("a link goes to the first rule that extracts it; rules without a callback only follow") {
  SiteCrawl crawl;
  fill(crawl);
  Shop spider;
  spider.rules.emplace_back(linksTo("/page/"));
  spider.rules.emplace_back(linksTo("/book/")).setCallback(&Shop::parseBook).setCbKwarg("shelf", "A");
  spider.rules.emplace_back(linksTo("book/1|about")).setCallback(&Shop::parseOther);
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{
                           R"({"by":"book","url":"http://e.com/book/1","shelf":"A"})", R"({"by":"book","url":"http://e.com/book/2","shelf":"A"})",
                           R"({"by":"extra","url":"http://e.com/extra","shelf":""})", R"({"by":"other","url":"http://e.com/about","shelf":""})",
                           R"({"by":"start","url":"http://e.com/","shelf":""})"});
  CHECK(sortedUrls(crawl) == std::vector<std::string>{"http://e.com/", "http://e.com/about", "http://e.com/book/1", "http://e.com/book/2", "http://e.com/extra", "http://e.com/page/1",
                                                      "http://e.com/page/2"});
}

TEST_CASE("a rule with a callback follows when it says so, and none does without followLinks") {
  SiteCrawl crawl;
  fill(crawl);
  Shop spider;
  spider.rules.emplace_back(linksTo("/book/")).setCallback(&Shop::parseOther).setFollow(true);
  SUBCASE("follow") {
    crawl.run(spider);
    CHECK(sortedUrls(crawl) == std::vector<std::string>{"http://e.com/", "http://e.com/book/1", "http://e.com/book/3"});
  }
  SUBCASE("followLinks off") {
    spider.followLinks = false;
    crawl.run(spider);
    CHECK(sortedUrls(crawl) == std::vector<std::string>{"http://e.com/"});
  }
}

TEST_CASE("a rule may change its links and requests, and has an errback") {
  SiteCrawl crawl;
  fill(crawl);
  Shop spider;
  spider.rules.emplace_back(linksTo("/book/|/about"))
      .setCallback(&Shop::parseOther)
      .setErrback(&Shop::failed)
      .setProcessLinks([](std::vector<Link>& links) {
        std::erase_if(links, [](const Link& link) { return link.text == "about"; });
        links.emplace_back("http://e.com/missing");
      })
      .setProcessRequest([](Request& request, const Response& response) {
        request.setCbKwarg("shelf", std::string(response.url.path()));
        return request.url.path() != "/book/2";
      });
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{R"({"by":"failed","url":"http://e.com/missing","shelf":""})", R"({"by":"other","url":"http://e.com/book/1","shelf":"/"})",
                                               R"({"by":"start","url":"http://e.com/","shelf":""})"});
}

TEST_CASE("results of callbacks can be changed and dropped; what is no HTML has no links") {
  class Picky : public Shop {
   public:
    bool processResult(Result& result) override {
      if (!result.isItem()) return false;
      result.item().as<Shelved>()->shelf = "seen";
      return true;
    }
  };
  SiteCrawl crawl;
  fill(crawl);
  Picky spider;
  spider.rules.emplace_back(linksTo("/book/1")).setCallback(&Shop::parseBook);
  SUBCASE("HTML") {
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"by":"book","url":"http://e.com/book/1","shelf":"seen"})", R"({"by":"start","url":"http://e.com/","shelf":"seen"})"});
  }
  SUBCASE("plain text") {
    crawl.site.text("http://e.com/", "<a href=/book/1>one</a>", "text/plain");
    crawl.run(spider);
    CHECK(crawl.items.size() == 1);
  }
}

TEST_CASE("the pages of rules know their rule and the text of the link that led to them") {
  SiteCrawl crawl;
  crawl.site.html("http://e.com/", "<a href=/book/1> the <i>first</i>\n</a><area href=/book/2>");
  crawl.site.html("http://e.com/book/1", "");
  crawl.site.html("http://e.com/book/2", "");
  Shop spider;
  spider.rules.emplace_back(linksTo("/book/"));
  crawl.run(spider);
  REQUIRE(crawl.site.request("http://e.com/book/1"));
  CHECK(crawl.site.request("http://e.com/book/1")->meta("link_text") == " the first\n");
  CHECK(crawl.site.request("http://e.com/book/1")->meta("rule") == "0");
  REQUIRE(crawl.site.request("http://e.com/book/2"));
  CHECK(crawl.site.request("http://e.com/book/2")->meta("link_text") == "");
}

TEST_CASE("a request of a rule that is gone fails its page and names the rule") {
  SiteCrawl crawl;
  fill(crawl);
  class Lost : public Shop {
   public:
    Results startRequests() override {
      Request request("http://e.com/book/1", &Lost::parseByRule);
      request.setMeta("rule", "7");
      co_yield std::move(request);
    }
  } spider;
  crawl.run(spider);
  CHECK(crawl.engine->counts().failed == 1);
  CHECK(crawl.log.contains("is of rule \"7\", and the spider \"shop\" has 0 rules"));
}
