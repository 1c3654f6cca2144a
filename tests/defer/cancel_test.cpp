// What cancel() and addTimeout() of deferred.hpp do: rows A21 to A26.
#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

// ---- without a canceller

TEST_CASE("cancel() without a canceller fails with CancelledError at once") {  // A21
  const UnhandledErrors none;
  Deferred<int> d;
  bool saw = false;
  auto end = d.addErrback([&](const CancelledError&) { saw = true; return 0; });
  end.cancel();
  CHECK(saw);
  CHECK(end.called());
}

TEST_CASE("after a cancel one late result is ignored, and a second is an AlreadyCalledError") {  // A21
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<Counted> d;
  d.cancel();
  Trigger<Counted> trigger = d.takeTrigger();
  trigger.callback(Counted(1));
  CHECK_THROWS_AS(trigger.callback(Counted(2)), AlreadyCalledError);
  failureResultOf<CancelledError>(d);
}

TEST_CASE("after a cancel one late error is ignored and not reported") {  // A21
  const UnhandledErrors none;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  d.cancel();
  CHECK_FALSE(trigger.active());
  CHECK(trigger);
  trigger.errback(Refused());
  CHECK_THROWS_AS(trigger.errback(Refused()), AlreadyCalledError);
  failureResultOf<CancelledError>(d);
}

TEST_CASE("a Deferred fired by its own handle ignores the late result too") {  // A21
  Deferred<int> d;
  d.cancel();
  d.callback(1);
  CHECK_THROWS_AS(d.callback(2), AlreadyCalledError);
  failureResultOf<CancelledError>(d);
}

TEST_CASE("cancel() may be called any number of times") {  // A24
  const UnhandledErrors none;
  Deferred<int> d;
  for (int i = 0; i < 3; ++i) d.cancel();
  failureResultOf<CancelledError>(d);
}

// ---- with a canceller

TEST_CASE("a canceller that fires nothing gives CancelledError, and a later fire throws") {  // A22
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> d([&] { ++asked; });
  Trigger<int> trigger = d.takeTrigger();
  d.cancel();
  d.cancel();
  CHECK(asked == 1);
  CHECK_THROWS_AS(trigger.callback(1), AlreadyCalledError);
  failureResultOf<CancelledError>(d);
}

TEST_CASE("a canceller may fire what it likes") {  // A22
  Deferred<int> value([](auto& end) { end.callback(7); });
  value.cancel();
  CHECK(successResultOf(value) == 7);
  Deferred<int> error([](auto& end) { end.errback(Refused()); });
  error.cancel();
  failureResultOf<Refused>(error);
}

TEST_CASE("a canceller that fires twice is told off, and its first result stands") {  // A22
  const LogCapture log;
  Deferred<int> d([](auto& end) {
    end.callback(1);
    end.callback(2);
  });
  d.cancel();
  CHECK(successResultOf(d) == 1);
  CHECK(log.count(LogLevel::Error) == 1);
}

TEST_CASE("a canceller may fire by the Trigger that it holds") {  // A22
  Trigger<int> trigger;
  Deferred<int> d([&] { trigger.callback(4); });
  trigger = d.takeTrigger();
  d.cancel();
  CHECK(successResultOf(d) == 4);
}

TEST_CASE("a canceller that throws is logged, and the result is CancelledError all the same") {  // A22
  const UnhandledErrors none;
  const LogCapture log;
  Deferred<int> d([] { throw Refused(); });
  d.cancel();
  failureResultOf<CancelledError>(d);
  CHECK(log.contains("refused"));
}

TEST_CASE("a canceller that says that it will still fire leaves the Deferred waiting") {  // A22 B6
  int asked = 0;
  Deferred<int> d([&] { ++asked; return true; });
  Trigger<int> trigger = d.takeTrigger();
  d.cancel();
  d.cancel();
  CHECK(asked == 1);
  assertNoResult(d);
  trigger.errback(Refused());
  failureResultOf<Refused>(d);
}

TEST_CASE("a canceller that promises to fire, and whose Trigger is then dropped, gives AbandonedError") {
  Deferred<int> d([] { return true; });
  {
    auto trigger = d.takeTrigger();
    d.cancel();
  }
  failureResultOf<AbandonedError>(d);
}

TEST_CASE("a canceller that drops the Trigger gives CancelledError, as one that does nothing") {
  const UnhandledErrors none;
  std::map<int, Trigger<int>> waiting;                 // a table of open requests: what a canceller usually looks like
  Deferred<int> d([&] { waiting.erase(1); });
  waiting.emplace(1, d.takeTrigger());
  d.cancel();
  CHECK(waiting.empty());
  failureResultOf<CancelledError>(d);
}

TEST_CASE("a canceller that drops the Trigger and says that it will still fire gives CancelledError") {
  const UnhandledErrors none;
  Trigger<int> trigger;
  Deferred<int> d([&] {
    trigger = Trigger<int>();
    return true;
  });
  trigger = d.takeTrigger();
  d.cancel();
  REQUIRE(d.called());
  failureResultOf<CancelledError>(d);
}

TEST_CASE("a canceller may drop the Deferred that is being cancelled") {
  const UnhandledErrors none;
  const AllCounted counted;
  std::unique_ptr<Deferred<int>> d;
  d = std::make_unique<Deferred<int>>([&, c = Counted(1)] {
    d.reset();
    CHECK(c.value == 1);
  });
  d->cancel();
  CHECK(d == nullptr);
}

TEST_CASE("a canceller may drop both ends") {
  const UnhandledErrors none;
  const AllCounted counted;
  std::optional<Trigger<int>> trigger;
  std::unique_ptr<Deferred<int>> d;
  d = std::make_unique<Deferred<int>>([&, c = Counted(1)] {
    trigger.reset();
    d.reset();
    CHECK(c.value == 1);
  });
  trigger.emplace(d->takeTrigger());
  d->cancel();
}

TEST_CASE("a canceller may cancel again") {
  const UnhandledErrors none;
  int asked = 0;
  std::optional<Deferred<int>> d;
  d.emplace([&] {
    ++asked;
    d->cancel();
  });
  d->cancel();
  CHECK(asked == 1);
  failureResultOf<CancelledError>(*d);
}

TEST_CASE("a canceller is freed when the Deferred fires") {  // A25
  const AllCounted counted;
  Deferred<int> d([c = Counted(1)] {});
  CHECK(Counted::alive == 1);
  d.callback(1);
  CHECK(Counted::alive == 0);
  CHECK(successResultOf(d) == 1);
}

TEST_CASE("a canceller is freed with the cancel, and with an abandoned or a dropped Deferred") {  // A25
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<int> cancelled([c = Counted(1)] {});
  cancelled.cancel();
  CHECK(Counted::alive == 0);
  Deferred<int> promised([c = Counted(1)] { return true; });
  promised.cancel();
  CHECK(Counted::alive == 0);
  { Deferred<int> dropped([c = Counted(1)] {}); }
  CHECK(Counted::alive == 0);
  Deferred<int> abandoned([c = Counted(1)] {});
  { auto trigger = abandoned.takeTrigger(); }
  CHECK(Counted::alive == 0);
  failureResultOf<AbandonedError>(abandoned);
}

TEST_CASE("a canceller that owns the Deferred itself is a circle that the first fire breaks") {  // A25
  const AllCounted counted;
  struct Request {
    Counted counted{1};
    Deferred<int> result{nullptr};
  };
  const auto make = [](Trigger<int>& trigger) {
    auto request = std::make_shared<Request>();
    request->result = Deferred<int>([request] {});
    trigger = request->result.takeTrigger();
  };
  SUBCASE("fired with a value") {
    Trigger<int> trigger;
    make(trigger);
    CHECK(Counted::alive == 1);
    trigger.callback(1);
    CHECK(Counted::alive == 0);
  }
  SUBCASE("abandoned") {
    UnhandledErrors errors;
    {
      Trigger<int> trigger;
      make(trigger);
    }
    CHECK(Counted::alive == 0);
    errors.take();
  }
  SUBCASE("failed") {
    UnhandledErrors errors;
    Trigger<int> trigger;
    make(trigger);
    trigger.errback(Refused());
    CHECK(Counted::alive == 0);
    CHECK(errors.tookOne<Refused>());
  }
}

// ---- through a chain

TEST_CASE("cancelling the tail of a chain reaches the canceller at its head, and the error comes down") {  // A23
  const UnhandledErrors none;
  int asked = 0;
  std::string path;
  Deferred<int> d([&] { ++asked; });
  Trigger<int> trigger = d.takeTrigger();
  auto end = d.addCallback([&](int x) { path += "f"; return x; }).addErrback([&](const CancelledError&) { path += "e"; return -1; }).addCallback([&](int x) {
    path += "g";
    return x;
  });
  end.cancel();
  CHECK(asked == 1);
  CHECK(path == "eg");
  CHECK(successResultOf(end) == -1);
}

TEST_CASE("cancelling a chain that waits for an inner Deferred cancels the inner one, not its own canceller") {  // A23
  const UnhandledErrors none;
  int outerAsked = 0, innerAsked = 0;
  Deferred<int> outer([&] { ++outerAsked; });
  Deferred<int> inner([&] { ++innerAsked; });
  Trigger<int> innerEnd = inner.takeTrigger();
  auto end = outer.addCallback([&](int) { return std::move(inner); });
  outer.callback(1);
  end.cancel();
  CHECK(outerAsked == 0);
  CHECK(innerAsked == 1);
  failureResultOf<CancelledError>(end);
}

TEST_CASE("cancel() of a Deferred that has fired does nothing") {  // A24
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> d([&] { ++asked; });
  d.callback(3);
  d.cancel();
  CHECK(asked == 0);
  CHECK(successResultOf(d) == 3);
}

TEST_CASE("a chain that survives its cancel can be cancelled again at what it waits for next") {  // B5
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> first, second([&] { ++asked; });
  Trigger<int> one = first.takeTrigger(), two = second.takeTrigger();
  auto end = first.addErrback([&](const CancelledError&) { return std::move(second); });
  end.cancel();
  assertNoResult(end);
  CHECK(asked == 0);
  end.cancel();
  CHECK(asked == 1);
  failureResultOf<CancelledError>(end);
}

TEST_CASE("an errback that runs in a cancel may drop the chain") {
  const UnhandledErrors none;
  const AllCounted counted;
  auto end = std::make_unique<Deferred<int>>(nullptr);
  Deferred<int> d;
  *end = d.addErrback([&, c = Counted(1)](Failure) {
             end.reset();
             return c.value;
           }).addCallback([](int x) { return x; });
  end->cancel();
  CHECK(end == nullptr);
}

TEST_CASE("cancel() inside a running callback acts when that callback has returned, on what is waited for") {
  const UnhandledErrors none;
  std::string order;
  Deferred<int> a, b;
  auto end = b.addErrback([&](const CancelledError&) { order += "cancelled "; return 0; });
  a.addCallback([&](int) {
     end.cancel();
     order += "callback-ends ";
   }).detach();
  a.callback(1);
  CHECK(order == "callback-ends cancelled ");
}

TEST_CASE("a paused Deferred that is cancelled holds the error back until it is unpaused") {  // A19 A21
  const UnhandledErrors none;
  Deferred<int> d;
  d.pause();
  bool saw = false;
  auto end = d.addErrback([&](const CancelledError&) { saw = true; return 0; });
  end.cancel();
  CHECK_FALSE(saw);
  CHECK_FALSE(end.called());
  d.unpause();
  CHECK(saw);
  d.callback(1);                                       // the one late result
  CHECK(end.called());
}

TEST_CASE("a paused Deferred with a canceller may be cancelled, fired late, dropped and unpaused in any order") {
  const UnhandledErrors none;
  const AllCounted counted;
  for (const char* order : {"cdu", "cud", "dcu", "uc", "c", "ct", "tcu", "ctu", "cdtu"}) {
    CAPTURE(order);
    std::optional<Deferred<int>> d(std::in_place, [c = Counted(1)] {});
    Trigger<int> trigger = d->takeTrigger();
    d->pause();
    std::optional<Deferred<int>> end(d->addErrback([c = Counted(2)](Failure) { return c.value; }));
    for (const char* step = order; *step; ++step) {
      if (*step == 'c' && end) end->cancel();
      if (*step == 'd') end.reset();
      if (*step == 'u') d->unpause();
      if (*step == 't') trigger = Trigger<int>();
    }
    d.reset();
    trigger = Trigger<int>();
  }
}

// ---- timeouts

TEST_CASE("addTimeout cancels when the time has passed, and the error is TimeoutError with the seconds") {  // A26
  const UnhandledErrors none;
  ManualClock clock;
  bool asked = false;
  Deferred<int> d([&] { asked = true; });
  Trigger<int> trigger = d.takeTrigger();
  auto end = d.addTimeout(1.5, clock);
  clock.advance(1.4);
  assertNoResult(end);
  clock.advance(0.2);
  CHECK(asked);
  const Failure failure = failureResultOf<TimeoutError>(end);
  CHECK(failure.as<TimeoutError>()->seconds == doctest::Approx(1.5));
}

TEST_CASE("addTimeout lets a result in time through and removes its timer") {  // A26
  ManualClock clock;
  Deferred<int> d;
  auto end = d.addTimeout(1, clock);
  CHECK(clock.getDelayedCalls().size() == 1);
  d.callback(5);
  CHECK(clock.getDelayedCalls().empty());
  CHECK(successResultOf(end) == 5);
}

TEST_CASE("addTimeout lets an error in time through unchanged, a cancel too") {  // A26
  const UnhandledErrors none;
  ManualClock clock;
  Deferred<int> failing, cancelled;
  auto failed = failing.addTimeout(1, clock);
  failing.errback(Refused());
  failureResultOf<Refused>(failed);
  auto end = cancelled.addTimeout(1, clock);
  end.cancel();
  failureResultOf<CancelledError>(end);                // not TimeoutError: the timer did not do it
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("addTimeout on a Deferred that has fired does not start a timer") {  // A26
  ManualClock clock;
  auto end = succeed(1).addTimeout(1, clock);
  CHECK(clock.getDelayedCalls().empty());
  CHECK(successResultOf(end) == 1);
  failureResultOf<Refused>(fail<int>(Refused()).addTimeout(1, clock));
}

TEST_CASE("addTimeout covers what was added before it, not what is added after") {  // A26
  const UnhandledErrors none;
  ManualClock clock;
  Deferred<int> slow;
  Trigger<int> trigger = slow.takeTrigger();
  auto end = succeed(1).addTimeout(1, clock).addCallback([&](int) { return std::move(slow); });
  clock.advance(10);
  assertNoResult(end);
  trigger.callback(2);
  CHECK(successResultOf(end) == 2);
}

TEST_CASE("addTimeout covers an inner Deferred that the chain waits for") {  // A26
  const UnhandledErrors none;
  ManualClock clock;
  Deferred<int> slow;
  auto end = succeed(1).addCallback([&](int) { return slow.addCallback([](int x) { return x; }); }).addTimeout(1, clock);
  clock.advance(1);
  failureResultOf<TimeoutError>(end);
}

TEST_CASE("a translator of addTimeout makes the result of a timeout") {  // A26
  const UnhandledErrors none;
  ManualClock clock;
  Deferred<int> d;
  auto end = d.addTimeout(1, clock, [](Outcome<int> outcome) {
    CHECK(outcome.failure().check<CancelledError>());
    return -1;
  });
  clock.advance(1);
  CHECK(successResultOf(end) == -1);
}

TEST_CASE("a translator of addTimeout is not asked when the timer did not fire") {  // A26
  ManualClock clock;
  bool asked = false;
  Deferred<int> d;
  auto end = d.addTimeout(1, clock, [&](Outcome<int> outcome) {
    asked = true;
    return outcome;
  });
  d.errback(Refused());
  failureResultOf<Refused>(end);
  CHECK_FALSE(asked);
}

TEST_CASE("a timeout whose canceller will still fire waits for that, and takes a value that still comes") {  // A26
  ManualClock clock;
  Deferred<int> d([] { return true; });
  Trigger<int> trigger = d.takeTrigger();
  auto end = d.addTimeout(1, clock);
  clock.advance(1);
  assertNoResult(end);
  trigger.callback(3);
  CHECK(successResultOf(end) == 3);
}

TEST_CASE("of two timeouts the shorter one wins, wherever it stands in the chain") {  // A26
  const UnhandledErrors none;
  ManualClock clock;
  Deferred<int> first, second;
  auto a = first.addTimeout(1, clock).addTimeout(2, clock);
  auto b = second.addTimeout(2, clock).addTimeout(1, clock);
  clock.advance(1);
  CHECK(failureResultOf<TimeoutError>(a).as<TimeoutError>()->seconds == doctest::Approx(1));
  CHECK(failureResultOf<TimeoutError>(b).as<TimeoutError>()->seconds == doctest::Approx(1));
  clock.advance(5);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a timeout of zero seconds fires at the next turn of the clock") {
  const UnhandledErrors none;
  ManualClock clock;
  Deferred<int> d;
  auto end = d.addTimeout(0, clock);
  assertNoResult(end);
  clock.advance(0);
  failureResultOf<TimeoutError>(end);
}

TEST_CASE("a timed Deferred may be dropped, and its clock may go first") {
  const UnhandledErrors none;
  const AllCounted counted;
  Trigger<int> trigger;
  {
    ManualClock clock;
    {
      Deferred<int> d;
      trigger = d.takeTrigger();
      auto dropped = d.addTimeout(1, clock, [c = Counted(1)](Outcome<int> outcome) { return outcome; });
    }
    CHECK(Counted::alive == 1);
  }
  trigger.callback(1);
}

TEST_CASE("a timed Deferred that was dropped is cancelled by its timeout all the same") {
  const UnhandledErrors none;
  ManualClock clock;
  bool asked = false;
  Deferred<int> d([&] { asked = true; });
  Trigger<int> trigger = d.takeTrigger();
  { auto dropped = d.addTimeout(1, clock, [](Outcome<int>) { return 0; }); }
  clock.advance(1);
  CHECK(asked);
}

TEST_CASE("a callback that runs in a timeout may drop the chain and its clock's other timers") {
  const UnhandledErrors none;
  const AllCounted counted;
  ManualClock clock;
  std::optional<Deferred<int>> a, b;
  Deferred<int> first, second;
  a.emplace(first.addTimeout(1, clock).addErrback([&, c = Counted(1)](const TimeoutError&) {
    a.reset();
    b->cancel();
    b.reset();
    return c.value;
  }));
  b.emplace(second.addTimeout(1, clock));
  clock.advance(1);
  CHECK_FALSE(a);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("addTimeout of a result that was given away is an AlreadyChainedError, and leaves no timer") {
  const UnhandledErrors none;
  const AllCounted counted;
  ManualClock clock;
  Deferred<int> d;
  auto end = d.addCallback([](int x) { return x; });
  CHECK_THROWS_AS((void)d.addTimeout(1, clock, [c = Counted(1)](Outcome<int> o) { return o; }), AlreadyChainedError);
  CHECK(clock.getDelayedCalls().empty());
  d.callback(1);
  CHECK(successResultOf(end) == 1);
}

TEST_CASE("a timeout of a paused Deferred that has fired has nothing to cancel") {
  ManualClock clock;
  Deferred<int> d;
  d.pause();
  auto end = d.addTimeout(1, clock);
  d.callback(4);
  clock.advance(2);
  assertNoResult(end);
  d.unpause();
  CHECK(successResultOf(end) == 4);
}

}  // namespace
}  // namespace weft::test
