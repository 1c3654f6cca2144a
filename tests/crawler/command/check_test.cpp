// weft check: contracts that are kept, and each way to break one.

#include "crawler/command/spider_workshop.hpp"

#include <weft/crawler/contract.hpp>
#include <weft/crawler/item.hpp>

#include <stdexcept>

namespace checked {
struct Book {
  std::string name;
  std::optional<double> price;
  std::vector<std::string> tags;
};
WEFT_ITEM(Book, name, price, tags)
}  // namespace checked

using checked::Book;
using weft::Contract;
using weft::crawler::brokenPromises;
using weft::crawler::Item;

TEST_CASE("a contract says what it promises, in words") {
  CHECK(Contract().describe() == "the callback comes to its end");
  CHECK(Contract().returnsItems(1, 16).returnsRequests(0, 0).scrapes({"name", "price"}).describe() == "1 to 16 items, no requests, each item with name, price");
  CHECK(Contract().returnsItems(1).returnsRequests(2, 2).describe() == "at least 1 item, 2 requests");
  CHECK(Contract().eachItem("cheap", [](const Item&) { return true; }).describe() == "cheap");
  CHECK(Contract().callback() == "parse");
}

TEST_CASE("an item breaks a contract by a field that it has not, or that has nothing in it") {
  const Contract contract = Contract().scrapes({"name", "price", "tags"});
  CHECK(brokenPromises(contract, Item(Book{"A", 0.0, {"x"}})).empty());            // 0 is a price
  CHECK(brokenPromises(contract, Item(Book{"", {}, {""}})) == std::vector<std::string>{"has nothing in its field name", "has nothing in its field price", "has nothing in its field tags"});
  CHECK(brokenPromises(Contract().scrapes({"author"}), Item(Book{"A", 1.0, {}})) == std::vector<std::string>{"has no field author"});
  Contract own;
  own.eachItem("the price is positive", [](const Item& item) { return *item.as<Book>()->price > 0; }).eachItem("never", [](const Item&) -> bool { throw std::runtime_error("oh"); });
  CHECK(brokenPromises(own, Item(Book{"A", -1.0, {}})) == std::vector<std::string>{"does not keep \"the price is positive\"", "does not keep \"never\": oh"});
}

namespace {

constexpr const char* kContracts = R"cpp(#include <weft/crawler.hpp>
using namespace weft;
struct Quote { std::string text, author, born; };
WEFT_ITEM(Quote, text, author, born)
class QuotesSpider : public Spider {
 public:
  QuotesSpider() : Spider("quotes") { callbacks = {{"author", &QuotesSpider::author}, {"fails", &QuotesSpider::fails}}; }
  void setArguments(std::map<std::string, std::string> arguments) override {
    Spider::setArguments(std::move(arguments));
    const std::string url(argument("url"));
    contracts = {Contract("parse").url(url).returnsItems(1, 16).returnsRequests(1, 1).scrapes({"text", "author"}),
                 Contract("author").url(url + "author/Ada-Wren/").cbKwarg("from", "index").returnsItems(0)};
    if (argument("broken").empty()) return;
    contracts = {Contract("parse").url(url).returnsItems(1, 3).returnsRequests(0, 0).scrapes({"author", "born"}),
                 Contract("fails").url(url),
                 Contract("autor").url(url),
                 Contract("parse").url(url + "nowhere/"),
                 Contract("parse"),
                 Contract("parse").url("mailto:me")};
  }
  Results parse(Response response) override {
    for (auto block : response.css("div.quote")) {
      Quote quote;
      quote.text = block.css("span.text::text").get();
      quote.author = block.css("small.author::text").get();
      co_yield quote;
    }
    if (auto next = response.css("li.next a::attr(href)").first()) co_yield response.follow(*next, &QuotesSpider::parse);
  }
  Results author(Response response) {
    if (response.cbKwarg("from") != "index") throw Error("no argument came");
    co_return;
  }
  Results fails(Response response) {
    Quote quote;
    co_yield quote;
    throw Error("the page has changed");
  }
};
WEFT_SPIDER(QuotesSpider)
)cpp";

}  // namespace

TEST_CASE("weft check fetches the pages of a spider's contracts and says which are broken, and why") {
  const Workshop shop;
  const Demo demo(shop.folder);
  std::string text = kContracts;
  const ProgramRun page = runWeft("fetch " + demo.url);
  const std::size_t author = page.output.find("/author/");
  REQUIRE(author != std::string::npos);
  const std::string path = page.output.substr(author + 1, page.output.find('"', author) - author - 1);
  text.replace(text.find("author/Ada-Wren/"), 16, path);
  write(shop.folder / "quotes.cpp", text);

  const ProgramRun kept = shop.weft("check quotes.cpp --nolog -a url=" + demo.url);
  CHECK_MESSAGE(kept.status == 0, kept.output);
  CHECK(has(kept, "ok      quotes  parse  " + demo.url + "  10 items, 1 request\nok      quotes  author  " + demo.url + path + "  0 items, 0 requests\n2 contracts: 2 kept, 0 broken\n"));

  const ProgramRun broken = shop.weft("check quotes.cpp --nolog -a broken=1 -a url=" + demo.url);
  CHECK(broken.status == 1);
  for (const std::string& line : {"FAILED  quotes  parse  " + demo.url + "  10 items, 1 request\n", std::string("        10 items came; promised: 1 to 3 items\n"), std::string("        1 request came; promised: no requests\n"),
                                 std::string("        item 1 has nothing in its field born: {\"text\":"), std::string("        and 5 more items like these\n"), std::string("        the callback failed: the page has changed\n"),
                                 std::string("        the spider names no callback autor; did you mean author? (Spider::callbacks names them)\n"), std::string("        the page could not be fetched: "),
                                 std::string("        it names no page: Contract::url() does\n"), std::string("        \"mailto:me\" is no URL that can be fetched"), std::string("6 contracts: 0 kept, 6 broken\n")}) {
    CHECK_MESSAGE(has(broken, line), broken.output);
  }

  const ProgramRun usage = shop.weft("check quotes.cpp --nolog --bogus");
  CHECK(usage.status == 2);
  CHECK(has(usage, "--bogus"));
  CHECK(shop.compilerRuns() == 2);

  write(shop.folder / "none.cpp", "#include <weft/crawler.hpp>\nclass None : public weft::Spider { public: None() : Spider(\"none\") {} };\nWEFT_SPIDER(None)\n");
  const ProgramRun none = shop.weft("check none.cpp");
  CHECK(none.status == 2);
  CHECK(has(none, "weft: the spider none has no contracts to check (Spider::contracts holds them)\n"));
}

TEST_CASE("three mistakes with weft check") {
  const ProgramRun nothing = runWeft("check");
  CHECK(nothing.status == 2);
  CHECK(nothing.output == "weft: this program has no spiders of its own; name a file (weft check FILE.cpp), or in a project: build/PROJECT --check\n");
  CHECK(has(runWeft("check quotes"), "this program has no spiders of its own, and so none that is called quotes; name a file"));
  const ProgramRun missing = runWeft("check /nonexistent/quotes.cpp");
  CHECK(missing.status == 2);
  CHECK(missing.output == "weft: cannot read /nonexistent/quotes.cpp: No such file or directory\n");
}
