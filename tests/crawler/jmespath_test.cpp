#include <weft/crawler/jmespath.hpp>

#include <doctest/doctest.h>

#include <string>

using weft::crawler::JmesPath;
using weft::http::Json;

namespace {

std::string search(std::string_view document, std::string_view expression) {
  return JmesPath(expression).search(Json::parse(document)).dump();
}

std::string errorOf(std::string_view expression, std::string_view document = "{}") {
  try {
    JmesPath(expression).search(Json::parse(document));
  } catch (const weft::crawler::JmesPathSyntaxError& error) {
    return "column " + std::to_string(error.column) + ": " + error.reason;
  } catch (const weft::crawler::JmesPathEvaluationError& error) {
    return "evaluation, column " + std::to_string(error.column) + ": " + error.reason;
  }
  return "none";
}

const char* const kPeople =
    R"({"people": [{"name": "Ann", "age": 30, "tags": ["a", "b"]}, {"name": "Bob", "age": 20, "tags": []}, {"age": 50, "tags": ["c"]}],
        "ops": {"x": {"n": 1}, "y": {"n": 2}, "z": 3}, "nested": [[1, 2], [3, [4]], 5], "a b": "quoted", "null": null})";

}  // namespace

TEST_CASE("names, indices and slices walk into a document") {
  CHECK(search(kPeople, "people[0].name") == R"("Ann")");
  CHECK(search(kPeople, "people[-1].age") == "50");
  CHECK(search(kPeople, "people[7]") == "null");
  CHECK(search(kPeople, "\"a b\"") == R"("quoted")");
  CHECK(search(kPeople, "\"\\u0061 b\"") == R"("quoted")");
  CHECK(search(kPeople, "people.name") == "null");
  CHECK(search(kPeople, "@.ops.x") == R"({"n":1})");
  CHECK(search("[0,1,2,3,4]", "[1:3]") == "[1,2]");
  CHECK(search("[0,1,2,3,4]", "[::-2]") == "[4,2,0]");
  CHECK(search("[0,1,2,3,4]", "[-2:]") == "[3,4]");
  CHECK(search("[0,1,2,3,4]", "[:100:3]") == "[0,3]");
  CHECK(search("[0,1,2,3,4]", "[9223372036854775807:]") == "[]");
  CHECK(search("[0,1,2,3,4]", "[::9223372036854775807]") == "[0]");
  CHECK(search("[0,1,2,3,4]", "[::-9223372036854775808]") == "[4]");
  CHECK(search("{}", "[1:2]") == "null");
}

TEST_CASE("projections ask each value") {
  CHECK(search(kPeople, "people[*].name") == R"(["Ann","Bob"])");
  CHECK(search(kPeople, "ops.*.n") == "[1,2]");
  CHECK(search(kPeople, "people[*].tags[]") == R"(["a","b","c"])");
  CHECK(search(kPeople, "people[*].tags[*]") == R"([["a","b"],[],["c"]])");
  CHECK(search(kPeople, "people[*].tags | [0]") == R"(["a","b"])");
  CHECK(search(kPeople, "people[*].tags[0]") == R"(["a","c"])");
  CHECK(search(kPeople, "nested[]") == "[1,2,3,[4],5]");
  CHECK(search(kPeople, "nested[][]") == "[1,2,3,4,5]");
  CHECK(search(kPeople, "people[?age > `25`].age") == "[30,50]");
  CHECK(search(kPeople, "people[?name].name | [-1]") == R"("Bob")");
  CHECK(search(kPeople, "people[?name == 'Ann' || age >= `50`].age") == "[30,50]");
  CHECK(search(kPeople, "people[?!name].age") == "[50]");
  CHECK(search(kPeople, "people[?tags && age < `40`].name") == R"(["Ann"])");
  CHECK(search(kPeople, "people[:2].age") == "[30,20]");
  CHECK(search(kPeople, "*.x.n") == "[1]");
}

TEST_CASE("lists and hashes are made of what is found") {
  CHECK(search(kPeople, "people[*].{n: name, \"a\": age}") == R"([{"n":"Ann","a":30},{"n":"Bob","a":20},{"n":null,"a":50}])");
  CHECK(search(kPeople, "people[0].[age, name]") == R"([30,"Ann"])");
  CHECK(search(kPeople, "[ops.x.n, ops.z]") == "[1,3]");
  CHECK(search(kPeople, "missing.[a, b]") == "null");
  CHECK(search(kPeople, "missing || 'x'") == R"("x")");
  CHECK(search(kPeople, "ops && people[0].age") == "30");
  CHECK(search(kPeople, "(ops.q || ops.y).n") == "2");
  CHECK(search(kPeople, "`{\"a\": [1, \"\\`\"]}`.a") == R"([1,"`"])");
  CHECK(search(kPeople, R"('it\'s \\ \n')") == R"("it's \\ \\n")");
  CHECK(search(kPeople, "`1` == `1.0`") == "true");
  CHECK(search(kPeople, R"(`{"a":1,"b":2}` == `{"b":2,"a":1}`)") == "true");
  CHECK(search(kPeople, "'a' < 'b'") == "null");
}

TEST_CASE("all functions of the specification are there") {
  CHECK(search("[-3, 2.5]", "[abs([0]), abs([1]), ceil([1]), floor([1]), ceil(`-1.5`)]") == "[3,2.5,3,2,-1]");
  CHECK(search("[1, 2, 4.5]", "[sum(@), avg(@), max(@), min(@)]") == "[7.5,2.5,4.5,1]");
  CHECK(search("[]", "[sum(@), avg(@), max(@), min(@)]") == "[0,null,null,null]");
  CHECK(search("[1, 2]", "sum(@)") == "3");
  CHECK(search(R"(["foobar", ["a", 1]])", "[contains([0], 'oob'), contains([1], `1`), contains([1], 'z'), contains([0], `1`)]") == "[true,true,false,false]");
  CHECK(search("\"foobar\"", "[starts_with(@, 'foo'), ends_with(@, 'bar'), ends_with(@, 'foo')]") == "[true,true,false]");
  CHECK(search(R"(["a","b","c"])", "join('-', @)") == R"("a-b-c")");
  CHECK(search(kPeople, "[keys(ops), values(ops)[2]]") == R"([["x","y","z"],3])");
  CHECK(search("\"\\u00e9\\u4e2d\"", "[length(@), length('')]") == "[2,0]");
  CHECK(search(kPeople, "[length(people), length(ops)]") == "[3,3]");
  CHECK(search(kPeople, "map(&name, people)") == R"(["Ann","Bob",null])");
  CHECK(search(kPeople, "[max_by(people, &age).age, min_by(people, &age).name]") == R"([50,"Bob"])");
  CHECK(search(kPeople, "sort_by(people, &age)[*].age") == "[20,30,50]");
  CHECK(search("{}", R"(merge(`{"a":1,"b":1}`, `{"b":2,"c":3}`))") == R"({"a":1,"b":2,"c":3})");
  CHECK(search("{}", "[merge(), not_null(`null`, 'x'), not_null(`null`)]") == R"([{},"x",null])");
  CHECK(search("[3,1,2]", "[sort(@), reverse(@)]") == "[[1,2,3],[2,1,3]]");
  CHECK(search("\"a\\u00e9\"", "reverse(@)") == "\"\xC3\xA9" "a\"");
  CHECK(search(R"(["b","a"])", "sort(@)") == R"(["a","b"])");
  CHECK(search("{}", "[to_array('a'), to_array(`[1]`), to_string(`[1,\"a\"]`), to_string('s')]") == R"([["a"],[1],"[1,\"a\"]","s"])");
  CHECK(search("{}", "[to_number('1.5'), to_number('x'), to_number(`2`), to_number(`true`)]") == "[1.5,null,2,null]");
  CHECK(search("{}", "[type(`1`), type('a'), type(`[]`), type(@), type(`null`), type(`true`)]") == R"(["number","string","array","object","null","boolean"])");
}

TEST_CASE("a JMESPath error says what is wrong and where") {
  CHECK(errorOf("a.") == "column 3: expected a name, '*', '[' or '{' after '.'");
  CHECK(errorOf("") == "column 1: expected more");
  CHECK(errorOf("a b") == "column 3: unexpected 'b'");
  CHECK(errorOf("\"\xC3\xA9\" b") == "column 5: unexpected 'b'");
  CHECK(errorOf("a[0") == "column 4: expected ']'");
  CHECK(errorOf("a[::0]") == "column 2: the step of a slice cannot be 0");
  CHECK(errorOf("a = b") == "column 3: expected '==': a single '=' is no operator");
  CHECK(errorOf("`{`").starts_with("column 1: this is no JSON"));
  CHECK(errorOf("'abc") == "column 1: expected a closing '");
  CHECK(errorOf("a.lenght(@)") == "column 3: there is no function lenght()");
  CHECK(errorOf("length(a, b)") == "column 1: length() takes 1 arguments, not 2");
  CHECK(errorOf("[99999999999999999999]") == "column 2: this number is too large");
  CHECK(errorOf("a | length(@)", R"({"a":1})") == "evaluation, column 5: length() takes a string, an array or an object as its argument 1, not a number");
  CHECK(errorOf("sort(@)", "[1,\"a\"]") == "evaluation, column 1: sort() takes an array of numbers or of strings, and there is a string");
  CHECK(errorOf("max_by(@, 'a')", "[]") == "evaluation, column 1: max_by() takes an expression (&name) as its argument 2, not a string");
  CHECK(errorOf("&a") == "evaluation, column 1: an expression behind '&' can only be given to a function that takes one");
  CHECK(errorOf(std::string(70000, 'a')) == "column 0: longer than 64 KiB");
  CHECK(errorOf(std::string(2000, '!') + "a").ends_with("nested too deeply"));
  std::string chain = "a";
  for (int i = 0; i < 600; ++i) chain += ".a";
  CHECK(errorOf(chain).ends_with("nested too deeply"));
}

TEST_CASE("an expression that doubles the document over and over gives up") {
  std::string doubling = "[@,@]";
  for (int i = 0; i < 60; ++i) doubling += " | [@,@]";
  CHECK_THROWS_AS(JmesPath(doubling).search(Json::parse("[1,2,3]"), 200'000), weft::crawler::JmesPathEvaluationError);
  CHECK_THROWS_WITH_AS(JmesPath("[*].[@,@]").search(Json::parse("[1,2,3]"), 10), doctest::Contains("makes too much of the document: ask for less of it"),
                       weft::crawler::JmesPathEvaluationError);
}
