// OutputFile: where a feed's bytes go: a file, or the standard output.
#pragma once

#include <weft/crawler/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <string_view>

namespace weft::crawler {

/// A feed cannot be opened or written. The text names the file and the system's reason.
class FeedError : public Error {
 public:
  FeedError(std::string doing, std::string path, int code);
  std::string path;
  int code;                                            ///< errno
};

/// Collects lines and writes them in large pieces, in the caller's thread. A line counts as written once flush() has returned. When a write fails half way (the disk is
/// full), a regular file is cut back to its last whole line, so that no reader ever finds a torn one.
class OutputFile {
 public:
  enum class Mode : std::uint8_t { Append, Overwrite };

  /// Opens the file; "-" is the standard output, which is not closed. Throws FeedError.
  OutputFile(std::string path, Mode mode);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Closes without a last flush: call close() to know that all is written.
  ~OutputFile();

  /// The text that waits to be written: append whole lines to it, then call lineAdded().
  std::string& buffer() noexcept { return buffer_; }
  /// Writes the buffer once it is large. Throws FeedError.
  void lineAdded() {
    ++linesWaiting_;
    if (buffer_.size() >= kFlushAt && !held_) flush();
  }
  /// For a job, whose journal writes the lines: from now on nothing is written here, and take() gives what waits and counts its lines. wrote() says that so many of them are written.
  void hold() noexcept { held_ = true; }
  std::string take(std::uint64_t& lines) {
    lines = std::exchange(linesWaiting_, 0);
    return std::exchange(buffer_, std::string());
  }
  void wrote(std::uint64_t lines) noexcept { linesWritten_ += lines; }
  /// Writes what is there. Throws FeedError; what could not be written is given up.
  void flush();
  /// flush(), then closes the file, which may fail as well (on network file systems). Throws FeedError. Idempotent.
  void close();

  const std::string& path() const noexcept { return path_; }
  /// Whole lines that the system has taken.
  std::uint64_t linesWritten() const noexcept { return linesWritten_; }

 private:
  static constexpr std::size_t kFlushAt = 64 * 1024;

  [[noreturn]] void failWrite(std::size_t done, int code);

  std::string path_;
  std::string buffer_;
  int descriptor_ = -1;
  bool isStdout_ = false, held_ = false;
  std::uint64_t linesWaiting_ = 0, linesWritten_ = 0;
};

}  // namespace weft::crawler
