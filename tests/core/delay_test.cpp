#include <weft/core/delay.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace std::chrono_literals;
using weft::Delay;

TEST_CASE("a delay is a number of seconds or any duration") {
  CHECK(Delay(2).value() == 2s);
  CHECK(Delay(0.5).value() == 500ms);
  CHECK(Delay(0.1).value() == 100ms);                  // rounded to the nearest nanosecond
  CHECK(Delay(0.5F).value() == 500ms);
  CHECK(Delay(3U).value() == 3s);
  CHECK(Delay(250us).value() == 250us);
  CHECK(Delay(1h).value() == 3600s);
  CHECK(Delay(std::chrono::duration<double>(0.25)).value() == 250ms);
  CHECK(Delay(1500ms).seconds() == doctest::Approx(1.5));
  CHECK(Delay(1) < Delay(1001ms));
}

TEST_CASE("a negative delay is refused, with its value") {
  CHECK_THROWS_AS(Delay(-1), std::invalid_argument);
  CHECK_THROWS_AS(Delay(-1ms), std::invalid_argument);
  CHECK_THROWS_AS(Delay(std::nan("")), std::invalid_argument);
  CHECK_THROWS_WITH(Delay(-2.5), "a delay of -2.500000 s: it must be zero or more");
}

TEST_CASE("a delay beyond 146 years is 146 years") {
  const auto longest = std::chrono::nanoseconds(Delay::kMaxNanoseconds);
  CHECK(Delay(1e300).value() == longest);
  CHECK(Delay(std::numeric_limits<double>::infinity()).value() == longest);
  CHECK(Delay(std::numeric_limits<std::int64_t>::max()).value() == longest);
  CHECK(Delay(std::chrono::hours::max()).value() == longest);
  CHECK(Delay(std::chrono::nanoseconds::max()).value() == longest);
}
