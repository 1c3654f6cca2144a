// LoopingCall: a function that is called again and again.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/defer/deferred.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace weft {

/// Calls a function every interval, without drift: the next call is at the next multiple of the interval after start() that is still to come, however long a call took;
/// those that were missed are skipped. If the function returns a Deferred, the next call is planned when it has fired.
///
///     LoopingCall report(clock, [&] { log::info("app", "pages: ", pages); });
///     report.start(60).detach();
///
/// Destroying a LoopingCall ends it; start()'s Deferred then fails with AbandonedError.
class LoopingCall {
 public:
  /// `f()` may return anything, or a Deferred of anything.
  template <class F>
    requires std::invocable<F&>
  LoopingCall(Clock& clock, F f)
      : LoopingCall(clock, UniqueFunction<Deferred<>(std::int64_t)>([f = std::move(f)](std::int64_t) mutable { return dropValue(maybeDeferred(f)); }), false) {}
  /// `f(count)` is told how many intervals have passed since it was called last: 1, or more when calls were missed. With interval 0 always 1.
  template <class F>
    requires std::invocable<F&, std::int64_t>
  static LoopingCall withCount(Clock& clock, F f) {
    return LoopingCall(clock, UniqueFunction<Deferred<>(std::int64_t)>([f = std::move(f)](std::int64_t count) mutable { return dropValue(maybeDeferred(f, count)); }), true);
  }
  LoopingCall(LoopingCall&&) noexcept = default;
  LoopingCall& operator=(LoopingCall&& other) noexcept {
    if (this != &other) {
      end();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~LoopingCall() { end(); }

  /// Calls now (unless told not to), then every interval; 0 is every turn of the reactor. The Deferred fires when stop() was called, or with the function's error, which ends the
  /// loop; cancelling it stops the loop. Throws DeferError when running.
  Deferred<> start(Delay interval, bool now = true, std::source_location made = std::source_location::current());
  /// No more calls. If one is under way, start()'s Deferred fires when it has ended. Throws DeferError when not running.
  void stop();
  /// The next call is one full interval from now. Throws DeferError when not running.
  void reset();
  bool running() const noexcept;

 private:
  struct State;
  void end() noexcept;
  LoopingCall(Clock& clock, UniqueFunction<Deferred<>(std::int64_t)> function, bool counts);
  template <class T> static Deferred<> dropValue(Deferred<T> d) {
    if constexpr (std::is_void_v<T>) return d;
    else return d.addCallback([](T&&) {});
  }
  std::shared_ptr<State> state_;
};

}  // namespace weft
