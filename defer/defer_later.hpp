// deferLater: a Deferred that fires when some time has passed.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>

#include <utility>

namespace weft {

namespace detail {

// Owned by its timer until that has run or was cancelled.
class Sleep final : public Cell<void>, public Pooled {
 public:
  Sleep(Delay delay, Clock& clock, std::source_location made) : made_(made) {
    flags = kSource;
    timer_ = clock.callLater(delay, OnTime(this));
  }
  void dispose() noexcept override { delete this; }
  std::source_location where() const noexcept override { return made_; }
  CellBase* cancelStep() noexcept override {
    if (pending() && timer_.active()) end(CancelledError());
    return nullptr;
  }

 private:
  // The timer's callable; when its clock goes first, nobody can fire any more.
  class OnTime {
   public:
    explicit OnTime(Sleep* sleep) noexcept : sleep_(sleep) {}
    OnTime(OnTime&& other) noexcept : sleep_(std::exchange(other.sleep_, nullptr)) {}
    OnTime& operator=(OnTime&&) = delete;
    ~OnTime() {
      if (sleep_ && sleep_->pending()) std::exchange(sleep_, nullptr)->abandon();
    }
    void operator()() {
      Sleep* sleep = std::exchange(sleep_, nullptr);
      sleep->setValue();
      sleep->releaseProducer();
      sleep->fire();
    }

   private:
    Sleep* sleep_;
  };
  void abandon() noexcept {
    if (ends & kConsumer) return end(AbandonedError());
    releaseProducer();                                 // nobody waits
    if (!ends) dispose();
  }
  void end(Failure failure) noexcept {
    setFailure(std::move(failure));
    if (timer_.active()) timer_.cancel();              // destroys the OnTime, which finds this fired
    releaseProducer();
    fire();
  }

  std::source_location made_;
  DelayedCall timer_;
};

}  // namespace detail

/// Fires when `delay` of `clock` has passed: a sleep, `co_await deferLater(clock, 0.5);`. Cancelling it removes the timer. Fails with AbandonedError if the clock goes first.
inline Deferred<> deferLater(Clock& clock, Delay delay, std::source_location made = std::source_location::current()) {
  return Deferred<>(new detail::Sleep(delay, clock, made));
}

/// Calls `f` when `delay` of `clock` has passed, and fires with what comes of it.
template <class F>
  requires std::invocable<F&>
auto deferLater(Clock& clock, Delay delay, F f, std::source_location made = std::source_location::current()) {
  return deferLater(clock, delay, made).addCallback(std::move(f), made);
}

}  // namespace weft
