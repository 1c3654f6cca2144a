// ItemPipelines: the pipelines of one crawl, in their order.
#pragma once

#include <weft/crawler/pipelines/item_pipeline.hpp>
#include <weft/crawler/request.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// The pipelines that a crawl of this spider goes through, in their order. Throws SettingError for a name in ITEM_PIPELINES that the spider has no pipeline of.
std::vector<std::shared_ptr<ItemPipeline>> enabledPipelines(const Spider& spider, const Settings& settings);

/// Sends items through the pipelines, and counts what becomes of them. One thread, the engine's.
class ItemPipelines {
 public:
  ItemPipelines() = default;
  ItemPipelines(const ItemPipelines&) = delete;
  ItemPipelines& operator=(const ItemPipelines&) = delete;

  /// Sets up the spider's pipelines; without any, none of the others need be called. Throws SettingError.
  void use(const PipelineContext& crawl);
  bool any() const noexcept { return !pipelines_.empty(); }

  /// Opens them, in order. Fails with the failure of one; those that were opened before it are closed then.
  Deferred<> open();
  /// Those that are left, in the same order. `from` is named in messages; null for start items. Never fails.
  Deferred<std::vector<Item>> process(std::vector<Item> items, std::shared_ptr<const Request> from);
  /// Closes them, in order. Never fails.
  Deferred<> close();
  /// What is under way ends as soon as it is cancelled; what is not begun does not begin. close() must follow.
  void abort() noexcept { aborted_ = true; }

 private:
  struct Work;
  Deferred<> lane(std::shared_ptr<Work> work);
  void lost(const Item& item, const Request* from, const ItemPipeline& pipeline, const Failure& failure);

  std::optional<PipelineContext> crawl_;
  std::vector<std::shared_ptr<ItemPipeline>> pipelines_;
  std::size_t opened_ = 0, atOnce_ = 100;
  bool aborted_ = false;
};

}  // namespace weft::crawler
