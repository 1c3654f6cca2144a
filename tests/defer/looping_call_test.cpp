#include <weft/defer/looping_call.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

// Rows F7 to F10.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

TEST_CASE("a LoopingCall calls at once and then every interval, until it is stopped") {  // F7
  ManualClock clock;
  int calls = 0;
  LoopingCall loop(clock, [&] { ++calls; });
  CHECK_FALSE(loop.running());
  auto done = loop.start(2);
  CHECK(loop.running());
  CHECK(calls == 1);
  clock.advance(1.9);
  CHECK(calls == 1);
  clock.advance(0.1);
  CHECK(calls == 2);
  clock.play(10);
  CHECK(calls == 7);
  assertNoResult(done);
  loop.stop();
  CHECK_FALSE(loop.running());
  successResultOf(done);
  clock.play(10);
  CHECK(calls == 7);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a LoopingCall may wait for the first interval") {  // F7
  ManualClock clock;
  int calls = 0;
  LoopingCall loop(clock, [&] { ++calls; });
  auto done = loop.start(2, false);
  CHECK(calls == 0);
  clock.advance(2);
  CHECK(calls == 1);
  loop.stop();
  successResultOf(done);
}

TEST_CASE("the next call is at the next multiple of the interval from the start: missed ones are skipped, nothing drifts") {  // F7
  ManualClock clock;
  std::vector<double> times;
  LoopingCall loop(clock, [&] { times.push_back(clock.seconds()); });
  auto done = loop.start(2);
  clock.advance(7);                                    // 2, 4 and 6 are due: one call, late
  clock.advance(0.9);
  clock.advance(0.1);
  clock.play(2.5);
  CHECK(times == std::vector<double>{0, 7, 8, 10});
  loop.stop();
  successResultOf(done);
}

TEST_CASE("the interval 0 calls once in every turn of the clock") {  // F7
  ManualClock clock(5);
  int calls = 0;
  LoopingCall loop(clock, [&] { ++calls; });
  auto done = loop.start(0);
  CHECK(calls == 1);
  clock.advance(0);
  CHECK(calls >= 2);
  loop.stop();
  successResultOf(done);
}

TEST_CASE("a negative interval is an invalid_argument, a second start and a stop of what is not running a DeferError") {  // F7
  ManualClock clock;
  LoopingCall loop(clock, [] {});
  CHECK_THROWS_AS((void)loop.start(-1), std::invalid_argument);
  CHECK_THROWS_AS(loop.stop(), DeferError);
  CHECK_THROWS_AS(loop.reset(), DeferError);
  auto done = loop.start(1);
  CHECK_THROWS_AS((void)loop.start(1), DeferError);
  loop.stop();
  CHECK_THROWS_AS(loop.stop(), DeferError);
  successResultOf(done);
}

TEST_CASE("an error of the function ends the loop, and start's Deferred fails with it") {  // F7
  const UnhandledErrors none;
  ManualClock clock;
  int calls = 0;
  LoopingCall loop(clock, [&] {
    if (++calls == 3) throw Refused();
  });
  auto done = loop.start(1);
  clock.play(5);
  CHECK(calls == 3);
  CHECK_FALSE(loop.running());
  failureResultOf<Refused>(done);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("an error of the first call, and of a Deferred that the function returns, ends the loop too") {  // F7 F8
  const UnhandledErrors none;
  ManualClock clock;
  LoopingCall first(clock, []() -> int { throw Refused(); });
  failureResultOf<Refused>(first.start(1));
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  LoopingCall second(clock, [&] { return std::move(d); });
  auto done = second.start(1);
  trigger.errback(Refused());
  failureResultOf<Refused>(done);
}

TEST_CASE("a LoopingCall may be started again after it has ended") {
  const UnhandledErrors none;
  ManualClock clock;
  int calls = 0;
  LoopingCall loop(clock, [&] { ++calls; });
  for (int round = 0; round < 3; ++round) {
    auto done = loop.start(1);
    clock.advance(1);
    loop.stop();
    successResultOf(done);
  }
  CHECK(calls == 6);
}

TEST_CASE("while the Deferred that the function returned is out, no call is planned") {  // F8
  ManualClock clock;
  int calls = 0;
  Trigger<int> trigger;
  LoopingCall loop(clock, [&] {
    ++calls;
    Deferred<int> d;
    trigger = d.takeTrigger();
    return d;
  });
  auto done = loop.start(1);
  clock.play(10.5);
  CHECK(calls == 1);
  CHECK(clock.getDelayedCalls().empty());
  trigger.callback(1);
  CHECK(calls == 1);
  clock.advance(0.5);
  CHECK(calls == 2);
  loop.stop();
  assertNoResult(done);                                // the call under way has to end first
  trigger.callback(1);
  successResultOf(done);
}

TEST_CASE("the function may stop its loop, also in the first call") {  // F7
  ManualClock clock;
  std::optional<LoopingCall> loop;
  int calls = 0;
  for (const int last : {1, 3}) {
    calls = 0;
    loop.emplace(clock, [&] {
      if (++calls == last) loop->stop();
    });
    auto done = loop->start(1);
    clock.play(10);
    CHECK(calls == last);
    successResultOf(done);
  }
}

TEST_CASE("cancelling start's Deferred stops the loop") {
  const UnhandledErrors none;
  ManualClock clock;
  int calls = 0;
  LoopingCall loop(clock, [&] { ++calls; });
  auto done = loop.start(1);
  done.cancel();
  CHECK_FALSE(loop.running());
  CHECK(done.called());
  (void)done.result();
  clock.play(5);
  CHECK(calls == 1);
}

TEST_CASE("withCount tells how many intervals have passed: 1, or more when calls were missed, never 0") {  // F9
  ManualClock clock;
  std::vector<std::int64_t> counts;
  LoopingCall loop = LoopingCall::withCount(clock, [&](std::int64_t count) { counts.push_back(count); });
  auto done = loop.start(2);
  clock.advance(2);
  clock.advance(6.5);
  clock.advance(1.5);
  CHECK(counts == std::vector<std::int64_t>{1, 1, 3, 1});
  loop.stop();
  successResultOf(done);
}

TEST_CASE("withCount without a call at the start counts from the start") {  // F9
  ManualClock clock;
  std::vector<std::int64_t> counts;
  LoopingCall loop = LoopingCall::withCount(clock, [&](std::int64_t count) { counts.push_back(count); });
  auto done = loop.start(1, false);
  clock.advance(3);
  clock.advance(1);
  CHECK(counts == std::vector<std::int64_t>{3, 1});
  loop.stop();
  successResultOf(done);
}

TEST_CASE("withCount and the interval 0 always tell 1") {  // F9
  ManualClock clock(3);
  std::vector<std::int64_t> counts;
  LoopingCall loop = LoopingCall::withCount(clock, [&](std::int64_t count) { counts.push_back(count); });
  auto done = loop.start(0);
  clock.advance(5);
  clock.advance(5);
  loop.stop();
  CHECK(counts.size() >= 3);
  for (const auto count : counts) CHECK(count == 1);
  successResultOf(done);
}

TEST_CASE("the counts of withCount add up to the intervals that have passed, however the clock jumps") {  // F9
  ManualClock clock;
  std::int64_t sum = 0;
  LoopingCall loop = LoopingCall::withCount(clock, [&](std::int64_t count) {
    CHECK(count > 0);
    sum += count;
  });
  auto done = loop.start(0.25);
  unsigned state = 1;
  for (int i = 0; i < 200; ++i) {
    state = state * 1664525u + 1013904223u;
    clock.advance(std::chrono::milliseconds((state >> 16) % 700));
  }
  const auto passed = clock.now() / std::chrono::milliseconds(250);
  CHECK(sum == passed + 1);
  loop.stop();
  successResultOf(done);
}

TEST_CASE("reset puts the next call one full interval from now") {  // F10
  ManualClock clock;
  std::vector<double> times;
  LoopingCall loop(clock, [&] { times.push_back(clock.seconds()); });
  auto done = loop.start(2);
  clock.advance(1);
  loop.reset();
  clock.play(5);
  CHECK(times == std::vector<double>{0, 3, 5});
  loop.stop();
  successResultOf(done);
}

TEST_CASE("destroying a LoopingCall ends it, and start's Deferred fails with AbandonedError") {
  const UnhandledErrors none;
  const AllCounted counted;
  ManualClock clock;
  Deferred<> done(nullptr);
  {
    LoopingCall loop(clock, [c = Counted(1)] {});
    done = loop.start(1);
  }
  CHECK(clock.getDelayedCalls().empty());
  failureResultOf<AbandonedError>(done);
  CHECK(Counted::alive == 0);
}

TEST_CASE("the function may destroy its LoopingCall, in the first call and later") {
  const UnhandledErrors none;
  const AllCounted counted;
  ManualClock clock;
  for (const int last : {1, 2}) {
    int calls = 0;
    std::unique_ptr<LoopingCall> loop;
    loop = std::make_unique<LoopingCall>(clock, [&, c = Counted(1)] {
      if (++calls == last) loop.reset();
      CHECK(c.value == 1);
    });
    auto done = loop->start(1);
    clock.play(5);
    CHECK(calls == last);
    failureResultOf<AbandonedError>(done);
    CHECK(clock.getDelayedCalls().empty());
  }
}

TEST_CASE("a LoopingCall may go while its call is under way; the error of that call is reported") {
  UnhandledErrors errors;
  const AllCounted counted;
  ManualClock clock;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  {
    LoopingCall loop(clock, [&, c = Counted(1)] { return std::move(d); });
    loop.start(1).addErrback([](const AbandonedError&) {}).detach();
  }
  CHECK(Counted::alive == 1);
  trigger.errback(Refused());
  CHECK(errors.tookOne<Refused>());
}

TEST_CASE("moving a LoopingCall lets it run on; assigning over one ends it") {
  const UnhandledErrors none;
  ManualClock clock;
  int first = 0, second = 0;
  LoopingCall a(clock, [&] { ++first; });
  auto doneA = a.start(1);
  LoopingCall moved = std::move(a);
  clock.advance(1);
  CHECK(first == 2);
  LoopingCall b(clock, [&] { ++second; });
  auto doneB = b.start(1);
  moved = std::move(b);
  clock.play(3);
  CHECK(first == 2);
  CHECK(second == 4);
  failureResultOf<AbandonedError>(doneA);
  moved.stop();
  successResultOf(doneB);
}

TEST_CASE("the callback of start's Deferred may destroy or start the LoopingCall") {
  const UnhandledErrors none;
  ManualClock clock;
  int calls = 0;
  auto loop = std::make_unique<LoopingCall>(clock, [&] { ++calls; });
  std::optional<Deferred<>> again;
  loop->start(1).addCallback([&] { again.emplace(loop->start(1)); }).detach();
  loop->stop();
  REQUIRE(again);
  CHECK(loop->running());
  again->addCallback([&] { loop.reset(); }).detach();
  loop->stop();
  CHECK(loop == nullptr);
  CHECK(calls == 2);
}

}  // namespace
}  // namespace weft::test
