// StatusLine: how a crawl fares, in a line at the bottom of the terminal.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delayed_call.hpp>
#include <weft/core/log.hpp>
#include <weft/crawler/engine.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace weft::crawler {

class Politeness;
struct Settings;

/// A line of a terminal that changes in place. Each change, and each line that is printed above it, is one write. Any thread.
class TerminalLine {
 public:
  /// Is this a terminal that can clear a line? No for pipes and files, and where TERM is unset, "" or "dumb".
  static bool possible(int descriptor);
  explicit TerminalLine(int descriptor) noexcept : descriptor_(descriptor) {}
  TerminalLine(const TerminalLine&) = delete;
  TerminalLine& operator=(const TerminalLine&) = delete;

  /// Shows that text instead; "" clears the line. It must fit into columns(), and hold no control characters.
  void show(std::string text);
  /// Prints a whole line where the status was, and the status below it.
  void print(std::string_view line);
  /// How many characters fit: one less than the terminal is wide now, as the last one would wrap.
  std::size_t columns() const;

 private:
  void write(std::string_view text) const;

  const int descriptor_;
  std::mutex mutex_;
  std::string shown_;
};

/// What the line says.
struct CrawlStatus {
  std::uint64_t pages = 0, queue = 0, inFlight = 0, errors = 0;
  double pagesPerSecond = 0;
  std::int64_t items = 0;
  std::chrono::nanoseconds elapsed{};
  std::optional<std::chrono::seconds> left;            // until a limit ends the crawl, as far as one can tell
  std::string waits;                                   // Politeness::why() of the host with the most requests that must wait
  std::size_t alsoWaiting = 0;                         // other such hosts
  bool closing = false;
};
/// How long a crawl goes on at its rate until CLOSESPIDER_PAGECOUNT, _ITEMCOUNT or _TIMEOUT ends it; nothing where none of them is set, or nothing can be said yet.
std::optional<std::chrono::seconds> timeLeft(const CrawlStatus& status, const Settings& settings);
/// "1,234 pages  312/s  queue 5,678  in flight 16  errors 3  items 420  0:12  0:30 left  a.com waits 4 s: ... (+2 hosts)"; what does not fit into so many columns is left out from the right.
std::string statusText(const CrawlStatus& status, std::size_t columns);

/// Shows how an engine fares, four times a second at the most, while it lives; log lines go above the line. One thread, the engine's. At its end the line is cleared, and the log goes where it
/// went before.
class StatusLine {
 public:
  /// `logs`: takes the log's lines as well (they would go to the same terminal).
  StatusLine(int descriptor, const Engine& engine, Politeness& politeness, const Settings& settings, Clock& clock, bool logs);
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine();

  /// The crawl has been told to stop, and finishes what is in flight.
  void setClosing() noexcept { closing_ = true; }

 private:
  void tick();
  void lookAtHosts();

  const std::shared_ptr<TerminalLine> line_;
  const Engine& engine_;
  Politeness& politeness_;
  const Settings& settings_;
  Clock& clock_;
  LogSink before_;
  const bool logs_;
  bool closing_ = false;
  int ticks_ = 0;
  std::string waits_;                                  // as lookAtHosts() found it
  std::size_t alsoWaiting_ = 0;
  std::deque<std::uint64_t> pages_;                    // at the last ticks
  DelayedCall call_;
};

}  // namespace weft::crawler
