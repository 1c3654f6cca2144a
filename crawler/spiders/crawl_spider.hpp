// CrawlSpider: follows links by rules.
#pragma once

#include <weft/crawler/link_extractor.hpp>
#include <weft/crawler/spider.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Which links to follow, and what to do with the pages behind them. Scrapy's Rule; moves, and does not copy.
class Rule {
 public:
  explicit Rule(LinkExtractor links) : links(std::move(links)) {}

  /// Who gets the pages. Without one they are only looked at for links.
  Rule& setCallback(Callback value) noexcept { return callback = value, *this; }
  Rule& setErrback(Errback value) noexcept { return errback = value, *this; }
  /// Given on to the callback: response.cbKwarg(name).
  Rule& setCbKwarg(std::string name, std::string value) { return cbKwargs.emplace_back(std::move(name), std::move(value)), *this; }
  /// Are links of these pages followed in their turn? Unless said otherwise: if there is no callback.
  Rule& setFollow(bool value) noexcept { return follow = value, *this; }
  /// Is shown the links of each page, and may change or remove them.
  Rule& setProcessLinks(std::function<void(std::vector<Link>&)> value) { return processLinks = std::move(value), *this; }
  /// Is shown each request, and the page that it comes from; may change it. False drops it.
  Rule& setProcessRequest(std::function<bool(Request&, const Response&)> value) { return processRequest = std::move(value), *this; }

  bool follows() const noexcept { return follow.value_or(!callback); }

  LinkExtractor links;
  Callback callback;
  Errback errback;
  std::vector<std::pair<std::string, std::string>> cbKwargs;
  std::optional<bool> follow;
  std::function<void(std::vector<Link>&)> processLinks;
  std::function<bool(Request&, const Response&)> processRequest;
};

/// A spider that is mostly rules. Each link of a page goes to the first rule that extracts it. Scrapy's CrawlSpider.
///
///     class Books : public CrawlSpider {
///      public:
///       Books() : CrawlSpider("books") {
///         startUrls = {"https://books.example/"};
///         rules.emplace_back(std::move(LinkExtractor().allow("/page-")));                    // only followed
///         rules.emplace_back(std::move(LinkExtractor().allow("/book/"))).setCallback(&Books::parseBook);
///       }
///       Results parseBook(Response response) { ... }
///     };
///
/// Do not override parse(): it is what follows the rules. The requests carry the number of their rule as meta "rule" and the text of their
/// link as meta "link_text"; so a job can be resumed as long as the rules stay in place.
class CrawlSpider : public Spider {
 public:
  explicit CrawlSpider(std::string name);

  std::vector<Rule> rules;
  /// Off: no page's links are followed (CRAWLSPIDER_FOLLOW_LINKS).
  bool followLinks = true;

  /// Gets the pages of startUrls; nothing comes of them unless you write one. Their links are followed all the same.
  virtual Results parseStartUrl(Response response);
  /// Is shown each item and request that a callback yields, and may change it. False drops it. (process_results)
  virtual bool processResult(Result& result);

  Results parse(Response response) final;
  /// The callback of the requests that rules make.
  Results parseByRule(Response response);

 private:
  Results parseAndFollow(Response response, Callback callback, bool follow);
  std::vector<Request> requestsOf(const Response& response);
};

}  // namespace weft::crawler

namespace weft {
using crawler::CrawlSpider;
using crawler::LinkExtractor;
using crawler::Rule;
}  // namespace weft
