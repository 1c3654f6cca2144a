// What the memory frontier is made of: a host's queue, and the heap of hosts that may be asked now.
#pragma once

#include <weft/crawler/request.hpp>
#include <weft/crawler/settings.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Requests by priority, highest first; those of one priority in the order that the caller names.
class RequestQueue {
 public:
  bool empty() const noexcept { return levels_.empty(); }
  int topPriority() const noexcept { return levels_.begin()->first; }
  void push(Request request, Order order) {
    auto& level = levels_[request.priority];
    // Under Lifo new ones go on top; the order among those that came before stays.
    if (order == Order::Lifo) level.push_front(std::move(request));
    else level.push_back(std::move(request));
  }
  Request pop() {
    auto& level = levels_.begin()->second;
    Request request = std::move(level.front());
    level.pop_front();
    if (level.empty() && levels_.size() > 1) levels_.erase(levels_.begin());
    else if (level.empty()) levels_.clear();
    return request;
  }

 private:
  std::map<int, std::deque<Request>, std::greater<>> levels_;
};

/// A host: what waits for it, and how many of its requests are in flight.
struct HostQueue {
  explicit HostQueue(std::string name) : name(std::move(name)) {}

  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  const std::string name;
  RequestQueue queue;
  std::size_t leased = 0;
  std::uint64_t turn = 0;                              // when it was served last
  std::size_t place = kNowhere;                        // in the heap
};

/// A binary heap of hosts: the best priority first; of equal ones, the host that was served longest ago. Every host knows its place, so it can leave or move in O(log hosts).
class HostHeap {
 public:
  bool empty() const noexcept { return heap_.empty(); }
  HostQueue* first() const noexcept { return heap_.front(); }

  /// Enters the host, or moves it to where it belongs now.
  void place(HostQueue& host) {
    if (host.place == HostQueue::kNowhere) {
      host.place = heap_.size();
      heap_.push_back(&host);
    }
    rise(host.place);
    sink(host.place);
  }
  void remove(HostQueue& host) {
    if (host.place == HostQueue::kNowhere) return;
    const std::size_t hole = host.place;
    host.place = HostQueue::kNowhere;
    HostQueue* last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    put(last, hole);
    rise(hole);
    sink(last->place);
  }

 private:
  static bool before(const HostQueue& a, const HostQueue& b) noexcept {
    const int first = a.queue.topPriority(), second = b.queue.topPriority();
    return first != second ? first > second : a.turn < b.turn;
  }
  void put(HostQueue* host, std::size_t place) noexcept {
    heap_[place] = host;
    host->place = place;
  }
  void rise(std::size_t place) noexcept {
    HostQueue* host = heap_[place];
    while (place && before(*host, *heap_[(place - 1) / 2])) {
      put(heap_[(place - 1) / 2], place);
      place = (place - 1) / 2;
    }
    put(host, place);
  }
  void sink(std::size_t place) noexcept {
    HostQueue* host = heap_[place];
    for (std::size_t child; (child = 2 * place + 1) < heap_.size(); place = child) {
      if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
      if (!before(*heap_[child], *host)) break;
      put(heap_[child], place);
    }
    put(host, place);
  }

  std::vector<HostQueue*> heap_;
};

}  // namespace weft::crawler
