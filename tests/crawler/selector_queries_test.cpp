// XPath, JSON, XML and editing by Selector; CSS is in selector_test.cpp, the languages in html/xpath_test.cpp and
// jmespath_test.cpp.
#include <weft/crawler/selector.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using weft::crawler::Selector;
using weft::crawler::SelectorList;
using weft::crawler::SelectorType;
using Strings = std::vector<std::string>;

namespace {

const char* const kPage =
    "<div class=quote><span class=text>One</span><a href=/1>x</a><script>{\"a\": [1, {\"b\": \"<i>two</i>\"}]}</script></div>"
    "<div class=quote><span class=text>Two</span><a href=/2>y</a><a href=/3>z</a></div>";

const char* const kFeed =
    "<?xml version='1.0' encoding='ISO-8859-1'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:m='urn:media'>"
    "<entry><title>caf\xC3\xA9 &amp; tea</title><m:thumb m:url='u1' w='1'/></entry><entry><title><![CDATA[<b>]]></title></entry></feed>";

}  // namespace

TEST_CASE("XPath and CSS queries can be mixed and nested") {
  const Selector page{std::string(kPage)};
  CHECK(page.xpath("//div[has-class('quote')]").css("a::attr(href)").getall() == Strings{"/1", "/2", "/3"});
  CHECK(page.css("div").xpath("./a/@href").getall() == Strings{"/1", "/2", "/3"});
  CHECK(page.css("div")[1].xpath("a[1]/text()").get() == "y");
  CHECK(page.css("div")[1].xpath("//a").size() == 3);  // from the root on, as in parsel
  CHECK(page.css("a::text").xpath("../@href").getall() == Strings{"/1", "/2", "/3"});
  CHECK(page.css("div").xpath("count(a)").getall() == Strings{"1.0", "2.0"});
  CHECK(page.css("div").xpath("string(span)").re("^.") == Strings{"O", "T"});
  CHECK(page.xpath("count(//a) > 2").get() == "1");
  CHECK(page.xpath("number('x')").get() == "nan");
  CHECK(page.xpath("//a[@href=$h]/text()", {{"h", "/2"}}).get() == "y");
  CHECK(page.xpath("//a")[0] == page.css("a")[0]);
  CHECK_THROWS_AS(page.xpath("//a["), weft::crawler::XPathSyntaxError);
  CHECK_THROWS_AS(page.xpath("//q:a"), weft::crawler::XPathError);
}

TEST_CASE("a part of the page can be dropped without a trace in other selectors") {
  Selector page{std::string(kPage)};
  const Selector before = page;
  const SelectorList quotes = page.css("div");
  page.drop("script, a[href='/2'], span.text::text");
  CHECK(page.css("body")[0].get() ==
        "<body><div class=\"quote\"><span class=\"text\"></span><a href=\"/1\">x</a></div><div class=\"quote\"><span class=\"text\"></span><a href=\"/3\">z</a></div></body>");
  CHECK(page.xpath("count(//a)").get() == "2.0");
  CHECK(page.css("a:first-of-type::attr(href)").getall() == Strings{"/1", "/3"});
  CHECK(before.css("script").size() == 1);
  CHECK(quotes[1].css("a").size() == 2);

  Selector quote = before.css("div")[1];
  quote.drop("*");  // what is selected of the place itself stays
  CHECK(quote.get() == "<div class=\"quote\"></div>");
  quote = before.css("div")[1];
  quote.drop(before.xpath("//a/@href | //div[2]/@class"));
  CHECK(quote.get() == "<div><span class=\"text\">Two</span><a>y</a><a>z</a></div>");
  CHECK_THROWS_AS(quote.drop(before.css("body")), weft::crawler::Error);          // another page by now
  CHECK_THROWS_AS(quote.drop(quote.xpath("..")), weft::crawler::Error);
  CHECK_THROWS_AS(quote.drop(Selector("<p>x").css("p")), weft::crawler::Error);
  CHECK(quote.drop("nothing").get().size() > 20);
}

TEST_CASE("JSON is asked by JMESPath and by pointers, and may hold HTML") {
  const Selector api = Selector::ofJson(R"({"items": [{"n": 1, "html": "<p>a<b>b</b>"}, {"n": 2.5, "html": "<p>c"}], "next": null, "ok": true})");
  CHECK(api.type() == SelectorType::kJson);
  CHECK(api.jmespath("items[*].n").getall() == Strings{"1", "2.5"});
  CHECK(api.jmespath("next").empty());
  CHECK(api.jmespath("ok").get() == "true");
  CHECK(api.jmespath("items[0]").get() == R"({"n":1,"html":"<p>a<b>b</b>"})");
  CHECK(api.jmespath("items").jmespath("n").getall() == Strings{"1", "2.5"});
  CHECK(api.jmespath("items[*].html").css("p::text").getall() == Strings{"a", "c"});
  CHECK(api.jmespath("items[*].html").xpath("//b/text()").getall() == Strings{"b"});
  CHECK(api.jmespath("items[0].n")[0].json().integer() == 1);
  CHECK(api.jsonPointer("/items/1/n").get() == "2.5");
  CHECK(api.jsonPointer("/next").get().empty());
  CHECK(api.jsonPointer("/items/2").empty());
  CHECK(api.jsonPointer("/items/0").jmespath("n").get() == "1");
  CHECK(api.css("p").empty());
  CHECK(api.jmespath("items[*].html").re("<b>(.)") == Strings{"b"});
  CHECK_THROWS_AS(api.jmespath("items["), weft::crawler::JmesPathSyntaxError);
  CHECK_THROWS_AS(Selector::ofJson("{"), weft::http::JsonError);
}

TEST_CASE("JSON within HTML is asked by JMESPath") {
  const Selector page{std::string(kPage)};
  CHECK(page.css("script::text").jmespath("a[0]").get() == "1");
  CHECK(page.css("script").jmespath("a[1].b").css("i::text").get() == "two");
  CHECK(page.css("script").xpath("string()").jmespath("a[0]").get() == "1");
  CHECK(page.css("script::text")[0].json()["a"][0].integer() == 1);
  CHECK_THROWS_AS(page.css("a::text").jmespath("b"), weft::http::JsonError);
}

TEST_CASE("XML is read with its own rules") {
  Selector feed = Selector::ofXml(kFeed);
  CHECK(feed.type() == SelectorType::kXml);
  CHECK(feed.xpath("//title").empty());
  feed.registerNamespace("a", "http://www.w3.org/2005/Atom");
  CHECK(feed.xpath("//a:title/text()").getall() == Strings{"caf\xC3\xA9 & tea", "<b>"});
  CHECK(feed.xpath("//a:entry[1]/x:thumb/@x:url", {}, {{"x", "urn:media"}}).get() == "u1");
  CHECK(feed.css("entry > title::text").getall() == Strings{"caf\xC3\xA9 & tea", "<b>"});
  CHECK(feed.css("Entry").empty());
  CHECK(feed.css("entry:nth-child(2)").xpath("a:title").get() ==
        "<title xmlns=\"http://www.w3.org/2005/Atom\" xmlns:m=\"urn:media\">&lt;b&gt;</title>");
  const Selector thumb = feed.xpath("//m:thumb", {}, {{"m", "urn:media"}})[0];
  CHECK(thumb.get() == "<m:thumb xmlns=\"http://www.w3.org/2005/Atom\" xmlns:m=\"urn:media\" m:url=\"u1\" w=\"1\"/>");
  CHECK(thumb.name() == "m:thumb");
  CHECK(thumb.attributes() == std::vector<std::pair<std::string, std::string>>{{"m:url", "u1"}, {"w", "1"}});
  Selector plain = feed;
  plain.removeNamespaces();
  CHECK(plain.xpath("//thumb/@url").get() == "u1");
  CHECK(plain.xpath("//entry[1]").get() == "<entry><title>caf\xC3\xA9 &amp; tea</title><thumb url=\"u1\" w=\"1\"/></entry>");
  CHECK(feed.xpath("//thumb").empty());
}
