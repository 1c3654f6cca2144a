#include <weft/crawler/frontier/internal/frontier_core.hpp>

#include <utility>

namespace weft::crawler {

FrontierCore::FrontierCore(const Settings& settings, Politeness& politeness, Store* store)
    : politeness_(politeness), store_(store), order_(settings.schedulerOrder), maxPending_(static_cast<std::uint64_t>(settings.schedulerMaxPending)) {}

FrontierCore::~FrontierCore() {
  if (timer_.active()) timer_.cancel();
  politeness_.eachSlot([](Slot& slot) {
    delete static_cast<HostQueue*>(slot.queue);
    slot.queue = nullptr;
    slot.waiting = 0;
    slot.active = 0;
  });
}

HostQueue& FrontierCore::hostOf(Slot& slot) {
  if (!slot.queue) slot.queue = new HostQueue(slot);
  return *static_cast<HostQueue*>(slot.queue);
}

// Puts the host where it belongs, after its queue, its leases or its politeness changed.
void FrontierCore::refile(HostQueue& host) {
  Slot::Time at = Politeness::kNever;
  if (!host.empty() && !host.loading) at = politeness_.readyAt(host.slot);
  if (at <= politeness_.clock().now()) {
    due_.remove(host);
    ready_.place(host);
  } else if (at < Politeness::kNever) {
    ready_.remove(host);
    host.due = at;
    due_.place(host);
  } else {
    ready_.remove(host);
    due_.remove(host);
  }
}

// The host whose turn it is, or null.
HostQueue* FrontierCore::readyHost() {
  if (counts.leased >= most_) return nullptr;
  const Slot::Time now = politeness_.clock().now();
  while (!due_.empty() && due_.first().due <= now) refile(due_.first());
  while (!ready_.empty()) {
    HostQueue& host = ready_.first();
    if (politeness_.readyAt(host.slot) > now) {        // it has asked for a pause meanwhile
      refile(host);
      continue;
    }
    if (host.loadedFirst()) return &host;
    std::string_view record = host.queue.top();
    takeVarint(record);
    if (!record.empty()) return &host;
    load(host);
  }
  return nullptr;
}

// Fetches the next records of a host that are not in memory.
void FrontierCore::load(HostQueue& host) {
  std::vector<LoadedRecord> records;
  while (records.size() < kLoadedAtOnce && !host.queue.empty()) {
    std::string_view record = host.queue.top();
    const std::uint64_t id = takeVarint(record);
    if (!record.empty()) break;
    records.push_back({id, host.queue.topPriority(), {}});
    host.queue.pop();
  }
  host.loading = true;
  ready_.remove(host);
  store_->load(host, std::move(records));
}

void FrontierCore::loaded(HostQueue& host, std::vector<LoadedRecord> records) {
  host.loading = false;
  for (LoadedRecord& record : records) host.loaded.push_back(std::move(record));
  refile(host);
  serve();
}

void FrontierCore::put(std::uint64_t id, std::string_view bytes, std::string_view slotName, int priority, bool start) {
  HostQueue& host = hostOf(politeness_.slot(slotName));
  record_.clear();
  appendVarint(record_, id);
  record_ += bytes;
  host.queue.push(record_, priority, start, order_);
  ++host.slot.waiting;
  ++counts.pending;
  refile(host);
}

std::size_t FrontierCore::addAll(std::vector<Request>& requests) {
  std::size_t added = 0;
  std::string bytes;
  for (Request& request : requests) {
    // A request that is not filtered is recorded all the same: a page that links back to a start URL finds it seen.
    const Fingerprint print = fingerprint(request);
    if (!request.dontFilter && (counts.pending >= maxPending_ ? seen.contains(print) : !seen.insert(print))) {
      ++counts.filtered;
      if (onDropped) onDropped(request);
      continue;
    }
    if (counts.pending >= maxPending_) {
      ++counts.overflowed;
      if (onDropped) onDropped(request);
      continue;
    }
    const bool isNew = !request.dontFilter || seen.insert(print);
    ++counts.enqueued;
    ++added;
    bytes.clear();
    codec.encode(request, bytes);
    bool keep = true;
    const std::uint64_t id = store_ ? store_->added(print, isNew, bytes, keep) : 0;
    put(id, keep ? std::string_view(bytes) : std::string_view(), Politeness::slotName(request), request.priority, request.isStartRequest);
  }
  return added;
}

Lease FrontierCore::lease(HostQueue& host) {
  Lease lease;
  if (host.loadedFirst()) {
    LoadedRecord record = std::move(host.loaded.front());
    host.loaded.pop_front();
    lease.id = record.id;
    lease.request = std::make_shared<Request>(codec.decode(record.bytes));
  } else {
    std::string_view record = host.queue.top();
    lease.id = takeVarint(record);
    lease.request = std::make_shared<Request>(codec.decode(record));
    if (store_) store_->taken(record.size());
    host.queue.pop();
  }
  lease.slot = &host.slot;
  politeness_.started(host.slot);
  host.turn = ++turns_;
  --host.slot.waiting;
  --counts.pending;
  ++counts.leased;
  refile(host);
  return lease;
}

void FrontierCore::settle(Lease& lease, Fate fate, std::string_view retriedBytes) {
  Slot& slot = *static_cast<Slot*>(lease.slot);
  --counts.leased;
  politeness_.ended(slot);
  switch (fate) {
    case Fate::Done: ++counts.done; break;
    case Fate::Failed: ++counts.failed; break;
    case Fate::Dropped: ++counts.dropped; break;
    case Fate::Retry:
      ++counts.retried;
      put(lease.id, retriedBytes, slot.name, lease.request->priority, lease.request->isStartRequest);
      return;
  }
  if (auto* host = static_cast<HostQueue*>(slot.queue)) {
    refile(*host);
    dropIfEmpty(*host);
  }
}

// A host that nothing waits for costs nothing but its slot.
void FrontierCore::dropIfEmpty(HostQueue& host) {
  if (!host.empty() || host.loading || host.slot.active) return;
  host.slot.queue = nullptr;
  delete &host;
}

Deferred<std::optional<Lease>> FrontierCore::next() {
  if (over()) return succeed(std::optional<Lease>());
  if (waiting_.empty()) {
    if (HostQueue* host = readyHost()) {
      Deferred<std::optional<Lease>> next = succeed(std::optional<Lease>(lease(*host)));
      serve();                                         // there may be room now
      return next;
    }
  }
  Deferred<std::optional<Lease>> next;
  waiting_.push_back(next.takeTrigger());
  arm();
  return next;
}

void FrontierCore::serve() {
  while (!waiting_.empty()) {
    if (over() || !waiting_.front().active()) {        // nothing is taken for one that was cancelled or dropped
      Trigger<std::optional<Lease>> waiter = std::move(waiting_.front());
      waiting_.pop_front();
      waiter.callback(std::optional<Lease>());
      continue;
    }
    HostQueue* host = readyHost();
    if (!host) break;
    Trigger<std::optional<Lease>> waiter = std::move(waiting_.front());
    waiting_.pop_front();
    waiter.callback(std::optional<Lease>(lease(*host)));
  }
  while (!roomWaiting_.empty() && (closed || counts.pending < roomWaiting_.front().most)) {
    Trigger<> waiter = std::move(roomWaiting_.front().trigger);
    roomWaiting_.pop_front();
    waiter.callback();
  }
  arm();
  if (idleWaiting_.active() && (closed || isIdle())) std::exchange(idleWaiting_, Trigger<>()).callback();
}

// One timer, for the first host that waits for its time; none while nobody wants a request.
void FrontierCore::arm() {
  const bool wanted = !waiting_.empty() && !due_.empty() && counts.leased < most_;
  if (timer_.active()) {
    if (wanted && timerAt_ == due_.first().due) return;
    timer_.cancel();
  }
  if (!wanted) return;
  timerAt_ = due_.first().due;
  timer_ = politeness_.clock().callLater(std::max(timerAt_ - politeness_.clock().now(), Slot::Time{}), [this] { serve(); });
}

Deferred<> FrontierCore::room(std::size_t most) {
  if (closed || counts.pending < most) return succeed();
  Deferred<> room;
  roomWaiting_.push_back({most, room.takeTrigger()});
  return room;
}

void FrontierCore::holdOpen(bool hold) {
  held_ = hold;
  serve();
}

Deferred<> FrontierCore::idle() {
  if (closed || isIdle()) return succeed();
  Deferred<> idle;
  idleWaiting_ = idle.takeTrigger();
  return idle;
}

void FrontierCore::limit(std::uint64_t leases) {
  most_ = leases;
  politeness_.eachSlot([this](Slot& slot) {
    if (slot.queue) refile(*static_cast<HostQueue*>(slot.queue));
  });
  serve();
}

void FrontierCore::close() {
  closed = true;
  serve();
}

void FrontierCore::setSeeded() {
  seeded_ = true;
  serve();
}

}  // namespace weft::crawler
