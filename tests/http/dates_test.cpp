#include <weft/http/dates.hpp>

#include <doctest/doctest.h>

using weft::http::formatDate;

TEST_CASE("a date is written as RFC 9110 writes its example") {
  const auto at = [](std::int64_t seconds) {
    return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
  };
  CHECK(formatDate(at(784111777)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(formatDate(at(0)) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(formatDate(at(-1)) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(formatDate(at(951782400)) == "Tue, 29 Feb 2000 00:00:00 GMT");
}
