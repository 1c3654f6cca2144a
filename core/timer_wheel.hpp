// The structure under Clock: which timed call is due next.
#pragma once

#include <weft/core/timer_pool.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace weft {

class Clock;

namespace detail {

struct TimerLink {
  TimerLink* previous = this;
  TimerLink* next = this;

  bool alone() const noexcept { return next == this; }
  void unlink() noexcept {
    previous->next = next;
    next->previous = previous;
  }
  void linkBefore(TimerLink& place) noexcept {
    next = &place;
    previous = place.previous;
    previous->next = this;
    place.previous = this;
  }
};

/// One timed call. It has two ends, the schedule and the DelayedCall handle, and lives until both let go. The callable follows in the same block.
struct TimerNode : TimerLink {
  enum class State : std::uint8_t { Pending, Called, Cancelled };
  enum class Action : std::uint8_t { Call, Destroy, Describe };
  static constexpr std::size_t kGrain = 16;

  std::int64_t due = 0;                                // nanoseconds of its clock
  Clock* clock = nullptr;
  // Call runs the callable and destroys it, also when it throws; Describe gives its type.
  const std::type_info* (*act)(TimerNode&, Action) = nullptr;
  std::int32_t ahead = 0;                              // how far away, in cache lines, the node after the next one probably is
  std::uint16_t grains = 0;                            // size of the whole block, in units of kGrain
  State state = State::Pending;
  bool scheduled : 1 = true;                           // the end that the schedule holds
  bool held : 1 = true;                                // the end that the handle holds

  void releaseSchedule() noexcept {
    scheduled = false;
    if (!held) free();
  }
  void releaseHandle() noexcept {
    held = false;
    if (!scheduled) free();
  }

 private:
  void free() noexcept { TimerPool::put(this, grains * kGrain); } // the callable is gone before either end lets go
};

template <class F> struct alignas(TimerNode::kGrain) TimerCall final : TimerNode {
  static_assert(alignof(F) <= alignof(std::max_align_t), "an over-aligned callable: hold its data by std::unique_ptr");
  static_assert(sizeof(F) < 1'000'000, "a callable of a megabyte: hold its data by std::unique_ptr");

  template <class A> explicit TimerCall(A&& callable) : function(std::forward<A>(callable)) {
    act = &perform;
    grains = sizeof(TimerCall) / kGrain;
  }
  static void* operator new(std::size_t bytes, TimerPool& pool) { return pool.take(bytes); }
  static void operator delete(void* block, TimerPool&) noexcept { TimerPool::put(block, sizeof(TimerCall)); }   // the callable's constructor threw
  static void operator delete(void*) = delete;

  static const std::type_info* perform(TimerNode& node, Action action) {
    auto& self = static_cast<TimerCall&>(node);
    if (action == Action::Describe) return &typeid(F);
    struct Destroy {
      F& function;
      ~Destroy() { function.~F(); }
    } destroy{self.function};
    if (action == Action::Call) self.function();
    return nullptr;
  }

  union {                                              // destroyed by perform(), before the block is freed
    F function;
  };
  ~TimerCall() = delete;
};

/// A hierarchical timing wheel whose order is nevertheless exact: by due time in nanoseconds, first in first out where equal.
///
/// Level 0 has a slot for each tick of 2^20 ns (about 1 ms) of the current block of 64; level n a slot for each 64^n ticks. A node lies on the level of the
/// highest base-64 digit in which its tick differs from the current tick:
///
///     tick      ...  | digit 2 | digit 1 | digit 0 |
///     current   ...  |   7     |   12    |   40    |
///     node      ...  |   7     |   15    |    3    |   ->  level 1, slot 15
///
/// So all nodes of one tick are in the same slot whenever they were added, in the order in which they were added, and everything on a level is due before
/// anything on the level above. When the current tick enters a slot of an upper level, its nodes move down, in order. Slots of level 0 that were not filled in
/// order are sorted (stable) when they are due. Eight levels hold every time that 63 bits of nanoseconds can say.
///
/// Adding, moving and cancelling touch a node and its neighbours only: an emptied slot keeps its bit until somebody looks.
class TimerWheel {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  TimerWheel() : pool_(new TimerPool) {}
  ~TimerWheel() { pool_->abandon(); }
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Memory for nodes: `new (wheel.pool()) TimerCall<F>(f)`.
  TimerPool& pool() noexcept { return *pool_; }

  /// Schedules `node` for node.due.
  void insert(TimerNode& node) noexcept {
    const std::uint64_t tick = tickOf(node.due);
    const std::uint64_t at = tick < current_ ? current_ : tick;
    const std::uint64_t differs = at ^ current_;
    if (differs < kSlots) {
      const auto slot = static_cast<unsigned>(at % kSlots);
      TimerLink& head = slots_[0][slot];
      if (!head.alone() && static_cast<TimerNode*>(head.previous)->due > node.due) unsorted_ |= bit(slot);
      occupied_[0] |= bit(slot);
      node.linkBefore(head);
      lookAhead(node, head);
      return;
    }
    const unsigned level = static_cast<unsigned>(std::bit_width(differs) - 1) / kBits;
    const auto slot = static_cast<unsigned>(at >> (level * kBits)) % kSlots;
    occupied_[level] |= bit(slot);
    TimerLink& head = slots_[level][slot];
    node.linkBefore(head);
    if (level == 1) lookAhead(node, head);
  }

  /// Moves a scheduled node to another time; among its equals it is then the last.
  void move(TimerNode& node, std::int64_t due) noexcept {
    node.unlink();
    node.due = due;
    if (due < collectedUntil_) [[unlikely]] insertReady(node);
    else insert(node);
  }

  /// Takes what is due by `now` out of the wheel, in order, behind what was taken earlier and has not been popped.
  void collect(std::int64_t now) noexcept;
  /// The next of the collected nodes, or null. It stays scheduled in the sense of its ends; whoever pops it releases that end.
  TimerNode* popReady() noexcept {
    if (ready_.alone()) return nullptr;
    auto* node = static_cast<TimerNode*>(ready_.next);
    prefetchAhead(*node);
    node->unlink();
    return node;
  }
  bool hasReady() const noexcept { return !ready_.alone(); }

  /// No call is due before this: exact within the next 64 ticks, for later calls the start of their slot. kNever when there is none.
  std::int64_t nextDue() noexcept;
  /// When the next call that was not collected is due, exactly if that is at most `limit`. Moves the current tick up to there, so it is for clocks that will
  /// go there next.
  std::int64_t nextDueUpTo(std::int64_t limit) noexcept;

  /// Every scheduled node, in no particular order. `visit` must not change the wheel.
  template <class Visit> void forEach(Visit visit) const {
    const auto list = [&](const TimerLink& head) {
      for (const TimerLink* link = head.next; link != &head; link = link->next) visit(static_cast<const TimerNode&>(*link));
    };
    list(ready_);
    for (const auto& level : slots_)
      for (const TimerLink& head : level) list(head);
  }
  /// Any scheduled node, or null.
  TimerNode* any() noexcept;

 private:
  static constexpr unsigned kBits = 6;
  static constexpr unsigned kSlots = 1U << kBits;
  static constexpr unsigned kLevels = 8;
  static constexpr unsigned kTickBits = 20;

  static constexpr std::uint64_t bit(unsigned slot) noexcept { return std::uint64_t{1} << slot; }
  static std::uint64_t tickOf(std::int64_t time) noexcept { return static_cast<std::uint64_t>(time) >> kTickBits; }

  // Going along a list of nodes that are not in the cache costs a miss for each, one after the other. So each node tells where the one after the next one was
  // when it was added: two misses at a time (j_fire 25 % faster). It is only ever prefetched, so it may be wrong.
  static void lookAhead(TimerNode& node, TimerLink& head) noexcept {
    TimerLink* const before = node.previous;
    if (before == &head || before->previous == &head) return;
    auto& first = static_cast<TimerNode&>(*before->previous);
    first.ahead = static_cast<std::int32_t>((reinterpret_cast<std::intptr_t>(&node) - reinterpret_cast<std::intptr_t>(&first)) / kLine);
  }
  static void prefetchAhead(const TimerNode& node) noexcept {
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::intptr_t>(&node) + std::intptr_t{node.ahead} * kLine));
  }
  static constexpr std::intptr_t kLine = 64;

  struct Place {
    unsigned level = kLevels;                          // kLevels: nothing is scheduled
    unsigned slot = 0;
    std::uint64_t start = 0;                           // first tick of the slot
  };
  Place first() noexcept;
  std::int64_t dueIn(const Place& place) noexcept;
  void enter(const Place& place) noexcept;
  void sortSlot(unsigned slot) noexcept;
  void insertReady(TimerNode& node) noexcept;

  TimerPool* const pool_;
  std::uint64_t current_ = 0;                          // tick; every node of an earlier one has been collected
  std::int64_t collectedUntil_ = 0;
  std::uint64_t unsorted_ = 0;                         // slots of level 0 that may be out of order
  std::uint64_t occupied_[kLevels] = {};               // may be set for a slot that has become empty
  TimerLink ready_;
  TimerLink slots_[kLevels][kSlots];
};

}  // namespace detail
}  // namespace weft
