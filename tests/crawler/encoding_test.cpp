#include <weft/crawler/encoding.hpp>
#include <weft/crawler/response.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::crawler;

namespace {

std::string decoded(std::string_view bytes, std::string_view encoding) {
  std::string out;
  appendDecoded(out, bytes, encoding);
  return out;
}

Response page(std::string body, std::string_view contentType = "text/html") {
  weft::http::Headers headers;
  if (!contentType.empty()) headers.set("Content-Type", contentType);
  return Response(weft::http::Url("http://a/"), 200, std::move(headers), std::move(body));
}

}  // namespace

TEST_CASE("labels mean what they mean to browsers") {
  CHECK(encodingForLabel(" Latin1 ") == "windows-1252");
  CHECK(encodingForLabel("US-ASCII") == "windows-1252");
  CHECK(encodingForLabel("gb2312") == "gb18030");
  CHECK(encodingForLabel("klingon").empty());
  CHECK(encodingOfContentType("text/html; charset=\"UTF-8\"") == "utf-8");
  CHECK(encodingOfContentType("text/html;charset=iso-8859-15") == "iso-8859-15");
  CHECK(encodingOfContentType("text/html").empty());
}

TEST_CASE("byte order mark, then header, then declaration, then guess") {
  CHECK(encodingOf("\xEF\xBB\xBFx", "text/html; charset=latin1") == "utf-8");
  CHECK(encodingOf("\xE9", "text/html; charset=koi8-r") == "koi8-r");
  CHECK(encodingOf("<meta charset='shift_jis'>\xE9", "text/html") == "shift_jis");
  CHECK(encodingOf("<!-- <meta charset=koi8-r> --><META http-equiv=Content-Type content='text/html; charset=windows-1251'>\xE9", "") == "windows-1251");
  CHECK(encodingOf("<?xml version='1.0' encoding='iso-8859-2'?>\xE9", "") == "iso-8859-2");
  CHECK(encodingOf("<meta charset=utf-16>caf\xC3\xA9", "") == "utf-8");
  CHECK(encodingOf("caf\xC3\xA9", "text/html; charset=klingon") == "utf-8");
  CHECK(encodingOf("caf\xE9", "") == "windows-1252");
}

TEST_CASE("text becomes UTF-8, and what means nothing U+FFFD") {
  CHECK(decoded("caf\xE9 \x80", "windows-1252") == "caf\xC3\xA9 \xE2\x82\xAC");
  CHECK(decoded("\xEF\xBB\xBFx\xFFy", "utf-8") == "x\xEF\xBF\xBDy");
  CHECK(decoded("\x83\x8B\x83\x74", "shift_jis") == "\xE3\x83\xAB\xE3\x83\x95");
  CHECK(decoded(std::string_view("\xFF\xFEh\0i\0", 6), "utf-16le") == "hi");
  CHECK(decoded("\xC1", "koi8-r") == "\xD0\xB0");
  CHECK(decoded("a\x81", "shift_jis") == "a\xEF\xBF\xBD");
}

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
