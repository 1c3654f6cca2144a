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

TEST_CASE("weft check fetches the pages of a spider's contracts and says which are broken, and why") {
  const Workshop& shop = quotesShop();
  const Demo& demo = sharedDemo();
  const std::string path = "author/Jane-Austen/";

  const ProgramRun kept = shop.weft("check quotes.cpp --nolog -a contracts=kept -a url=" + demo.url);
  CHECK_MESSAGE(kept.status == 0, kept.output);
  CHECK(has(kept, "ok      quotes  parse  " + demo.url + "  10 items, 1 request\nok      quotes  checked  " + demo.url + path + "  0 items, 0 requests\n2 contracts: 2 kept, 0 broken\n"));

  const ProgramRun broken = shop.weft("check quotes.cpp --nolog -a contracts=broken -a url=" + demo.url);
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

  const ProgramRun none = shop.weft("check quotes.cpp -a url=" + demo.url);
  CHECK(none.status == 2);
  CHECK(has(none, "weft: the spider quotes has no contracts to check (Spider::contracts holds them)\n"));
  CHECK(shop.compilerRuns() == 2);                     // once, and linked once, for all tests of this spider
}
