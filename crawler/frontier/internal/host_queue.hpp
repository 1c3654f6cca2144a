// What a frontier is made of: a host's queue, and heaps of hosts.
#pragma once

#include <weft/crawler/frontier/internal/record_queue.hpp>
#include <weft/crawler/politeness/slot.hpp>
#include <weft/crawler/settings.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Packed requests by priority, highest first; those of one priority in the order that the settings name. With Lifo start requests wait in a queue of their own, first in
/// first out, behind the others of their priority (as in Scrapy).
class PriorityQueue {
 public:
  bool empty() const noexcept { return levels_.empty(); }
  int topPriority() const noexcept { return levels_.begin()->first; }
  void push(std::string_view record, int priority, bool start, Order order) {
    auto level = levels_.find(priority);
    if (level == levels_.end()) level = levels_.emplace(priority, order).first;
    (start ? level->second.starts : level->second.others).push(record);
  }
  std::string_view top() const noexcept { return topQueue().top(); }
  void pop() {
    topQueue().pop();
    if (const Level& level = levels_.begin()->second; level.others.empty() && level.starts.empty()) levels_.erase(levels_.begin());
  }

 private:
  struct Level {
    explicit Level(Order order) noexcept : others(order == Order::Lifo ? RecordQueue::Kind::Stack : RecordQueue::Kind::Queue) {}
    RecordQueue others;
    RecordQueue starts{RecordQueue::Kind::Queue};
  };
  RecordQueue& topQueue() noexcept {
    Level& level = levels_.begin()->second;
    return level.others.empty() ? level.starts : level.others;
  }
  const RecordQueue& topQueue() const noexcept { return const_cast<PriorityQueue*>(this)->topQueue(); }

  std::map<int, Level, std::greater<>> levels_;
};

/// A record that was on the disk and is in memory again.
struct LoadedRecord {
  std::uint64_t id;
  int priority;
  std::string bytes;
};

/// A host that something waits for.
struct HostQueue {
  explicit HostQueue(Slot& slot) noexcept : slot(slot) {}

  enum class Where : std::uint8_t { Nowhere, Ready, Due };

  bool empty() const noexcept { return queue.empty() && loaded.empty(); }
  int topPriority() const noexcept {
    if (loaded.empty()) return queue.topPriority();
    return queue.empty() ? loaded.front().priority : std::max(queue.topPriority(), loaded.front().priority);
  }
  bool loadedFirst() const noexcept { return !loaded.empty() && (queue.empty() || loaded.front().priority >= queue.topPriority()); }

  Slot& slot;
  PriorityQueue queue;
  std::deque<LoadedRecord> loaded;                     // goes before those of its priority in `queue`
  bool loading = false;
  Where where = Where::Nowhere;
  std::size_t place = 0;                               // in that heap
  std::uint64_t turn = 0;                              // when it was served last
  Slot::Time due{};                                    // in the heap of those that wait for a time
};

/// The best priority first; of equal ones, the host that was served longest ago.
struct BetterHost {
  bool operator()(const HostQueue& a, const HostQueue& b) const noexcept {
    const int first = a.topPriority(), second = b.topPriority();
    return first != second ? first > second : a.turn < b.turn;
  }
};
struct SoonerHost {
  bool operator()(const HostQueue& a, const HostQueue& b) const noexcept { return a.due < b.due; }
};

/// A binary heap of hosts. Every host knows its place, so it can leave or move in O(log hosts).
template <class Before, HostQueue::Where kWhere> class HostHeap {
 public:
  bool empty() const noexcept { return heap_.empty(); }
  HostQueue& first() const noexcept { return *heap_.front(); }

  /// Enters the host, or moves it to where it belongs now. It must be in no other heap.
  void place(HostQueue& host) {
    if (host.where != kWhere) {
      host.where = kWhere;
      host.place = heap_.size();
      heap_.push_back(&host);
    }
    rise(host.place);
    sink(host.place);
  }
  /// No effect when it is not in this heap.
  void remove(HostQueue& host) {
    if (host.where != kWhere) return;
    const std::size_t hole = host.place;
    host.where = HostQueue::Where::Nowhere;
    HostQueue* last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    put(last, hole);
    rise(hole);
    sink(last->place);
  }

 private:
  void put(HostQueue* host, std::size_t place) noexcept {
    heap_[place] = host;
    host->place = place;
  }
  void rise(std::size_t place) noexcept {
    HostQueue* host = heap_[place];
    while (place && before_(*host, *heap_[(place - 1) / 2])) {
      put(heap_[(place - 1) / 2], place);
      place = (place - 1) / 2;
    }
    put(host, place);
  }
  void sink(std::size_t place) noexcept {
    HostQueue* host = heap_[place];
    for (std::size_t child; (child = 2 * place + 1) < heap_.size(); place = child) {
      if (child + 1 < heap_.size() && before_(*heap_[child + 1], *heap_[child])) ++child;
      if (!before_(*heap_[child], *host)) break;
      put(heap_[child], place);
    }
    put(host, place);
  }

  [[no_unique_address]] Before before_;
  std::vector<HostQueue*> heap_;
};

}  // namespace weft::crawler
