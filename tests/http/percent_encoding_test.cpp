#include <weft/http/percent_encoding.hpp>

#include <doctest/doctest.h>

#include "table.hpp"

#include <weft/http/url.hpp>

using namespace weft::http;

TEST_CASE("encoding leaves what the set leaves") {
  CHECK(percentEncode("a b/c?d=é&f") == "a%20b%2Fc%3Fd%3D%C3%A9%26f");
  CHECK(percentEncode("a b'", PercentEncodeSet::Query) == "a%20b'");
  CHECK(percentEncode("a b'", PercentEncodeSet::SpecialQuery) == "a%20b%27");
  CHECK(percentEncode("a b", PercentEncodeSet::C0Control) == "a b");
  CHECK(percentEncode("") == "");
}

TEST_CASE("decoding leaves what is not an encoded byte") {
  CHECK(percentDecode("a%20b%2fc") == "a b/c");
  CHECK(percentDecode("100%") == "100%");
  CHECK(percentDecode("%4") == "%4");
  CHECK(percentDecode("%zz%41") == "%zzA");
  CHECK(percentDecode("%%41%") == "%A%");
  CHECK(percentDecode("%00").size() == 1);
}

TEST_CASE("what was encoded decodes to itself") {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  for (auto set : {PercentEncodeSet::Component, PercentEncodeSet::Form})
    CHECK(percentDecode(percentEncode(all, set)) == all);
}

TEST_CASE("the web platform's table of encoded queries, UTF-8 column") {
  const auto table = weft::test::readTable("url/percent_encoding.json");
  for (const auto& test : table["cases"].GetArray()) {
    const Url url("http://h/?" + weft::test::textOf(test["input"]));
    CHECK(url.query() == weft::test::textOf(test["output"]["utf-8"]));
  }
}
