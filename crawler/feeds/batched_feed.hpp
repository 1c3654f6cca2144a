// BatchedFeed: a feed in several files.
#pragma once

#include <weft/crawler/feeds/feed.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace weft::crawler {

/// Begins a new file after every so many items (FEED_EXPORT_BATCH_ITEM_COUNT). Each file is a feed of its own, whole when the next one begins. Their names tell them apart by %(batch_id)d, from 1
/// on, or %(batch_time)s, when each was begun. Not for jobs, whose journal knows its feeds from the start.
class BatchedFeed final : public Feed {
 public:
  /// `values`: what else stands in the path, see expandFeedPath(). Opens the first file. Throws what openFeed() does, and SettingError for a path with neither of the two places.
  BatchedFeed(std::string target, OutputFile::Mode mode, FeedOptions options, std::map<std::string, std::string> values, std::uint64_t itemsEach);
  void write(const Item& item) override;
  void flush() override { feed_->flush(); }
  void close() override { feed_->close(); }
  /// The path as it was given.
  std::string_view name() const noexcept override { return feedFile(target_); }
  std::uint64_t written() const noexcept override { return writtenBefore_ + feed_->written(); }

 private:
  std::unique_ptr<Feed> next();

  const std::string target_;
  const OutputFile::Mode mode_;
  const FeedOptions options_;
  std::map<std::string, std::string> values_;
  const std::uint64_t itemsEach_;
  std::uint64_t batch_ = 0, items_ = 0, writtenBefore_ = 0;
  std::unique_ptr<Feed> feed_;
};

}  // namespace weft::crawler
