// The report of a run: what `--report FILE` writes.
#pragma once

#include <weft/crawler/engine.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/internal/settings_layers.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weft::crawler {

/// The report cannot be written. The text names the file and the system's reason.
class ReportError : public Error {
 public:
  using Error::Error;
};

/// A file that is there whole, or as it was before: written aside, and renamed.
class ReportFile {
 public:
  /// Makes sure that it can be written: begins the file aside. "-" is the standard output; a device or a pipe is written to itself. Throws ReportError.
  explicit ReportFile(std::string path);
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;
  /// Removes the file aside, unless write() put it in its place.
  ~ReportFile();

  /// Throws ReportError; what was there before stays then.
  void write(std::string_view text);

 private:
  std::string path_;
  std::string aside_;                                  // empty: written to itself
  std::string place_;
  int descriptor_ = -1;
};

/// What the report says beside what the engine knows.
struct RunFacts {
  std::string_view spider, target;
  std::chrono::system_clock::time_point begin, end;
  int exitCode = 0;
  std::string_view problem;                            // why the crawl did not end well; empty where it did
};

/// One JSON object and a line's end; docs/command_line.md lists its fields.
std::string runReport(const Engine& engine, const SettingsLayers& layers, const RunFacts& facts);

/// "2026-03-01T12:00:00.000Z".
std::string utcTime(std::chrono::system_clock::time_point time);

}  // namespace weft::crawler
