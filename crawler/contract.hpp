// Contract: what a callback promises to make of a page, for `weft check`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

class Item;

/// A promise of one callback about one page; Scrapy's contracts. They stand in Spider::contracts, and `weft check` (or `--check` of a spider's program) fetches each page, calls the callback, and
/// says which promises do not hold: so a site that has changed is noticed before the crawl is. A crawl does not look at them. A value.
///
///     QuotesSpider() : Spider("quotes") {
///       contracts = {Contract("parse").url("https://quotes.toscrape.com/").returnsItems(1, 16).returnsRequests(0, 1).scrapes({"text", "author"})};
///     }
///
/// | Scrapy | here |
/// | --- | --- |
/// | `@url` | url() |
/// | `@returns items 1 16` | returnsItems(1, 16) |
/// | `@returns requests 0 0` | returnsRequests(0, 0) |
/// | `@scrapes name price` | scrapes({"name", "price"}) |
/// | `@cb_kwargs`, `@meta` | cbKwarg(), meta() |
/// | a Contract of your own | eachItem() |
class Contract {
 public:
  /// A count of results: from `least` to `most`.
  struct Count {
    std::uint64_t least = 0;
    std::optional<std::uint64_t> most;                 ///< none: however many
  };
  /// A promise about each item, in words, and what looks whether it is kept.
  struct ItemCheck {
    std::string promise; std::function<bool(const Item&)> holds;
  };

  /// Of the callback of that name: "parse", or one that Spider::callbacks names.
  explicit Contract(std::string callback = "parse") : callback_(std::move(callback)) {}

  /// The page. It is fetched as a crawl would; a contract without one cannot be checked, and so fails.
  Contract& url(std::string value) { return url_ = std::move(value), *this; }
  /// How many items it yields: at least, and at most. With one number, at least so many.
  Contract& returnsItems(std::uint64_t least, std::optional<std::uint64_t> most = std::nullopt) { return items_ = Count{least, most}, *this; }
  /// How many requests it yields.
  Contract& returnsRequests(std::uint64_t least, std::optional<std::uint64_t> most = std::nullopt) { return requests_ = Count{least, most}, *this; }
  /// Fields that each item has, with something in them: neither null, nor an empty text or list. (In Scrapy it is enough that they are there, which a struct's always are.)
  Contract& scrapes(std::vector<std::string> fields) { return fields_ = std::move(fields), *this; }
  /// What must be true of each item, in words, for the report: eachItem("the price is positive", [](const Item& item) { return item.as<Book>()->price > 0; }). An exception counts as a no.
  Contract& eachItem(std::string promise, std::function<bool(const Item&)> holds) { return checks_.push_back({std::move(promise), std::move(holds)}), *this; }
  /// What the request carries, see Request::setCbKwarg() and setMeta().
  Contract& cbKwarg(std::string name, std::string value) { return cbKwargs_.emplace_back(std::move(name), std::move(value)), *this; }
  Contract& meta(std::string key, std::string value) { return meta_.emplace_back(std::move(key), std::move(value)), *this; }

  const std::string& callback() const noexcept { return callback_; }
  const std::string& url() const noexcept { return url_; }
  const std::optional<Count>& items() const noexcept { return items_; }
  const std::optional<Count>& requests() const noexcept { return requests_; }
  const std::vector<std::string>& fields() const noexcept { return fields_; }
  const std::vector<ItemCheck>& checks() const noexcept { return checks_; }
  const std::vector<std::pair<std::string, std::string>>& cbKwargs() const noexcept { return cbKwargs_; }
  const std::vector<std::pair<std::string, std::string>>& meta() const noexcept { return meta_; }

  /// What it promises, in one line: "1 to 16 items, no requests, each item with text, author".
  std::string describe() const;

 private:
  std::string callback_, url_;
  std::optional<Count> items_, requests_;
  std::vector<std::string> fields_;
  std::vector<ItemCheck> checks_;
  std::vector<std::pair<std::string, std::string>> cbKwargs_, meta_;
};

/// "1 to 16 items", "no requests", "at least 1 item".
std::string describe(const Contract::Count& count, std::string_view one);

/// What an item lacks of that contract: fields that are missing or empty, and checks that do not hold. In words, empty when it lacks nothing.
std::vector<std::string> brokenPromises(const Contract& contract, const Item& item);

}  // namespace weft::crawler

namespace weft {
using crawler::Contract;
}  // namespace weft
