// selectors: a page, a feed and an answer of an API are asked with CSS, XPath, JMESPath, JSON pointers and regular expressions.
//
//     build/samples/selectors
#include "arguments.hpp"

#include <weft/crawler/html/css_literal.hpp>
#include <weft/crawler/selector.hpp>
#include <weft/crawler/xml/xml_elements.hpp>

#include <cstdio>

using namespace weft::crawler;
using weft::html::css;

static const char* const kPage = R"(<h1>Looms</h1>
  <div class="product" data-id="7"><h2>Inkle loom</h2> <b>49.90 EUR</b> <a href="/looms/7">more</a></div>
  <div class="product" data-id="9"><h2>Table loom</h2> <b>310 EUR</b> <a href="/looms/9">more</a></div>
  <script id="state">{"stock": [{"id": 7, "left": 3}, {"id": 9, "left": 0}]}</script>)";

static const char* const kFeed = R"(<feed xmlns="http://www.w3.org/2005/Atom">
  <entry><title>Warp &amp; weft</title></entry><entry><title>Heddles</title></entry></feed>)";

static void say(const char* what, const std::string& found) { std::printf("%-12s %s\n", what, found.c_str()); }

int main(int argc, char** argv) {
  Arguments(argc, argv, "usage: selectors\n\nAsks a small page, a feed and some JSON in every language that selectors know.\n");
  try {
    Selector page{std::string(kPage)};
    for (auto product : page.css(css<"div.product">))  // checked when this file is compiled
      say("CSS", product.css("h2::text").get() + ", " + product.css("b").reFirst("[0-9.]+").value_or("?") + ", " + product.attrib("data-id"));
    say("XPath", page.xpath("//div[has-class('product')][.//b[contains(., $price)]]/a/@href", {{"price", "310"}}).get());
    say("count", page.xpath("count(//div)").get());
    say("JMESPath", page.css("#state::text").jmespath("stock[?left > `0`].id | [0]").get());
    say("pointer", page.css("#state::text")[0].jsonPointer("/stock/1/left").get());
    page.drop("script, a");
    say("text", page.css("body")[0].collapsedText());

    Selector feed = Selector::ofXml(kFeed).registerNamespace("atom", "http://www.w3.org/2005/Atom");
    say("XML", feed.xpath("//atom:entry[1]/atom:title/text()").get());
    XmlElements entries("entry");  // of a feed that may be larger than memory
    entries.feed(kFeed);
    entries.finish();
    while (auto entry = entries.next()) say("feed", entry->css("title::text").get());

    page.css("div >");  // a mistake, to see what it says
  } catch (const weft::Error& error) {
    std::printf("%s\n", error.what());
  }
  return 0;
}
