#include <weft/crawler/selector.hpp>

#include "html/conformance.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

using weft::crawler::Selector;
using weft::crawler::SelectorList;
using Strings = std::vector<std::string>;

static_assert(std::random_access_iterator<SelectorList::Iterator>);

namespace {

const char* const kQuotes =
    "<div class=quote id=q1><span class=text>One &amp; two</span><small class=author>A</small><a class=tag>x</a><a "
    "class=tag>y</a></div>"
    "<div class=quote id=q2><span class=text>Three</span><a class=tag href='/t?a=1&amp;b=2'>z</a></div>"
    "<ul><li class=next><a href=/page/2/>Next</a></ul>";

/// Serialisation up to white space and up to what libxml2 leaves out: the implied <head>, and the ="" of attributes
/// without a value.
std::string normal(std::string html) {
  for (std::string_view part : {"<head></head>", "=\"\"", "<tbody>", "</tbody>"})
    for (std::size_t at = html.find(part); at != std::string::npos; at = html.find(part)) html.erase(at, part.size());
  for (std::string_view name : {"disabled", "checked"})
    for (std::string part = "=\"" + std::string(name) + "\""; html.find(part) != std::string::npos;)
      html.erase(html.find(part), part.size());
  std::string out;
  for (char c : html)
    if (!std::isspace(static_cast<unsigned char>(c))) out += c;
  return out;
}

}  // namespace

TEST_CASE("a spider's everyday questions have everyday answers") {
  const Selector page{std::string(kQuotes)};
  Strings texts, authors;
  for (auto quote : page.css("div.quote")) {
    texts.push_back(quote.css("span.text::text").get());
    authors.push_back(quote.css("small.author::text").get("unknown"));
    CHECK_FALSE(quote.css("li.next"));
  }
  CHECK(texts == Strings{"One & two", "Three"});
  CHECK(authors == Strings{"A", "unknown"});
  CHECK(page.css("a.tag::text").getall() == Strings{"x", "y", "z"});
  CHECK(page.css("li.next a::attr(href)").first() == "/page/2/");
  CHECK_FALSE(page.css("li.previous a::attr(href)").first());
  CHECK(page.css("li.previous").get().empty());
  CHECK(page.css("div").css("a").size() == 3);
  CHECK(page.css("#q2 a").attrib("href") == "/t?a=1&b=2");
  CHECK(page.css("#q2 a").attrib("title", "none") == "none");
  CHECK(page.css("#q9").attrib("href", "none") == "none");
}

TEST_CASE("an element gives its HTML, its text and its attributes") {
  const Selector page("<p id=a title='x \"y\"'>1 <b>&lt;2&gt;</b>\n 3<br></p>");
  const Selector p = page.css("p")[0];
  CHECK(p.get() == "<p id=\"a\" title=\"x &quot;y&quot;\">1 <b>&lt;2&gt;</b>\n 3<br></p>");
  CHECK(p.text() == "1 <2>\n 3");
  CHECK(p.collapsedText() == "1 <2> 3");
  CHECK(p.attrib("title") == "x \"y\"");
  CHECK(p.hasAttrib("id"));
  CHECK_FALSE(p.hasAttrib("class"));
  CHECK(p.attributes() == std::vector<std::pair<std::string, std::string>>{{"id", "a"}, {"title", "x \"y\""}});
  CHECK(p.name() == "p");
  CHECK(p.css("b::text").get() == "<2>");
  CHECK(p.css("b::text").css("b").empty());
}

TEST_CASE("a selector stays valid when the page and the list that it came from are gone") {
  Selector kept;
  CHECK(kept.get().empty());
  {
    const Selector page{std::string(kQuotes)};
    const SelectorList quotes = page.css("div.quote");
    kept = quotes[1];
  }
  CHECK(kept.css(".text::text").get() == "Three");
  const SelectorList none;
  CHECK(none.empty());
  CHECK(none.css("a").getall().empty());
}

TEST_CASE("regular expressions find what parsel's find") {
  const Selector page("<p>Price: 10 EUR</p><p>Price: 20 USD &amp; caf&eacute;</p>");
  CHECK(page.css("p::text").re("Price: (\\d+) (\\w+)") == Strings{"10", "EUR", "20", "USD"});
  CHECK(page.css("p::text").re("\\d+") == Strings{"10", "20"});
  CHECK(page.css("p::text").re("(?P<currency>[A-Z]{3})|(?P<extract>\\d+)").size() == 4);
  CHECK(page.css("p::text").reFirst("(?P<extract>\\d)0 U") == "2");
  CHECK_FALSE(page.css("p").reFirst("\\d{3}"));
  CHECK(page.css("p")[1].re("& caf.*<") == Strings{});
  CHECK(page.css("p")[1].re("&amp; caf.") == Strings{"&amp; caf\xC3\xA9"});
  CHECK(page.css("p::text").re("x*").size() > 10);
  CHECK_THROWS_AS(page.css("p").re("("), weft::crawler::PatternError);
}

TEST_CASE("a query that is none is refused with the place of its error") {
  const Selector page;
  CHECK_THROWS_AS(page.css("div >"), weft::crawler::SelectorSyntaxError);
  CHECK_THROWS_AS(page.css("div:unknown"), weft::crawler::UnsupportedSelector);
  CHECK_THROWS_AS(page.css("a["), weft::crawler::SelectorError);
}

TEST_CASE("a list is a range of selectors") {
  const Selector page{std::string(kQuotes)};
  const SelectorList tags = page.css("a.tag");
  CHECK(std::distance(tags.begin(), tags.end()) == 3);
  CHECK(std::count_if(tags.begin(), tags.end(), [](const Selector& tag) { return tag.text() > "x"; }) == 2);
  CHECK(tags[0] == *tags.begin());
  CHECK_FALSE(tags[0] == tags[1]);
}

TEST_CASE("queries give what parsel's table says") {
  const auto table = weft::testing::conformanceTable("selectors/parsel.json");
  // The table has no memory of what was done to a page before a query: of prefixes that were registered, or taken out.
  const std::set<std::string> registered = {"parsel-0050", "parsel-0052", "parsel-0054", "parsel-0058", "parsel-0060"};
  const std::set<std::string> removed = {"parsel-0080", "parsel-0088"};
  // 0054: the same declarations of namespaces in another order. 0062, 0096, 0098: the page had been changed, by lxml's make_links_absolute() and by drop(). 0084: namespaces give
  // their names, not Python's pairs. 0102: libxml2 gives up below 256 levels; there is a <td> deeper down, and we find
  // it. 0140: a <fieldset> ends the <p>, so its late </p> makes an empty one (HTML standard, section 13.2.6.4.7).
  const std::set<std::string> deviations = {"parsel-0054", "parsel-0062", "parsel-0084", "parsel-0096", "parsel-0098", "parsel-0102", "parsel-0140"};
  int passed = 0, total = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string id = weft::testing::text(test["id"]), query = weft::testing::text(test["query"]);
    const std::string doc = test["doc"].IsString() ? weft::testing::text(test["doc"]) : "";
    const std::string type = test["type"].IsString() ? weft::testing::text(test["type"]) : "html";
    ++total;
    weft::crawler::XPathVariables variables;
    weft::crawler::XPathNamespaces namespaces;
    if (test.HasMember("kw"))
      for (const auto& one : test["kw"].GetObject()) {
        const std::string name = weft::testing::text(one.name);
        if (name == "namespaces")
          for (const auto& ns : one.value.GetObject()) namespaces[weft::testing::text(ns.name)] = weft::testing::text(ns.value);
        else if (one.value.IsBool())
          variables.emplace(name, one.value.GetBool());
        else if (one.value.IsNumber())
          variables.emplace(name, one.value.GetDouble());
        else
          variables.emplace(name, weft::testing::text(one.value));
      }
    Strings expected, found;
    bool refused = false;
    try {
      Selector page = type == "xml" ? Selector::ofXml(doc) : Selector(doc);
      if (removed.contains(id)) page.removeNamespaces();
      if (registered.contains(id))
        page.registerNamespace("xmlns", "http://webservices.amazon.com/AWSECommerceService/2005-10-05")
            .registerNamespace("b", "http://somens.com")
            .registerNamespace("p", "http://www.scrapy.org/product");
      found = (weft::testing::text(test["lang"]) == "css" ? page.css(query) : page.xpath(query, variables, namespaces)).getall();
    } catch (const weft::Error& error) {
      refused = true;
      found = {error.what()};
    }
    bool good = refused == test.HasMember("raises");
    if (good && !refused) {
      for (const auto& result : test["result"].GetArray()) expected.push_back(weft::testing::text(result));
      const bool exact = query.find("::") != std::string::npos || query.find('@') != std::string::npos || query.find("text()") != std::string::npos;
      for (auto* strings : {&expected, &found})
        for (std::string& s : *strings)
          if (!exact || s.starts_with('<')) s = normal(s);
      good = expected == found;
    }
    passed += good;
    std::string shown;
    for (const auto& s : found) shown += "[" + s + "]";
    if (!deviations.contains(id)) CHECK_MESSAGE(good, id, " ", query, " found ", shown, " in ", doc.substr(0, 300));
  }
  MESSAGE("parsel.json: ", passed, " of ", total);
  CHECK(passed == total - static_cast<int>(deviations.size()));
}
