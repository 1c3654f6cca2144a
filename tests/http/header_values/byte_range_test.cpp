#include <weft/http/header_values/byte_range.hpp>

#include <doctest/doctest.h>

#include <cstdint>

using namespace weft::http;
using Part = std::pair<std::uint64_t, std::uint64_t>;

TEST_CASE("ranges are read as RFC 9110's examples") {
  CHECK(parseRange("bytes=0-499") == std::vector{ByteRange::between(0, 499)});
  CHECK(parseRange("bytes=-500") == std::vector{ByteRange::lastBytes(500)});
  CHECK(parseRange("bytes=9500-") == std::vector{ByteRange::from(9500)});
  CHECK(parseRange("Bytes= 0-0 ,, -1 ") == std::vector{ByteRange::between(0, 0), ByteRange::lastBytes(1)});
  for (const char* bad : {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=5", "bytes=5-4", "bytes=a-b", "bytes=1 - 2", "lines=0-1", "bytes 0-1", "bytes=+1-2", "bytes=0-1;x", "bytes=--1"})
    CHECK_MESSAGE(!parseRange(bad), bad);
  CHECK(parseRange("bytes=99999999999999999999999-").has_value());           // beyond any file
  CHECK(!parseRange("bytes=0-0,1-1,2-2", 2));
  CHECK(parseRange("bytes=0-0,1-1", 2).has_value());
}

TEST_CASE("a range lies within a size, or outside") {
  CHECK(ByteRange::between(0, 499).within(1000) == Part(0, 499));
  CHECK(ByteRange::between(0, 4999).within(1000) == Part(0, 999));
  CHECK(ByteRange::from(999).within(1000) == Part(999, 999));
  CHECK(!ByteRange::from(1000).within(1000));
  CHECK(ByteRange::lastBytes(1).within(1000) == Part(999, 999));
  CHECK(ByteRange::lastBytes(5000).within(1000) == Part(0, 999));
  CHECK(!ByteRange::lastBytes(0).within(1000));
  CHECK(!ByteRange::from(0).within(0));
  CHECK(ByteRange::between(0, UINT64_MAX).within(UINT64_MAX) == Part(0, UINT64_MAX - 1));
}

TEST_CASE("ranges are written as they are read") {
  for (const char* text : {"bytes=0-499", "bytes=500-", "bytes=-1, 3-4"}) CHECK(formatRange(*parseRange(text)) == text);
}

TEST_CASE("a Content-Range says which bytes these are, and of how many") {
  const auto range = ContentRange::parse("bytes 0-499/1234");
  REQUIRE(range);
  CHECK(*range == ContentRange(0, 499, 1234));
  CHECK(range->length() == 500);
  CHECK(ContentRange::parse("bytes 5-9/*") == ContentRange(5, 9, std::nullopt));
  CHECK(ContentRange::parse(" bytes */1234") == ContentRange::unsatisfied(1234));
  CHECK(ContentRange::unsatisfied(1234).length() == 0);
  for (const char* text : {"bytes 0-499/1234", "bytes 5-9/*", "bytes */1234"}) CHECK(ContentRange::parse(text)->toString() == text);
  for (const char* bad : {"", "bytes", "bytes 0-1", "bytes */*", "bytes 5-4/10", "bytes 0-10/10", "bytes a-b/c", "lines 0-1/2", "bytes 0/1", "bytes -1/2", "bytes 1-/2", "bytes 0-18446744073709551615/*"})
    CHECK_MESSAGE(!ContentRange::parse(bad), bad);
}
