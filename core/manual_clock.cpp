#include <weft/core/manual_clock.hpp>

#include <algorithm>
#include <limits>

namespace weft {

ManualClock::ManualClock(int generationLimit) noexcept : generationLimit_(generationLimit) { time_ = 0; }

void ManualClock::advance(Delay delay) {
  time_ = later(delay);
  runDue();
}

void ManualClock::pump(std::span<const Delay> delays) {
  for (const Delay delay : delays) advance(delay);
}

void ManualClock::runDue() {
  // What a call adds is due now at the earliest, so never before anything that was collected: a generation at a time keeps the exact order.
  for (int generation = 0; generation <= generationLimit_; ++generation) {
    wheel_.collect(time_);
    if (!wheel_.hasReady()) return;
    while (detail::TimerNode* node = wheel_.popReady()) runCall(*node);
  }
}

std::int64_t ManualClock::later(Delay delay) const noexcept {
  return time_ + std::min(delay.value().count(), std::numeric_limits<std::int64_t>::max() - 1 - time_);
}

void ManualClock::play(Delay delay) { playTo(later(delay)); }

std::chrono::nanoseconds ManualClock::playAll(Delay limit) {
  const std::int64_t start = time_;
  const std::int64_t end = later(limit);
  while (time_ < end) {
    runDue();
    wheel_.collect(time_);
    const std::int64_t due = wheel_.nextDueUpTo(end);
    if (due == detail::TimerWheel::kNever && !wheel_.hasReady()) break;
    playTo(std::min(due, end));
  }
  return std::chrono::nanoseconds(time_ - start);
}

void ManualClock::playTo(std::int64_t end) {
  runDue();
  for (;;) {
    wheel_.collect(time_);                             // what the limit of generations left waits for the next instant
    const std::int64_t due = wheel_.nextDueUpTo(end);
    if (due > end) break;
    time_ = std::max(time_, due);
    runDue();
  }
  if (time_ >= end) return;
  time_ = end;
  runDue();
}

}  // namespace weft
