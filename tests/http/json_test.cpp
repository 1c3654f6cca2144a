#include <weft/http/json.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using namespace weft::http;

TEST_CASE("a value comes apart by its types") {
  const Json json = Json::parse(R"( {"name": "Jane \u00e9\ud83d\ude00", "age": 38, "height": 1.5, "tags": ["a", "b", []], "ok": true, "none": null} )");
  CHECK(json["name"].string() == "Jane \xC3\xA9\xF0\x9F\x98\x80");
  CHECK(json["age"].integer() == 38);
  CHECK(json["age"].number() == 38.0);
  CHECK(json["height"].number() == 1.5);
  CHECK(json["tags"][1].string() == "b");
  CHECK(json["tags"].size() == 3);
  CHECK(json["ok"].boolean());
  CHECK(json["none"].isNull());
  CHECK(json.size() == 6);
  CHECK(json.find("nobody") == nullptr);
  CHECK(json["age"].find("x") == nullptr);
  CHECK(json.has("ok"));
  CHECK(Json::parse("\xEF\xBB\xBF" "7").integer() == 7);
}

TEST_CASE("objects keep their order, and every member of one name") {
  const Json json = Json::parse(R"({"z": 1, "a": 2, "z": 3})");
  REQUIRE(json.object().size() == 3);
  CHECK(json.object()[0].first == "z");
  CHECK(json.object()[2].second.integer() == 3);
  CHECK(json["z"].integer() == 1);
  CHECK(json.dump() == R"({"z":1,"a":2,"z":3})");
}

TEST_CASE("numbers: 64 bits with a sign are exact, what is larger is a double") {
  CHECK(Json::parse("9223372036854775807").integer() == std::numeric_limits<std::int64_t>::max());
  CHECK(Json::parse("-9223372036854775808").integer() == std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(Json::parse("9223372036854775808").isInteger());
  CHECK(Json::parse("9223372036854775808").number() == 9223372036854775808.0);
  CHECK(Json::parse("3.0").integer() == 3);
  CHECK(Json::parse("1e3").integer() == 1000);
  CHECK_THROWS_AS(Json::parse("3.5").integer(), JsonTypeError);
  CHECK_THROWS_AS(Json::parse("1e300").integer(), JsonTypeError);
  CHECK(Json::parse("0.1").number() == 0.1);
  CHECK(Json(std::numeric_limits<double>::infinity()).dump() == "null");
}

TEST_CASE("an error says line and column") {
  try {
    Json::parse("{\n  \"a\": 1,\n  \"b\": nope\n}");
    FAIL("no error");
  } catch (const JsonError& error) {
    CHECK(error.line == 3);
    CHECK(error.column == 9);                            // behind the "n"
    CHECK(std::string(error.what()).starts_with("parsing JSON: line 3, column 9: "));
  }
  for (const char* bad : {"", " ", "{", "[1,]", "{\"a\":1,}", "01", "1 2", "\"\\x\"", "\"a", "nul", "'a'", "\"\\ud800\"", "\"\xFF\"", "[1}", "+1", "\"\x01\"", "NaN"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(Json::parse(bad), JsonError);
  }
}

TEST_CASE("depth and size are limited") {
  CHECK(Json::parse(std::string(512, '[') + std::string(512, ']')).isArray());
  try {
    Json::parse(std::string(1'000'000, '['));
    FAIL("no error");
  } catch (const JsonError& error) {
    CHECK(error.reason.find("more than 512 deep") != std::string::npos);
    CHECK(error.column < 600);
  }
  CHECK_THROWS_AS(Json::parse("[1, 2, 3]", JsonOptions().setMaxBytes(8)), JsonError);
  CHECK(Json::parse("[[1]]", JsonOptions().setMaxDepth(2))[0][0].integer() == 1);
  CHECK_THROWS_AS(Json::parse("[[[1]]]", JsonOptions().setMaxDepth(2)), JsonError);
}

TEST_CASE("asking for what is not there says what is") {
  const Json json = Json::parse(R"({"a": [1]})");
  CHECK_THROWS_WITH_AS(json["b"], "reading JSON: the object has no member \"b\"", JsonTypeError);
  CHECK_THROWS_WITH_AS(json["a"]["x"], "reading JSON: the member \"x\" of an object was asked for, and it is an array", JsonTypeError);
  CHECK_THROWS_WITH_AS(json["a"][1], "reading JSON: element 1 was asked for, and the array has 1", JsonTypeError);
  CHECK_THROWS_WITH_AS(json["a"].string(), "reading JSON: a string was asked for, and it is an array", JsonTypeError);
  CHECK_THROWS_AS(json.integer(), JsonTypeError);
  CHECK_THROWS_AS(json.boolean(), JsonTypeError);
  CHECK_THROWS_AS(Json().array(), JsonTypeError);
}

TEST_CASE("a value that is written reads back the same") {
  const std::string text = R"({"a":[1,-2.5,"x\n\"\\\u007f",true,false,null,{}],"b":{"c":[[]]}})";
  const Json json = Json::parse(text);
  CHECK(json.dump() == text);
  CHECK(Json::parse(json.dump()) == json);
  const Json built(Json::Object{{"k", Json(Json::Array{1, "two", nullptr, 0.5})}});
  CHECK(built.dump() == R"({"k":[1,"two",null,0.5]})");
  CHECK(Json("bad \xFF").dump() == "\"bad \xEF\xBF\xBD\"");
}
