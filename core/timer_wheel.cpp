#include <weft/core/timer_wheel.hpp>

#include <array>

namespace weft::detail {
namespace {

TimerNode& nodeOf(TimerLink* link) noexcept { return static_cast<TimerNode&>(*link); }

// Everything between head and itself, moved to the end of `list`.
void spliceAll(TimerLink& head, TimerLink& list) noexcept {
  if (head.alone()) return;
  head.next->previous = list.previous;
  list.previous->next = head.next;
  head.previous->next = &list;
  list.previous = head.previous;
  head.next = head.previous = &head;
}

// Singly linked lists through `next`, ended by null.
struct Run {
  TimerLink* head = nullptr;
  TimerLink* tail = nullptr;

  void append(TimerLink* link) noexcept {
    if (tail) tail->next = link;
    else head = link;
    tail = link;
  }
};

TimerLink* mergeRuns(TimerLink* first, TimerLink* second) noexcept {
  Run merged;
  while (first && second) {
    TimerLink*& smaller = nodeOf(second).due < nodeOf(first).due ? second : first;   // equal: the first one's, which came earlier
    TimerLink* const link = smaller;
    smaller = link->next;
    merged.append(link);
  }
  merged.append(first ? first : second);
  return merged.head;
}

// Bottom-up merge sort: stable, needs no memory, and a list made of few ascending runs is quick.
TimerLink* mergeSort(TimerLink* list) noexcept {
  std::array<TimerLink*, 48> bins{};                   // bins[i] holds 2^i runs
  while (list) {
    TimerLink* run = list;
    TimerLink* last = list;
    while (last->next && nodeOf(last->next).due >= nodeOf(last).due) last = last->next;
    list = last->next;
    last->next = nullptr;
    std::size_t i = 0;
    for (; bins[i]; ++i) {
      run = mergeRuns(bins[i], run);
      bins[i] = nullptr;
    }
    bins[i] = run;
  }
  TimerLink* sorted = nullptr;
  for (TimerLink* bin : bins)
    if (bin) sorted = sorted ? mergeRuns(bin, sorted) : bin;
  return sorted;
}

}  // namespace

TimerWheel::Place TimerWheel::first() noexcept {
  for (unsigned level = 0; level < kLevels; ++level) {
    while (occupied_[level]) {
      const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
      if (!slots_[level][slot].alone()) {
        const unsigned shift = level * kBits;
        const std::uint64_t block = current_ >> (shift + kBits);
        return {level, slot, ((block << kBits) | slot) << shift};
      }
      occupied_[level] &= ~bit(slot);
      if (level == 0) unsorted_ &= ~bit(slot);
    }
  }
  return {};
}

void TimerWheel::enter(const Place& place) noexcept {
  current_ = place.start;
  if (place.level == 0) return;
  TimerLink moving;
  spliceAll(slots_[place.level][place.slot], moving);
  occupied_[place.level] &= ~bit(place.slot);
  while (!moving.alone()) {
    TimerNode& node = nodeOf(moving.next);
    prefetchAhead(node);
    node.unlink();
    insert(node);
  }
}

void TimerWheel::collect(std::int64_t now) noexcept {
  if (now < collectedUntil_) return;
  collectedUntil_ = now;
  const std::uint64_t until = tickOf(now);
  for (;;) {
    const Place place = first();
    if (place.level == kLevels || place.start > until) break;
    enter(place);
    if (place.level > 0) continue;
    TimerLink& head = slots_[0][place.slot];
    if (unsorted_ & bit(place.slot)) sortSlot(place.slot);
    if (place.start == until && nodeOf(head.previous).due > now) {
      while (!head.alone() && nodeOf(head.next).due <= now) {
        TimerNode& node = nodeOf(head.next);
        node.unlink();
        node.linkBefore(ready_);
      }
      return;                                          // the rest of this tick is still to come
    }
    spliceAll(head, ready_);                           // without a look at the nodes, each of which would be a cache miss
    occupied_[0] &= ~bit(place.slot);
  }
  if (until > current_) current_ = until;
}

std::int64_t TimerWheel::dueIn(const Place& place) noexcept {
  if (place.level == kLevels) return kNever;
  if (place.level > 0) return static_cast<std::int64_t>(place.start << kTickBits);
  if (unsorted_ & bit(place.slot)) sortSlot(place.slot);
  return nodeOf(slots_[0][place.slot].next).due;
}

std::int64_t TimerWheel::nextDue() noexcept {
  if (!ready_.alone()) return nodeOf(ready_.next).due;
  return dueIn(first());
}

std::int64_t TimerWheel::nextDueUpTo(std::int64_t limit) noexcept {
  for (;;) {
    const Place place = first();
    const std::int64_t due = dueIn(place);
    if (place.level == 0 || due > limit) return due;
    enter(place);
  }
}

TimerNode* TimerWheel::any() noexcept {
  if (!ready_.alone()) return &nodeOf(ready_.next);
  const Place place = first();
  return place.level == kLevels ? nullptr : &nodeOf(slots_[place.level][place.slot].next);
}

void TimerWheel::sortSlot(unsigned slot) noexcept {
  TimerLink& head = slots_[0][slot];
  unsorted_ &= ~bit(slot);
  if (head.alone()) return;
  head.previous->next = nullptr;
  TimerLink* list = mergeSort(head.next);
  TimerLink* previous = &head;
  for (TimerLink* link = list; link; link = link->next) {
    link->previous = previous;
    previous->next = link;
    previous = link;
  }
  previous->next = &head;
  head.previous = previous;
}

void TimerWheel::insertReady(TimerNode& node) noexcept {
  TimerLink* place = &ready_;
  while (place->previous != &ready_ && nodeOf(place->previous).due > node.due) place = place->previous;
  node.linkBefore(*place);
}

}  // namespace weft::detail
