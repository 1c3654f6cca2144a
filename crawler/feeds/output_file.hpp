// OutputFile: where a feed's bytes go: a file, or the standard output.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/crawler/feeds/packer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A feed cannot be opened or written. The text names the file and the system's reason.
class FeedError : public Error {
 public:
  FeedError(std::string doing, std::string path, int code);
  std::string path;
  int code;                                            ///< errno
};

/// Collects lines (of CSV, rows; what stands for one item, in any case) and writes them in large pieces, in the caller's thread. A line counts as written once flush() has returned. When a
/// write fails half way (the disk is full), a regular file is cut back to its last whole line, so that no reader ever finds a torn one.
class OutputFile {
 public:
  enum class Mode : std::uint8_t { Append, Overwrite };

  /// Opens the file; "-" is the standard output, which is not closed. Throws FeedError. A packer compresses what is written, each flush a piece.
  OutputFile(std::string path, Mode mode, Packer packer = {});
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Closes without a last flush: call close() to know that all is written.
  ~OutputFile();

  /// The text that waits to be written: append whole lines to it, then call lineAdded().
  std::string& buffer() noexcept { return buffer_; }
  /// Writes the buffer once it is large. Throws FeedError.
  void lineAdded() {
    lineEnds_.push_back(buffer_.size());
    if (buffer_.size() >= kFlushAt && !held_) flush();
  }
  /// For a job, whose journal writes the lines: from now on nothing is written here, and take() gives what waits and counts its lines. wrote() says that so many of them are written.
  void hold() noexcept { held_ = true; }
  std::string take(std::uint64_t& lines) {
    lines = lineEnds_.size();
    lineEnds_.clear();
    return std::exchange(buffer_, std::string());
  }
  void wrote(std::uint64_t lines) noexcept { linesWritten_ += lines; }
  /// Writes what is there. Throws FeedError; what could not be written is given up.
  void flush();
  /// flush(), then closes the file, which may fail as well (on network file systems). Throws FeedError. Idempotent.
  void close();

  /// The first bytes of what is in the file, `most` at most; empty for what is no regular file.
  std::string beginning(std::size_t most) const;

  const std::string& path() const noexcept { return path_; }
  /// Whole lines that the system has taken.
  std::uint64_t linesWritten() const noexcept { return linesWritten_; }

 private:
  static constexpr std::size_t kFlushAt = 64 * 1024;

  [[noreturn]] void failWrite(std::size_t done, int code);
  void write(std::string_view bytes);

  std::string path_;
  std::string buffer_;
  int descriptor_ = -1;
  bool isStdout_ = false, held_ = false;
  Packer packer_;
  std::vector<std::size_t> lineEnds_;                  // in the buffer
  std::uint64_t linesWritten_ = 0;
};

}  // namespace weft::crawler
