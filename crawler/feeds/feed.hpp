// Feed: where items go. The formats, by name.
#pragma once

#include <weft/crawler/feeds/item_exporter.hpp>
#include <weft/crawler/feeds/output_file.hpp>
#include <weft/crawler/feeds/packer.hpp>
#include <weft/crawler/item.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  /// For a job, once its journal has cut the feed back, and whose journal writes the lines (see OutputFile): false from a feed that can only write by itself, whose items a crash may lose or double.
  virtual bool hold() { return false; }
  virtual std::string take(std::uint64_t& lines) { return lines = 0, std::string(); }
  virtual void wrote(std::uint64_t) {}
  /// With a job: what compresses the lines of a group of commits. Empty: they are written as they are.
  virtual Packer packer() const { return {}; }
  /// Where it writes to, for messages: "quotes.jsonl".
  virtual std::string_view name() const noexcept = 0;
  /// Items that the system has taken: after an error, how many are there.
  virtual std::uint64_t written() const noexcept = 0;
};

/// Items in a file, or on the standard output, in one of the formats of makeExporter(), compressed or not.
class FileFeed final : public Feed {
 public:
  /// Goes on with what is in the file, unless `mode` empties it. Throws FeedError when it cannot be opened.
  FileFeed(std::string path, OutputFile::Mode mode, std::unique_ptr<ItemExporter> exporter, std::string_view compression = {}, bool storeEmpty = true);
  void write(const Item& item) override;
  void flush() override { file_.flush(); }
  /// With a job: all that was taken must have been committed, as the ending is written behind it.
  void close() override;
  bool hold() override;
  std::string take(std::uint64_t& lines) override { return file_.take(lines); }
  void wrote(std::uint64_t lines) override { file_.wrote(lines); }
  Packer packer() const override { return makePacker(compression_); }
  std::string_view name() const noexcept override { return file_.path(); }
  std::uint64_t written() const noexcept override { return file_.linesWritten(); }

 private:
  void goOn();

  std::string compression_;
  OutputFile file_;
  std::unique_ptr<ItemExporter> exporter_;
  const bool storeEmpty_;
  bool first_ = true, closed_ = false;
};

/// How a feed is opened.
struct FeedOptions {
  std::vector<std::string> fields;                     ///< FEED_EXPORT_FIELDS: these, in this order; empty: all
  int indent = 0;                                      ///< FEED_EXPORT_INDENT
  bool storeEmpty = true;                              ///< FEED_STORE_EMPTY: not, and a file that nothing was written to is removed at the end
  bool job = false;                                    ///< it is a job's
  bool resumed = false;                                ///< and known to the job already, which cuts it back
};

/// Opens the feed that `target` names, as -o and -O do: "FILE" or "FILE:FORMAT", "-" for the standard output. The format (jsonlines, jsonl, jl, json, csv, xml) comes from the file's extension;
/// files without one, and the standard output, get JSON lines. A last extension gz or zst compresses. Throws FeedError; SettingError for a format that there is not, and for appending to a
/// file that cannot be appended to.
std::unique_ptr<Feed> openFeed(std::string_view target, OutputFile::Mode mode, const FeedOptions& options = {});
/// The FILE of such a target. A view into it.
std::string_view feedFile(std::string_view target) noexcept;

}  // namespace weft::crawler
