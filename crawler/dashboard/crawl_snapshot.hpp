// CrawlSnapshot: how a crawl stands at a moment, for whoever shows it.
#pragma once

#include <weft/crawler/frontier/frontier.hpp>
#include <weft/http/json.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace weft::crawler {

/// How long answers took, counted in buckets.
struct LatencyHistogram {
  /// Upper bounds in seconds; what took longer is in one bucket more.
  static constexpr std::array<double, 11> kBounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  std::uint64_t count = 0;
  double sum = 0;                                      ///< seconds

  void add(double seconds) noexcept;
  double mean() const noexcept { return count ? sum / static_cast<double>(count) : 0; }
  /// About how long the fastest `part` (0 to 1) of all took at the most, by the bounds of its bucket; 0 when there was none.
  double quantile(double part) const noexcept;
};

/// One host, or rather one slot (see Politeness::slotName()). Of attempts, so of retries, redirects and robots.txt as well.
struct HostSnapshot {
  std::string name;                                    ///< empty: all hosts that have no entry of their own
  std::uint64_t requests = 0, responses = 0, bytes = 0;
  std::uint64_t errors = 0;                            ///< attempts without a response, and responses of 500 and above
  LatencyHistogram latency;
  std::uint64_t waiting = 0;                           ///< requests that are in the queue for it
  int active = 0, concurrency = 0;                     ///< in flight, and how many may be
  double delay = 0;                                    ///< seconds from one request to the next
  std::string why;                                     ///< why it is not asked now, in a sentence; empty when it was never asked
};

/// What happened within one step of time.
struct SeriesPoint {
  std::uint64_t pages = 0, bytes = 0, errors = 0, items = 0;
  std::uint64_t answers = 0;                           ///< whose latency is known
  double latency = 0;                                  ///< of these, in all, in seconds
  std::uint64_t pending = 0, inFlight = 0;             ///< at its end
};

/// A crawl at a moment. A copy: it stays what it is. The one source of the dashboard, its report, the metrics and what SIGUSR1 logs.
struct CrawlSnapshot {
  enum class State : std::uint8_t { Running, Paused, Closing, Ended };
  /// A page that failed.
  struct Error {
    double at = 0;                                     ///< seconds since the crawl began
    std::string url, cause;
    int tries = 0;
  };
  /// One of the latest items.
  struct SampledItem {
    double at = 0;
    std::string json;                                  ///< its beginning, if it is long
  };
  /// A setting, and where its value comes from.
  struct Setting {
    std::string name, value, origin;
  };

  std::string spider, target;
  State state = State::Running;
  std::string closeReason;                             ///< once it has ended
  std::string beganAt;                                 ///< "2026-03-01T12:00:00.000Z"
  double elapsed = 0;                                  ///< seconds
  FrontierCounts counts;
  std::uint64_t earlier = 0;                           ///< of these, ended by earlier runs of the job
  std::uint64_t items = 0;
  std::uint64_t requests = 0, responses = 0, bytes = 0, errors = 0;     ///< of attempts, see HostSnapshot
  LatencyHistogram latency;
  std::map<int, std::uint64_t> statuses;               ///< of responses
  int concurrency = 0, hostConcurrency = 0;            ///< as they are now: they can be changed
  double delay = 0;
  std::size_t hostCount = 0;                           ///< hosts that were asked
  std::vector<HostSnapshot> hosts;                     ///< those with the most to do first
  double step = 1;                                     ///< seconds of one point
  std::vector<SeriesPoint> series;
  std::vector<Error> errorsSeen;                       ///< the latest first
  std::vector<SampledItem> itemsSeen;                  ///< a few of them, the latest first
  std::vector<Setting> settings;                       ///< that are not as by default; passwords are hidden

  std::uint64_t pages() const noexcept { return counts.done + counts.failed + counts.dropped - earlier; }
};

/// "running", "paused", "closing", "ended".
const char* stateName(CrawlSnapshot::State state) noexcept;
/// As the page reads it.
http::Json toJson(const CrawlSnapshot& snapshot);
/// For the log: one line for the whole, and one for each host and error that the snapshot names.
std::vector<std::string> stateLines(const CrawlSnapshot& snapshot);

}  // namespace weft::crawler
