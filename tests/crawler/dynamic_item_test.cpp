#include <weft/crawler/dynamic_item.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using http::Json;

namespace {

enum class Binding { Paper, Cloth };

struct Price {
  double amount = 0;
  std::string currency = "GBP";
};
WEFT_ITEM(Price, amount, currency)

struct Book {
  std::string title;
  int pages = 0;
  std::uint8_t stars = 0;
  std::uint64_t copies = 0;
  bool inStock = false;
  std::optional<int> year;
  std::vector<std::string> tags;
  std::set<int> editions;
  std::optional<std::list<double>> sizes;
  Price price;
  Binding binding = Binding::Paper;
  Json extra;
};
WEFT_ITEM(Book, title, pages, stars, copies, inStock, year, tags, editions, sizes, price, binding, extra)

std::string refusal(Item& item, std::string_view field, const Json& value) {
  const std::string before = toJson(item);
  try {
    item.set(field, value);
  } catch (const ItemError& error) {
    CHECK(toJson(item) == before);
    return error.what();
  }
  return "taken";
}

}  // namespace

TEST_CASE("a dynamic item keeps its fields in the order in which they came, and takes all that a struct's field may be") {
  Price price;
  price.amount = 12.5;
  DynamicItem inner;
  inner["b"] = 1;
  inner["a"] = nullptr;
  DynamicItem item;
  item["title"] = "On weft";
  item["tags"] = std::vector<std::string>{"yarn", "loom"};
  item["price"] = price;
  item["year"] = std::optional<int>();
  item["inner"] = inner;
  item["json"] = Json::parse("[1,{\"x\":2.5}]");
  item["big"] = std::numeric_limits<std::int64_t>::max();
  item["title"] = std::string("On warp");              // keeps its place
  item["copy"] = item["tags"];
  CHECK(toJson(Item(item)) == R"({"title":"On warp","tags":["yarn","loom"],"price":{"amount":12.5,"currency":"GBP"},"year":null,"inner":{"b":1,"a":null},)"
                              R"("json":[1,{"x":2.5}],"big":9223372036854775807,"copy":["yarn","loom"]})");
  CHECK(item.find("title")->string() == "On warp");
  CHECK(item.find("titel") == nullptr);
  CHECK(item.erase("inner"));
  CHECK_FALSE(item.erase("inner"));
  CHECK(item.size() == 7);
}

TEST_CASE("a dynamic item is yielded as any other, and found again by its type") {
  DynamicItem item;
  item["a"] = true;
  Result result(item);
  REQUIRE(result.isItem());
  CHECK(result.item().typeName() == "DynamicItem");
  REQUIRE(result.item().as<DynamicItem>());
  CHECK(*result.item().as<DynamicItem>() == item);
  CHECK_FALSE(result.item().as<Price>());
}

TEST_CASE("text from a page becomes what the field is") {
  Item item{Book()};
  item.set("title", 1984);
  item.set("pages", " 328\n");
  item.set("stars", 5);
  item.set("copies", "18446744073709551615");
  item.set("inStock", "true");
  item.set("year", "+1949");
  item.set("tags", Json::Array{"a", 2, true});
  item.set("editions", "3");                           // one value: a list of one
  item.set("sizes", Json::Array{1, "2.5"});
  item.set("price", Json::parse(R"({"amount":"9.99"})"));
  item.set("binding", 1);
  item.set("extra", Json::parse("{\"any\":[null]}"));
  CHECK(toJson(item) == R"({"title":"1984","pages":328,"stars":5,"copies":18446744073709551615,"inStock":true,"year":1949,"tags":["a","2","true"],"editions":[3],)"
                        R"("sizes":[1,2.5],"price":{"amount":9.99,"currency":"GBP"},"binding":1,"extra":{"any":[null]}})");
  item.set("year", nullptr);
  CHECK(item.get("year").isNull());
  CHECK(item.get("title") == Json("1984"));
  CHECK(item.get("nothing").isNull());
  CHECK(item.as<Book>()->price.amount == 9.99);
}

TEST_CASE("what a field does not take is refused by name, and the field stays as it was") {
  Item item{Book()};
  CHECK(refusal(item, "titel", "x") == "Book has no field titel; did you mean title?");
  CHECK(refusal(item, "pages", "328 pages") == "the field pages of Book takes a whole number, not \"328 pages\"");
  CHECK(refusal(item, "pages", 2.5) == "the field pages of Book takes a whole number, not 2.5");
  CHECK(refusal(item, "pages", 5'000'000'000.0) == "the field pages of Book takes a smaller number, not 5e+09");
  CHECK(refusal(item, "stars", 256) == "the field stars of Book takes a smaller number, not 256");
  CHECK(refusal(item, "copies", -1) == "the field copies of Book takes a whole number that is not negative, not -1");
  CHECK(refusal(item, "copies", "-1") == "the field copies of Book takes a whole number that is not negative, not \"-1\"");
  CHECK(refusal(item, "inStock", "In stock") == "the field inStock of Book takes true or false, not \"In stock\"");
  CHECK(refusal(item, "title", nullptr) == "the field title of Book takes a string, not null");
  CHECK(refusal(item, "title", Json::Array{"a"}) == "the field title of Book takes a string, not [\"a\"]");
  CHECK(refusal(item, "price", 3) == "the field price of Book takes an object, not 3");
  CHECK(refusal(item, "price", Json::parse("{\"amuont\":1}")) == "the field price of Book takes an object of its own fields, not {\"amuont\":1}");
  CHECK(refusal(item, "price", Json::parse("{\"currency\":\"EUR\",\"amount\":\"x\"}")) == "the field price of Book takes a number, not {\"currency\":\"EUR\",\"amount\":\"x\"}");
  CHECK(refusal(item, "editions", Json::Array{1, "x"}) == "the field editions of Book takes a whole number, not [1,\"x\"]");
  CHECK(refusal(item, "title", std::string(200, 'x')) == "taken");
  Item empty;
  CHECK(refusal(empty, "a", 1) == "the field a of an item that is empty cannot be set");
}

TEST_CASE("an item knows which fields take lists; a dynamic one takes anything, and any name") {
  Item item{Book()};
  CHECK(item.fieldKind("title") == FieldKind::Single);
  CHECK(item.fieldKind("price") == FieldKind::Single);
  CHECK(item.fieldKind("tags") == FieldKind::List);
  CHECK(item.fieldKind("sizes") == FieldKind::List);
  CHECK(item.fieldKind("extra") == FieldKind::Any);
  CHECK(item.fieldKind("nothing") == FieldKind::None);
  Item dynamic{DynamicItem()};
  CHECK(dynamic.fieldKind("nothing") == FieldKind::Any);
  dynamic.set("nothing", Json::Array{1});
  CHECK(toJson(dynamic) == R"({"nothing":[1]})");
}
