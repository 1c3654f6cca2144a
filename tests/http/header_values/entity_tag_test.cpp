#include <weft/http/header_values/entity_tag.hpp>

#include <doctest/doctest.h>

using namespace weft::http;

TEST_CASE("an entity tag stands in quotes and may be weak") {
  CHECK(EntityTag::parse("\"xyzzy\"") == EntityTag("xyzzy"));
  CHECK(EntityTag::parse(" W/\"x y\"") == std::nullopt);
  CHECK(EntityTag::parse("W/\"xyzzy\"") == EntityTag("xyzzy", true));
  CHECK(EntityTag::parse("\"\"") == EntityTag(""));
  CHECK(EntityTag("a\\b", true).toString() == "W/\"a\\b\"");
  for (const char* bad : {"", "xyzzy", "\"", "\"open", "w/\"a\"", "W/a", "\"a\" x", "\"a\"\"b\""}) CHECK_MESSAGE(!EntityTag::parse(bad), bad);
  CHECK_THROWS_AS(EntityTag("a\r\nb"), HeaderError);
  CHECK_THROWS_AS(EntityTag("a\"b"), HeaderError);
}

TEST_CASE("tags compare as RFC 9110's table says") {  // section 8.8.3.2
  const EntityTag w1("1", true), w2("2", true), s1("1");
  CHECK(!w1.matchesStrongly(w1));
  CHECK(w1.matchesWeakly(w1));
  CHECK(!w1.matchesWeakly(w2));
  CHECK(!w1.matchesStrongly(s1));
  CHECK(w1.matchesWeakly(s1));
  CHECK(s1.matchesStrongly(s1));
}

TEST_CASE("a list of tags is read up to what is no tag") {
  const auto list = EntityTagList::parse(" \"a\", , W/\"b,c\" ,\"d\" junk, \"e\"");
  CHECK(list.tags == std::vector{EntityTag("a"), EntityTag("b,c", true), EntityTag("d")});
  CHECK(list.matchesWeakly(EntityTag("b,c")));
  CHECK(!list.matchesStrongly(EntityTag("b,c")));
  CHECK(!list.matchesWeakly(EntityTag("e")));
  CHECK(EntityTagList::parse("*").matchesStrongly(EntityTag("x")));
}

TEST_CASE("preconditions are evaluated in the order of RFC 9110 section 13.2.2") {
  const EntityTag tag("v1");
  const Date changed = *parseDate("Sun, 06 Nov 1994 08:49:37 GMT");
  const std::string before = formatDate(changed - std::chrono::seconds(1)), same = formatDate(changed);
  const auto evaluate = [&](Headers headers, std::string_view method = "GET") { return evaluatePreconditions(headers, method, tag, changed); };
  CHECK(evaluate({}) == Precondition::Proceed);
  CHECK(evaluate({{"If-Match", "\"v1\""}}) == Precondition::Proceed);
  CHECK(evaluate({{"If-Match", "W/\"v1\""}}) == Precondition::Failed);
  CHECK(evaluate({{"If-Match", "*"}}) == Precondition::Proceed);
  CHECK(evaluate({{"If-Match", "\"v1\""}, {"If-Unmodified-Since", before}}) == Precondition::Proceed);   // the tag goes before the date
  CHECK(evaluate({{"If-Unmodified-Since", before}}) == Precondition::Failed);
  CHECK(evaluate({{"If-Unmodified-Since", same}}) == Precondition::Proceed);
  CHECK(evaluate({{"If-None-Match", "\"x\", W/\"v1\""}}) == Precondition::NotModified);
  CHECK(evaluate({{"If-None-Match", "*"}}, "PUT") == Precondition::Failed);
  CHECK(evaluate({{"If-None-Match", "\"x\""}, {"If-Modified-Since", same}}) == Precondition::Proceed);
  CHECK(evaluate({{"If-Modified-Since", same}}) == Precondition::NotModified);
  CHECK(evaluate({{"If-Modified-Since", before}}) == Precondition::Proceed);
  CHECK(evaluate({{"If-Modified-Since", same}}, "POST") == Precondition::Proceed);
  CHECK(evaluate({{"If-Modified-Since", "yesterday"}}) == Precondition::Proceed);
  CHECK(evaluatePreconditions({{"If-Match", "\"v1\""}}, "GET", std::nullopt, std::nullopt) == Precondition::Failed);
  CHECK(evaluatePreconditions({{"If-None-Match", "\"v1\""}}, "GET", std::nullopt, std::nullopt) == Precondition::Proceed);
}

TEST_CASE("If-Range needs the very same state") {
  const Date changed = *parseDate("Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(rangeApplies({}, std::nullopt, std::nullopt));
  CHECK(rangeApplies({{"If-Range", "\"v1\""}}, EntityTag("v1"), changed));
  CHECK(!rangeApplies({{"If-Range", "W/\"v1\""}}, EntityTag("v1", true), changed));
  CHECK(!rangeApplies({{"If-Range", "\"v1\""}}, std::nullopt, changed));
  CHECK(rangeApplies({{"If-Range", formatDate(changed)}}, std::nullopt, changed));
  CHECK(!rangeApplies({{"If-Range", formatDate(changed + std::chrono::seconds(1))}}, std::nullopt, changed));
  CHECK(!rangeApplies({{"If-Range", "junk"}}, EntityTag("junk"), changed));
}
