#include <weft/crawler/spider.hpp>
#include <weft/defer/testing.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace weft;
using crawler::SpiderError;
using crawler::SpiderRegistry;

namespace {

struct Quote {
  std::string text, author;
  std::vector<std::string> tags;
};
WEFT_ITEM(Quote, text, author, tags)

class LinesSpider : public Spider {
 public:
  LinesSpider() : Spider("lines") { startUrls = {"http://a/", "http://b/"}; }
  Results parse(Response response) override {
    for (auto block : response.css("div.quote")) {
      Quote quote;
      quote.text = block.css("span::text").get();
      quote.tags = block.css("a::text").getall();
      co_yield quote;
    }
    if (auto next = response.css("li.next a::attr(href)").first()) co_yield response.follow(*next, &LinesSpider::parseMore).setPriority(3);
  }
  Results parseMore(Response response) {
    Quote quote;
    quote.author = response.meta("who");
    co_yield quote;
  }
};
WEFT_SPIDER(LinesSpider)

Response page(std::string body, std::string_view url = "http://a/x/y.html") {
  http::Headers headers;
  headers.set("Content-Type", "text/html; charset=utf-8");
  return Response(http::Url(url), 200, std::move(headers), std::move(body));
}

// What a callback yields, all of it.
std::vector<crawler::Result> all(Results results) {
  std::vector<crawler::Result> found;
  for (;;) {
    auto next = successResultOf(results.nextDeferred());
    if (!next) return found;
    found.push_back(std::move(*next));
  }
}

}  // namespace

TEST_CASE("a callback yields items and requests, in its order") {
  LinesSpider spider;
  auto results = all(spider.parse(page("<div class=quote><span>one</span><a>x</a><a>y</a></div><div class=quote><span>two</span></div>"
                                       "<ul><li class=next><a href='../2#top'>more</a></ul>")));
  REQUIRE(results.size() == 3);
  REQUIRE(results[0].isItem());
  CHECK(results[0].item().as<Quote>()->text == "one");
  CHECK(results[0].item().as<Quote>()->tags == std::vector<std::string>{"x", "y"});
  CHECK(results[1].item().as<Quote>()->text == "two");
  REQUIRE_FALSE(results[2].isItem());
  CHECK(results[2].request().url.href() == "http://a/2#top");
  CHECK(results[2].request().priority == 3);

  Response more = page("");
  auto request = std::make_shared<Request>(results[2].request());
  request->setMeta("who", "me");
  more.setRequest(request);
  auto items = all(request->callback(spider, std::move(more)));
  REQUIRE(items.size() == 1);
  CHECK(items[0].item().as<Quote>()->author == "me");
}

TEST_CASE("start requests are one for each start URL") {
  LinesSpider spider;
  auto starts = all(spider.startRequests());
  REQUIRE(starts.size() == 2);
  CHECK(starts[1].request().url.href() == "http://b/");
  spider.startUrls = {"nonsense"};
  auto broken = spider.startRequests();
  failureResultOf<http::UrlError>(broken.nextDeferred());
}

TEST_CASE("a spider without parse() says so") {
  Spider spider("bare");
  auto results = spider.parse(page(""));
  const Failure failure = failureResultOf<SpiderError>(results.nextDeferred());
  CHECK(failure.getErrorMessage().find("the spider \"bare\" has no parse()") != std::string::npos);
}

TEST_CASE("spiders are found by name") {
  CHECK(SpiderRegistry::create("lines")->startUrls.size() == 2);
  CHECK_THROWS_WITH_AS(SpiderRegistry::create("line"), "no spider is called line; did you mean lines?", SpiderError);
}

TEST_CASE("arguments are kept for the spider") {
  LinesSpider spider;
  spider.setArguments({{"tag", "love"}});
  CHECK(spider.argument("tag") == "love");
  CHECK(spider.argument("none", "fallback") == "fallback");
}

TEST_CASE("links are joined to the page, or to its <base>") {
  CHECK(page("").urljoin("z").href() == "http://a/x/z");
  CHECK(page("<base href='/q/'><p>").urljoin("z").href() == "http://a/q/z");
  CHECK(page("<p>&lt;base&gt;<basefont>").urljoin("z").href() == "http://a/x/z");
  CHECK(page("").follow("?a=1").url.href() == "http://a/x/y.html?a=1");
  CHECK_THROWS_AS(page("").follow("http://["), http::UrlError);
  const Response response = page("<a href=1>x</a>");
  CHECK(response.follow(response.css("a")[0]).url.href() == "http://a/x/1");
  CHECK(response.follow(response.css("a::attr(href)")[0]).url.href() == "http://a/x/1");
}

TEST_CASE("a request is a value: copies share nothing") {
  Request request("http://a/", &LinesSpider::parseMore);
  CHECK(request.describe() == "<GET http://a/>");
  request.setMethod("post").setBody("x=1").setHeader("X-A", "1").setMeta("k", "v").setMeta("k", "w");
  Request copy(request);
  copy.setMethod("PUT").setBody("").setHeader("X-A", "2").setMeta("k", "z");
  CHECK(request.describe() == "<POST http://a/>");
  CHECK(request.body() == "x=1");
  CHECK(request.headers().get("x-a") == "1");
  CHECK(request.meta("k") == "w");
  CHECK(request.meta("none").empty());
  CHECK(copy.meta("k") == "z");
  CHECK_THROWS_AS(request.setMethod("G ET"), http::HeaderError);
  CHECK_THROWS_AS(request.setHeader("X", "a\r\nb"), http::HeaderError);
  CHECK_THROWS_AS(Request("nonsense"), http::UrlError);
}

TEST_CASE("selectors outlive the response that they came from") {
  SelectorList kept;
  {
    const Response response = page("<p>kept</p>");
    kept = response.css("p::text");
  }
  CHECK(kept.get() == "kept");
}
