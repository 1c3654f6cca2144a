#include <weft/http/dates.hpp>

#include <doctest/doctest.h>

#include "table.hpp"

#include <string>

using namespace weft::http;

static Date at(std::int64_t seconds) { return Date(std::chrono::seconds(seconds)); }

TEST_CASE("a date is written as RFC 9110 writes its example") {
  CHECK(formatDate(at(784111777)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(formatDate(at(0)) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(formatDate(at(-1)) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(formatDate(at(951782400)) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(formatDate(std::chrono::system_clock::time_point(std::chrono::milliseconds(-1))) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(formatDate(at(253402300799)) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(formatDate(Date::max()) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(formatDate(Date::min()) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST_CASE("all three forms of RFC 9110 are read") {
  const Date now = at(1700000000);
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "sun, 06 nov 1994 08:49:37 GMT", " Sun, 06 Nov 1994 08:49:37 GMT\t"})
    CHECK_MESSAGE(parseDate(text, now) == at(784111777), text);
  CHECK(parseDate("Wed Nov 16 08:49:37 1994", now) == at(784975777));
  CHECK(parseDate("Fri, 31 Dec 9999 23:59:59 GMT", now) == at(253402300799));
  CHECK(parseDate("Sat, 31 Dec 2016 23:59:60 GMT", now) == parseDate("Sat, 31 Dec 2016 23:59:59 GMT", now));   // a leap second
}

TEST_CASE("a year of two digits lies at most 50 years ahead") {
  const Date y2023 = at(1700000000);
  const Date y1995 = at(800000000);
  CHECK(parseDate("Sunday, 06-Nov-73 08:49:37 GMT", y2023) == parseDate("Mon, 06 Nov 2073 08:49:37 GMT", y2023));
  CHECK(parseDate("Sunday, 06-Nov-74 08:49:37 GMT", y2023) == parseDate("Mon, 06 Nov 1974 08:49:37 GMT", y2023));
  CHECK(parseDate("Sunday, 06-Nov-03 08:49:37 GMT", y1995) == parseDate("Mon, 06 Nov 2003 08:49:37 GMT", y1995));
}

TEST_CASE("what is no date is none") {
  for (const char* text : {"", "0", "-1", "Sun", "Sun, ", "Sun, 06 Nov 1994", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT x",
                           "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "1994-11-06T08:49:37Z", "Sun Nov  6 08:49:37 94", "Sun, 06-Nov-1994 08:49:37 GMT"})
    CHECK_MESSAGE(!parseDate(text), text);
}

TEST_CASE("the working group's table of cookie dates") {
  const auto table = weft::test::readTable("cookies/dates.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const auto date = parseCookieDate(weft::test::textOf(test["date"]));
    const std::string actual = date ? formatDate(*date) : "none";
    const std::string expected = test["expected"].IsNull() ? "none" : test["expected"].GetString();
    CHECK_MESSAGE(actual == expected, test["id"].GetString());
    passed += actual == expected;
  }
  MESSAGE("cookie dates: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("a cookie date needs a day, a month, a year and a time, each of them possible") {
  CHECK(parseCookieDate("1 jan 70 0:0:0") == at(0));
  CHECK(parseCookieDate("1 jan 69 0:0:0") == at(3124224000));
  CHECK(parseCookieDate("31 dec 9999 23:59:59") == at(253402300799));
  for (const char* text : {"", "jan 70 0:0:0", "1 70 0:0:0", "1 jan 0:0:0", "1 jan 70", "30 feb 2000 0:0:0", "32 jan 2000 0:0:0", "1 jan 1600 0:0:0", "1 jan 2000 24:0:0",
                           "1 jan 2000 0:60:0", "1 jan 2000 0:0:60", "123 jan 2000 0:0:0", "1 jan 99999 0:0:0"})
    CHECK_MESSAGE(!parseCookieDate(text), text);
}
