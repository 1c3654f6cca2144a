#include <weft/crawler/feeds/batched_feed.hpp>

#include <weft/crawler/feeds/feed_path.hpp>
#include <weft/crawler/settings.hpp>

#include <chrono>
#include <utility>

namespace weft::crawler {

BatchedFeed::BatchedFeed(std::string target, OutputFile::Mode mode, FeedOptions options, std::map<std::string, std::string> values, std::uint64_t itemsEach)
    : target_(std::move(target)), mode_(mode), options_(std::move(options)), values_(std::move(values)), itemsEach_(itemsEach) {
  if (!feedPathHas(target_, "batch_id") && !feedPathHas(target_, "batch_time"))
    throw SettingError("the output \"" + target_ + "\" is written in batches (FEED_EXPORT_BATCH_ITEM_COUNT): its name needs %(batch_id)d or %(batch_time)s, to tell the files apart");
  feed_ = next();
}

std::unique_ptr<Feed> BatchedFeed::next() {
  values_["batch_id"] = std::to_string(++batch_);
  values_["batch_time"] = feedTime(std::chrono::system_clock::now(), true);
  return openFeed(expandFeedPath(target_, values_), mode_, options_);
}

void BatchedFeed::write(const Item& item) {
  if (items_ == itemsEach_) {
    feed_->close();
    writtenBefore_ += feed_->written();
    items_ = 0;
    feed_ = next();
  }
  feed_->write(item);
  ++items_;
}

}  // namespace weft::crawler
