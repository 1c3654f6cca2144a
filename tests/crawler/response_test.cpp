#include <weft/crawler/response.hpp>

#include <doctest/doctest.h>

#include <string>

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
