#include "html/conformance.hpp"

#include <weft/crawler/error.hpp>
#include <weft/crawler/response.hpp>

#include <doctest/doctest.h>

#include <map>
#include <sstream>
#include <string>

using namespace weft;
using namespace weft::crawler;

namespace {

std::string fromHex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string_view nameOf(ResponseClass kind) {
  switch (kind) {
    case ResponseClass::Html: return "HtmlResponse";
    case ResponseClass::Xml: return "XmlResponse";
    case ResponseClass::Json: return "JsonResponse";
    case ResponseClass::Text: return "TextResponse";
    case ResponseClass::Binary: return "Response";
  }
  return "";
}

ResponseClass of(const http::Headers& headers, std::string_view path, std::string_view body) { return responseClassOf(headers, path, body); }

}  // namespace

TEST_CASE("responses are of the class that Scrapy says") {
  std::istringstream lines(weft::testing::conformanceFile("scrapy/response_class.jsonl"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    CAPTURE(line);
    rapidjson::Document row;
    row.Parse(line.c_str());
    REQUIRE(row.IsObject());
    http::Headers headers;
    for (const auto& field : row["headers"].GetObject()) headers.set(weft::testing::text(field.name), weft::testing::text(field.value));
    const Response response(http::Url(weft::testing::text(row["url"])), 200, headers, fromHex(weft::testing::text(row["body_hex"])));
    CHECK(nameOf(response.responseClass()) == weft::testing::text(row["class"]));
  }
  CHECK(cases == 9);
}

TEST_CASE("what is known first decides: type, file name, extension, bytes") {
  CHECK(of({{"Content-Type", "application/xhtml+xml"}}, "/x.xml", "") == ResponseClass::Html);
  CHECK(of({{"Content-Type", "application/rss+xml; charset=utf-8"}}, "/", "") == ResponseClass::Xml);
  CHECK(of({{"Content-Type", "application/ld+json"}}, "/", "") == ResponseClass::Json);
  CHECK(of({{"Content-Type", "application/octet-stream"}}, "/x.html", "") == ResponseClass::Html);
  CHECK(of({{"Content-Type", "application/octet-stream"}, {"Content-Disposition", "attachment; filename='data.json'"}}, "/x.html", "") == ResponseClass::Json);
  CHECK(of({{"Content-Type", "text/html"}, {"Content-Encoding", "zz"}}, "/", "\x01\x02") == ResponseClass::Binary);
  CHECK(of({{"Content-Type", "image/png"}}, "/a.png", "\x89PNG\r\n\x1a\n") == ResponseClass::Binary);
  CHECK(of({}, "/a.b/c", "<HTML><p>") == ResponseClass::Html);
  CHECK(of({}, "/", "<!DOCTYPE html PUBLIC>") == ResponseClass::Html);
  CHECK(of({}, "/", std::string(5000, ' ') + "\x01") == ResponseClass::Text);
}

TEST_CASE("bytes have no selectors, and say so") {
  const Response image(http::Url("http://e.com/a"), 200, http::Headers{{"Content-Type", "image/png"}}, "\x89PNG\r\n\x1a\n");
  CHECK_THROWS_WITH_AS(image.css("p"), "selecting in <200 http://e.com/a>: its body is no text (Content-Type: image/png)", NotSupported);
  CHECK_THROWS_AS(image.xpath("//p"), NotSupported);
  const Response plain(http::Url("http://e.com/a"), 200, http::Headers{{"Content-Type", "text/plain"}}, "<p>x</p>");
  CHECK(plain.css("p::text").get() == "x");
}

TEST_CASE("bodies are decoded as Scrapy decodes them") {
  std::istringstream lines(weft::testing::conformanceFile("scrapy/encoding.jsonl"));
  // Python's names of encodings that we call by the standard's.
  const std::map<std::string, std::string> names{{"cp1252", "windows-1252"}, {"utf-16-le", "utf-16le"}, {"utf-16-be", "utf-16be"}, {"cp949", "euc-kr"}, {"cp932", "shift_jis"},
                                                 {"cp1251", "windows-1251"}, {"big5hkscs", "big5"}};
  int cases = 0, texts = 0, encodings = 0, ascii = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    rapidjson::Document row;
    row.Parse(line.c_str());
    REQUIRE(row.IsObject());
    http::Headers headers;
    if (!row["content_type"].IsNull()) headers.set("Content-Type", weft::testing::text(row["content_type"]));
    const Response response(http::Url("http://e.com/"), 200, headers, fromHex(weft::testing::text(row["body_hex"])));
    const std::string wanted = weft::testing::text(row["encoding"]);
    const auto renamed = names.find(wanted);
    if (response.text() == weft::testing::text(row["text"])) ++texts;
    if (response.encoding() == (renamed == names.end() ? wanted : renamed->second)) ++encodings;
    else if (wanted == "cp1252" && response.text() == weft::testing::text(row["text"])) ++ascii;             // ASCII: no matter which
  }
  MESSAGE("encoding.jsonl: " << texts << " of " << cases << " texts, " << encodings << " encodings and " << ascii << " of plain ASCII");
  // Others: a document of ASCII that calls itself UTF-16, and gb2312, which is gbk here and decoded alike; see docs/conformance.md.
  CHECK(cases == 39);
  CHECK(texts == 38);
  CHECK(encodings + ascii == 37);
}
