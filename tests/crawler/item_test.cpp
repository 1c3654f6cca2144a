#include <weft/crawler/item.hpp>
#include <weft/crawler/json.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

struct Price {
  double amount = 0;
  std::string currency;
};
WEFT_ITEM(Price, amount, currency)

struct Book {
  std::string title;
  std::optional<int> year;
  bool inStock = false;
  std::vector<std::string> tags;
  std::vector<Price> prices;
  std::uint64_t copies = 0;
};
WEFT_ITEM(Book, title, year, inStock, tags, prices, copies)

// Names that the macro might want for itself.
struct Visit {
  std::string item;
  int visit = 0;
};
WEFT_ITEM(Visit, item, visit)

std::string quoted(std::string_view text) {
  std::string out;
  weft::crawler::appendJsonString(out, text);
  return out;
}

}  // namespace

using weft::crawler::Item;
using weft::crawler::toJson;

TEST_CASE("an item and its fields may have any name") {
  Visit visit;
  visit.item = "a page";
  visit.visit = 2;
  CHECK(toJson(Item(visit)) == R"({"item":"a page","visit":2})");
}

TEST_CASE("an item is written with the fields of WEFT_ITEM, in their order") {
  Book book;
  book.title = "On \"Weft\"";
  book.inStock = true;
  book.tags = {"yarn", "loom"};
  book.prices.push_back({12.5, "EUR"});
  book.copies = std::numeric_limits<std::uint64_t>::max();
  CHECK(toJson(Item(book)) ==
        R"({"title":"On \"Weft\"","year":null,"inStock":true,"tags":["yarn","loom"],"prices":[{"amount":12.5,"currency":"EUR"}],"copies":18446744073709551615})");
  book.year = -44;
  book.tags.clear();
  book.prices.clear();
  CHECK(toJson(Item(book)) == R"({"title":"On \"Weft\"","year":-44,"inStock":true,"tags":[],"prices":[],"copies":18446744073709551615})");
}

TEST_CASE("an Item knows its type, and gives the struct back to who asks for the right one") {
  Price price;
  price.currency = "USD";
  Item item(price);
  CHECK(item.typeName() == "Price");
  REQUIRE(item.as<Price>());
  CHECK(item.as<Price>()->currency == "USD");
  CHECK_FALSE(item.as<Book>());
  Item moved = std::move(item);
  CHECK_FALSE(item);
  CHECK(toJson(item).empty());
  CHECK(moved.as<Price>());
}

TEST_CASE("what JSON cannot say is null") {
  Price price;
  price.amount = std::numeric_limits<double>::infinity();
  CHECK(toJson(Item(price)) == R"({"amount":null,"currency":""})");
  price.amount = 0.1;
  CHECK(toJson(Item(price)) == R"({"amount":0.1,"currency":""})");
}

TEST_CASE("JSON strings are valid UTF-8, whatever the bytes") {
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("a\tb\nc\\\x01\x7f") == R"("a\tb\nc\\\u0001\u007f")");
  CHECK(quoted(std::string_view("a\0b", 3)) == R"("a\u0000b")");
  CHECK(quoted("caf\xC3\xA9 \xE2\x80\xA8") == "\"caf\xC3\xA9 \xE2\x80\xA8\"");
  CHECK(quoted("caf\xE9!") == "\"caf\xEF\xBF\xBD!\"");
  CHECK(quoted("\xF0\x9F\x98") == "\"\xEF\xBF\xBD\"");
  CHECK(quoted("\xED\xA0\x80") != "\"\xED\xA0\x80\"");
}
