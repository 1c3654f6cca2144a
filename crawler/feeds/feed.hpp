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
  /// For a job, whose journal writes the lines (see OutputFile): false from a feed that can only write by itself, whose items a crash may lose or double.
  virtual bool hold() { return false; }
  virtual std::string take(std::uint64_t& lines) { return lines = 0, std::string(); }
  virtual void wrote(std::uint64_t) {}
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
  bool hold() override { return file_.hold(), true; }
  std::string take(std::uint64_t& lines) override { return file_.take(lines); }
  void wrote(std::uint64_t lines) override { file_.wrote(lines); }
  std::string_view name() const noexcept override { return file_.path(); }
  std::uint64_t written() const noexcept override { return file_.linesWritten(); }

 private:
  OutputFile file_;
};

/// Opens the feed that `target` names, as -o and -O do: "FILE" or "FILE:FORMAT", "-" for the standard output. The format comes from the file's extension (jsonl, jl, jsonlines);
/// files without an extension, and the standard output, get JSON lines. Throws FeedError, or SettingError for a format that there is not.
std::unique_ptr<Feed> openFeed(std::string_view target, OutputFile::Mode mode);
/// The FILE of such a target. A view into it.
std::string_view feedFile(std::string_view target) noexcept;

}  // namespace weft::crawler
