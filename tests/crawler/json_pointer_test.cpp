#include <weft/crawler/json_pointer.hpp>

#include <doctest/doctest.h>

#include <string>

using weft::crawler::findByPointer;
using weft::http::Json;

TEST_CASE("a JSON pointer finds what RFC 6901 says") {
  const Json document = Json::parse(
      R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8})");
  const auto found = [&](std::string_view pointer) {
    const Json* const value = findByPointer(document, pointer);
    return value ? value->dump() : "nothing";
  };
  CHECK(findByPointer(document, "") == &document);  // the examples of section 5
  CHECK(found("/foo") == R"(["bar","baz"])");
  CHECK(found("/foo/0") == R"("bar")");
  CHECK(found("/") == "0");
  CHECK(found("/a~1b") == "1");
  CHECK(found("/c%d") == "2");
  CHECK(found("/e^f") == "3");
  CHECK(found("/g|h") == "4");
  CHECK(found("/i\\j") == "5");
  CHECK(found("/k\"l") == "6");
  CHECK(found("/ ") == "7");
  CHECK(found("/m~0n") == "8");
  for (const char* pointer : {"/x", "/foo/2", "/foo/-", "/foo/01", "/foo/a", "/foo/0/x", "/foo/-1", "//", "/foo/18446744073709551616"}) {
    CAPTURE(pointer);
    CHECK(found(pointer) == "nothing");
  }
}

TEST_CASE("what is no JSON pointer is an error, wherever the fault is") {
  const Json document = Json::parse("{}");
  for (const char* pointer : {"foo", "/a~", "/a~2", "/x/y/~x"}) {
    CAPTURE(pointer);
    CHECK_THROWS_AS(findByPointer(document, pointer), weft::crawler::JsonPointerError);
  }
}
