// CrawlMonitor: watches a crawl, and says how it stands.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delayed_call.hpp>
#include <weft/crawler/dashboard/crawl_snapshot.hpp>
#include <weft/crawler/signals.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::crawler {

class Engine;
class Politeness;
class Request;
class Response;

/// Listens to an engine's signals and counts what its stats do not: by host, over time, how long answers took. Bounded: kMostHosts hosts (all others are counted as one), kMostPoints points of time,
/// a few items a second. Costs some hundred nanoseconds for a request; a snapshot is made when somebody asks for it.
///
///     CrawlMonitor monitor(engine, politeness, reactor);
///     std::string text = openMetrics(monitor.snapshot());
///
/// All is referred to and outlives it. One thread, the engine's.
class CrawlMonitor {
 public:
  static constexpr std::size_t kMostHosts = 1000, kMostPoints = 600, kMostItems = 30, kMostErrors = 50;

  /// Before engine.run().
  CrawlMonitor(Engine& engine, Politeness& politeness, Clock& clock);
  CrawlMonitor(const CrawlMonitor&) = delete;
  CrawlMonitor& operator=(const CrawlMonitor&) = delete;
  ~CrawlMonitor();

  /// What the engine does not know, for the snapshots.
  void describe(std::string spider, std::string target, std::string beganAt, std::vector<CrawlSnapshot::Setting> settings);

  /// Is called each second of the clock, after the counting.
  void onTick(std::function<void()> handler) { onTick_ = std::move(handler); }

  /// With `hosts` of the hosts at the most: those that are in flight first, then by how many requests wait.
  CrawlSnapshot snapshot(std::size_t hosts = kMostHosts) const;

 private:
  struct Host {
    std::uint64_t requests = 0, responses = 0, bytes = 0, refused = 0, left = 0;
    LatencyHistogram latency;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  Host& hostOf(const Request& request);
  void downloaded(const Response& response);
  void schedule();
  void tick();
  SeriesPoint current() const;
  HostSnapshot hostSnapshot(const std::string& name, const Host& host) const;

  Engine& engine_;
  Politeness& politeness_;
  Clock& clock_;
  std::string spider_, target_, beganAt_;
  std::vector<CrawlSnapshot::Setting> settings_;
  std::unordered_map<std::string, Host, Hash, std::equal_to<>> hosts_;
  Host others_;
  bool hasOthers_ = false;
  Host all_;
  std::map<int, std::uint64_t> statuses_;
  std::vector<SeriesPoint> series_;
  SeriesPoint now_;                                    // since the last point
  std::uint64_t pagesBefore_ = 0, errorsBefore_ = 0;
  int ticks_ = 0, ticksOfPoint_ = 1, itemsOfTick_ = 0;
  std::deque<CrawlSnapshot::SampledItem> items_;
  std::function<void()> onTick_;
  DelayedCall call_;
  std::vector<std::function<void()>> disconnect_;
};

}  // namespace weft::crawler
