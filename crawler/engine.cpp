#include <weft/crawler/engine.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/component_orders.hpp>
#include <weft/crawler/extension.hpp>
#include <weft/crawler/extensions/memory_usage.hpp>
#include <weft/crawler/internal/error_name.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/defer/gather.hpp>
#include <weft/http/response.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace weft::crawler {

namespace {

// Start requests are pulled while fewer than this many wait: a spider may start from a list of any length.
constexpr std::size_t kStartBacklog = 1000;
constexpr double kIdleEvery = 5;                       // seconds from one spider_idle to the next, when a handler keeps the crawl open

// How many lines of which feed: what is left to say once the lines themselves are given away.
Output lineCounts(const Output& output) {
  Output counts;
  for (const FeedLines& lines : output.feeds) counts.feeds.emplace_back(lines.feed, std::string(), lines.count);
  return counts;
}

}  // namespace

Engine::Engine(Spider& spider, const Settings& settings, Clock& clock, Downloader& downloader, Frontier& frontier, SpiderRunner* runner)
    : spider_(spider),
      settings_(settings),
      clock_(clock),
      frontier_(frontier),
      downloader_(context(), downloader),
      inlineSpider_(runner ? nullptr : std::make_unique<InlineSpider>(spider)),
      runner_(runner ? *runner : *inlineSpider_),
      scraper_(context(), runner_),
      concurrency_(settings.concurrentRequests),
      itemCount_(stats_.counter("item_scraped_count")) {
  openExtensions();
  downloader_.listen(&signals_);
  if (runner) frontier_.shareSeen();
  runner_.setSeenUrls(&frontier_);
  runner_.setFetcher(this);
}

void Engine::openExtensions() {
  std::vector<std::shared_ptr<Extension>> all{std::make_shared<MemoryUsage>()};
  all.insert(all.end(), spider_.extensions.begin(), spider_.extensions.end());
  extensions_ = inOrder("EXTENSIONS", settings_.extensions, all);
  for (const auto& extension : extensions_) extension->open(context());
}

Engine::~Engine() {
  aborted_ = true;                                     // for what is cancelled here
  leaveSpider();
  downloader_.listen(nullptr);
  frontier_.onDropped(nullptr);
  for (DelayedCall* call : {&flushCall_, &limitCall_, &itemLimitCall_, &progressCall_, &idleCall_})
    if (call->active()) call->cancel();
}

// Once the crawl has ended the spider may go before the engine does.
void Engine::leaveSpider() noexcept {
  if (std::exchange(leftSpider_, true)) return;
  runner_.setFetcher(nullptr);
  runner_.setSeenUrls(nullptr);
}

Deferred<> Engine::run() {
  begin_ = clock_.now();
  const FrontierCounts before = frontier_.counts();
  earlier_ = before.done + before.failed + before.dropped;
  kEngineLog.info("Spider opened: ", spider_.name);
  signals_.spiderOpened.send();
  signals_.engineStarted.send();
  watchLimits();
  logProgress();
  pipelines_.use({context(), downloader_});
  bool opened = true;
  if (pipelines_.any()) {
    auto opening = pipelines_.open();
    const auto outcome = co_await opening.outcome();
    opened = static_cast<bool>(outcome);
    if (!opened && !aborted_) startFailure_ = outcome.failure();
    if (!opened) stop("start_error");
  }
  if (!signals_.requestDropped.empty()) frontier_.onDropped([this](const Request& request) { signals_.requestDropped.send(request); });
  std::vector<Deferred<>> tasks;
  if (!signals_.spiderIdle.empty()) tasks.push_back(watchIdle());
  begun_ = true;
  if (paused_) frontier_.limit(allowed());
  for (; workers_ < concurrency_; ++workers_) tasks.push_back(worker());
  if (opened) tasks.push_back(seed());
  auto ended = gatherResults(std::move(tasks));
  const auto outcome = co_await ended.outcome();
  auto more = more_.join();
  (void)co_await more.outcome();
  auto brought = brought_.join();
  (void)co_await brought.outcome();                    // they fail only when they are cancelled
  if (pipelines_.any()) co_await pipelines_.close();
  finish();
  auto telling = tellSpider();
  if (!aborted_) co_await telling;
  else std::move(telling).addErrback([](const Failure&) {}).detach();  // its thread may end before it is told
  if (!outcome && !aborted_) outcome.failure().rethrow();
  if (feedFailure_.exception()) feedFailure_.rethrow();
}

Deferred<> Engine::worker() {
  while (auto lease = co_await next()) {                                                 // a request that may be made now
    ++leases_;
    auto fetched = downloader_.fetch(lease->request);
    auto response = co_await fetched.outcome();                                          // the page, or why there is none
    if (aborted_) co_return;
    auto scraped = co_await scraper_.run(lease->request, std::move(response));           // the spider's callback: items and requests
    if (aborted_) co_return;
    if (pipelines_.any() && !scraped.items.empty()) {
      auto processed = pipelines_.process(std::move(scraped.items), lease->request);
      scraped.items = co_await processed;
      if (aborted_) co_return;
    }
    co_await commit(std::move(*lease), std::move(scraped));
  }
}

// A page that a callback waits for. It is none of the frontier's: the callback holds up a worker already.
Deferred<Response> Engine::fetchNow(Request request) {
  for (;;) {
    if (!request.url.isHttp()) co_return Failure(IgnoreRequest("fetching " + request.describe() + ": only http and https are fetched"));
    while (paused_ && stopReason_.empty()) {
      auto waiting = resumed();
      co_await waiting;
    }
    request.waitsInDownloader = true;
    stats_.incValue("inline/request_count");
    auto fetching = downloader_.fetch(std::make_shared<const Request>(request));
    auto outcome = co_await fetching.outcome();
    if (outcome) co_return std::move(*outcome);
    const Failure& failure = outcome.failure();
    if (const auto* instead = failure.as<RequestInstead>()) request = *instead->request;
    else if (failure.check<RetryRequest>()) ++request.retryTimes;
    else if (aborted_ || !failure.check<Postponed>()) co_return failure;
  }
}

Deferred<std::optional<Lease>> Engine::next() {
  if (!signals_.schedulerEmpty.empty() && !frontier_.counts().pending) signals_.schedulerEmpty.send();
  return frontier_.next();
}

// The spider's own start: feeds the frontier as it has room.
Deferred<> Engine::seed() {
  try {
    std::uint64_t taken = frontier_.startsTaken();     // by earlier runs of the job
    bool more = taken != std::numeric_limits<std::uint64_t>::max();
    while (more && stopReason_.empty()) {
      Called called = co_await runner_.start();
      more = !called.results.empty();
      for (Result& result : called.results) {
        if (taken && taken--) continue;
        auto taking = takeStart(std::move(result));
        more = co_await taking;
        if (!more || !stopReason_.empty()) break;
      }
      if (called.failure.exception()) called.failure.rethrow();
    }
  } catch (...) {
    const Failure failure;
    if (aborted_) co_return;
    startFailure_ = failure;
    kEngineLog.error("Error while reading start requests of ", spider_.name, ": ", failure);
    if (stopReason_.empty()) stopReason_ = "start_error";
  }
  if (stopReason_.empty() || stopReason_ == "start_error") frontier_.seeded();
}

// False when the frontier can keep nothing any more.
Deferred<bool> Engine::takeStart(Result result) {
  std::vector<Request> requests;
  Output output;
  output.starts = 1;
  if (result.isItem()) {
    std::vector<Item> items;
    items.push_back(std::move(result.item()));
    if (pipelines_.any()) {
      auto processed = pipelines_.process(std::move(items), nullptr);
      items = co_await processed;
      if (aborted_) co_return false;
    }
    write(items, output);
  } else if (scraper_.accepts(result.request(), nullptr)) {
    requests.push_back(std::move(result.request()));
    requests.back().isStartRequest = true;
  }
  auto adding = enqueue(std::move(requests), std::move(output));
  if (!co_await adding) co_return false;
  co_await frontier_.room(kStartBacklog);
  co_return true;
}

// Requests that no page led to. False when the frontier can keep nothing any more.
Deferred<bool> Engine::enqueue(std::vector<Request> requests, Output output) {
  for (const Request& request : requests) signals_.requestScheduled.send(request);
  Output written = lineCounts(output);
  auto adding = frontier_.add(std::move(requests), std::move(output));
  return safe(std::move(adding), std::move(written));
}

void Engine::crawl(Request request) {
  if (ended_ || !stopReason_.empty() || !scraper_.accepts(request, nullptr)) return;
  std::vector<Request> requests;
  requests.push_back(std::move(request));
  brought_.add(enqueue(std::move(requests), Output()));
}

// The crawl ends when nothing is left to do, and nobody who listens to spider_idle has anything to add.
Deferred<> Engine::watchIdle() {
  frontier_.holdOpen(true);
  while (stopReason_.empty()) {
    auto idle = frontier_.idle();
    co_await idle;
    if (!stopReason_.empty()) break;
    const Failure answer = signals_.spiderIdle.send();
    if (const auto* close = answer.as<CloseSpider>()) stop(close->what());
    const FrontierCounts counts = frontier_.counts();
    if (counts.pending || counts.leased) continue;
    if (!answer.check<DontCloseSpider>()) break;
    Deferred<> pause;
    idlePause_ = pause.takeTrigger();
    idleCall_ = clock_.callLater(kIdleEvery, [this] { std::exchange(idlePause_, Trigger<>()).callback(); });
    co_await pause;
  }
  frontier_.holdOpen(false);
}

// The request is done: its items go to the feeds, its requests to the frontier.
Deferred<> Engine::commit(Lease lease, Scraped scraped) {
  Output output;
  if (!write(scraped.items, output)) {
    if (scraped.fate != Fate::Failed) stats_.incValue("failed_count/" + errorName(feedFailure_));
    scraped.fate = Fate::Failed;
    scraped.cause = feedFailure_.getErrorMessage();
  }
  output.cause = scraped.cause;
  const std::optional<std::string> closeReason = std::move(scraped.closeReason);
  if (!signals_.requestScheduled.empty())
    for (const Request& request : scraped.requests) signals_.requestScheduled.send(request);
  Output written = lineCounts(output);
  auto request = lease.request;
  auto committing = frontier_.commit(std::move(lease), scraped.fate, std::move(scraped.requests), std::move(output));
  auto keeping = safe(std::move(committing), std::move(written));
  const bool isSafe = co_await keeping;
  if (!isSafe) co_return;
  if (closeReason) stop(*closeReason);
  if (scraped.fate == Fate::Failed || (scraped.fate != Fate::Retry && scraped.status >= 400)) {
    if (scraped.cause.empty()) scraped.cause = std::to_string(scraped.status) + " " + std::string(http::reasonPhrase(scraped.status));
    recentFailures_.emplace_back(std::string(request->url.href()), scraped.cause, request->retryTimes + 1, elapsed());
    if (recentFailures_.size() > kRecentFailures) recentFailures_.pop_front();
  }
  if (scraped.fate == Fate::Failed) {
    ++failures_;
    if (failedPages_.size() < kMaxFailedPages) failedPages_.emplace_back(std::string(request->url.href()), scraped.cause, request->retryTimes + 1, elapsed());
  }
  if (scraped.fate != Fate::Retry) {
    ++pages_;
    pagesWithoutItem_ = scraped.items.empty() ? pagesWithoutItem_ + 1 : 0;
    if (scraped.status) ++pageStatuses_[scraped.status];
  }
  checkLimits();
}

void Engine::checkLimits() {
  const auto reached = [](std::int64_t limit, std::int64_t count) { return limit && count >= limit; };
  if (reached(settings_.closespiderItemcount, itemCount_)) stop("closespider_itemcount");
  if (reached(settings_.closespiderPagecount, pages_)) stop("closespider_pagecount");
  if (reached(settings_.closespiderErrorcount, failures_)) stop("closespider_errorcount");
  if (reached(settings_.closespiderPagecountNoItem, pagesWithoutItem_)) stop("closespider_pagecount_no_item");
}

// True when the frontier has it. Otherwise the crawl stops: the frontier's disk fails.
Deferred<bool> Engine::safe(Deferred<std::size_t> committing, Output written) {
  const auto outcome = co_await committing.outcome();
  if (aborted_) co_return false;
  if (!outcome) {
    if (!feedFailure_.exception()) feedFailure_ = outcome.failure();
    stop("journal_error");
    co_return false;
  }
  for (const FeedLines& lines : written.feeds) feeds_[lines.feed]->wrote(lines.count);
  co_return true;
}

// Writes the items, or hands their lines to the frontier that does. False when the feeds can no longer be written.
bool Engine::write(std::vector<Item>& items, Output& output) {
  if (items.empty()) return true;
  if (feedFailure_.exception()) return false;
  if (!signals_.itemScraped.empty())
    for (const Item& item : items) signals_.itemScraped.send(item);
  try {
    for (const Item& item : items)
      for (const auto& feed : feeds_) feed->write(item);
  } catch (...) {
    failFeed();
    return false;
  }
  itemCount_ += static_cast<std::int64_t>(items.size());
  if (!frontier_.writesFeeds()) {
    if (!flushCall_.active()) flushCall_ = clock_.callLater(1, [this] { flush(); });    // who reads along waits a second at most
    return true;
  }
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    std::uint64_t count = 0;
    if (std::string lines = feeds_[i]->take(count); !lines.empty()) output.feeds.emplace_back(i, std::move(lines), count);
  }
  return true;
}

void Engine::flush() {
  try {
    for (const auto& feed : feeds_) feed->flush();
  } catch (...) {
    failFeed();
  }
}

// Called in a catch block.
void Engine::failFeed() {
  if (!feedFailure_.exception()) feedFailure_ = Failure();
  stop("feed_error");
}

void Engine::stop(std::string_view reason) {
  if (ended_ || !stopReason_.empty()) return;
  stopReason_ = reason;
  kEngineLog.info("Closing spider (", reason, ")");
  if (idleCall_.active()) idleCall_.cancel();
  frontier_.close();
  paused_ = false;
  wakeWaiting();
  if (idlePause_.active()) std::exchange(idlePause_, Trigger<>()).callback();
}

void Engine::pause() {
  if (paused_ || ended_ || !stopReason_.empty()) return;
  paused_ = true;
  kEngineLog.info("Paused");
  frontier_.limit(allowed());
}

void Engine::resume() {
  if (!std::exchange(paused_, false)) return;
  kEngineLog.info("Resumed");
  frontier_.limit(allowed());
  wakeWaiting();
}

void Engine::wakeWaiting() {
  for (Trigger<>& waiter : std::exchange(whenResumed_, {}))
    if (waiter.active()) waiter.callback();
}

Deferred<> Engine::resumed() {
  Deferred<> resumed;
  whenResumed_.push_back(resumed.takeTrigger());
  return resumed;
}

void Engine::setConcurrency(int requests) {
  concurrency_ = std::max(requests, 1);
  if (!begun_ || ended_) return;
  for (; workers_ < concurrency_; ++workers_) more_.add(worker());
  frontier_.limit(allowed());
}

void Engine::abort() {
  stop("shutdown");
  aborted_ = true;
  pipelines_.abort();
  more_.cancel();
  brought_.cancel();
}

void Engine::finish() {
  if (flushCall_.active()) flushCall_.cancel();
  try {
    // Behind the lines of a job that was aborted, the journal may still be writing.
    if (!feedFailure_.exception() && !(aborted_ && frontier_.writesFeeds()))
      for (const auto& feed : feeds_) feed->close();
  } catch (...) {
    feedFailure_ = Failure();
    if (stopReason_.empty()) stopReason_ = "feed_error";
  }
  for (DelayedCall* call : {&limitCall_, &itemLimitCall_, &progressCall_})
    if (call->active()) call->cancel();
  end_ = clock_.now();
  ended_ = true;
  closeReason_ = stopReason_.empty() ? "finished" : stopReason_;
  const FrontierCounts counts = frontier_.counts();
  stats_.setValue("scheduler/enqueued", static_cast<std::int64_t>(counts.enqueued));
  stats_.setValue("scheduler/dequeued", leases_);
  stats_.setValue("dupefilter/filtered", static_cast<std::int64_t>(counts.filtered));
  if (counts.overflowed) {
    stats_.setValue("scheduler/overflowed", static_cast<std::int64_t>(counts.overflowed));
    kEngineLog.warning(counts.overflowed, " requests were dropped: more than ", settings_.schedulerMaxPending, " were waiting (SCHEDULER_MAX_PENDING)");
  }
  stats_.setValue("elapsed_time_seconds", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count());
}

// A spider on another thread that does not come to an end is not told that it has been aborted.
Deferred<> Engine::tellSpider() {
  const Called called = co_await runner_.closed(closeReason_);
  if (called.failure.exception()) kEngineLog.error("Spider ", spider_.name, " failed in closed(): ", called.failure);
  kEngineLog.info("Spider closed (", closeReason_, ")");
  signals_.spiderClosed.send(closeReason_);
  if (!feedFailure_.exception() && !aborted_)
    for (const auto& feed : feeds_) signals_.feedSlotClosed.send(*feed);
  signals_.feedExporterClosed.send();
  signals_.engineStopped.send();
  if (!aborted_) leaveSpider();                        // else callbacks may still be running on threads
}

void Engine::watchLimits() {
  if (settings_.closespiderTimeout > 0) limitCall_ = clock_.callLater(settings_.closespiderTimeout, [this] { stop("closespider_timeout"); });
  watchItems();
}

void Engine::watchItems() {
  if (settings_.closespiderTimeoutNoItem <= 0) return;
  itemLimitCall_ = clock_.callLater(settings_.closespiderTimeoutNoItem, [this] {
    if (std::exchange(itemsAtLastLook_, itemCount_) == itemCount_) stop("closespider_timeout_no_item");
    else watchItems();
  });
}

void Engine::logProgress() {
  if (settings_.logstatsInterval <= 0) return;
  progressCall_ = clock_.callLater(settings_.logstatsInterval, [this] {
    const double perMinute = 60 / settings_.logstatsInterval;
    const auto rate = [perMinute](std::int64_t now, std::int64_t& before) {
      return static_cast<std::int64_t>(static_cast<double>(now - std::exchange(before, now)) * perMinute);
    };
    const std::int64_t pageRate = rate(pages_, pagesAtLastLog_), itemRate = rate(itemCount_, itemsAtLastLog_);
    kEngineLog.info("Crawled ", pages_, " pages (at ", pageRate, " pages/min), scraped ", itemCount_, " items (at ", itemRate, " items/min)");
    logProgress();
  });
}

}  // namespace weft::crawler
