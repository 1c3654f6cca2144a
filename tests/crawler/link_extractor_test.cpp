#include <weft/crawler/link_extractor.hpp>

#include <doctest/doctest.h>

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
