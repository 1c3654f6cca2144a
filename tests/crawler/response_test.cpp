#include <weft/crawler/response.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

Response page(std::string body, std::string_view contentType = "text/html") {
  weft::http::Headers headers;
  if (!contentType.empty()) headers.set("Content-Type", contentType);
  return Response(weft::http::Url("http://a/"), 200, std::move(headers), std::move(body));
}

}  // namespace

TEST_CASE("a response's text is its body where that is UTF-8 already") {
  Response utf8 = page("<title>caf\xC3\xA9</title>");
  CHECK(utf8.text().data() == utf8.body.data());
  CHECK(utf8.encoding() == "utf-8");
  Response latin = page("<title>caf\xE9</title>", "text/html; charset=iso-8859-1");
  CHECK(latin.text() == "<title>caf\xC3\xA9</title>");
  CHECK(latin.encoding() == "windows-1252");
  Response moved = std::move(utf8);
  CHECK(moved.text() == "<title>caf\xC3\xA9</title>");
}

TEST_CASE("a response is HTML by its type, or by its first bytes where it has none") {
  CHECK(page("x", "text/html; charset=utf-8").isHtml());
  CHECK(page("x", "application/XHTML+xml").isHtml());
  CHECK_FALSE(page("<html>", "text/plain").isHtml());
  CHECK(page(" \n<!DOCTYPE html>", "").isHtml());
  CHECK_FALSE(page("\x89PNG", "").isHtml());
}

TEST_CASE("a response is asked by CSS, XPath, JMESPath and regular expressions") {
  const Response html = page("<p class=a>1</p><script>{\"n\": 7}</script>");
  CHECK(html.css("p.a::text").get() == "1");
  CHECK(html.xpath("//p[@class=$c]/text()", {{"c", "a"}}).get() == "1");
  CHECK(html.re("\"(.)\": (\\d)") == std::vector<std::string>{"n", "7"});
  CHECK(html.type() == SelectorType::kHtml);
  CHECK_THROWS_AS(html.json(), weft::http::JsonError);
  CHECK_THROWS_AS(html.jmespath("n"), weft::http::JsonError);

  const Response json = page("{\"items\": [1, 2], \"html\": \"<p>x\"}", "application/json; charset=utf-8");
  CHECK(json.type() == SelectorType::kJson);
  CHECK(json.jmespath("items[1]").get() == "2");
  CHECK(json.json()["items"][0].integer() == 1);
  CHECK(json.jmespath("html").css("p::text").get() == "x");
  CHECK(page("[1]", "text/plain").jmespath("[0]").get() == "1");
}

TEST_CASE("a response is XML by its type, or by its declaration where it has none") {
  const char* const feed = "<?xml version='1.0'?><rss><link>u</link></rss>";
  for (const char* type : {"application/rss+xml", "text/xml; charset=utf-8", "application/XML", ""}) {
    CAPTURE(type);
    CHECK(page(feed, type).type() == SelectorType::kXml);
    CHECK(page(feed, type).xpath("/rss/link/text()").get() == "u");
  }
  CHECK(page("<html/>", "application/xhtml+xml").type() == SelectorType::kHtml);
  CHECK(page(feed, "text/html").type() == SelectorType::kHtml);
  CHECK(page(feed, "text/html").xml().css("link::text").get() == "u");
}

TEST_CASE("all links of a selection are followed, and what is no link is passed over") {
  const Response response(http::Url("http://e.com/d/"), 200, http::Headers{{"Content-Type", "text/html"}},
                          "<link href=/style><p><a href=1>1</a><a href='2#x'>2</a><a>none</a><a href='http://['>bad</a><area href=/3><b href=4>no</b></p>");
  const auto urls = [](const std::vector<Request>& requests) {
    std::string all;
    for (const Request& request : requests) {
      CHECK(request.callback == Callback(&Spider::parse));
      all += request.url.href() + " ";
    }
    return all;
  };
  CHECK(urls(response.followAll("p *", &Spider::parse)) == "http://e.com/d/1 http://e.com/d/2#x http://e.com/3 ");
  CHECK(urls(response.followAll(response.css("a::attr(href)"), &Spider::parse)) == "http://e.com/d/1 http://e.com/d/2#x ");
  const std::vector<std::string> hrefs{"/x", "http://["};
  CHECK(urls(response.followAll(hrefs, &Spider::parse)) == "http://e.com/x ");
  const std::vector<http::Url> links{http::Url("http://o.com/")};
  CHECK(urls(response.followAll(links, &Spider::parse)) == "http://o.com/ ");
  CHECK(response.follow(response.css("area")[0]).url.href() == "http://e.com/3");
  CHECK_THROWS_AS(response.follow(response.css("b")[0]), RequestError);
  CHECK_THROWS_AS(response.follow(response.css("a")[2]), RequestError);
}
