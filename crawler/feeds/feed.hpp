// Feed: where items go. The formats, by name.
#pragma once

#include <weft/crawler/feeds/output_file.hpp>
#include <weft/crawler/item.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace weft::crawler {

/// Writes items, in the order in which it gets them. Used on one thread. An error is final: the crawl stops with it.
class Feed {
 public:
  virtual ~Feed() = default;
  /// Takes an item; it may stay in memory until flush(). Throws FeedError.
  virtual void write(const Item& item) = 0;
  /// Writes what waits. Throws FeedError.
  virtual void flush() = 0;
  /// Writes the rest and ends the feed. Throws FeedError.
  virtual void close() = 0;
  /// Where it writes to, for messages: "quotes.jsonl".
  virtual std::string_view name() const noexcept = 0;
  /// Items that the system has taken: after an error, how many are there.
  virtual std::uint64_t written() const noexcept = 0;
};

/// One JSON object a line (https://jsonlines.org), in UTF-8.
class JsonLinesFeed final : public Feed {
 public:
  /// Throws FeedError when the file cannot be opened.
  JsonLinesFeed(std::string path, OutputFile::Mode mode) : file_(std::move(path), mode) {}
  void write(const Item& item) override;
  void flush() override { file_.flush(); }
  void close() override { file_.close(); }
  std::string_view name() const noexcept override { return file_.path(); }
  std::uint64_t written() const noexcept override { return file_.linesWritten(); }

 private:
  OutputFile file_;
};

/// Opens the feed that `target` names, as -o and -O do: "FILE" or "FILE:FORMAT", "-" for the standard output. The format comes from the file's extension (jsonl, jl, jsonlines);
/// files without an extension, and the standard output, get JSON lines. Throws FeedError, or SettingError for a format that there is not.
std::unique_ptr<Feed> openFeed(std::string_view target, OutputFile::Mode mode);

}  // namespace weft::crawler
