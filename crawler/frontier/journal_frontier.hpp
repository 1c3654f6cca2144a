// JournalFrontier: a frontier that survives its process.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/crawler/feeds/packer.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/frontier/journal_error.hpp>
#include <weft/crawler/settings.hpp>

#include <memory>
#include <string>
#include <vector>

namespace weft {
class Reactor;
}

namespace weft::crawler {

class Politeness;

/// Keeps the crawl in a job folder, in an SQLite journal: a commit makes the end of a request, its children, its items' lines and the feeds' new lengths one step. After kill -9 at
/// any moment the next run goes on: every page is visited and every item stands in its feed once; only what was in flight is fetched again.
///
/// Commits gather while the last group is being written, on a thread of its own, and fire when theirs is safe. Who was seen is in memory (18 to 24 bytes a URL), so the disk is asked for
/// nothing twice; of the requests that wait, the first 64 MB stay in memory, of the others 9 bytes.
///
/// When the disk is full, commits wait (and with them the crawl) until there is room; close() ends that, and they fail.
///
///     JournalFrontier frontier("jobs/quotes", spider, settings, politeness, reactor);
///     frontier.openFeeds({"quotes.jsonl"});
class JournalFrontier final : public Frontier {
 public:
  /// Begins the job, or goes on with it. Blocks while it reads. Takes JOB_DURABILITY and what MemoryFrontier takes. All is referred to. Throws JobInUse, JournalDamaged, JournalError.
  JournalFrontier(const std::string& folder, const Spider& spider, const Settings& settings, Politeness& politeness, Reactor& reactor);
  /// The same without a thread: the journal is written by calls of the clock. For simulations.
  JournalFrontier(const std::string& folder, const Spider& spider, const Settings& settings, Politeness& politeness, Clock& clock);
  ~JournalFrontier() override;

  /// Is this a job that was begun before?
  bool resumed() const noexcept;
  /// Has the job written that feed? Then it must not be overwritten: openFeeds() cuts it back to what was committed.
  bool knowsFeed(const std::string& path) const;
  /// The feeds that FeedLines name by their place, "-" for the standard output (which cannot be cut back). Throws JournalError, FeedError.
  /// With a packer, the lines of each group of commits become a piece.
  void openFeeds(const std::vector<std::string>& paths, std::vector<Packer> packers = {});
  /// The path as the journal keeps it: absolute, so that the job can be resumed from another folder.
  static std::string feedPath(const std::string& path);

  Deferred<std::size_t> add(std::vector<Request> requests, Output output = {}) override;
  void seeded() override;
  Deferred<std::optional<Lease>> next() override;
  Deferred<std::size_t> commit(Lease lease, Fate fate, std::vector<Request> children, Output output = {}) override;
  Deferred<> room(std::size_t most) override;
  void holdOpen(bool hold) override;
  Deferred<> idle() override;
  void onDropped(std::function<void(const Request&)> handler) override;
  void limit(std::uint64_t leases) override;
  void close() override;
  FrontierCounts counts() const override;
  bool seen(const http::Url& url) const override;
  void shareSeen() override;
  bool writesFeeds() const noexcept override { return true; }
  std::uint64_t startsTaken() const noexcept override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
