#include <weft/core/internal/suggest.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace weft;

namespace {
constexpr std::array<std::string_view, 4> kKnown{"timeout", "bindAddress", "port", "host"};
}

TEST_CASE("a word with a slip is taken for the one that was meant") {
  CHECK(nearestWord("prot", kKnown) == "port");
  CHECK(nearestWord("timout", kKnown) == "timeout");
  CHECK(nearestWord("bindaddres", kKnown) == "bindAddress");
  CHECK(suggestion("hst", kKnown) == "; did you mean host?");
}

TEST_CASE("a word that is near to none has no suggestion") {
  CHECK(nearestWord("colour", kKnown).empty());
  CHECK(nearestWord("", kKnown).empty());
  CHECK(suggestion("x", kKnown).empty());
}
