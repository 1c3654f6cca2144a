#include "html/conformance.hpp"

#include <weft/crawler/link_extractor.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace weft::crawler;
using weft::http::Url;

namespace {

Response page(std::string body, std::string_view url = "http://site.test/a/index.html") {
  weft::http::Headers headers;
  headers.set("Content-Type", "text/html");
  return Response(Url(url), 200, std::move(headers), std::move(body));
}

std::string links(LinkExtractor& extractor, const Response& response) {
  std::string all;
  for (const Url& url : extractor.read(response).links) all += url.href() + " ";
  return all;
}

}  // namespace

TEST_CASE("links are made absolute, lose their fragment, and come once, in page order") {
  LinkExtractor extractor;
  CHECK(links(extractor, page("<a href=b.html>1</a><a href='../c/#x'>2</a><a href=b.html#y>3</a><a href=/d?q=1&amp;r=2>4</a><a href=#top>5</a><a href=''>6</a>"
                              "<a href='  b.html '>7</a><a name=x>8</a>")) ==
        "http://site.test/a/b.html http://site.test/c/ http://site.test/d?q=1&r=2 ");
}

TEST_CASE("the page's title and its anchors are counted whatever the rules") {
  LinkExtractor extractor;
  extractor.deny(".");
  const PageLinks found = extractor.read(page("<title> A\n &amp; B </title><a href=x><a href=y><a name=z><area href=q>"));
  CHECK(found.title == "A & B");
  CHECK(found.anchors == 2);
  CHECK(found.links.empty());
}

TEST_CASE("a <base> holds for all links, those before it too") {
  LinkExtractor extractor;
  CHECK(links(extractor, page("<base href=/x/><a href=1>")) == "http://site.test/x/1 ");
  CHECK(links(extractor, page("<a href=1><base href=http://other.test/y/z><a href=2>")) == "http://other.test/y/1 http://other.test/y/2 ");
  CHECK(links(extractor, page("<base href='mailto:x'><a href=1>")) == "http://site.test/a/1 ");
}

TEST_CASE("only http and https are followed, and only the page's origin if asked") {
  LinkExtractor any;
  const Response response = page("<a href=mailto:x@y><a href=javascript:f()><a href=ftp://site.test/><a href=https://site.test/><a href=//site.test:81/>"
                                 "<a href=http://SITE.test:80/ok><a href='http://[bad'>");
  CHECK(links(any, response) == "https://site.test/ http://site.test:81/ http://site.test/ok ");
  LinkExtractor same;
  same.sameOrigin(response.url);
  CHECK(links(same, response) == "http://site.test/ok ");
}

TEST_CASE("pictures, archives, styles and scripts are not followed unless asked for") {
  LinkExtractor extractor;
  const Response response = page("<a href=a.PNG><a href=b.tar.gz><a href=c.css?v=1><a href=d.pdf><a href=e.html><a href=f.gz><a href=/png><a href=.zip/>");
  CHECK(links(extractor, response) == "http://site.test/a/e.html http://site.test/a/f.gz http://site.test/png http://site.test/a/.zip/ ");
  extractor.denyExtensions({"html"});
  CHECK(links(extractor, response).find("a.PNG") != std::string::npos);
  CHECK(links(extractor, response).find("e.html") == std::string::npos);
}

TEST_CASE("allow and deny are searched for in the URL") {
  LinkExtractor extractor;
  extractor.allow(R"((/|\.html?)$)").deny("/private/");
  CHECK(links(extractor, page("<a href=x.html><a href=x.htm><a href=x.html?q><a href=x.xhtml.txt><a href=d/><a href=d/?C=M><a href=/private/y.html><a href=z>")) ==
        "http://site.test/a/x.html http://site.test/a/x.htm http://site.test/a/d/ ");
  CHECK(extractor.matches(Url("http://site.test/q.html")));
  CHECK_FALSE(extractor.matches(Url("http://site.test/private/q.html")));
}

TEST_CASE("a second page is judged as the first was") {
  LinkExtractor extractor;
  extractor.allow("yes");
  const Response response = page("<a href=yes><a href=no>");
  for (int i = 0; i < 3; ++i) CHECK(links(extractor, response) == "http://site.test/a/yes ");
  extractor.allow("no");
  CHECK(links(extractor, response) == "http://site.test/a/yes http://site.test/a/no ");
}

TEST_CASE("what is no regular expression is refused with the reason") {
  LinkExtractor extractor;
  CHECK_THROWS_WITH_AS(extractor.allow("(a"), doctest::Contains("\"(a\" is no regular expression: missing )"), SpiderError);
}

TEST_CASE("a page of 300,000 links is read, each link once") {
  std::string body;
  for (int i = 0; i < 300'000; ++i) body += "<a href=p" + std::to_string(i % 100'000) + ".html>x</a>";
  LinkExtractor extractor;
  const PageLinks found = extractor.read(page(std::move(body)));
  CHECK(found.anchors == 300'000);
  CHECK(found.links.size() == 100'000);
}

namespace {

std::string found(LinkExtractor& extractor, const Response& response) {
  std::string all;
  for (const Link& link : extractor.extractLinks(response)) all += (all.empty() ? "" : " ") + link.url.href() + "=" + link.text + (link.nofollow ? "!" : "");
  return all;
}

std::vector<std::string> strings(const rapidjson::Value& value) {
  std::vector<std::string> all;
  if (value.IsString()) all.push_back(weft::testing::text(value));
  else if (value.IsArray())
    for (const auto& one : value.GetArray()) all.push_back(weft::testing::text(one));
  return all;
}

// A recorded call's options, under Scrapy's names.
LinkExtractor extractorFor(const rapidjson::Value& options) {
  LinkExtractor extractor;
  for (const auto& option : options.GetObject()) {
    const std::string name = weft::testing::text(option.name);
    const std::vector<std::string> values = strings(option.value);
    if (name == "allow_domains") extractor.allowDomains(values);
    else if (name == "deny_domains") extractor.denyDomains(values);
    else if (name == "deny_extensions") extractor.denyExtensions(values);
    else if (name == "tags") extractor.tags(values);
    else if (name == "attrs") extractor.attrs(values);
    else if (name == "deny_tags") extractor.denyTags(values);
    else if (name == "deny_attrs") extractor.denyAttrs(values);
    else if (name == "unique") extractor.unique(option.value.GetBool());
    else if (name == "canonicalize") extractor.canonicalize(option.value.GetBool());
    else
      for (const std::string& value : values) {
        if (name == "allow") extractor.allow(value);
        else if (name == "deny") extractor.deny(value);
        else if (name == "restrict_css") extractor.restrictCss(value);
        else if (name == "restrict_xpaths") extractor.restrictXpaths(value);
        else if (name == "restrict_text") extractor.restrictText(value);
        else FAIL("an option that is not known: " << name);
      }
  }
  return extractor;
}

std::string bytes(const std::string& hex) {
  std::string all;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) all += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return all;
}

}  // namespace

TEST_CASE("links have their text, their fragment and their nofollow") {
  LinkExtractor extractor;
  CHECK(found(extractor, page("<a href=b.html>one <b>two</b> &amp; three</a><a href=b.html#c rel='x NoFollow'>four<a href=d>five<area href=e><p>six</p></a>seven<a>eight</a>"
                              "<a href=f><script>9</script><!--10--></a><a href=g>11")) ==
        "http://site.test/a/b.html=one two & three http://site.test/a/b.html#c=four! http://site.test/a/d=fivesix http://site.test/a/e= http://site.test/a/f=9 http://site.test/a/g=11");
  CHECK(extractor.extractLinks(page("<a href=x#y>")).front().fragment() == "y");
}

TEST_CASE("a link's text is cut at a whole character when it is endless") {
  LinkExtractor scanning, selecting;
  selecting.tags({"a"});
  std::string text;
  while (text.size() < 100'000) text += "<i>\xE2\x82\xAC</i>";
  const Response response = page("<a href=x>a" + text + "</a><a href=y>b</a>");
  for (LinkExtractor* extractor : {&scanning, &selecting}) {
    const auto links = extractor->extractLinks(response);
    REQUIRE(links.size() == 2);
    CHECK(links[0].text.size() <= 4096);
    CHECK(links[0].text.size() % 3 == 1);
    CHECK(links[1].text == "b");
  }
}

TEST_CASE("from the tree and from the scan come the same links") {
  const Response response = page("<base href=/x/><a href=1>one</a><p><a href=2 rel=nofollow>t<b>w</b>o</a><area href=3><a href=1>again</a><a href=' 4 '>four</a><a href='http://[bad'>5</a>");
  LinkExtractor scanning, selecting;
  selecting.tags({"a", "area"});
  CHECK(found(scanning, response) == "http://site.test/x/1=one http://site.test/x/2=two! http://site.test/x/3= http://site.test/x/4=four");
  CHECK(found(selecting, response) == found(scanning, response));
}

TEST_CASE("only links within what the queries select, XPaths first") {
  LinkExtractor extractor;
  const Response response = page("<a href=0>0</a><div id=x><a href=1>1</a><p><a href=2>2</a></div><ul><li><a href=3>3</a></ul>");
  extractor.restrictCss("#x").restrictXpaths("//li");
  CHECK(found(extractor, response) == "http://site.test/a/3=3 http://site.test/a/1=1 http://site.test/a/2=2");
  const PageLinks all = extractor.read(response);
  CHECK(all.links.size() == 3);
  CHECK(all.anchors == 4);
  LinkExtractor texts;
  texts.restrictXpaths("//a/text()");
  CHECK(found(texts, response).empty());
  CHECK_THROWS_AS(texts.restrictCss("a["), SelectorError);
  CHECK_THROWS_AS(texts.restrictXpaths("//a["), XPathError);
}

TEST_CASE("domains are those named and all below them") {
  const Response response = page("<a href=http://a.test/>1</a><a href=http://w.A.test/>2</a><a href=http://ba.test/>3</a><a href=http://b.test/>4</a>");
  LinkExtractor allowing, denying;
  allowing.allowDomains({"a.test", "B.test"});
  CHECK(found(allowing, response) == "http://a.test/=1 http://w.a.test/=2 http://b.test/=4");
  CHECK(links(allowing, response) == "http://a.test/ http://w.a.test/ http://b.test/ ");
  denying.denyDomains({"a.test"});
  CHECK(found(denying, response) == "http://ba.test/=3 http://b.test/=4");
}

TEST_CASE("a function may read the URL out of a link, or leave the link out") {
  LinkExtractor extractor;
  extractor.processValue([](std::string value) -> std::optional<std::string> {
    if (const auto at = value.find("go('"); at != std::string::npos) return value.substr(at + 4, value.find("')") - at - 4);
    if (value.ends_with("/no")) return std::nullopt;
    return value;
  });
  const Response response = page("<base href=/base/><a href=\"javascript:go('../other/page.html'); return false\">1</a><a href=no>2</a><a href=yes>3</a><a href=\"javascript:go('http://[')\">4</a>");
  CHECK(found(extractor, response) == "http://site.test/other/page.html=1 http://site.test/base/yes=3");
  CHECK(links(extractor, response) == "http://site.test/other/page.html http://site.test/base/yes ");
}

TEST_CASE("a hundred thousand nested links are read in bounded work") {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "<div data-u=" + std::to_string(i) + ">";
  LinkExtractor extractor;
  extractor.tags({"div"}).attrs({"data-u"});
  CHECK(extractor.extractLinks(page(std::move(body))).size() == 100'000);
}

TEST_CASE("the recorded calls of Scrapy's own suite") {
  // The query of a URL in the page's own encoding; see docs/conformance.md.
  const std::set<std::string> exceptions{"links-0014"};
  const auto table = weft::testing::conformanceTable("crawl/links.json");
  int cases = 0, passed = 0;
  for (const auto& row : table["cases"].GetArray()) {
    const std::string id = weft::testing::text(row["id"]);
    CAPTURE(id);
    ++cases;
    LinkExtractor extractor = extractorFor(row["options"]);
    weft::http::Headers headers;
    headers.set("Content-Type", "text/html; charset=" + weft::testing::text(row["encoding"]));
    const Response response(Url(weft::testing::text(row["url"])), 200, std::move(headers), bytes(weft::testing::text(row["body"]["$hex"])));
    std::string got, wanted;
    for (const Link& link : extractor.extractLinks(response)) got += link.url.href() + " \"" + link.text + "\"" + (link.nofollow ? " nofollow" : "") + "\n";
    for (const auto& link : row["links"].GetArray())
      wanted += weft::testing::text(link["url"]) + " \"" + weft::testing::text(link["text"]) + "\"" + (link["nofollow"].GetBool() ? " nofollow" : "") + "\n";
    passed += got == wanted;
    if (exceptions.contains(id)) CHECK(got != wanted);
    else CHECK(got == wanted);
  }
  MESSAGE("crawl/links.json: " << passed << " of " << cases);
  CHECK(cases == 27);
  CHECK(passed == 26);
}
