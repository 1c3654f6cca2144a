#include <weft/defer/looping_call.hpp>

#include <optional>

namespace weft {

// Shared with a call that is under way, which may outlive the LoopingCall.
struct LoopingCall::State : std::enable_shared_from_this<State> {
  State(Clock& clock, UniqueFunction<Deferred<>(std::int64_t)> function, bool counts) : clock(clock), function(std::move(function)), counts(counts) {}

  void call() {
    const auto self = shared_from_this();              // the function may destroy the LoopingCall
    std::int64_t count = 1;
    if (counts && interval) {
      const std::int64_t now = clock.now().count();
      const std::int64_t last = lastCounted ? intervalOf(*lastCounted) : (runAtStart ? -1 : 0);
      count = intervalOf(now) - last;
      if (count <= 0) return plan();
      lastCounted = now;
    }
    calling = true;
    function(count).addBoth([self](Outcome<> outcome) { self->ended(std::move(outcome)); }).detach();
  }
  void ended(Outcome<> outcome) {
    calling = false;
    if (!outcome) {
      running = false;
      if (done) done.errback(std::move(outcome.failure()));
      else detail::reportUnhandled(outcome.failure(), {});       // the LoopingCall has gone
    } else if (running) {
      plan();
    } else if (done) {
      done.callback();
    }
  }
  // The next multiple of the interval, counted from the start, that is still to come.
  void plan() {
    std::int64_t wait = 0;
    if (interval) wait = interval - (clock.now().count() - started) % interval;
    next = clock.callLater(std::chrono::nanoseconds(wait), [self = shared_from_this()] { self->call(); });
  }
  void stop() {
    running = false;
    if (next.active()) next.cancel();
    if (!calling && done) done.callback();
  }
  std::int64_t intervalOf(std::int64_t time) const noexcept { return (time - started) / interval; }

  Clock& clock;
  UniqueFunction<Deferred<>(std::int64_t)> function;
  bool counts;
  bool running = false, calling = false, runAtStart = false;
  std::int64_t interval = 0, started = 0;
  std::optional<std::int64_t> lastCounted;
  DelayedCall next;
  Trigger<> done;
};

LoopingCall::LoopingCall(Clock& clock, UniqueFunction<Deferred<>(std::int64_t)> function, bool counts)
    : state_(std::make_shared<State>(clock, std::move(function), counts)) {}

void LoopingCall::end() noexcept {
  const auto state = std::exchange(state_, nullptr);
  if (!state) return;
  state->running = false;
  if (state->next.active()) state->next.cancel();
  const Trigger<> abandoned = std::move(state->done);
}

Deferred<> LoopingCall::start(Delay interval, bool now, std::source_location made) {
  if (state_->running || state_->done) throw DeferError("LoopingCall::start(): it is running");
  Deferred<> done([state = std::weak_ptr<State>(state_)] {
    if (const auto running = state.lock(); running && running->running) {
      running->stop();
      return true;                                     // stop() fires it, now or when the call under way has ended
    }
    return false;
  }, made);
  state_->done = done.takeTrigger();
  state_->running = true;
  state_->interval = interval.value().count();
  state_->started = state_->clock.now().count();
  state_->runAtStart = now;
  state_->lastCounted.reset();
  if (now) state_->call();
  else state_->plan();
  return done;
}

void LoopingCall::stop() {
  if (!state_->running) throw DeferError("LoopingCall::stop(): it is not running");
  state_->stop();
}

void LoopingCall::reset() {
  if (!state_->running) throw DeferError("LoopingCall::reset(): it is not running");
  if (!state_->next.active()) return;                  // a call is under way
  state_->next.cancel();
  state_->started = state_->clock.now().count();
  state_->lastCounted.reset();
  state_->runAtStart = false;
  state_->plan();
}

bool LoopingCall::running() const noexcept { return state_->running; }

}  // namespace weft
