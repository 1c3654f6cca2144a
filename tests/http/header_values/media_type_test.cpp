#include <weft/http/header_values/media_type.hpp>

#include <doctest/doctest.h>

#include <weft/http/headers.hpp>

using namespace weft::http;

static std::string written(std::string_view text) {
  const auto type = MediaType::parse(text);
  return type ? type->toString() : "none";
}

TEST_CASE("a media type is read as browsers read it") {
  CHECK(written("text/html") == "text/html");
  CHECK(written(" TEXT/HTML ; Charset=UTF-8 ") == "text/html;charset=UTF-8");
  CHECK(written("text/html;charset=\"a b\"") == "text/html;charset=\"a b\"");
  CHECK(written("text/html;charset=\"utf-8\"x;y=z") == "text/html;charset=utf-8;y=z");
  CHECK(written("text/html;charset=\"a\\\"b\\\\\"") == "text/html;charset=\"a\\\"b\\\\\"");
  CHECK(written("text/html;charset=\"open") == "text/html;charset=open");
  CHECK(written("text/html;a;b=;c=\"\";=d;e f=g;h=i;h=j") == "text/html;c=\"\";h=i");
  CHECK(written("text/html;;;;charset=x") == "text/html;charset=x");
  CHECK(written("image/svg+xml") == "image/svg+xml");
  for (const char* bad : {"", "text", "/html", "text/", "te xt/html", "text/ht ml", "text/html,x", "*", "text /html", "text/html\x01"}) CHECK_MESSAGE(written(bad) == "none", bad);
}

TEST_CASE("parameters are found in any case, and set") {
  MediaType type("Text", "HTML");
  CHECK(type.essence() == "text/html");
  CHECK(!type.parameter("charset"));
  type.setParameter("Charset", "utf-8").setParameter("charset", "latin1").setParameter("title", "a;b");
  CHECK(type.parameter("CHARSET") == "latin1");
  CHECK(type.toString() == "text/html;charset=latin1;title=\"a;b\"");
  CHECK(MediaType::parse(type.toString()) == type);
  CHECK_THROWS_AS(type.setParameter("a b", "c"), HeaderError);
  CHECK_THROWS_AS(type.setParameter("a", "c\r\nX: y"), HeaderError);
}

TEST_CASE("HTML, XML and JSON are known under all their names") {
  CHECK(MediaType("text", "html").isHtml());
  CHECK(MediaType("text", "xml").isXml());
  CHECK(MediaType("application", "rss+xml").isXml());
  CHECK(!MediaType("text", "html").isXml());
  CHECK(MediaType("application", "ld+json").isJson());
  CHECK(!MediaType("application", "jsonp").isJson());
}
