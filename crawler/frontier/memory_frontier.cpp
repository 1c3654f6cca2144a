#include <weft/crawler/frontier/memory_frontier.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/crawler/frontier/internal/frontier_core.hpp>

#include <utility>

namespace weft::crawler {

// For a frontier that was given no Politeness: one that never waits, on a clock that stands still.
struct MemoryFrontier::Unhurried {
  explicit Unhurried(Settings settings) : politeness((settings.downloadDelay = 0, settings.autothrottleEnabled = false, settings.downloadSlots.clear(), settings), clock) {}
  ManualClock clock;
  Politeness politeness;
};

MemoryFrontier::MemoryFrontier(const Settings& settings, Politeness& politeness) : core_(std::make_unique<FrontierCore>(settings, politeness, nullptr)) {}
MemoryFrontier::MemoryFrontier(const Settings& settings)
    : unhurried_(std::make_unique<Unhurried>(settings)), core_(std::make_unique<FrontierCore>(settings, unhurried_->politeness, nullptr)) {}
MemoryFrontier::~MemoryFrontier() { close(); }

Deferred<std::size_t> MemoryFrontier::add(std::vector<Request> requests, Output) {
  const std::size_t added = core_->addAll(requests);
  core_->serve();
  return succeed(added);
}

void MemoryFrontier::seeded() { core_->setSeeded(); }

Deferred<std::optional<Lease>> MemoryFrontier::next() { return core_->next(); }

Deferred<std::size_t> MemoryFrontier::commit(Lease lease, Fate fate, std::vector<Request> children, Output) {
  const std::size_t added = core_->addAll(children);
  std::string bytes;
  if (fate == Fate::Retry) core_->codec.encode(*lease.request, bytes);
  core_->settle(lease, fate, bytes);
  core_->serve();
  return succeed(added);
}

Deferred<> MemoryFrontier::room(std::size_t most) { return core_->room(most); }
void MemoryFrontier::holdOpen(bool hold) { core_->holdOpen(hold); }
Deferred<> MemoryFrontier::idle() { return core_->idle(); }
void MemoryFrontier::onDropped(std::function<void(const Request&)> handler) { core_->onDropped = std::move(handler); }

void MemoryFrontier::limit(std::uint64_t leases) { core_->limit(leases); }

void MemoryFrontier::close() { core_->close(); }

FrontierCounts MemoryFrontier::counts() const { return core_->counts; }

bool MemoryFrontier::seen(const http::Url& url) const { return core_->seen.contains(fingerprint(url)); }
void MemoryFrontier::shareSeen() { core_->seen.share(); }

}  // namespace weft::crawler
