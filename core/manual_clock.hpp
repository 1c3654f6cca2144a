// ManualClock: time that passes when it is told to.
#pragma once

#include <weft/core/clock.hpp>

#include <initializer_list>
#include <span>

namespace weft {

/// The clock of tests and simulations (Twisted's task.Clock). Starts at 0 and moves only by advance(), pump() and play().
///
///     ManualClock clock;
///     clock.callLater(5, [] { ... });
///     clock.advance(4.9);                              // nothing yet
///     clock.advance(0.1);                              // now
class ManualClock : public Clock {
 public:
  /// `generationLimit`: how many generations of new calls one advance() follows; see there.
  explicit ManualClock(int generationLimit = 1000) noexcept;

  /// Adds `delay` to the time, then runs what is due, in due-time order. Every call sees the final time. Calls that are added meanwhile and are due run as well, but
  /// no more than `generationLimit` generations of them (a call added by a call that was there before is the first generation, one added by that the
  /// second): so a call that schedules itself with delay 0 for ever does not hang the test; what is left runs at the next advance(), also advance(0).
  /// What a call throws comes out of advance(); the calls behind it stay scheduled. A call may itself advance().
  void advance(Delay delay);

  /// advance() by each of the delays in turn.
  void pump(std::initializer_list<Delay> delays) { pump(std::span(delays.begin(), delays.size())); }
  void pump(std::span<const Delay> delays);

  /// Lets `delay` pass as real time does: goes from one due time to the next, so that each call sees the time for which it was scheduled, then on to the end.
  /// At one instant at most `generationLimit` generations of new calls run; what is left runs at the next instant at which something is due, or at the end,
  /// or else at the next play() or advance(). Exceptions as with advance(): the time is then that of the call that threw.
  void play(Delay delay);

  /// Plays until no call is left, or `limit` has passed. Gives the time that it took.
  std::chrono::nanoseconds playAll(Delay limit);

 protected:
  std::int64_t readTime() const noexcept override { return time_; }

 private:
  std::int64_t later(Delay delay) const noexcept;
  void runDue();
  void playTo(std::int64_t end);

  int generationLimit_;
};

}  // namespace weft
