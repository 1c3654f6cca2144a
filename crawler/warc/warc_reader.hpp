// WarcReader: the records of a WARC file.
#pragma once

#include <weft/crawler/warc/warc_error.hpp>
#include <weft/crawler/warc/warc_record.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weft::crawler {

/// How much of a record a WarcReader holds.
struct WarcLimits {
  std::size_t maxHeading = 64 * 1024;                  ///< bytes of the version line and the fields: WarcError beyond
  std::size_t maxFields = 256;                         ///< WarcError beyond
  std::size_t maxBlock = std::size_t{256} << 20;       ///< a longer block is passed over: WarcRecord::cut
};

/// Reads WARC 0.17 to 1.1, plain or with a gzip member for each record, as weft, wget, warcio and Heritrix write it: lines may end in LF, fields may be folded, and the empty lines between records may
/// be missing or too many.
///
///     WarcReader reader("crawl.warc.gz");
///     while (auto record = reader.next())
///       if (record->type() == "response") use(record->targetUri(), record->block);
///     if (reader.truncated()) …                        // the last record was not written in full
///
/// Blocks, and is used on one thread. Whatever the input is, it takes memory for one record within the limits.
class WarcReader {
 public:
  /// Gives up to `size` bytes, at least one but at the end of the input.
  using Source = std::function<std::size_t(char* to, std::size_t size)>;

  /// Opens the file. Throws WarcError.
  explicit WarcReader(std::string path, WarcLimits limits = {});
  /// Reads from `source`; `name` is for messages.
  WarcReader(std::string name, Source source, WarcLimits limits = {});
  WarcReader(const WarcReader&) = delete;
  WarcReader& operator=(const WarcReader&) = delete;
  ~WarcReader();

  /// The next record; nullopt at the end, and where the input ends within a record (see truncated()). Throws WarcError: what is there is no WARC, is damaged, or is compressed as a whole; then the reader
  /// is of no further use.
  std::optional<WarcRecord> next();
  /// Goes to a record of the file, by its WarcRecord::offset. Throws WarcError.
  void seek(std::uint64_t offset);
  /// The input ended within a record: whoever wrote it was stopped.
  bool truncated() const noexcept;
  /// Where the last whole record ends: what a file is cut back to.
  std::uint64_t wholeUntil() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
