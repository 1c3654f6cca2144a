#include <weft/http/header_values/link.hpp>

#include <doctest/doctest.h>

using namespace weft::http;

TEST_CASE("links are read with their parameters") {
  const auto links = parseLinks("<https://a/?p=2>; rel=\"next foo\"; title=\"x, y; z\", </b> ; REL=Prev;x;y=, <c>;rel=last;rel=first");
  REQUIRE(links.size() == 3);
  CHECK(links[0].target == "https://a/?p=2");
  CHECK(links[0].parameter("title") == "x, y; z");
  CHECK(links[0].hasRelation("NEXT"));
  CHECK(links[0].hasRelation("foo"));
  CHECK(!links[0].hasRelation("ext"));
  CHECK(links[1].hasRelation("prev"));
  CHECK(links[1].parameter("x") == "");
  CHECK(links[2].parameter("rel") == "last");
  CHECK(findLink(links, "last")->target == "c");
  CHECK(findLink(links, "up") == nullptr);
}

TEST_CASE("a malformed link ends the list") {
  CHECK(parseLinks("").empty());
  CHECK(parseLinks("<a").empty());
  CHECK(parseLinks("a; rel=x").empty());
  CHECK(parseLinks("<a>; rel=x, b; rel=y, <c>").size() == 1);
  CHECK(parseLinks("<a> junk, <b>").size() == 1);
  CHECK(parseLinks(",, <a>,,<b>;rel=\"open").size() == 2);
  CHECK(parseLinks("<>;")[0].target == "");
}
