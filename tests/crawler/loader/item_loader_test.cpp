#include <weft/crawler/dynamic_item.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/loader/item_loader.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using http::Json;

namespace {

struct Book {
  std::string title;
  double price = 0;
  std::optional<int> stock;
  std::vector<std::string> tags;
  std::string about = "nothing is known";
};
WEFT_ITEM(Book, title, price, stock, tags, about)

const char kPage[] = R"(<h1> On weft </h1><p class=price>£12.50</p><p class=old>£15.00</p><p class=stock>In stock (22 available)</p>
<ul class=tags><li><a>yarn</a><li><a> loom </a></ul><div class=about><p>One.</p><p></p><p>Two.</p></div>)";

Json list(const char* text) { return Json::parse(text); }

template <class F> std::string refusal(F f) {
  try {
    f();
  } catch (const ItemError& error) {
    return error.what();
  }
  return "taken";
}

}  // namespace

TEST_CASE("a loader fills a struct: the first value for a single field, all for a list, text read as numbers") {
  ItemLoader loader{Book(), Selector(kPage)};
  loader.defaultIn() = MapCompose(strip);
  loader.addCss("title", "h1::text").addCss("title", "p.price::text");
  loader.addCss("price", "p.price::text", Re("[0-9.]+"));
  loader.addXpath("stock", "//p[@class='stock']/text()", Re("\\((\\d+)"));
  loader.nestedCss("ul.tags").addCss("tags", "a::text").addValue("tags", "book");
  const Item item = loader.loadItem();
  CHECK(toJson(item) == R"({"title":"On weft","price":12.5,"stock":22,"tags":["yarn","loom","book"],"about":"nothing is known"})");
  CHECK(refusal([&] { loader.addValue("title", "more"); }) == "the field title of an item that is empty cannot be set");
}

TEST_CASE("a dynamic item gets lists where there is no output processor, in the order in which fields were named") {
  ItemLoader loader{DynamicItem(), Selector(kPage)};
  loader.out("about") = Join("\n");
  loader.addCss("prices", "p.price::text").addCss("about", "div.about p::text").addCss("prices", "p.old::text").addCss("missing", "b::text");
  loader.addValue("n", 1).addValue("n", std::vector<int>{2, 3});
  CHECK(toJson(loader.loadItem()) == R"({"prices":["£12.50","£15.00"],"about":"One.\nTwo.","n":[1,2,3]})");
}

TEST_CASE("processors run as the values come in, and when the item is loaded; a field's own go before the defaults") {
  ItemLoader loader{DynamicItem()};
  loader.defaultIn() = MapCompose([](std::string text) { return text + "i"; });
  loader.defaultOut() = TakeFirst();
  loader.in("own") = Identity();
  loader.out("own") = Compose([](Json values) { return values.size(); }, [](Json size) { return size.integer() * 10; });
  loader.addValue("a", "x").addValue("a", "y").addValue("own", "x").addValue("own", "y");
  CHECK(loader.getCollectedValues("a") == list(R"(["xi","yi"])"));
  CHECK(loader.getOutputValue("a") == Json("xi"));
  CHECK(loader.getOutputValue("own") == Json(20));
  CHECK(loader.getOutputValue("none").isNull());
  loader.replaceValue("a", "z");
  CHECK(loader.getCollectedValues("a") == list(R"(["zi"])"));
  loader.addValue("empty", "", Identity()).addValue("null", nullptr).addValue("list", std::vector<int>());
  CHECK(toJson(loader.loadItem()) == R"({"own":20,"a":"zi","empty":"i"})");
}

TEST_CASE("replace and get take queries of each kind") {
  ItemLoader loader{DynamicItem(), Selector(kPage)};
  loader.addValue("p", "old").replaceCss("p", "p.price::text");
  CHECK(loader.getCollectedValues("p") == list(R"(["£12.50"])"));
  loader.replaceXpath("p", "//p[@class='old']/text()");
  CHECK(loader.getCollectedValues("p") == list(R"(["£15.00"])"));
  CHECK(loader.getCss("h1::text") == list(R"([" On weft "])"));
  CHECK(loader.getCss("a::text", Join("+")) == Json("yarn+ loom "));
  CHECK(loader.getXpath("//h1/text()", TakeFirst()) == Json(" On weft "));
  CHECK(loader.getValue(3) == Json(3));
  loader.nestedXpath("//ul").addXpath("tags", "./li/a/text()");
  CHECK(loader.getCollectedValues("tags") == list(R"(["yarn"," loom "])"));

  ItemLoader api{DynamicItem(), Selector::ofJson(R"({"books":[{"name":"a","n":1},{"name":"b","n":2}]})")};
  api.addJmes("names", "books[].name").replaceJmes("n", "books[].n");
  CHECK(toJson(api.loadItem()) == R"({"names":["a","b"],"n":["1","2"]})");
}

TEST_CASE("the processors do what itemloaders' do") {
  CHECK(Processor(TakeFirst())(list(R"([null,"",0,"x"])")) == Json(0));
  CHECK(Processor(TakeFirst())(list("[]")).isNull());
  CHECK(Processor(Join())(list(R"(["a",1,true])")) == Json("a 1 true"));
  CHECK(Processor(MapCompose(strip))(list(R"([" a ","b"])")) == list(R"(["a","b"])"));
  const auto words = [](std::string text) { return text == "none" ? std::vector<std::string>() : std::vector<std::string>{text, text + "!"}; };
  CHECK(Processor(MapCompose(words, strip))(list(R"(["a","none","b"])")) == list(R"(["a","a!","b","b!"])"));
  const auto odd = [](Json value) { return value.integer() % 2 ? std::optional<std::int64_t>(value.integer()) : std::nullopt; };
  CHECK(Processor(MapCompose(odd))(list("[1,2,3]")) == list("[1,3]"));
  CHECK(Processor(Compose(TakeFirst(), strip))(list(R"([" x "])")) == Json("x"));
  CHECK(Processor(Compose(TakeFirst(), strip))(list("[]")).isNull());                   // strip is not called
  CHECK(Processor(SelectJmes("a.b"))(list(R"({"a":{"b":[1]}})")) == list("[1]"));
  CHECK(Processor(Re("(\\d+)-(\\d+)"))(list(R"(["1-2 3-4","x"])")) == list(R"(["1","2","3","4"])"));
  CHECK(Processor(Identity())(list("[1]")) == list("[1]"));
  CHECK(strip(" \n") == "");
}

TEST_CASE("what goes wrong names the field") {
  ItemLoader loader{Book(), Selector(kPage)};
  CHECK(refusal([&] { loader.addValue("titel", "x"); }) == "Book has no field titel; did you mean title?");
  CHECK(refusal([&] { loader.in("titel") = Identity(); }) == "Book has no field titel; did you mean title?");
  loader.in("title") = MapCompose([](std::string) -> std::string { throw std::runtime_error("out of tea"); });
  CHECK(refusal([&] { loader.addValue("title", "x"); }) == "the input processor of the field title failed: out of tea");
  loader.out("about") = strip;
  loader.addValue("about", "x");
  CHECK(refusal([&] { loader.getOutputValue("about"); }) ==
        "the output processor of the field about failed: a function of text was given an array; MapCompose gives it the values of a list one by one");
  loader.replaceValue("about", nullptr).addCss("price", "p.price::text");
  CHECK(refusal([&] { loader.loadItem(); }) == "the field price of Book takes a number, not \"£12.50\"");
  CHECK_THROWS_AS(loader.addCss("tags", "a["), SelectorError);
}
