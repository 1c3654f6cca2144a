// FrontierCore: what the frontiers have in common: who was seen, who waits, whose turn it is.
#pragma once

#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/frontier/internal/host_queue.hpp>
#include <weft/crawler/frontier/internal/request_codec.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/settings.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// The queue in memory. Hosts that may be asked now stand in one heap, those that must wait for a time in another, with one timer for the first of them; hosts with as many in flight as
/// they may have, or with nothing waiting, are in neither. A frontier that keeps its requests elsewhere as well is told of them by the Store.
class FrontierCore {
 public:
  /// Where requests are kept beside memory.
  class Store {
   public:
    /// A request was taken in. Gives its id; `keep` says whether its bytes stay in memory, or are to be asked for by load() when their turn comes.
    virtual std::uint64_t added(Fingerprint print, bool isNew, std::string_view bytes, bool& keep) = 0;
    /// Asks for the bytes of these records of a host: answered by FrontierCore::loaded(), now or later.
    virtual void load(HostQueue& host, std::vector<LoadedRecord> records) = 0;
    /// These bytes have left memory.
    virtual void taken(std::size_t bytes) = 0;

   protected:
    ~Store() = default;
  };

  /// What is given is referred to; `store` may be null.
  FrontierCore(const Settings& settings, Politeness& politeness, Store* store);
  FrontierCore(const FrontierCore&) = delete;
  FrontierCore& operator=(const FrontierCore&) = delete;
  ~FrontierCore();

  /// Takes in those that are new, or not to be filtered. How many that were. Call serve() next.
  std::size_t addAll(std::vector<Request>& requests);
  /// Puts in a request that is counted and seen already. With no bytes they are loaded when they are wanted.
  void put(std::uint64_t id, std::string_view bytes, std::string_view slotName, int priority, bool start);
  void loaded(HostQueue& host, std::vector<LoadedRecord> records);

  Deferred<std::optional<Lease>> next();
  /// Ends a lease; a retried one goes back.
  void settle(Lease& lease, Fate fate, std::string_view retriedBytes);
  Deferred<> room(std::size_t most);
  void holdOpen(bool hold);
  Deferred<> idle();
  void limit(std::uint64_t leases);
  void close();
  void setSeeded();
  /// Hands out what can be handed out. Those who get something run at once, and may come back here.
  void serve();

  RequestCodec codec;
  FingerprintSet seen;
  FrontierCounts counts;
  bool closed = false;
  std::function<void(const Request&)> onDropped;

 private:
  struct RoomWaiter {
    std::size_t most;
    Trigger<> trigger;
  };
  static constexpr std::size_t kLoadedAtOnce = 64;

  HostQueue& hostOf(Slot& slot);
  void refile(HostQueue& host);
  HostQueue* readyHost();
  Lease lease(HostQueue& host);
  void load(HostQueue& host);
  void arm();
  bool isIdle() const noexcept { return seeded_ && !counts.pending && !counts.leased; }
  bool over() const noexcept { return closed || (isIdle() && !held_); }
  void dropIfEmpty(HostQueue& host);

  Politeness& politeness_;
  Store* const store_;
  const Order order_;
  const std::uint64_t maxPending_;
  HostHeap<BetterHost, HostQueue::Where::Ready> ready_;
  HostHeap<SoonerHost, HostQueue::Where::Due> due_;
  DelayedCall timer_;
  Slot::Time timerAt_{};
  std::uint64_t most_ = std::numeric_limits<std::uint64_t>::max();    // leases at once
  std::uint64_t turns_ = 0;
  std::string record_;                                 // a buffer
  std::deque<Trigger<std::optional<Lease>>> waiting_;
  std::deque<RoomWaiter> roomWaiting_;
  Trigger<> idleWaiting_;
  bool seeded_ = false, held_ = false;
};

}  // namespace weft::crawler
