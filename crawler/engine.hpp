// Engine: a pool of workers on a frontier.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/downloader.hpp>
#include <weft/crawler/feeds/feed.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/crawler/pipelines/item_pipelines.hpp>
#include <weft/crawler/scraper.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/spider_runner.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/task_group.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

class Extension;

/// A request that was given up.
struct FailedPage {
  FailedPage(std::string url, std::string cause, int tries, std::chrono::nanoseconds at = {}) : url(std::move(url)), cause(std::move(cause)), tries(tries), at(at) {}
  std::string url, cause;
  int tries;
  std::chrono::nanoseconds at;                         // since the crawl began
};

/// Runs one crawl: CONCURRENT_REQUESTS workers take requests from the frontier, have them downloaded (through the middlewares) and scraped, and commit what came of them.
///
///     Engine engine(spider, settings, reactor, downloader, frontier);
///     engine.addFeed(openFeed("quotes.jsonl", OutputFile::Mode::Overwrite));
///     co_await engine.run();
///
/// What it is given is referred to and must outlive it, but for a spider whose crawl has ended. All of it runs on one thread, that of the clock (but for the spider's
/// code, when a runner takes it elsewhere); with a ManualClock and a downloader in memory it runs in virtual time.
class Engine final : private CrawlControl, private Spider::Fetcher {
 public:
  /// Throws SettingError: DOWNLOADER_MIDDLEWARES, SPIDER_MIDDLEWARES or EXTENSIONS names what there is not.
  ///
  /// The spider's code runs on the engine's thread, or where `runner` runs it (see SpiderThreads): of `spider` the engine then reads only what its constructor has set.
  Engine(Spider& spider, const Settings& settings, Clock& clock, Downloader& downloader, Frontier& frontier, SpiderRunner* runner = nullptr);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  void addFeed(std::unique_ptr<Feed> feed) { feeds_.push_back(std::move(feed)); }

  /// Crawls to the end. Fires when nothing is left, or what was in flight at stop() is finished; feeds are closed and the spider has been told. Fails only when a feed or the journal of
  /// a job could not be written (FeedError, JournalError): the crawl stops then. Without a job the page whose items were lost counts as failed, with one as pending. cancel: use abort()
  /// first.
  Deferred<> run();
  /// Starts no more requests; those in flight are finished. The reason becomes the close reason ("shutdown"). The first one counts.
  void stop(std::string_view reason) override;
  /// Has a request made as if the spider had yielded it, at depth 0. Nothing, when the crawl has been stopped.
  void crawl(Request request) override;
  /// Starts no more requests until resume(); those in flight are finished. Limits of time go on. stop() ends a crawl that is paused, too.
  void pause();
  void resume();
  bool paused() const noexcept { return paused_; }
  /// Has stop() been called?
  bool stopping() const noexcept { return !stopReason_.empty(); }
  /// Another CONCURRENT_REQUESTS, at least 1. When it becomes less, what is in flight is finished.
  void setConcurrency(int requests);
  int concurrency() const noexcept { return concurrency_; }
  /// Politeness was told something else: requests that wait for its old delays are looked at anew.
  void politenessChanged() { frontier_.limit(allowed()); }
  /// stop("shutdown"), and what is in flight will not be committed: cancel run()'s Deferred next, and it fires at once. Those requests stay leased, neither done nor failed.
  void abort();

  /// "finished", or why it ended before: "shutdown", "start_error", "feed_error", "journal_error", "closespider_itemcount"…; empty while it runs.
  const std::string& closeReason() const noexcept { return closeReason_; }
  const Stats& stats() const noexcept { return stats_; }
  /// What happens, for whoever wants to hear of it; connect before run().
  Signals& signals() noexcept { return signals_; }
  FrontierCounts counts() const { return frontier_.counts(); }
  /// Requests that earlier runs of the job have ended.
  std::uint64_t earlier() const noexcept { return earlier_; }
  /// The requests that failed, the first kMaxFailedPages of them; counts() has their number.
  const std::vector<FailedPage>& failedPages() const noexcept { return failedPages_; }
  static constexpr std::size_t kMaxFailedPages = 1000;
  /// The last kRecentFailures of them, and of the pages with a status of 400 or more.
  const std::deque<FailedPage>& recentFailures() const noexcept { return recentFailures_; }
  static constexpr std::size_t kRecentFailures = 50;
  /// Pages by the status of their last response, retries left out: with the pages that had no response they add up to done + failed + dropped.
  const std::map<int, std::uint64_t>& pageStatuses() const noexcept { return pageStatuses_; }
  const std::vector<std::unique_ptr<Feed>>& feeds() const noexcept { return feeds_; }
  /// What startRequests() failed with; empty when it did not.
  const Failure& startFailure() const noexcept { return startFailure_; }
  std::chrono::nanoseconds elapsed() const noexcept { return (ended_ ? end_ : clock_.now()) - begin_; }

 private:
  CrawlContext context() noexcept { return {spider_, settings_, stats_, signals_, clock_, *this}; }
  std::uint64_t allowed() const noexcept { return paused_ ? 0 : static_cast<std::uint64_t>(concurrency_); }
  void openExtensions();
  void leaveSpider() noexcept;
  Deferred<> resumed();
  void wakeWaiting();
  Deferred<> worker();
  Deferred<Response> fetchNow(Request request) override;
  Deferred<> seed();
  Deferred<bool> takeStart(Result result);
  Deferred<std::optional<Lease>> next();
  Deferred<bool> enqueue(std::vector<Request> requests, Output output);
  Deferred<> watchIdle();
  Deferred<> commit(Lease lease, Scraped scraped);
  bool write(std::vector<Item>& items, Output& output);
  Deferred<bool> safe(Deferred<std::size_t> committing, Output written);
  void flush();
  void failFeed();
  void checkLimits();
  void watchLimits();
  void watchItems();
  void logProgress();
  void finish();
  Deferred<> tellSpider();

  Spider& spider_;
  const Settings& settings_;
  Clock& clock_;
  Frontier& frontier_;
  Stats stats_;
  Signals signals_;
  DownloaderMiddlewares downloader_;
  std::unique_ptr<SpiderRunner> inlineSpider_;         // unless it runs elsewhere
  SpiderRunner& runner_;
  Scraper scraper_;
  std::vector<std::shared_ptr<Extension>> extensions_;
  ItemPipelines pipelines_;
  std::vector<std::unique_ptr<Feed>> feeds_;
  std::vector<FailedPage> failedPages_;
  std::deque<FailedPage> recentFailures_;
  std::map<int, std::uint64_t> pageStatuses_;
  Failure feedFailure_{std::exception_ptr()}, startFailure_{std::exception_ptr()};
  std::string stopReason_, closeReason_;
  std::chrono::nanoseconds begin_{}, end_{};
  bool ended_ = false, aborted_ = false, begun_ = false, paused_ = false, leftSpider_ = false;
  int concurrency_, workers_ = 0;
  std::int64_t& itemCount_;
  std::int64_t leases_ = 0;
  std::uint64_t earlier_ = 0;
  std::int64_t pages_ = 0, failures_ = 0, pagesWithoutItem_ = 0, itemsAtLastLook_ = 0;
  std::int64_t pagesAtLastLog_ = 0, itemsAtLastLog_ = 0;
  DelayedCall flushCall_, limitCall_, itemLimitCall_, progressCall_, idleCall_;
  Trigger<> idlePause_;
  std::vector<Trigger<>> whenResumed_;
  TaskGroup more_;                                     // workers beside those that it began with
  TaskGroup brought_;                                  // requests of crawl() that are not safe yet
};

}  // namespace weft::crawler
