// TokenBucket: a rate that several share, in turn.
#pragma once

#include <weft/core/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

namespace weft::net::detail {

/// Fills at `rate` tokens per second up to `burst`. Whoever takes spends at once; who finds nothing waits, and those who wait are served in turn, a slice each.
class TokenBucket : public std::enable_shared_from_this<TokenBucket> {
 public:
  TokenBucket(double rate, double burst) : rate_(rate), burst_(std::max(burst, 1.0)), slice_(std::clamp(rate / 20, 1.0, burst_)), tokens_(burst_) {}
  TokenBucket(const TokenBucket&) = delete;

  /// How many of `wanted` may be used now; 0 while others wait.
  std::size_t take(std::size_t wanted, Clock& clock) {
    if (!serving_ && !waiters_.empty()) return 0;
    refill(clock);
    const double most = serving_ ? std::min(slice_, tokens_) : tokens_;
    const std::size_t taken = std::min(wanted, static_cast<std::size_t>(most));
    tokens_ -= static_cast<double>(taken);
    return taken;
  }
  /// Calls `turn` from the loop when there are tokens for it; it may wait again.
  void wait(std::function<void()> turn, Clock& clock) {
    waiters_.push_back(std::move(turn));
    if (!serving_) schedule(clock);
  }

 private:
  void refill(Clock& clock) {
    const auto now = clock.now();
    if (last_ < now) tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }
  void schedule(Clock& clock) {
    if (waiters_.empty() || timer_.active()) return;
    const double seconds = std::max(slice_ - tokens_, 0.0) / rate_ + 1e-9;
    timer_ = clock.callLater(seconds, [watch = weak_from_this(), &clock] {
      if (const auto self = watch.lock()) self->serve(clock);
    });
  }
  void serve(Clock& clock) {
    refill(clock);
    serving_ = true;
    while (!waiters_.empty() && tokens_ >= slice_) {
      const auto turn = std::move(waiters_.front());
      waiters_.pop_front();
      turn();
    }
    serving_ = false;
    schedule(clock);
  }

  const double rate_, burst_, slice_;
  double tokens_;
  std::chrono::nanoseconds last_{0};
  std::deque<std::function<void()>> waiters_;
  DelayedCall timer_;
  bool serving_ = false;
};

}  // namespace weft::net::detail
