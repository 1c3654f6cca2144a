// Sinks for the log: files, JSON lines, filters, several at once, and the last few records.
#pragma once

#include <weft/core/log.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

/// A sink that appends a line for each record to a file (formatLogRecord; one record is one line, as control characters are escaped). The file is opened now and closed with the
/// sink's last copy. Each line is written at once. Throws std::system_error that names the file; the sink itself too, when the disk is full (see publishLog).
LogSink fileLogSink(const std::string& path);

/// The same as JSON lines: {"time":"2026-03-01T12:00:00.000000Z","level":"INFO","name":"weft.net","message":"…","fields":{"port":"80"}}. Always valid JSON.
LogSink jsonLogSink(const std::string& path);
/// One such line, without its end.
std::string formatLogRecordAsJson(const LogRecord& record);

/// A sink that passes on what `wanted` says.
LogSink filterLog(LogSink sink, std::function<bool(const LogRecord&)> wanted);
/// A sink that passes on what is of this level or above, and of this logger or below it ("weft.net" for "weft.net.tcp" too); an empty name: of all. For levels that hold for all sinks
/// see setLogLevel.
LogSink filterLog(LogSink sink, LogLevel from, std::string name = "");

/// A sink that gives each record to all of these, in order. What one throws is reported to the others, as a Critical record of "weft.log", and goes no further; it gets the next record all
/// the same.
LogSink publishLog(std::vector<LogSink> sinks);

/// Keeps the last records: for a report when something goes wrong, or for what is logged before it is known where the log goes.
///
///     LogHistory early(1000);
///     setLogSink(early.sink());
///     …                                                // read the settings
///     setLogSink(fileLogSink(path));
///     early.replayTo(fileLogSink(path));
class LogHistory {
 public:
  explicit LogHistory(std::size_t most);

  /// May outlive this object.
  LogSink sink() const;
  /// Gives what is kept to `sink`, oldest first, with the times at which it was logged. Kept all the same.
  void replayTo(const LogSink& sink) const;
  std::size_t size() const;
  /// How many records were too many and are gone.
  std::uint64_t dropped() const;

 private:
  struct Record {
    LogLevel level;
    std::string name, message;
    std::vector<std::pair<std::string, std::string>> fields;
    std::chrono::system_clock::time_point time;
  };
  struct Kept {
    std::mutex mutex;
    std::size_t most;
    std::uint64_t dropped = 0;
    std::deque<Record> records;
  };
  std::shared_ptr<Kept> kept_;
};

}  // namespace weft
