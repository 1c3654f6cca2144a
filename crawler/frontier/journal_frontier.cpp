#include <weft/crawler/frontier/journal_frontier.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/crawler/frontier/internal/callback_name.hpp>
#include <weft/crawler/frontier/internal/frontier_core.hpp>
#include <weft/crawler/frontier/internal/journal.hpp>
#include <weft/crawler/internal/loggers.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::size_t kKeptInMemory = 64 << 20;        // bytes of requests that wait
constexpr double kGatherFor = 0.002;                   // seconds that a group waits for company
constexpr std::size_t kLargeGroup = 4 << 20;           // bytes that are written at once, however few wait for them

}  // namespace

struct JournalFrontier::State final : FrontierCore::Store {
  struct Waiter {
    std::size_t added;
    Trigger<std::size_t> trigger;
  };
  struct Loading {
    HostQueue* host;
    std::vector<LoadedRecord> records;
  };
  // What goes to the journal's thread and comes back.
  struct Group {
    JournalBatch batch;
    std::vector<Waiter> waiters;
    std::vector<Loading> loads;
    std::optional<Failure> failure;
  };

  State(const std::string& folder, const Spider& spider, const Settings& settings, Politeness& politeness, Clock& clock, Reactor* reactor)
      : spider(spider), clock(clock), reactor(reactor), journal(folder, spider, settings.jobDurability == "power"), core(settings, politeness, this),
        enough(std::max<std::size_t>(1, static_cast<std::size_t>(settings.concurrentRequests) * 3 / 4)) {
    journal.readState(next.batch);
    starts = next.batch.seeded ? std::numeric_limits<std::uint64_t>::max() : next.batch.starts;
    core.counts = next.batch.counts;
    journal.readCallbacks(spider, core.codec);
    namedCallbacks = core.codec.callbacks().size();
    namedErrbacks = core.codec.errbacks().size();
    journal.readSeen([this](Fingerprint print) { core.seen.insert(print); });
    journal.readRequests([this](std::uint64_t id, std::string_view bytes) {
      const Request request = core.codec.decode(bytes);
      const bool keep = hold(bytes.size());
      core.put(id, keep ? bytes : std::string_view(), Politeness::slotName(request), request.priority, request.isStartRequest);
      lastId = id;
    });
    safe = core.counts;
    if (reactor) {
      pool = std::make_unique<ThreadPool>(0, 1, "weft-journal");
      pool->start();
    }
    if (journal.resumed()) {
      kJournalLog.info("Resuming the job in ", folder, ": ", core.counts.done + core.counts.failed + core.counts.dropped, " requests are done, ", core.counts.pending, " wait");
    }
  }
  ~State() {
    *alive = false;
    if (pool) pool->stop();
    for (DelayedCall* call : {&gather, &again})
      if (call->active()) call->cancel();
  }

  // ---- of the core's store

  bool hold(std::size_t bytes) noexcept {
    if (inMemory + bytes > kKeptInMemory) return false;
    inMemory += bytes;
    return true;
  }
  std::uint64_t added(Fingerprint print, bool isNew, std::string_view bytes, bool& keep) override {
    keep = hold(bytes.size());
    if (isNew) next.batch.prints.append(reinterpret_cast<const char*>(&print), sizeof print);
    next.batch.written.emplace_back(++lastId, bytes);
    waitingBytes += bytes.size();
    return lastId;
  }
  void load(HostQueue& host, std::vector<LoadedRecord> records) override {
    next.loads.push_back({&host, std::move(records)});
    kickSoon(0);
  }
  void taken(std::size_t bytes) override { inMemory -= std::min(bytes, inMemory); }

  // ---- groups

  Deferred<std::size_t> enter(std::size_t added, Output output) {
    if (broken) return fail<std::size_t>(*broken);
    for (FeedLines& lines : output.feeds) {
      waitingBytes += lines.bytes.size();
      next.batch.feeds.push_back(std::move(lines));
    }
    if (starts != std::numeric_limits<std::uint64_t>::max()) starts += output.starts;
    next.batch.dirty = true;
    Deferred<std::size_t> result;
    next.waiters.push_back({added, result.takeTrigger()});
    if (next.waiters.size() >= enough || waitingBytes >= kLargeGroup) write();
    else kickSoon(kGatherFor);
    return result;
  }
  void kickSoon(double seconds) {
    if (writing) return;                               // its end will see to it
    if (gather.active()) {
      if (seconds > 0) return;
      gather.cancel();
    }
    gather = clock.callLater(seconds, [this] { write(); });
  }
  void write() {
    if (writing || again.active() || (next.batch.empty() && next.loads.empty())) return;
    if (gather.active()) gather.cancel();
    writing = true;
    auto group = std::make_shared<Group>(std::exchange(next, Group()));
    waitingBytes = 0;
    for (; namedCallbacks < core.codec.callbacks().size(); ++namedCallbacks)
      group->batch.named.push_back({0, namedCallbacks, callbackName(spider, core.codec.callbacks()[namedCallbacks])});
    for (; namedErrbacks < core.codec.errbacks().size(); ++namedErrbacks)
      group->batch.named.push_back({1, namedErrbacks, callbackName(spider, core.codec.errbacks()[namedErrbacks])});
    group->batch.counts = core.counts;
    group->batch.starts = starts == std::numeric_limits<std::uint64_t>::max() ? 0 : starts;
    group->batch.seeded = seededNow || starts == std::numeric_limits<std::uint64_t>::max();
    run(std::move(group));
  }
  void run(std::shared_ptr<Group> group) {
    if (!reactor) {
      attempt(*group);
      return written(std::move(group));
    }
    pool->callInThread([this, group = std::move(group), alive = alive]() mutable {
      attempt(*group);
      reactor->callFromThread([this, group = std::move(group), alive = std::move(alive)]() mutable {
        if (*alive) written(std::move(group));
      });
    });
  }
  // On the journal's thread.
  void attempt(Group& group) noexcept {
    try {
      if (!group.batch.empty()) journal.commit(group.batch);
      group.batch.dirty = false;
      for (Loading& loading : group.loads) journal.load(loading.records);
      group.failure.reset();
    } catch (...) {
      group.failure = Failure();
    }
  }
  void written(std::shared_ptr<Group> group) {
    if (group->failure && group->failure->check<JournalFull>() && !core.closed) {
      if (!std::exchange(full, true)) kJournalLog.error(group->failure->what(), ": the crawl is paused, and goes on when there is room; stop it (Ctrl-C) and resume it later if you like");
      again = clock.callLater(1, [this, group] { run(group); });
      held = std::move(group);
      return;
    }
    held.reset();
    writing = false;
    if (group->failure) return breakOff(*group);
    if (std::exchange(full, false)) kJournalLog.info("There is room again: the crawl goes on");
    safe = group->batch.counts;
    for (Loading& loading : group->loads) core.loaded(*loading.host, std::move(loading.records));
    const auto stillHere = alive;
    for (Waiter& waiter : group->waiters) {
      waiter.trigger.callback(waiter.added);
      if (!*stillHere) return;
    }
    if (next.waiters.size() >= enough || !next.loads.empty()) write();
    else if (!next.batch.empty()) kickSoon(kGatherFor);
  }
  void breakOff(Group& group) {
    broken = *group.failure;
    auto waiters = std::move(group.waiters);
    for (Waiter& waiter : next.waiters) waiters.push_back(std::move(waiter));
    next = Group();
    core.close();
    for (Waiter& waiter : waiters) waiter.trigger.errback(*broken);
  }
  // Nobody waits for room any more.
  void giveUpWaiting() {
    if (!again.active() || !held) return;
    again.cancel();
    written(std::exchange(held, nullptr));
  }

  const Spider& spider;
  Clock& clock;
  Reactor* const reactor;
  Journal journal;
  FrontierCore core;
  const std::size_t enough;
  std::unique_ptr<ThreadPool> pool;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);          // read and written on the reactor's thread
  Group next;
  std::shared_ptr<Group> held;                         // waits for room
  bool writing = false, full = false, seededNow = false;
  std::optional<Failure> broken;
  FrontierCounts safe;                                 // as of the last group that was written
  std::uint64_t lastId = 0, starts = 0;
  std::size_t inMemory = 0, waitingBytes = 0, namedCallbacks = 1, namedErrbacks = 1;
  DelayedCall gather, again;
};

JournalFrontier::JournalFrontier(const std::string& folder, const Spider& spider, const Settings& settings, Politeness& politeness, Reactor& reactor)
    : state_(std::make_unique<State>(folder, spider, settings, politeness, reactor, &reactor)) {}
JournalFrontier::JournalFrontier(const std::string& folder, const Spider& spider, const Settings& settings, Politeness& politeness, Clock& clock)
    : state_(std::make_unique<State>(folder, spider, settings, politeness, clock, nullptr)) {}
JournalFrontier::~JournalFrontier() { state_->core.close(); }

bool JournalFrontier::resumed() const noexcept { return state_->journal.resumed(); }
bool JournalFrontier::knowsFeed(const std::string& path) const { return state_->journal.knowsFeed(feedPath(path)); }

void JournalFrontier::openFeeds(const std::vector<std::string>& paths, std::vector<Packer> packers) {
  std::vector<std::string> full;
  for (const std::string& path : paths) full.push_back(feedPath(path));
  state_->journal.openFeeds(full, std::move(packers));
}

std::string JournalFrontier::feedPath(const std::string& path) {
  std::error_code error;
  if (path == "-") return path;
  const auto full = std::filesystem::weakly_canonical(path, error);
  return error ? path : full.string();
}

Deferred<std::size_t> JournalFrontier::add(std::vector<Request> requests, Output output) {
  State& state = *state_;
  const std::size_t added = state.core.addAll(requests);
  auto safe = state.enter(added, std::move(output));
  state.core.serve();
  return safe;
}

void JournalFrontier::seeded() {
  State& state = *state_;
  state.seededNow = true;
  if (!state.broken) {
    state.next.batch.dirty = true;
    state.kickSoon(kGatherFor);
  }
  state.core.setSeeded();
}

Deferred<std::optional<Lease>> JournalFrontier::next() { return state_->core.next(); }

Deferred<std::size_t> JournalFrontier::commit(Lease lease, Fate fate, std::vector<Request> children, Output output) {
  State& state = *state_;
  const std::size_t added = state.core.addAll(children);
  std::string bytes;
  if (fate == Fate::Retry) {
    state.core.codec.encode(*lease.request, bytes);
    state.next.batch.written.emplace_back(lease.id, bytes);
    if (!state.hold(bytes.size())) bytes.clear();
  } else {
    state.next.batch.ended.push_back(lease.id);
    if (fate == Fate::Failed) state.next.batch.failed.push_back({lease.request->url.href(), output.cause, lease.request->retryTimes + 1});
  }
  state.core.settle(lease, fate, bytes);
  auto safe = state.enter(added, std::move(output));
  state.core.serve();
  return safe;
}

Deferred<> JournalFrontier::room(std::size_t most) { return state_->core.room(most); }
void JournalFrontier::holdOpen(bool hold) { state_->core.holdOpen(hold); }
Deferred<> JournalFrontier::idle() { return state_->core.idle(); }
void JournalFrontier::onDropped(std::function<void(const Request&)> handler) { state_->core.onDropped = std::move(handler); }

void JournalFrontier::limit(std::uint64_t leases) { state_->core.limit(leases); }

void JournalFrontier::close() {
  state_->core.close();
  state_->giveUpWaiting();
}

FrontierCounts JournalFrontier::counts() const {
  if (!state_->broken) return state_->core.counts;
  FrontierCounts counts = state_->safe;                // what was not written has not happened
  counts.pending += std::exchange(counts.leased, 0);
  return counts;
}

bool JournalFrontier::seen(const http::Url& url) const { return state_->core.seen.contains(fingerprint(url)); }
void JournalFrontier::shareSeen() { state_->core.seen.share(); }

std::uint64_t JournalFrontier::startsTaken() const noexcept { return state_->starts; }

}  // namespace weft::crawler
