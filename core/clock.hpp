// Clock: what time it is, and what is to happen later.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/core/delayed_call.hpp>
#include <weft/core/timer_wheel.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/// Code that needs time takes a `Clock&`. Reactor is the real one; ManualClock obeys a test or a simulation.
///
/// A clock and its calls belong to one thread. Calls happen in the order of their due time; where that is equal to the nanosecond, in the order in which they
/// were scheduled (a call that was moved by reset() or delay() counts as scheduled then). A call never happens inside callLater(), also with a delay of zero.
class Clock {
 public:
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  /// Pending calls are dropped: they will not happen, their callables are destroyed, their handles are no longer active().
  virtual ~Clock();

  /// The time since the clock's own zero. Never goes back, whatever happens to the date. A running Reactor reads the system's clock at most once per
  /// event that it dispatches, so a callback sees one time: to measure how long code takes use std::chrono::steady_clock.
  std::chrono::nanoseconds now() const noexcept { return std::chrono::nanoseconds(nowNanoseconds()); }
  /// The same in seconds.
  double seconds() const noexcept { return static_cast<double>(nowNanoseconds()) / 1e9; }

  /// Calls `function` when `delay` has passed: never sooner, and as soon after it as the clock's owner gets there. Takes any callable without arguments, also
  /// one that can only be moved; what it returns is dropped. The handle need not be kept. An exception goes to whoever drives the clock: a Reactor logs
  /// it, ManualClock::advance() throws it. Costs about 10 ns and no system call. Throws std::invalid_argument for a negative delay.
  template <class F>
    requires std::invocable<std::decay_t<F>&>
  DelayedCall callLater(Delay delay, F&& function) {
    auto* node = new (wheel_.pool()) detail::TimerCall<std::decay_t<F>>(std::forward<F>(function));
    node->clock = this;
    node->due = after(nowNanoseconds(), delay);
    wheel_.insert(*node);
    return DelayedCall(node);
  }

  /// The calls that are still to come, sorted by time. For tests that want to leave nothing behind, and for reports.
  std::vector<DelayedCallDescription> getDelayedCalls() const;

 protected:
  Clock() = default;

  /// Asked when time_ is negative. May remember its answer in time_.
  virtual std::int64_t readTime() const noexcept = 0;

  /// Runs one call that the wheel gave out; throws what it throws.
  static void runCall(detail::TimerNode& node) {
    node.state = detail::TimerNode::State::Called;
    struct Release {
      detail::TimerNode& node;
      ~Release() { node.releaseSchedule(); }
    } release{node};
    node.act(node, detail::TimerNode::Action::Call);
  }
  void dropCalls() noexcept;

  detail::TimerWheel wheel_;
  mutable std::int64_t time_ = -1;                     // the time now in nanoseconds, or negative: ask readTime()

 private:
  friend DelayedCall;

  std::int64_t nowNanoseconds() const noexcept { return time_ >= 0 ? time_ : readTime(); }
  static std::int64_t after(std::int64_t time, Delay delay) noexcept {
    std::int64_t due;
    return __builtin_add_overflow(time, delay.value().count(), &due) ? std::numeric_limits<std::int64_t>::max() - 1 : due;
  }
};

inline void DelayedCall::cancel() {
  detail::TimerNode& node = pending();
  node.unlink();
  node.state = detail::TimerNode::State::Cancelled;
  node.act(node, detail::TimerNode::Action::Destroy);  // may destroy this handle
  node.releaseSchedule();
}

inline void DelayedCall::reset(Delay delay) {
  detail::TimerNode& node = pending();
  Clock& clock = *node.clock;
  clock.wheel_.move(node, Clock::after(clock.nowNanoseconds(), delay));
}

inline void DelayedCall::delay(Delay delay) {
  detail::TimerNode& node = pending();
  node.clock->wheel_.move(node, Clock::after(node.due, delay));
}

}  // namespace weft
