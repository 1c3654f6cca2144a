#include <weft/crawler/http_cache/internal/http_cache_store.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/crawler/internal/loggers.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

namespace weft::crawler::internal {

namespace {

std::size_t sizeOf(const PutPage& page) noexcept { return page.body.size() + page.head.headers.wire().size() + page.head.url.size(); }

}  // namespace

struct HttpCacheStore::State {
  struct Lookup {
    Fingerprint print;
    std::string origin;
    http::Headers fields;
    Trigger<std::optional<CachedPage>> trigger;
    bool behindChanges = false;                        // asks for what is being put
    std::optional<CachedPage> found;
  };
  // What goes to the thread and comes back.
  struct Group {
    std::vector<Lookup> lookups;
    std::vector<CacheChange> changes;
    std::vector<Trigger<>> waiting;                    // for room
    std::size_t bytes = 0;
    Date now;
    std::uint64_t evicted = 0, unread = 0;
    std::string readError, writeError;                 // empty: none
  };

  State(std::unique_ptr<HttpCacheFile> file, Clock& clock, Reactor* reactor, std::function<Date()> now, Stats& stats)
      : file(std::move(file)), clock(clock), reactor(reactor), now(std::move(now)), stats(stats) {
    if (!reactor) return;
    pool = std::make_unique<ThreadPool>(0, 1, "weft-httpcache");
    pool->start();
  }

  // ---- on the thread, or in place of it

  void attempt(Group& group) noexcept {
    look(group, false);
    if (!group.changes.empty()) {
      try {
        group.evicted = file->change(group.changes, group.now);
      } catch (const std::exception& error) {
        group.writeError = error.what();
      }
    }
    look(group, true);
  }
  void look(Group& group, bool behindChanges) noexcept {
    for (Lookup& lookup : group.lookups) {
      if (lookup.behindChanges != behindChanges) continue;
      try {
        lookup.found = file->find(lookup.print, lookup.origin, lookup.fields, group.now);
      } catch (const std::exception& error) {
        ++group.unread;
        group.readError = error.what();
      }
    }
  }

  // ---- on the engine's

  bool isBeingPut(Fingerprint print) const {
    return std::any_of(next.changes.begin(), next.changes.end(), [print](const CacheChange& change) {
      const auto* page = std::get_if<PutPage>(&change);
      return page && page->print == print;
    });
  }
  void enter(CacheChange change, std::size_t size) {
    if (closed) return;
    if (!reactor) {
      Group alone;
      alone.changes.push_back(std::move(change));
      return inPlace(alone);
    }
    next.changes.push_back(std::move(change));
    next.bytes += size;
    if (next.bytes >= kLargeGroup) return start();
    if (gather.active()) return;
    gather = clock.callLater(kGatherFor, [this] {
      due = true;
      start();
    });
  }
  void inPlace(Group& group) {
    group.now = now();
    attempt(group);
    tell(group);
  }
  // Lookups do not wait, and do not take along what may still wait for company: a transaction for each page costs as much as the page.
  void start() {
    if (running) return;
    const bool isAskedFor = std::any_of(next.lookups.begin(), next.lookups.end(), [](const Lookup& one) { return one.behindChanges; });
    const bool writes = due || isAskedFor || next.bytes >= kLargeGroup || !next.waiting.empty();
    if (next.lookups.empty() && !writes) return;
    running = true;
    auto group = std::make_shared<Group>();
    if (writes) {
      *group = std::exchange(next, Group());
      due = false;
      if (gather.active()) gather.cancel();
    } else {
      group->lookups = std::exchange(next.lookups, {});
    }
    group->now = now();
    inFlight = group->bytes;
    pool->callInThread([this, group = std::move(group), alive = alive]() mutable {
      attempt(*group);
      {
        const std::lock_guard lock(mutex);
        back = std::move(group);
      }
      reactor->callFromThread([this, alive = std::move(alive)] {
        if (*alive) ended();
      });
    });
  }
  void ended() {
    std::shared_ptr<Group> group;
    {
      const std::lock_guard lock(mutex);
      group = std::move(back);
    }
    if (!group) return;                                // close() has seen to it
    inFlight = 0;
    tell(*group);
    fire(*group);
    running = false;
    if (!closed) start();
  }
  static void fire(Group& group) {
    for (Lookup& lookup : group.lookups) lookup.trigger.callback(std::move(lookup.found));
    for (Trigger<>& waiter : group.waiting) waiter.callback();
  }
  void tell(const Group& group) {
    if (group.evicted) stats.incValue("httpcache/evicted", static_cast<std::int64_t>(group.evicted));
    if (group.unread) {
      stats.incValue("httpcache/retrieve_error", static_cast<std::int64_t>(group.unread));
      if (!std::exchange(toldOfReading, true)) kHttpCacheLog.error(group.readError, "; pages that cannot be read count as missing");
    }
    if (!group.writeError.empty()) {
      stats.incValue("httpcache/store_error", static_cast<std::int64_t>(group.changes.size()));
      if (!std::exchange(toldOfWriting, true)) kHttpCacheLog.error(group.writeError, "; the crawl goes on, and what cannot be written is not kept");
    }
  }
  // Gives back those who wait, for whoever wants to fire or drop them.
  std::vector<std::shared_ptr<Group>> close() {
    std::vector<std::shared_ptr<Group>> groups;
    if (std::exchange(closed, true)) return groups;
    if (gather.active()) gather.cancel();
    if (pool) pool->stop();                            // it ends what it was given
    if (back) {
      tell(*back);
      groups.push_back(std::move(back));
    }
    groups.push_back(std::make_shared<Group>(std::exchange(next, Group())));
    inPlace(*groups.back());
    file->noteUsed(now());
    return groups;
  }

  const std::unique_ptr<HttpCacheFile> file;           // the thread's, while a group is there
  Clock& clock;
  Reactor* const reactor;
  const std::function<Date()> now;
  Stats& stats;
  Group next;
  std::size_t inFlight = 0;                            // bytes that are being written
  bool running = false, due = false, closed = false, toldOfReading = false, toldOfWriting = false;
  DelayedCall gather;
  std::mutex mutex;
  std::shared_ptr<Group> back;                         // under the mutex
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  std::unique_ptr<ThreadPool> pool;
};

HttpCacheStore::HttpCacheStore(std::unique_ptr<HttpCacheFile> file, Clock& clock, Reactor* reactor, std::function<Date()> now, Stats& stats)
    : state_(std::make_unique<State>(std::move(file), clock, reactor, std::move(now), stats)) {}

HttpCacheStore::~HttpCacheStore() {
  *state_->alive = false;
  state_->close();                                     // who still waits is told so by an AbandonedError
}

Deferred<std::optional<CachedPage>> HttpCacheStore::find(Fingerprint print, std::string origin, http::Headers fields) {
  State& state = *state_;
  if (state.closed) return succeed(std::optional<CachedPage>());
  State::Lookup lookup;
  lookup.print = print;
  lookup.origin = std::move(origin);
  lookup.fields = std::move(fields);
  if (!state.reactor) {
    State::Group alone;
    alone.lookups.push_back(std::move(lookup));
    state.inPlace(alone);
    return succeed(std::move(alone.lookups.front().found));
  }
  Deferred<std::optional<CachedPage>> found;
  lookup.trigger = found.takeTrigger();
  lookup.behindChanges = state.isBeingPut(print);
  state.next.lookups.push_back(std::move(lookup));
  state.start();
  return found;
}

Deferred<> HttpCacheStore::put(PutPage page) {
  State& state = *state_;
  const std::size_t size = sizeOf(page);
  state.enter(std::move(page), size);
  if (state.next.bytes + state.inFlight <= kMaxWaiting) return succeed();
  Deferred<> room;
  state.next.waiting.push_back(room.takeTrigger());
  return room;
}

void HttpCacheStore::freshen(FreshenPage page) {
  const std::size_t size = page.head.headers.wire().size();
  state_->enter(std::move(page), size);
}

void HttpCacheStore::remove(RemovePages pages) { state_->enter(pages, sizeof pages); }

void HttpCacheStore::close() {
  for (const auto& group : state_->close()) State::fire(*group);
}

}  // namespace weft::crawler::internal
