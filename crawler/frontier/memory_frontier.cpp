#include <weft/crawler/frontier/memory_frontier.hpp>

#include <weft/crawler/frontier/internal/host_queue.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace weft::crawler {

namespace {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};

}  // namespace

struct MemoryFrontier::State {
  explicit State(const Settings& settings)
      : perHost(static_cast<std::size_t>(settings.concurrentRequestsPerDomain)),
        order(settings.schedulerOrder),
        maxPending(static_cast<std::uint64_t>(settings.schedulerMaxPending)) {}

  HostQueue& hostOf(const Request& request) {
    const std::string_view name = request.url.host();
    if (lastHost && lastHost->name == name) return *lastHost;      // most links stay on their host
    auto found = hosts.find(name);
    if (found == hosts.end()) {
      found = hosts.emplace(std::string(name), std::make_unique<HostQueue>(std::string(name))).first;
    }
    lastHost = found->second.get();
    return *lastHost;
  }

  // Puts the host where it belongs in the heap, after its queue or its leases changed.
  void refile(HostQueue& host) {
    const bool may = !host.queue.empty() && host.leased < perHost;
    if (may) ready.place(host);
    else ready.remove(host);
  }

  void take(Request request) {
    HostQueue& host = hostOf(request);
    host.queue.push(std::move(request), order);
    ++counts.pending;
    refile(host);
  }

  std::size_t addAll(std::vector<Request>& requests) {
    std::size_t added = 0;
    for (Request& request : requests) {
      // A request that is not filtered is recorded all the same: a page that links back to a start URL finds it seen.
      const Fingerprint print = fingerprint(request);
      if (!request.dontFilter && (counts.pending >= maxPending ? seen.contains(print) : !seen.insert(print))) {
        ++counts.filtered;
        continue;
      }
      if (counts.pending >= maxPending) {
        ++counts.overflowed;
        continue;
      }
      if (request.dontFilter) seen.insert(print);
      ++counts.enqueued;
      ++added;
      take(std::move(request));
    }
    return added;
  }

  Lease lease() {
    HostQueue& host = *ready.first();
    auto request = std::make_shared<Request>(host.queue.pop());
    ++host.leased;
    host.turn = ++turns;
    --counts.pending;
    ++counts.leased;
    refile(host);
    return Lease(reinterpret_cast<std::uintptr_t>(&host), std::move(request));
  }

  bool over() const noexcept { return closed || (seeded && !counts.pending && !counts.leased); }

  // Hands out what can be handed out. Those who get something run when the caller returns, or at once, and may come back here.
  void serve() {
    while (!waiting.empty() && (over() || !ready.empty())) {
      Trigger<std::optional<Lease>> waiter = std::move(waiting.front());
      waiting.pop_front();
      if (over() || !waiter.active()) waiter.callback(std::optional<Lease>());   // nothing is taken for one that was cancelled or dropped
      else waiter.callback(std::optional<Lease>(lease()));
    }
    while (!roomWaiting.empty() && (closed || counts.pending < roomWaiting.front().most)) {
      Trigger<> waiter = std::move(roomWaiting.front().trigger);
      roomWaiting.pop_front();
      waiter.callback();
    }
  }

  struct RoomWaiter {
    std::size_t most;
    Trigger<> trigger;
  };

  const std::size_t perHost;
  const Order order;
  const std::uint64_t maxPending;
  std::unordered_map<std::string, std::unique_ptr<HostQueue>, StringHash, std::equal_to<>> hosts;
  HostQueue* lastHost = nullptr;
  HostHeap ready;
  FingerprintSet seen;
  FrontierCounts counts;
  std::uint64_t turns = 0;
  std::deque<Trigger<std::optional<Lease>>> waiting;
  std::deque<RoomWaiter> roomWaiting;
  bool seeded = false, closed = false;
};

MemoryFrontier::MemoryFrontier(const Settings& settings) : state_(std::make_unique<State>(settings)) {}
MemoryFrontier::~MemoryFrontier() { close(); }

Deferred<std::size_t> MemoryFrontier::add(std::vector<Request> requests) {
  const std::size_t added = state_->addAll(requests);
  state_->serve();
  return succeed(added);
}

void MemoryFrontier::seeded() {
  state_->seeded = true;
  state_->serve();
}

Deferred<std::optional<Lease>> MemoryFrontier::next() {
  State& state = *state_;
  if (state.over()) return succeed(std::optional<Lease>());
  if (!state.ready.empty() && state.waiting.empty()) {
    Deferred<std::optional<Lease>> next = succeed(std::optional<Lease>(state.lease()));
    state.serve();                                     // there may be room now
    return next;
  }
  Deferred<std::optional<Lease>> next;
  state.waiting.push_back(next.takeTrigger());
  return next;
}

Deferred<std::size_t> MemoryFrontier::commit(Lease lease, Fate fate, std::vector<Request> children) {
  State& state = *state_;
  auto& host = *reinterpret_cast<HostQueue*>(static_cast<std::uintptr_t>(lease.id));
  const std::size_t added = state.addAll(children);
  --host.leased;
  --state.counts.leased;
  switch (fate) {
    case Fate::Done: ++state.counts.done; break;
    case Fate::Failed: ++state.counts.failed; break;
    case Fate::Dropped: ++state.counts.dropped; break;
    case Fate::Retry:
      ++state.counts.retried;
      state.take(Request(*lease.request));
      break;
  }
  state.refile(host);
  state.serve();
  return succeed(added);
}

Deferred<> MemoryFrontier::room(std::size_t most) {
  State& state = *state_;
  if (state.closed || state.counts.pending < most) return succeed();
  Deferred<> room;
  state.roomWaiting.push_back({most, room.takeTrigger()});
  return room;
}

void MemoryFrontier::close() {
  state_->closed = true;
  state_->serve();
}

FrontierCounts MemoryFrontier::counts() const { return state_->counts; }

bool MemoryFrontier::seen(const http::Url& url) const { return state_->seen.contains(fingerprint(url)); }

}  // namespace weft::crawler
