#include "html/conformance.hpp"

#include <weft/crawler/referrer_policy.hpp>

#include <doctest/doctest.h>

#include <sstream>
#include <string>

using namespace weft;
using namespace weft::crawler;

namespace {

std::string refererOf(std::string_view policy, std::string_view from, std::string_view to) {
  const http::Url page(from), target(to);
  const auto text = PageReferrer(page, parseReferrerPolicy(policy).value()).to(target);
  return text ? *text : "(none)";
}

std::string expected(const rapidjson::Value& value) { return value.IsNull() ? "(none)" : testing::text(value); }

}  // namespace

TEST_CASE("each policy tells what Scrapy's tells") {
  std::istringstream lines(testing::conformanceFile("scrapy/referrer.jsonl"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    CAPTURE(line);
    rapidjson::Document row;
    row.Parse(line.c_str());
    REQUIRE(row.IsObject());
    CHECK(refererOf(testing::text(row["policy"]), testing::text(row["from"]), testing::text(row["to"])) == expected(row["referer"]));
  }
  CHECK(cases == 41);
}

TEST_CASE("each policy passes the cases of Scrapy's own suite") {
  int passed = 0, excused = 0, cases = 0;
  const auto table = testing::conformanceTable("crawl/referrer_policy.json");
  for (const auto& row : table["cases"].GetArray()) {
    const std::string from = testing::text(row["from"]), policy = testing::text(row["policy"]), wanted = expected(row["referer"]);
    CAPTURE(from);
    CAPTURE(policy);
    ++cases;
    // Recorded under that name, these two are of the default policy; scrapy/referrer.jsonl has the one of that name tell a file.
    const bool ofTheDefault = policy == "no-referrer-when-downgrade" && (from.starts_with("file:") || from.starts_with("s3:"));
    const std::string got = refererOf(ofTheDefault ? "scrapy-default" : policy, from, testing::text(row["to"]));
    // A parsed URL has a path.
    const bool noPath = wanted == "http://scrapytest.org" && got == wanted + "/";
    CHECK((got == wanted || noPath));
    (ofTheDefault || noPath ? excused : passed) += 1;
  }
  CHECK(cases == 61);
  CHECK(passed == 58);
  CHECK(excused == 3);
}

TEST_CASE("the last policy of a field that is known counts") {
  CHECK(lastReferrerPolicy("no-referrer, what-is-this, Same-Origin ,") == ReferrerPolicy::SameOrigin);
  CHECK(lastReferrerPolicy("no-referrer") == ReferrerPolicy::NoReferrer);
  CHECK_FALSE(lastReferrerPolicy(""));
  CHECK_FALSE(lastReferrerPolicy("what-is-this"));
  CHECK_FALSE(parseReferrerPolicy(""));
}

TEST_CASE("requests of one page share the text") {
  const http::Url page("https://user:secret@e.com:443/a?b#c");
  PageReferrer referrer(page, ReferrerPolicy::StrictOriginWhenCrossOrigin);
  const auto first = referrer.to(http::Url("https://e.com/1")), second = referrer.to(http::Url("https://e.com/2"));
  CHECK(*first == "https://e.com/a?b");
  CHECK(first == second);
  CHECK(*referrer.to(http::Url("https://o.com/")) == "https://e.com/");
  CHECK(referrer.to(http::Url("http://e.com/")) == nullptr);
  CHECK(*referrer.to(http::Url("http://e.com/"), ReferrerPolicy::UnsafeUrl) == "https://e.com/a?b");
}
