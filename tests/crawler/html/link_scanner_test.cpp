#include <weft/crawler/html/link_scanner.hpp>

#include "conformance.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace html = weft::html;
using Kind = html::ScannedLink::Kind;

namespace {

struct Collector : html::LinkVisitor {
  std::vector<std::string> links;
  std::vector<html::ScannedLink> facts;
  void link(const html::ScannedLink& link) override {
    links.emplace_back(link.href);
    facts.push_back(link);
  }
};

struct Scan {
  explicit Scan(std::string_view page) : Scan(std::vector<std::string_view>{page}) {}
  explicit Scan(const std::vector<std::string_view>& pieces) {
    html::LinkScanner scanner(collector);
    for (std::string_view piece : pieces) scanner.feed(std::string(piece));
    scanner.finish();
    title = scanner.title();
    base = scanner.base();
    anchors = scanner.anchors();
    nofollow = scanner.robotsNofollow();
    noindex = scanner.robotsNoindex();
  }
  Collector collector;
  std::string title, base;
  std::size_t anchors = 0;
  bool nofollow = false, noindex = false;
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a page's title, base and links are found") {
  const Scan scan(
      "<html><head><title>\n A &amp;\tB </title><base href=' /x/ '><base href=/y/></head>"
      "<a href=one>1</a><A HREF='two&amp;3'>2</A><a name=x>no</a><area href=map><a href=\" 4 \">4</a>");
  CHECK(scan.title == "A & B");
  CHECK(scan.base == "/x/");
  CHECK(scan.collector.links == Strings{"one", "two&3", "map", "4"});
  CHECK(scan.anchors == 3);
  CHECK(scan.collector.facts[2].kind == Kind::kArea);
}

TEST_CASE("of two href attributes the first counts, and an empty one counts as a link") {
  const Scan scan("<a href=a href=b><a href><a href=''>");
  CHECK(scan.collector.links == Strings{"a", "", ""});
  CHECK(scan.anchors == 3);
}

TEST_CASE("links in comments, scripts, styles, titles and text areas are none") {
  const Scan scan(
      "<!-- <a href=1> --><script>'<a href=2>'</script><style><a href=3></style><textarea><a href=4></textarea>"
      "<title><a href=5></title><p title='<a href=6>'><!--><a href=7><noscript><a href=8></noscript>");
  CHECK(scan.collector.links == Strings{"7", "8"});
  CHECK(scan.title == "<a href=5>");
}

TEST_CASE("only the first title counts, even an empty one, and no title of a drawing") {
  CHECK(Scan("<title></title><title>second</title>").title.empty());
  CHECK(Scan("<svg><title>drawing</title></svg><title>page</title>").title == "page");
  CHECK(Scan("<svg><g></g><p><title>page</title>").title == "page");  // <p> ends the drawing
  CHECK(Scan("<svg/><title>page</title>").title == "page");
  CHECK(Scan("<svg><foreignObject><title>in html</title></foreignObject></svg>").title == "in html");
  CHECK(Scan("<math><mi><title>in html</title></mi></math>").title == "in html");
}

TEST_CASE("in a drawing a CDATA section is text, elsewhere it is a comment") {
  CHECK(Scan("<svg><![CDATA[<a href=1>]]><a href=2>").collector.links == Strings{"2"});
  CHECK(Scan("<![CDATA[<a href=1>]]><a href=2>").collector.links == Strings{"2"});
  CHECK(Scan("<![CDATA[ x> <a href=1>]]>").collector.links == Strings{"1"});
}

TEST_CASE("canonical links, refreshes, nofollow and robots are told") {
  const Scan scan(
      "<link rel='x CANONICAL' href=/c><link rel=stylesheet href=s><meta http-equiv=Refresh content=\"3.5; "
      "URL='/r?a=1&amp;b'\">"
      "<a rel='noopener NoFollow' href=n><a rel=nofollows href=f><meta name=Robots content='NOINDEX, nofollow'>");
  CHECK(scan.collector.links == Strings{"/c", "/r?a=1&b", "n", "f"});
  REQUIRE(scan.collector.facts.size() == 4);
  CHECK(scan.collector.facts[0].kind == Kind::kCanonical);
  CHECK(scan.collector.facts[1].kind == Kind::kRefresh);
  CHECK(scan.collector.facts[1].delay == doctest::Approx(3.5));
  CHECK(scan.collector.facts[2].nofollow);
  CHECK_FALSE(scan.collector.facts[3].nofollow);
  CHECK(scan.nofollow);
  CHECK(scan.noindex);
}

TEST_CASE("frames and alternates lead to pages, what a page is made of is told only if asked for") {
  const std::string page =
      "<link rel=alternate hreflang=de href=/de><link rel='alternate stylesheet' href=s.css><link rel=icon href=i>"
      "<iframe src=' f '></iframe><img src=p.png srcset='p1.png 1x, p2.png 2x'><picture><source srcset='q.webp 640w'></picture>"
      "<video><source src=v></video><script src=c.js></script><form action=/search rel=nofollow><a href=x hreflang=fr rel=NOFOLLOW>"
      "<svg><script src=no></script><iframe src=no></iframe></svg><frame src=g><img><form>";
  CHECK(Scan(page).collector.links == Strings{"/de", "f", "x", "g"});
  struct Details : html::LinkVisitor {
    std::string text;
    void link(const html::ScannedLink& link) override {
      text += std::to_string(static_cast<int>(link.kind)) + " " + std::string(link.href) + " [" + std::string(link.rel) + "] [" +
              std::string(link.hreflang) + "] [" + std::string(link.descriptor) + "]" + (link.nofollow ? " nofollow\n" : "\n");
    }
  } details;
  for (const auto& pieces : {std::vector<std::string_view>{page}, weft::testing::singleBytes(page)}) {
    details.text.clear();
    html::LinkScanner every(details, html::LinkScope::kEverything);
    for (auto piece : pieces) every.feed(piece);
    every.finish();
    CHECK(details.text ==
          "4 /de [alternate] [de] []\n6 s.css [alternate stylesheet] [] []\n6 i [icon] [] []\n2 f [] [] []\n7 p.png [] [] []\n"
          "8 p1.png [] [] [1x]\n8 p2.png [] [] [2x]\n8 q.webp [] [] [640w]\n9 v [] [] []\n10 c.js [] [] []\n"
          "11 /search [nofollow] [] [] nofollow\n0 x [NOFOLLOW] [fr] [] nofollow\n2 g [] [] []\n");
  }
}

TEST_CASE("a srcset is taken apart as the standard says") {
  const auto candidates = [](std::string_view srcset) {
    std::string all;
    std::string_view url, descriptor;
    while (html::nextCandidate(srcset, url, descriptor)) all += std::string(url) + "|" + std::string(descriptor) + ";";
    return all;
  };
  CHECK(candidates("a.png") == "a.png|;");
  CHECK(candidates(" , a.png 1x,b.png  2x ,, c.png") == "a.png|1x;b.png|2x;c.png|;");
  CHECK(candidates("a,b.png, c.png,,") == "a,b.png|;c.png|;");
  CHECK(candidates("data:,x 1x, y (a, b) 2x, z") == "data:,x|1x;y|(a, b) 2x;z|;");
  CHECK(candidates(",, ,").empty());
  CHECK(candidates("").empty());
}

TEST_CASE("attributes of tags that nobody asks about hide nothing") {
  CHECK(Scan("<p a=\"<a href=1>\" b='<a href=2>'><a href=3>").collector.links == Strings{"3"});
  CHECK(Scan("<p =\"><a href=1>").collector.links == Strings{"1"});           // the quote is part of a name
  CHECK(Scan("<p a=b=\"><a href=1>").collector.links == Strings{"1"});        // and here of a value
  CHECK(Scan("<p a\"b='c'><a href=1>").collector.links == Strings{"1"});
  CHECK(Scan("<p a = \"><a href=1>\"><a href=2>").collector.links == Strings{"2"});
  CHECK(Scan("<p a=\"b\"c='>'/><a href=1>").collector.links == Strings{"1"});
  CHECK(Scan("<p a=\"b\"=\"><a href=1>").collector.links == Strings{"1"});
  CHECK(Scan("<svg x=\"y\"/><title>page</title>").title == "page");
  CHECK(Scan("<svg x=y/><title>drawing</title></svg><title>page</title>").title == "page");
}

TEST_CASE("a refresh is read as the standard says") {
  const auto url = [](std::string_view content) {
    double delay = -1;
    std::string_view found;
    return html::parseRefresh(content, delay, found)
               ? std::to_string(static_cast<int>(delay)) + " " + std::string(found)
               : "none";
  };
  CHECK(url("5; url=next") == "5 next");
  CHECK(url(" 0;URL = 'a b' c") == "0 a b");
  CHECK(url("1 next") == "1 next");
  CHECK(url("1,next") == "1 next");
  CHECK(url(".5;next") == "0 next");
  CHECK(url("5") == "none");
  CHECK(url("5;") == "none");
  CHECK(url("x;url=next") == "none");
  CHECK(url("5x;url=next") == "none");
  CHECK(url("5;urlnext") == "5 urlnext");
  CHECK(url("") == "none");
}

TEST_CASE("white space in Unicode's sense is squeezed in a title, and bytes that are no UTF-8 are mended") {
  CHECK(Scan("<title>Chapter&nbsp;1.&#x2003;\xE2\x80\xA8 One</title>").title == "Chapter 1. One");
  CHECK(Scan("<title>a\xFF\xE2\x82 b</title>").title == "a\xEF\xBF\xBD\xEF\xBF\xBD b");
}

TEST_CASE("the links of a page are the same however it is cut") {
  const std::string page =
      "<!DOCTYPE html><html><head><title>Caf&eacute; &lt;x&gt;\r\n</title><base href=\"/b&amp;c/\"></head><body "
      "class=x data-y='>'>"
      "<p><a class=\"ref\" href=\"a.html?x=1&amp;y=2\" title='&quot;'>A</a><a href=b.html>B</a><!-- <a href=no> --->"
      "<script>var x = '<a href=no>' </script><svg><title>no</title><a href=svg></a></svg><A HREF=c.html "
      "REL=nofollow>C</A>"
      "<img src=x alt=\"a > b\"/><a href='d.html'";
  std::mt19937 random(7);
  const Scan whole(page + ">");
  CHECK(whole.title == "Caf\xC3\xA9 <x>");
  CHECK(whole.collector.links == Strings{"a.html?x=1&y=2", "b.html", "svg", "c.html", "d.html"});
  std::vector<std::vector<std::string_view>> cuts = {weft::testing::singleBytes(page)};
  for (int i = 0; i < 200; ++i) cuts.push_back(weft::testing::randomPieces(page, random));
  for (auto& pieces : cuts) {
    pieces.push_back(">");
    const Scan scan(pieces);
    CHECK(scan.title == whole.title);
    CHECK(scan.base == whole.base);
    CHECK(scan.collector.links == whole.collector.links);
    CHECK(scan.anchors == whole.anchors);
  }
}

TEST_CASE("a scanner that was reset knows nothing of the page before") {
  Collector collector;
  html::LinkScanner scanner(collector);
  scanner.feed("<title>one</title><base href=x><a href=1><svg><a href='cut");
  scanner.reset();
  scanner.feed("<title>two</title><a href=2>");
  scanner.finish();
  CHECK(scanner.title() == "two");
  CHECK(scanner.base().empty());
  CHECK(scanner.anchors() == 1);
  CHECK(collector.links == Strings{"1", "2"});
}

TEST_CASE("a million links and 200,000 nested drawings are scanned in linear time") {
  std::string page;
  for (int i = 0; i < 1000000; ++i) page += "<a href=x>";
  CHECK(Scan(page).anchors == 1000000);
  std::string nested;
  for (int i = 0; i < 200000; ++i) nested += "<svg><desc>";
  for (int i = 0; i < 200000; ++i) nested += "</math></svg>";
  CHECK(Scan(nested + "<title>end</title>").title == "end");
}
