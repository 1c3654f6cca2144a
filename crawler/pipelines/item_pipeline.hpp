// ItemPipeline: what happens to an item between the spider and the feeds.
#pragma once

#include <weft/core/log.hpp>
#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/item.hpp>
#include <weft/defer/deferred.hpp>

#include <memory>
#include <string>
#include <utility>

namespace weft::crawler {

class Downloader;

/// Thrown by a pipeline that wants an item to go no further. It is logged at `level`, and counted; nothing else is lost.
class DropItem : public Error {
 public:
  explicit DropItem(const std::string& why, LogLevel level = LogLevel::Warning) : Error(why), level(level) {}
  LogLevel level;
};

/// The crawl that a pipeline works for. What it refers to lives until closeSpider() has ended.
struct PipelineContext : CrawlContext {
  Downloader& downloader;                              ///< as the engine has it: polite, with cookies, proxies and so on
};

/// Takes every item of a crawl, start items included, before it is written: to check it, change it, drop it, or store it elsewhere. A spider lists its pipelines; items go through
/// them by their order, the lowest first.
///
///     class NamesOnly : public ItemPipeline {
///      public:
///       NamesOnly() : ItemPipeline("NamesOnly", 300) {}
///       Deferred<> processItem(Item& item) override {
///         auto* quote = item.as<Quote>();
///         if (quote && quote->author.empty()) throw DropItem("it has no author");
///         return succeed();
///       }
///     };
///     QuotesSpider() : Spider("quotes") { pipelines = {std::make_shared<NamesOnly>()}; }
///
/// The setting ITEM_PIPELINES gives one another order, or takes it out: {"NamesOnly": null}. All is called on the engine's thread. Up to CONCURRENT_ITEMS items of a page are
/// in the pipelines at once; they are written in the order in which they were found.
class ItemPipeline {
 public:
  explicit ItemPipeline(std::string name, int order = 500) : name(std::move(name)), order(order) {}
  ItemPipeline(const ItemPipeline&) = delete;
  ItemPipeline& operator=(const ItemPipeline&) = delete;
  virtual ~ItemPipeline();

  const std::string name;
  const int order;

  /// Before the first request. A failure ends the crawl before it has begun.
  virtual Deferred<> openSpider(const PipelineContext& crawl);
  /// After the last item, also of a crawl that was stopped. A failure is logged. When the crawl is aborted, what it waits for is cancelled.
  virtual Deferred<> closeSpider();
  /// May change the item, or put another in its place. May be a coroutine that waits: the item stays where it is until the Deferred has fired. Throw DropItem to drop it. Any other
  /// failure costs the item as well, is logged and counted. Cancelled when the crawl is aborted.
  virtual Deferred<> processItem(Item& item) = 0;
};

}  // namespace weft::crawler

namespace weft {
using crawler::DropItem;
using crawler::ItemPipeline;
using crawler::PipelineContext;
}  // namespace weft
