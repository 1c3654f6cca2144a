#include <weft/crawler/pipelines/item_pipelines.hpp>

#include <weft/crawler/component_orders.hpp>
#include <weft/crawler/internal/error_name.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/gather.hpp>

#include <algorithm>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::size_t kShown = 500;                    // bytes of an item in a message

std::string shown(const Item& item) {
  std::string text = toJson(item);
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;          // whole characters
  return text.substr(0, end) + "...";
}

}  // namespace

ItemPipeline::~ItemPipeline() = default;
Deferred<> ItemPipeline::openSpider(const PipelineContext&) { return succeed(); }
Deferred<> ItemPipeline::closeSpider() { return succeed(); }

std::vector<std::shared_ptr<ItemPipeline>> enabledPipelines(const Spider& spider, const Settings& settings) {
  return inOrder("ITEM_PIPELINES", settings.itemPipelines, spider.pipelines);
}

// The items of one page. Shared with the lanes, which may outlive who waits for them.
struct ItemPipelines::Work {
  std::vector<Item> items;
  std::size_t next = 0;
  std::shared_ptr<const Request> from;
};

void ItemPipelines::use(const PipelineContext& crawl) {
  pipelines_ = enabledPipelines(crawl.spider, crawl.settings);
  crawl_.emplace(crawl);
  atOnce_ = static_cast<std::size_t>(crawl.settings.concurrentItems);
}

Deferred<> ItemPipelines::open() {
  if (pipelines_.empty()) co_return;
  std::string names;
  for (const auto& pipeline : pipelines_) names += (names.empty() ? "" : ", ") + pipeline->name;
  kPipelinesLog.info("Enabled item pipelines: ", names);
  std::optional<Failure> failure;
  for (const auto& pipeline : pipelines_) {
    auto opening = maybeDeferred([&] { return pipeline->openSpider(*crawl_); });
    const auto outcome = co_await opening.outcome();
    if (!outcome) {
      kPipelinesLog.error("The pipeline ", pipeline->name, " failed in openSpider(): ", outcome.failure());
      failure = outcome.failure();
      break;
    }
    ++opened_;
  }
  if (!failure) co_return;
  co_await close();
  failure->rethrow();
}

Deferred<std::vector<Item>> ItemPipelines::process(std::vector<Item> items, std::shared_ptr<const Request> from) {
  auto work = std::make_shared<Work>();
  work->items = std::move(items);
  work->from = std::move(from);
  std::vector<Deferred<>> lanes;                       // one does for pipelines that never wait
  while (work->next < work->items.size() && lanes.size() < atOnce_ && !aborted_) lanes.push_back(lane(work));
  auto ended = DeferredList(std::move(lanes));
  co_await ended;
  std::erase_if(work->items, [](const Item& item) { return !item; });
  co_return std::move(work->items);
}

// Takes items as long as there are any, one at a time.
Deferred<> ItemPipelines::lane(std::shared_ptr<Work> work) {
  while (work->next < work->items.size() && !aborted_) {
    Item& item = work->items[work->next++];
    for (const auto& pipeline : pipelines_) {
      auto processing = maybeDeferred([&] { return pipeline->processItem(item); });
      const auto outcome = co_await processing.outcome();
      if (aborted_) co_return;
      if (!outcome) {
        lost(item, work->from.get(), *pipeline, outcome.failure());
        item = Item();
      } else if (!item) {
        lost(item, work->from.get(), *pipeline, Failure(Error("it left no item")));
      }
      if (!item) break;
    }
  }
}

void ItemPipelines::lost(const Item& item, const Request* from, const ItemPipeline& pipeline, const Failure& failure) {
  const std::string where = from ? " of " + from->describe() : " of the start";
  if (const auto* drop = failure.as<DropItem>()) {
    crawl_->stats.incValue("item_dropped_count");
    crawl_->stats.incValue("item_dropped_reasons_count/" + errorName(failure));
    if (kPipelinesLog.enabled(drop->level)) kPipelinesLog.log(drop->level, "Dropped: ", drop->what(), ": ", shown(item), where);
    crawl_->signals.itemDropped.send(item, failure);
    return;
  }
  crawl_->stats.incValue("item_error_count");
  kPipelinesLog.error("Error processing ", shown(item), where, " in ", pipeline.name, ": ", failure.getTraceback());
  crawl_->signals.itemError.send(item, failure);
}

Deferred<> ItemPipelines::close() {
  const std::size_t opened = std::exchange(opened_, 0);
  for (std::size_t i = 0; i < opened; ++i) {
    auto closing = maybeDeferred([&] { return pipelines_[i]->closeSpider(); });
    if (aborted_) closing.cancel();
    const auto outcome = co_await closing.outcome();
    if (!outcome && !aborted_) kPipelinesLog.error("The pipeline ", pipelines_[i]->name, " failed in closeSpider(): ", outcome.failure());
  }
}

}  // namespace weft::crawler
