#include <weft/defer/defer_later.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

// Row F11.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

TEST_CASE("deferLater fires when the time has passed") {  // F11
  ManualClock clock;
  auto sleep = deferLater(clock, 1.5);
  clock.advance(1.4);
  assertNoResult(sleep);
  clock.advance(0.1);
  successResultOf(sleep);
}

TEST_CASE("deferLater with a function fires with what comes of it") {  // F11
  const UnhandledErrors none;
  ManualClock clock;
  auto value = deferLater(clock, 1, [] { return 5; });
  auto inner = deferLater(clock, 1, [] { return succeed(std::string("x")); });
  auto error = deferLater(clock, 1, []() -> int { throw Refused(); });
  clock.advance(1);
  CHECK(successResultOf(value) == 5);
  CHECK(successResultOf(inner) == "x");
  failureResultOf<Refused>(error);
}

TEST_CASE("cancelling deferLater removes the timer, and the function never runs") {  // F11
  const UnhandledErrors none;
  const AllCounted counted;
  ManualClock clock;
  bool ran = false;
  auto plain = deferLater(clock, 1);
  auto later = deferLater(clock, 1, [&, c = Counted(1)] { ran = true; });
  CHECK(clock.getDelayedCalls().size() == 2);
  plain.cancel();
  later.cancel();
  CHECK(clock.getDelayedCalls().empty());
  failureResultOf<CancelledError>(plain);
  failureResultOf<CancelledError>(later);
  clock.advance(2);
  CHECK_FALSE(ran);
}

TEST_CASE("deferLater of 0 seconds does not fire before the clock's next turn") {  // F3 F11
  ManualClock clock;
  auto sleep = deferLater(clock, 0);
  assertNoResult(sleep);
  clock.advance(0);
  successResultOf(sleep);
}

TEST_CASE("sleeps of equal length end in the order in which they began") {
  ManualClock clock;
  std::string order;
  for (char c = 'a'; c < 'g'; ++c) deferLater(clock, 1, [&, c] { order += c; }).detach();
  clock.advance(1);
  CHECK(order == "abcdef");
}

TEST_CASE("a coroutine sleeps, wakes and sleeps again") {
  ManualClock clock;
  const auto body = [&]() -> Deferred<double> {
    co_await deferLater(clock, 1);
    co_await deferLater(clock, 2);
    co_return clock.seconds();
  };
  auto running = body();
  clock.play(5);
  CHECK(successResultOf(running) == doctest::Approx(3));
}

TEST_CASE("a sleep that was dropped ends by itself") {
  ManualClock clock;
  { auto dropped = deferLater(clock, 1); }
  CHECK(clock.getDelayedCalls().size() == 1);
  clock.advance(1);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a sleep fails with AbandonedError if its clock goes first; cancelling it then does nothing") {
  const UnhandledErrors none;
  std::optional<ManualClock> clock(std::in_place);
  auto first = deferLater(*clock, 1), second = deferLater(*clock, 1);
  { auto dropped = deferLater(*clock, 1); }
  clock.reset();
  failureResultOf<AbandonedError>(first);
  second.cancel();
  failureResultOf<AbandonedError>(second);
}

TEST_CASE("a callback of a sleep may cancel other sleeps that are due at the same time") {
  const UnhandledErrors none;
  ManualClock clock;
  std::optional<Deferred<>> second;
  bool ran = false;
  deferLater(clock, 1, [&] { second->cancel(); }).detach();
  second.emplace(deferLater(clock, 1, [&] { ran = true; }));
  clock.advance(1);
  CHECK_FALSE(ran);
  failureResultOf<CancelledError>(*second);
}

TEST_CASE("a negative delay is an invalid_argument") {
  ManualClock clock;
  CHECK_THROWS_AS((void)deferLater(clock, -1), std::invalid_argument);
}

}  // namespace
}  // namespace weft::test
