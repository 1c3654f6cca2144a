#include <weft/core/log.hpp>
#include <weft/crawler/dynamic_item.hpp>
#include <weft/crawler/feeds/item_exporter.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

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
  Price price;
};
WEFT_ITEM(Book, title, year, inStock, tags, price)

Item book(std::string title) {
  Book book;
  book.title = std::move(title);
  book.tags = {"a", "b"};
  book.price.amount = 2.5;
  return Item(std::move(book));
}

Item dict(std::string_view json) { return Item(DynamicItem(http::Json::parse(json).object())); }

std::string written(std::string_view format, std::vector<Item> items, std::vector<std::string> fields = {}) {
  auto exporter = makeExporter(format, std::move(fields));
  REQUIRE(exporter);
  std::string out;
  bool first = true;
  for (const Item& item : items) exporter->write(out, item, std::exchange(first, false));
  return out + exporter->ending(first);
}

template <class... I> std::vector<Item> items(I... item) {
  std::vector<Item> all;
  (all.push_back(std::move(item)), ...);
  return all;
}

}  // namespace

TEST_CASE("JSON is one array with an item a line, and whole without items") {
  CHECK(written("json", items(dict(R"({"a":1})"), dict(R"({"a":2})"))) == "[\n{\"a\":1},\n{\"a\":2}\n]\n");
  CHECK(written("json", {}) == "[\n]\n");
  CHECK(written("jsonl", items(dict(R"({"a":1})"), dict(R"({"a":2})"))) == "{\"a\":1}\n{\"a\":2}\n");
  CHECK(written("jl", {}) == "");
}

TEST_CASE("CSV has a header, a row for each item, lists joined, and JSON for what is nested") {
  CHECK(written("csv", items(book("On weft"), book("Off"))) ==
        "title,year,inStock,tags,price\r\n"
        "On weft,,false,\"a,b\",\"{\"\"amount\"\":2.5,\"\"currency\"\":\"\"\"\"}\"\r\n"
        "Off,,false,\"a,b\",\"{\"\"amount\"\":2.5,\"\"currency\"\":\"\"\"\"}\"\r\n");
  CHECK(written("csv", items(dict(R"({"l":[1,null,"x",[2,"y"],{"k":true}],"n":-0.5})"))) == "l,n\r\n\"1,,x,[2,\"\"y\"\"],{\"\"k\"\":true}\",-0.5\r\n");
}

TEST_CASE("CSV quotes as Python does: commas, quotes and line ends, and an empty lone cell") {
  CHECK(written("csv", items(dict(R"({"a":"x,y","b":"say \"hi\"","c":"two\nlines","d":"cr\r","e":" plain ' ","f":"=1+1"})"))) ==
        "a,b,c,d,e,f\r\n\"x,y\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\r\", plain ' ,=1+1\r\n");
  CHECK(written("csv", items(dict(R"({"a":""})"), dict(R"({"a":null})"))) == "a\r\n\"\"\r\n\"\"\r\n");
  DynamicItem odd;
  odd["nan"] = std::numeric_limits<double>::quiet_NaN();
  odd["bytes"] = std::string("\xFF!");
  CHECK(written("csv", items(Item(odd))) == "nan,bytes\r\n,\xEF\xBF\xBD!\r\n");
}

TEST_CASE("CSV's columns are those of the first item or FEED_EXPORT_FIELDS; what has none is left out with one warning") {
  LogCapture log;
  CHECK(written("csv", items(dict(R"({"a":1,"b":2})"), dict(R"({"b":3,"c":{"deep":[4]}})"), dict(R"({"c":[5],"a":6})"))) == "a,b\r\n1,2\r\n,3\r\n6,\r\n");
  int warnings = 0;
  for (const auto& entry : log.entries()) warnings += entry.message.find("The field c of an item has no column") == 0;
  CHECK(warnings == 1);
  CHECK(written("csv", items(dict(R"({"a":1,"b":2})")), {"b", "z", "a"}) == "b,z,a\r\n2,,1\r\n");
  CHECK(written("csv", {}, {"b", "a"}) == "b,a\r\n");
  CHECK(written("csv", {}) == "");
}

TEST_CASE("CSV goes on below a header that stands there, quoted names included") {
  auto exporter = makeExporter("csv");
  exporter->resume("\"b,\"\"x\",a\r\n1,2\r\n");
  std::string out;
  exporter->write(out, dict(R"({"a":5,"b,\"x":6})"), false);
  CHECK(out == "6,5\r\n");
}

TEST_CASE("XML has an element for each field, value for each of a list, and nothing that XML forbids") {
  CHECK(written("xml", items(book("A < B & \"C\""))) ==
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<items>\n<item><title>A &lt; B &amp; \"C\"</title><year></year><inStock>false</inStock>"
        "<tags><value>a</value><value>b</value></tags><price><amount>2.5</amount><currency></currency></price></item>\n</items>\n");
  CHECK(written("xml", {}) == "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<items>\n</items>\n");
  DynamicItem odd;
  odd["2 words"] = std::string("\x01\r\n\xFF\xEF\xBF\xBF");
  odd["a.b-c"] = http::Json::parse(R"([{"k":[1,[2]]}])");
  const std::string xml = written("xml", items(Item(odd)));
  CHECK(xml.find("<item><_2_words>\xEF\xBF\xBD&#13;\n\xEF\xBF\xBD\xEF\xBF\xBD</_2_words><a.b-c><value><k><value>1</value><value><value>2</value></value></k></value></a.b-c></item>") !=
        std::string::npos);
}

TEST_CASE("FEED_EXPORT_FIELDS chooses and orders the fields of every format") {
  const auto some = [] { return items(dict(R"({"a":1,"b":[2],"c":3})"), dict(R"({"c":4})")); };
  CHECK(written("jsonlines", some(), {"c", "a"}) == "{\"c\":3,\"a\":1}\n{\"c\":4}\n");
  CHECK(written("json", some(), {"b"}) == "[\n{\"b\":[2]},\n{}\n]\n");
  CHECK(written("xml", some(), {"b"}).find("<item><b><value>2</value></b></item>\n<item></item>\n") != std::string::npos);
  CHECK(makeExporter("pickle") == nullptr);
}

namespace {

std::string indented(std::string_view format, int indent, std::vector<Item> items) {
  auto exporter = makeExporter(format, {}, indent);
  std::string out;
  bool first = true;
  for (const Item& item : items) exporter->write(out, item, std::exchange(first, false));
  return out + exporter->ending(first);
}

}  // namespace

TEST_CASE("JSON is indented as Scrapy does, and is the same JSON") {
  const std::string text = indented("json", 2, items(dict(R"({"a":"x, \"y\": {[","b":[1,{"c":null}],"d":[],"e":{}})"), dict(R"({"a":2})")));
  CHECK(text ==
        "[\n{\n  \"a\": \"x, \\\"y\\\": {[\",\n  \"b\": [\n    1,\n    {\n      \"c\": null\n    }\n  ],\n  \"d\": [],\n  \"e\": {}\n},\n{\n  \"a\": 2\n}\n]\n");
  CHECK(http::Json::parse(text) == http::Json::parse(indented("json", 0, items(dict(R"({"a":"x, \"y\": {[","b":[1,{"c":null}],"d":[],"e":{}})"), dict(R"({"a":2})")))));
  CHECK(indented("json", 2, {}) == "[\n]\n");
  CHECK(indented("jsonlines", 2, items(dict(R"({"a":[1]})"))) == "{\"a\":[1]}\n");
}

TEST_CASE("XML is indented, each element on a line") {
  CHECK(indented("xml", 4, items(dict(R"({"a":"x","b":["1","2"],"c":[],"d":null})"), dict(R"({"a":{"e":"f"}})"))) ==
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<items>\n"
        "    <item>\n        <a>x</a>\n        <b>\n            <value>1</value>\n            <value>2</value>\n        </b>\n        <c></c>\n        <d></d>\n    </item>\n"
        "    <item>\n        <a>\n            <e>f</e>\n        </a>\n    </item>\n"
        "</items>\n");
}
