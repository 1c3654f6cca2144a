#include <weft/http/header_values/retry_after.hpp>

#include <doctest/doctest.h>

using namespace weft::http;
using std::chrono::seconds;

TEST_CASE("Retry-After is seconds or a date, at most the longest that one would wait") {
  const Date now = *parseDate("Fri, 31 Dec 1999 23:59:59 GMT");
  const auto read = [now](std::string_view text) { return parseRetryAfter(text, now, seconds(100)); };
  CHECK(read("0") == seconds(0));
  CHECK(read(" 20 ") == seconds(20));
  CHECK(read("101") == seconds(100));
  CHECK(read("99999999999999999999999999") == seconds(100));
  CHECK(read("Sat, 01 Jan 2000 00:00:09 GMT") == seconds(10));
  CHECK(read("Fri, 31 Dec 1999 23:59:49 GMT") == seconds(0));
  CHECK(read("Fri, 31 Dec 9999 23:59:59 GMT") == seconds(100));
  for (const char* bad : {"", "-1", "1.5", "5s", "soon", "+5"}) CHECK_MESSAGE(!read(bad), bad);
  CHECK(parseRetryAfter("99999", now) == std::chrono::hours(1));
}
