#include <weft/http/text/encoding.hpp>

#include <doctest/doctest.h>

#include "../table.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

using namespace weft::http;
using weft::test::readTable;
using weft::test::textOf;
using weft::test::unhex;

namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string_view encodingOf(std::string_view body, std::string_view contentType) { return detectEncoding(body, contentType).name; }

}  // namespace

TEST_CASE("labels mean what they mean to browsers") {
  CHECK(encodingForLabel(" Latin1 \n") == "windows-1252");
  CHECK(encodingForLabel("US-ASCII") == "windows-1252");
  CHECK(encodingForLabel("gb2312") == "gbk");
  CHECK(encodingForLabel("klingon").empty());
  CHECK(encodingForLabel("").empty());
  CHECK(encodingForLabel(std::string(1000, 'u')).empty());
}

TEST_CASE("the standard's table of labels") {
  const auto table = readTable("encoding/labels.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string label = test["label"].GetString(), name = lower(test["name"].GetString());
    CAPTURE(label);
    CHECK(encodingForLabel(label) == name);
    CHECK(encodingForLabel("\t" + label + " ") == name);
    passed += encodingForLabel(label) == name;
  }
  MESSAGE("labels: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("the browsers' table of Content-Type values") {
  const auto table = readTable("encoding/content_type.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    std::string value;
    for (const auto& field : test["content_type"].GetArray()) {
      if (&field != test["content_type"].Begin()) value += ", ";
      value += field.GetString();
    }
    CAPTURE(value);
    const std::string want = test["charset"].IsString() ? lower(test["charset"].GetString()) : "";
    CHECK(encodingOfContentType(value) == want);
    passed += encodingOfContentType(value) == want;
  }
  MESSAGE("content_type: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("html5lib's table of declarations, as browsers scan for them") {
  const auto table = readTable("encoding/meta_prescan.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string body = unhex(test["body_hex"].GetString());
    CAPTURE(std::string(test["id"].GetString()));
    CAPTURE(body.substr(0, 200));
    std::string_view found = encodingOfByteOrderMark(body);
    if (found.empty()) found = declaredEncoding(body, body.size());
    if (found.empty()) found = "windows-1252";
    CHECK(found == lower(test["encoding"].GetString()));
    passed += found == lower(test["encoding"].GetString());
  }
  MESSAGE("meta_prescan: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("byte order mark, then header, then declaration, then UTF-8, then guesses") {
  CHECK(encodingOf("\xEF\xBB\xBFx", "text/html; charset=latin1") == "utf-8");
  CHECK(encodingOf("\xE9", "text/html; charset=koi8-r") == "koi8-r");
  CHECK(encodingOf("<meta charset='shift_jis'>\xE9", "text/html") == "shift_jis");
  CHECK(encodingOf("<!-- <meta charset=koi8-r> --><META http-equiv=Content-Type content='text/html; charset=windows-1251'>\xE9", "") == "windows-1251");
  CHECK(encodingOf("<?xml version='1.0' encoding='iso-8859-2'?>\xE9", "") == "iso-8859-2");
  CHECK(encodingOf("<meta charset=utf-16>caf\xC3\xA9", "") == "utf-8");
  CHECK(encodingOf("caf\xC3\xA9", "text/html; charset=klingon") == "utf-8");
  CHECK(encodingOf("caf\xE9", "") == "windows-1252");
  CHECK(detectEncoding("x", "").source == EncodingSource::Utf8);
  // A declaration too late for browsers' first look is still better than a guess.
  CHECK(encodingOf(std::string(20000, ' ') + "<meta charset=koi8-r>\xE9", "") == "koi8-r");
  CHECK(encodingOf("< meta http-equiv=Content-Type content='text/html; charset=koi8-r'/>\xE9", "") == "koi8-r");
  // Russian in KOI8-R, and in windows-1251, that nobody declared.
  std::string text;
  for (int i = 0; i < 3; ++i) text += "\xF3\xF3\xF3\xF2, \xD2\xCF\xD3\xD3\xC9\xD1 \xD7\xC5\xCC\xC9\xCB\xC1\xD1 \xCE\xC1\xDB\xC1 \xC4\xC5\xD2\xD6\xC1\xD7\xC1, \xCB\xCF\xD4\xCF\xD2\xC1\xD1 \xD3\xD4\xCF\xC9\xD4 \xCE\xC1 \xDA\xC5\xCD\xCC\xC5. ";
  CHECK(encodingOf(text, "") == "koi8-r");
  CHECK(detectEncoding(text, "").source == EncodingSource::Guess);
}

TEST_CASE("w3lib's table: what Scrapy finds") {
  const std::set<std::string> deviations{
      // The standard's way of reading Content-Type: quotes that do not close or are followed by more still give their value.
      "w3lib_encoding-0018",
      "w3lib_encoding-0024",
      // w3lib stops at <body>; browsers go on.
      "w3lib_encoding-0066",
      // Broken markup declares iso-8859-1, and all bytes are ASCII: the same text, which we call UTF-8.
      "w3lib_encoding-0170",
      // UTF-32 is no encoding of the web, and browsers read its mark as UTF-16's; "utf-16" without a mark is little-endian to them.
      "w3lib_encoding-0002",
      "w3lib_encoding-0154",
      "w3lib_encoding-0158",
      "w3lib_encoding-0162",
      "w3lib_encoding-0164",
      "w3lib_encoding-0166",
  };
  // Python's names.
  const auto standardName = [](std::string_view name) -> std::string {
    if (name == "utf8" || name == "ascii") return name == "utf8" ? "utf-8" : "windows-1252";
    if (name == "utf-16-be" || name == "utf-16-le") return name == "utf-16-be" ? "utf-16be" : "utf-16le";
    if (name == "big5hkscs") return "big5";
    const std::string known(encodingForLabel(name));
    return known.empty() ? std::string(name) : known;
  };
  const auto same = [&](std::string_view found, const rapidjson::Value& want) {
    if (!want.IsString()) return found.empty();
    const std::string name = standardName(want.GetString());
    return found == name || (found == "gbk" && name == "gb18030");
  };
  const auto fieldValue = [](const rapidjson::Value& value) {
    std::string text = value.IsString() ? value.GetString() : "";
    if (text.starts_with("Content-Type:")) text.erase(0, 13);
    return text;
  };
  const auto table = readTable("encoding/w3lib_encoding.json");
  int passed = 0, run = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string id = test["id"].GetString(), fn = test["fn"].GetString();
    CAPTURE(id);
    CAPTURE(fn);
    const auto& args = test["args"];
    bool good = true;
    std::string_view found;
    if (fn == "read_bom") {
      good = same(found = encodingOfByteOrderMark(textOf(args[0])), test["result"][0]);
    } else if (fn == "resolve_encoding") {
      good = same(found = encodingForLabel(args[0].GetString()), test["result"]);
    } else if (fn == "http_content_type_encoding") {
      good = same(found = encodingOfContentType(fieldValue(args[0])), test["result"]);
    } else if (fn == "html_body_declared_encoding") {
      // Where the standard's scan finds nothing, ours looks again, more loosely: as a page that is not UTF-8 makes it.
      const DetectedEncoding detected = detectEncoding(textOf(args[0]) + "\xFF", "");
      found = detected.source == EncodingSource::Declaration ? detected.name : "";
      good = same(found, test["result"]);
    } else if (fn == "html_to_unicode") {
      found = encodingOf(textOf(args[1]), fieldValue(args[0]));
      // Bytes that are all ASCII are UTF-8 to us, whatever the caller's default is.
      good = same(found, test["result"][0]) || (found == "utf-8" && test.HasMember("kw"));
    } else {
      continue;                                        // to_unicode: see text_decoder_test.cpp
    }
    ++run;
    passed += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, "found " << found);
  }
  MESSAGE("w3lib_encoding: " << passed << " of " << run);
}
