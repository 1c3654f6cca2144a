#include "../html/conformance.hpp"

#include <weft/crawler/politeness/auto_throttle.hpp>

#include <doctest/doctest.h>

#include <sstream>
#include <string>

using namespace weft::crawler;

TEST_CASE("the delay moves as the recorded one of Scrapy did") {
  std::istringstream lines(weft::testing::conformanceFile("scrapy/autothrottle.jsonl"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    CAPTURE(line);
    rapidjson::Document row;
    row.Parse(line.c_str());
    REQUIRE(row.IsObject());
    const AutoThrottle throttle{row["target_concurrency"].GetDouble(), row["min"].GetDouble(), row["max"].GetDouble()};
    CHECK(throttle.next(row["delay_before"].GetDouble(), row["latency"].GetDouble(), row["status"].GetInt()) == doctest::Approx(row["delay_after"].GetDouble()).epsilon(1e-12));
  }
  CHECK(cases == 6);
}
