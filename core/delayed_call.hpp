// DelayedCall: the handle of a call that Clock::callLater scheduled.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/core/error.hpp>
#include <weft/core/timer_wheel.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace weft {

/// cancel(), reset() or delay() of a call that was cancelled, whose clock is gone, or of an empty DelayedCall.
class AlreadyCancelled : public CoreError {
 public:
  AlreadyCancelled() : CoreError("this DelayedCall was cancelled already; ask active() first") {}
};

/// cancel(), reset() or delay() of a call that has run, or is running.
class AlreadyCalled : public CoreError {
 public:
  AlreadyCalled() : CoreError("this DelayedCall has been called already; ask active() first") {}
};

/// A pending call, as Clock::getDelayedCalls() lists it.
struct DelayedCallDescription {
  std::chrono::nanoseconds time;                       // when it is due, on its clock
  std::string function;                                // the callable's type; for a lambda, where it was written
};

/// What Clock::callLater gives: a handle of 8 bytes to ask about, move or cancel the call.
///
/// Dropping the handle does not cancel the call. It belongs to the thread of its clock, and may outlive the clock: then active() is false.
///
///     DelayedCall idle = clock.callLater(30, [this] { close(); });
///     idle.reset(30);                                  // something arrived: again 30 s from now
///     if (idle.active()) idle.cancel();
class DelayedCall {
 public:
  DelayedCall() noexcept = default;                    // of no call: never active
  explicit DelayedCall(detail::TimerNode* node) noexcept : node_(node) {}
  DelayedCall(DelayedCall&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  DelayedCall& operator=(DelayedCall&& other) noexcept {
    if (this != &other) {
      detail::TimerNode* const old = std::exchange(node_, std::exchange(other.node_, nullptr));
      if (old) old->releaseHandle();
    }
    return *this;
  }
  ~DelayedCall() {
    if (node_) node_->releaseHandle();
  }

  /// Is it still to come? False from the moment when it starts to run.
  bool active() const noexcept { return node_ && node_->state == detail::TimerNode::State::Pending; }

  /// When it is, or was, due, on the scale of its clock's now(). Zero for an empty handle.
  std::chrono::nanoseconds getTime() const noexcept { return std::chrono::nanoseconds(node_ ? node_->due : 0); }

  /// The call will not happen; its callable is destroyed before cancel() returns. Throws AlreadyCalled, AlreadyCancelled.
  void cancel();

  /// Due `delay` from now, whenever it was due before. Throws AlreadyCalled, AlreadyCancelled.
  void reset(Delay delay);

  /// Due later by `delay` than it was. Throws AlreadyCalled, AlreadyCancelled.
  void delay(Delay delay);

 private:
  detail::TimerNode& pending() const {
    if (!active()) throwNotPending();
    return *node_;
  }
  [[noreturn]] void throwNotPending() const;

  detail::TimerNode* node_ = nullptr;
};

}  // namespace weft
