#include "html/conformance.hpp"

#include <weft/crawler/fingerprint.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using weft::crawler::Fingerprint;
using weft::crawler::fingerprint;
using weft::crawler::FingerprintSet;
using weft::crawler::hash128;
using weft::crawler::Request;
using weft::http::Url;

TEST_CASE("a fragment makes no other page, everything else does") {
  const auto of = [](std::string_view url) { return fingerprint(Url(url)); };
  CHECK(of("http://a/x#1") == of("http://a/x#2"));
  CHECK(of("http://a/x") == of("http://a/x#"));
  CHECK(of("http://A/x") == of("http://a:80/x"));
  CHECK_FALSE(of("http://a/x") == of("http://a/X"));
  CHECK_FALSE(of("http://a/x") == of("https://a/x"));
  CHECK_FALSE(of("http://a/x") == of("http://a/x/"));
  CHECK_FALSE(of("http://a/x") == of("http://a:81/x"));
}

TEST_CASE("the order of a query's pairs makes no other page") {
  const auto of = [](std::string_view url) { return fingerprint(Url(url)); };
  CHECK(of("http://a/?a=1&b=2") == of("http://a/?b=2&a=1"));
  CHECK(of("http://a/?a=1&&b=2&") == of("http://a/?b=2&a=1"));
  CHECK_FALSE(of("http://a/?a=1&b=2") == of("http://a/?a=2&b=1"));
  CHECK_FALSE(of("http://a/?a=1") == of("http://a/"));
}

TEST_CASE("method and body are part of a request's fingerprint") {
  Request get("http://a/"), post("http://a/"), other("http://a/");
  post.setMethod("post");
  other.setMethod("POST").setBody("x=1");
  CHECK(fingerprint(get) == fingerprint(get.url));
  CHECK_FALSE(fingerprint(get) == fingerprint(post));
  CHECK_FALSE(fingerprint(post) == fingerprint(other));
}

TEST_CASE("a hundred thousand near texts of every length have hashes of their own, in each half") {
  std::set<std::uint64_t> high, low;
  std::size_t texts = 0;
  for (int i = 0; i < 100'000; ++i, ++texts) {
    const Fingerprint print = hash128("http://example.com/page/" + std::to_string(i));
    high.insert(print.high);
    low.insert(print.low);
  }
  for (std::size_t size = 0; size < 100; ++size, ++texts) {
    const Fingerprint print = hash128(std::string(size, '\0'));
    high.insert(print.high);
    low.insert(print.low);
  }
  CHECK(high.size() == texts);
  CHECK(low.size() == texts);
}

TEST_CASE("hashes stay the same from release to release, as jobs on disk hold them") {
  const Fingerprint print = hash128("http://example.com/");
  CHECK(print.high == 15825063444848133697u);
  CHECK(print.low == 15021477622080171589u);
}

TEST_CASE("a set holds what was put in, in 24 bytes each at most, however much that is") {
  FingerprintSet set;
  CHECK_FALSE(set.contains(hash128("x")));
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    REQUIRE(set.insert(hash128(std::to_string(i))));
    if (i > 60'000) REQUIRE(set.bytes() <= 24 * (i + 2));
  }
  CHECK(set.size() == 300'000);
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    REQUIRE(set.contains(hash128(std::to_string(i))));
    REQUIRE_FALSE(set.insert(hash128(std::to_string(i))));
  }
  for (std::uint64_t i = 300'000; i < 400'000; ++i) REQUIRE_FALSE(set.contains(hash128(std::to_string(i))));
}

TEST_CASE("a set copes with fingerprints that are zero, and that all want the same place") {
  FingerprintSet set;
  CHECK(set.insert({0, 0}));
  CHECK_FALSE(set.insert({0, 0}));
  CHECK(set.contains({0, 0}));
  for (std::uint64_t i = 2; i < 2000; ++i) REQUIRE(set.insert({~std::uint64_t{0}, i}));
  for (std::uint64_t i = 2; i < 2000; ++i) REQUIRE(set.contains({~std::uint64_t{0}, i}));
  CHECK(set.contains({0, 0}));
}

TEST_CASE("requests are the same where Scrapy's fingerprints are") {
  std::istringstream lines(weft::testing::conformanceFile("scrapy/fingerprint.jsonl"));
  std::vector<std::pair<std::string, Fingerprint>> before;
  int passed = 0;
  for (std::string line; std::getline(lines, line);) {
    rapidjson::Document row;
    row.Parse(line.c_str());
    REQUIRE(row.IsObject());
    Request request(weft::testing::text(row["url"]));
    if (row.HasMember("method")) request.setMethod(weft::testing::text(row["method"]));
    if (row.HasMember("body_utf8")) request.setBody(weft::testing::text(row["body_utf8"]));
    const std::string theirs = weft::testing::text(row["sha1"]);
    const Fingerprint ours = fingerprint(request);
    bool agrees = true;
    for (const auto& [other, print] : before) agrees = agrees && (other == theirs) == (print == ours);
    before.emplace_back(theirs, ours);
    // Its fingerprint is of headers, too; see docs/conformance.md.
    CHECK(agrees == !row.HasMember("include_headers"));
    passed += agrees;
  }
  MESSAGE("scrapy/fingerprint.jsonl: " << passed << " of " << before.size());
  CHECK(before.size() == 7);
  CHECK(passed == 6);
}
