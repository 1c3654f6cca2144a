// Coroutines that return a Deferred: rows A34, A35 and B1 to B9.
#include <weft/defer/deferred.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};
struct Timeout : std::runtime_error {
  Timeout() : std::runtime_error("timeout") {}
};

Deferred<int> ready(int x) { co_return x; }
Deferred<int> plusOne(Deferred<int> d) {
  const int v = co_await d;
  co_return v + 1;
}
Deferred<> nothing() { co_return; }

// ---- starting and ending

TEST_CASE("a coroutine runs at once, up to its first await of something unfired") {  // A34 B1
  std::string order;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  const auto body = [&]() -> Deferred<int> {
    order += "begins ";
    const int v = co_await d;
    order += "goes-on ";
    co_return v;
  };
  auto running = body();
  order += "caller ";
  assertNoResult(running);
  trigger.callback(3);
  CHECK(order == "begins caller goes-on ");
  CHECK(successResultOf(running) == 3);
}

TEST_CASE("a coroutine that never waits has fired when its call returns") {  // B1
  CHECK(successResultOf(ready(5)) == 5);
  successResultOf(nothing());
}

TEST_CASE("an exception of a coroutine is its failure, never one of its call") {  // B1
  const auto thrower = []() -> Deferred<int> {
    throw Refused();
    co_return 1;
  };
  failureResultOf<Refused>(thrower());
}

TEST_CASE("a coroutine may return a Failure or an Outcome, without a throw") {
  const auto refuses = []() -> Deferred<int> { co_return Failure(Refused()); };
  failureResultOf<Refused>(refuses());
  const auto passes = [](Outcome<int> outcome) -> Deferred<int> { co_return outcome; };
  CHECK(successResultOf(passes(4)) == 4);
  failureResultOf<Refused>(passes(Failure(Refused())));
}

TEST_CASE("an error that a coroutine ends with is reported once, when nobody takes it") {  // A27
  UnhandledErrors errors;
  const auto thrower = [](Deferred<> d) -> Deferred<> {
    co_await d;
    throw Refused();
  };
  SUBCASE("it has ended when its Deferred goes") {
    { auto d = thrower(succeed()); }
    CHECK(errors.tookOne<Refused>());
  }
  SUBCASE("its Deferred goes first") {
    Deferred<> d;
    Trigger<> trigger = d.takeTrigger();
    thrower(std::move(d)).detach();
    CHECK(errors.count() == 0);
    trigger.callback();
    CHECK(errors.tookOne<Refused>());
  }
}

TEST_CASE("a coroutine whose Deferred was dropped runs on and frees itself") {  // B9
  const AllCounted counted;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  int got = 0;
  const auto body = [&](Counted c) -> Deferred<> {
    const int v = co_await d;
    got = v + c.value;
  };
  body(Counted(1)).detach();
  CHECK(Counted::alive == 1);
  trigger.callback(2);
  CHECK(got == 3);
  CHECK(Counted::alive == 0);
}

TEST_CASE("a coroutine's frame goes when its result was taken, its locals before that") {  // B9
  const AllCounted counted;
  const auto body = [](Counted c) -> Deferred<Counted> {
    const Counted local(7);
    co_return Counted(c.value + local.value);
  };
  auto d = body(Counted(1));
  CHECK(Counted::alive == 2);                          // the parameter and the result
  CHECK(successResultOf(d).value == 8);
  CHECK(Counted::alive == 0);
}

TEST_CASE("a result's value moves through awaits without a copy") {
  const AllCounted counted;
  const long copies = Counted::copies;
  const auto pass = [](Deferred<Counted> d) -> Deferred<Counted> {
    Counted c = co_await d;
    co_return c;
  };
  Deferred<Counted> d;
  Trigger<Counted> trigger = d.takeTrigger();
  auto end = pass(pass(pass(std::move(d))));
  trigger.callback(Counted(5));
  CHECK(successResultOf(end).value == 5);
  CHECK(Counted::copies == copies);
}

TEST_CASE("a return value whose move throws is the coroutine's failure") {
  const AllCounted counted;
  const auto body = []() -> Deferred<ThrowsOnMove> {
    ThrowsOnMove v(1);
    co_return v;
  };
  ThrowsOnMove::movesLeft = 1;
  auto d = body();
  ThrowsOnMove::movesLeft = -1;
  failureResultOf<ThrowsOnMove::Thrown>(d);
}

TEST_CASE("an awaited value whose move throws throws at the await") {
  const AllCounted counted;
  Deferred<ThrowsOnMove> d;
  Trigger<ThrowsOnMove> trigger = d.takeTrigger();
  const auto body = [](Deferred<ThrowsOnMove> awaited) -> Deferred<int> {
    try {
      const ThrowsOnMove v = co_await awaited;
      co_return v.value();
    } catch (const ThrowsOnMove::Thrown&) {
      co_return -1;
    }
  };
  auto end = body(std::move(d));
  ThrowsOnMove::movesLeft = 2;
  trigger.callback(ThrowsOnMove(1));
  ThrowsOnMove::movesLeft = -1;
  CHECK(successResultOf(end) == -1);
}

// ---- awaiting

TEST_CASE("awaiting a Deferred that has fired does not suspend") {  // A35 B2
  bool after = false;
  const auto body = [&]() -> Deferred<> {
    auto d = succeed(1);
    co_await d;
    after = true;
  };
  auto running = body();
  CHECK(after);
  successResultOf(running);
}

TEST_CASE("awaiting throws the failure, which counts as handled") {  // A35
  const UnhandledErrors none;
  const auto body = [](Deferred<int> d) -> Deferred<std::string> {
    try {
      co_await d;
      co_return "value";
    } catch (const Refused&) {
      co_return "caught";
    }
  };
  CHECK(successResultOf(body(fail<int>(Refused()))) == "caught");
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto waiting = body(std::move(d));
  trigger.errback(Refused());
  CHECK(successResultOf(waiting) == "caught");
}

TEST_CASE("awaiting the outcome looks at a failure without a throw") {
  const UnhandledErrors none;
  const auto body = [](Deferred<int> d) -> Deferred<int> {
    Outcome<int> outcome = co_await d.outcome();
    if (!outcome) co_return outcome.failure();
    co_return *outcome + 1;
  };
  CHECK(successResultOf(body(succeed(1))) == 2);
  failureResultOf<Refused>(body(body(fail<int>(Refused()))));
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto waiting = body(std::move(d));
  trigger.callback(4);
  CHECK(successResultOf(waiting) == 5);
}

TEST_CASE("a second await of the same Deferred is an AlreadyChainedError, never an empty value") {  // A35
  const UnhandledErrors none;
  Deferred<int> d;
  const auto waiter = [&]() -> Deferred<int> {
    const int v = co_await d;
    co_return v;
  };
  auto first = waiter(), second = waiter();
  failureResultOf<AlreadyChainedError>(second);
  d.callback(1);
  CHECK(successResultOf(first) == 1);
}

TEST_CASE("awaits stand in conditions, loops, arguments and bindings") {
  const auto body = []() -> Deferred<int> {
    int sum = 0;
    for (int i = 0; i < 10; ++i) sum += co_await ready(i);
    while (co_await ready(sum) < 50) ++sum;
    if (co_await ready(1) == 1) sum += co_await plusOne(ready(1)) * co_await ready(2);
    co_return sum;
  };
  CHECK(successResultOf(body()) == 54);
}

TEST_CASE("a chain on top of a coroutine, and a coroutine on top of a chain") {
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto end = plusOne(plusOne(std::move(d)).addCallback([](int x) { return x * 10; })).addCallback([](int x) { return std::to_string(x); });
  trigger.callback(1);
  CHECK(successResultOf(end) == "21");
}

TEST_CASE("a callback may be a coroutine, also one that captures: it lives until its result is there") {
  const AllCounted counted;
  const std::string s(60, 'y');
  SUBCASE("on a Deferred that fires later") {
    Deferred<int> first, second;
    Trigger<int> trigger = second.takeTrigger();
    auto end = first.addCallback([s, c = Counted(1), &second](int x) -> Deferred<int> {
      const int v = co_await second;
      co_return v + x + static_cast<int>(s.size()) + c.value;
    });
    first.callback(1);
    trigger.callback(2);
    CHECK(successResultOf(end) == 64);
  }
  SUBCASE("on a Deferred that has fired") {
    Deferred<int> second;
    Trigger<int> trigger = second.takeTrigger();
    auto end = succeed(1).addCallback([s, c = Counted(1), &second](int x) -> Deferred<int> {
      const int v = co_await second;
      co_return v + x + static_cast<int>(s.size()) + c.value;
    });
    trigger.callback(2);
    CHECK(successResultOf(end) == 64);
  }
}

TEST_CASE("a finally that is a capturing coroutine lives until it has ended, also deep in a chain that waits for it") {
  const AllCounted counted;
  Deferred<int> d;
  Deferred<> cleaning;
  Trigger<int> trigger = d.takeTrigger();
  Trigger<> cleaned = cleaning.takeTrigger();
  int seen = 0;
  auto end = succeed().addCallback([&] {
    return d.addBoth([&seen, &cleaning]() -> Deferred<> {
      co_await cleaning;
      seen = 1;                                        // reads the captures: the lambda must still be there
    });
  });
  trigger.callback(3);
  std::vector<std::string> scribble(8, std::string(90, 'x'));
  cleaned.callback();
  CHECK(seen == 1);
  CHECK(successResultOf(end) == 3);
}

TEST_CASE("a callback that chains onto a capturing coroutine of its own keeps it alive, also where links are left out") {
  Deferred<int> outer, inner;
  Trigger<int> trigger = inner.takeTrigger();
  int base = 10;
  const auto work = [&base, &inner](int x) -> Deferred<int> {
    const int v = co_await inner;
    co_return v + x + base;
  };
  Deferred<int> step;
  Trigger<int> stepEnd = step.takeTrigger();
  auto end = outer.addCallback([&](int) {
    return step.addCallback([work](int x) { return work(x).addCallback([](int v) { return v + 1; }); });
  });
  outer.callback(0);
  stepEnd.callback(1);
  auto churn = std::make_unique<std::vector<Deferred<int>>>();
  for (int i = 0; i < 16; ++i) churn->push_back(Deferred<int>());
  trigger.callback(2);
  CHECK(successResultOf(end) == 14);
}

// ---- cancelling

TEST_CASE("cancelling a coroutine cancels what it awaits, and the error comes out of the await") {  // B4
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> d([&] { ++asked; });
  Trigger<int> trigger = d.takeTrigger();
  auto end = plusOne(plusOne(std::move(d)));
  end.cancel();
  CHECK(asked == 1);
  failureResultOf<CancelledError>(end);
}

TEST_CASE("what the canceller fires instead, value or error, comes out of the await") {  // B4
  const UnhandledErrors none;
  auto value = plusOne(Deferred<int>([](auto& end) { end.callback(4); }));
  value.cancel();
  CHECK(successResultOf(value) == 5);
  auto error = plusOne(Deferred<int>([](auto& end) { end.errback(Timeout()); }));
  error.cancel();
  failureResultOf<Timeout>(error);
}

TEST_CASE("a coroutine may catch its cancel and go on; a second cancel hits its next await") {  // B5
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> first, second([&] { ++asked; });
  Trigger<int> one = first.takeTrigger(), two = second.takeTrigger();
  const auto body = [&]() -> Deferred<int> {
    bool cancelled = false;
    try {
      co_await first;
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) co_return co_await second;
    co_return 0;
  };
  auto running = body();
  running.cancel();
  assertNoResult(running);
  CHECK(asked == 0);
  running.cancel();
  CHECK(asked == 1);
  failureResultOf<CancelledError>(running);
}

TEST_CASE("a coroutine waits for an awaited Deferred that delays its cancel") {  // B6
  Deferred<int> d([] { return true; });
  Trigger<int> trigger = d.takeTrigger();
  auto running = plusOne(std::move(d));
  running.cancel();
  assertNoResult(running);
  trigger.callback(1);
  CHECK(successResultOf(running) == 2);
}

TEST_CASE("a coroutine that is cancelled while it runs has its next wait cancelled") {
  const UnhandledErrors none;
  Deferred<> start, next;
  Trigger<> trigger = next.takeTrigger();
  std::optional<Deferred<>> self;
  std::string path;
  const auto body = [&]() -> Deferred<> {
    co_await start;
    self->cancel();
    path += "still-running ";
    co_await succeed();                                // ready: not a wait
    path += "after-ready ";
    co_await next;
    path += "never";
  };
  self.emplace(body());
  start.callback();
  CHECK(path == "still-running after-ready ");
  failureResultOf<CancelledError>(*self);
}

TEST_CASE("a coroutine that is cancelled while it runs has its next wait for an outcome cancelled") {
  const UnhandledErrors none;
  Deferred<> start, next;
  Trigger<> trigger = next.takeTrigger();
  std::optional<Deferred<bool>> self;
  const auto body = [&]() -> Deferred<bool> {
    co_await start;
    self->cancel();
    const Outcome<> outcome = co_await next.outcome();
    co_return !outcome && outcome.failure().check<CancelledError>();
  };
  self.emplace(body());
  start.callback();
  CHECK(successResultOf(*self));
}

TEST_CASE("a coroutine that is cancelled while it runs, and does not wait again, ends as if nothing had happened") {
  const UnhandledErrors none;
  Deferred<> start;
  std::optional<Deferred<int>> self;
  const auto body = [&]() -> Deferred<int> {
    co_await start;
    self->cancel();
    co_return 5;
  };
  self.emplace(body());
  start.callback();
  CHECK(successResultOf(*self) == 5);
}

TEST_CASE("a coroutine cancelled between the fire of what it awaits and its turn gets the value, then its next wait cancelled") {
  const UnhandledErrors none;
  Deferred<int> first;
  Deferred<> second, start;
  Trigger<> trigger = second.takeTrigger();
  int got = 0;
  const auto body = [&]() -> Deferred<> {
    got = co_await first;
    co_await second;
  };
  auto running = body();
  start.addCallback([&] {
         first.callback(3);                            // queued: the coroutine goes on after this callback
         running.cancel();
       }).detach();
  start.callback();
  CHECK(got == 3);
  failureResultOf<CancelledError>(running);
}

TEST_CASE("cancelling a coroutine that has ended does nothing") {
  auto d = ready(1);
  d.cancel();
  CHECK(successResultOf(d) == 1);
}

TEST_CASE("destructors of a cancelled coroutine run before its Deferred's callbacks") {  // B4
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<int> d;
  std::string order;
  struct Says {
    std::string& order;
    ~Says() { order += "unwound "; }
  };
  const auto body = [&]() -> Deferred<int> {
    const Says says{order};
    co_return co_await d;
  };
  auto end = body().addErrback([&](const CancelledError&) { order += "errback "; return 0; });
  end.cancel();
  CHECK(order == "unwound errback ");
}

TEST_CASE("an errback of a cancelled coroutine may drop that coroutine's Deferred") {
  const UnhandledErrors none;
  const AllCounted counted;
  std::optional<Deferred<int>> end;
  Deferred<int> d;
  end.emplace(plusOne(std::move(d)).addErrback([&, c = Counted(3)](Failure) {
    end.reset();
    return c.value;
  }));
  end->cancel();
  CHECK_FALSE(end);
}

TEST_CASE("a coroutine may drop its own Deferred, and the Trigger that resumes it") {
  const AllCounted counted;
  std::optional<Deferred<>> self;
  std::optional<Trigger<>> trigger;
  Deferred<> d;
  trigger.emplace(d.takeTrigger());
  bool ended = false;
  const auto body = [&](Counted c) -> Deferred<> {
    co_await d;
    self.reset();
    trigger.reset();
    CHECK(c.value == 1);
    ended = true;
  };
  self.emplace(body(Counted(1)));
  trigger->callback();
  CHECK(ended);
}

TEST_CASE("a coroutine that was abandoned at its await ends with AbandonedError") {
  const AllCounted counted;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto end = plusOne(std::move(d));
  trigger = Trigger<int>();
  failureResultOf<AbandonedError>(end);
}

// ---- paused

TEST_CASE("a paused coroutine's result waits until it is unpaused") {  // A19
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto running = plusOne(std::move(d));
  running.pause();
  int got = 0;
  auto end = running.addCallback([&](int x) { got = x; });
  trigger.callback(1);
  CHECK(got == 0);
  running.unpause();
  CHECK(got == 2);
  CHECK(end.called());
}

TEST_CASE("a coroutine that awaits a paused Deferred waits until it is unpaused") {  // A10 A19
  Deferred<int> d;
  d.pause();
  Trigger<int> trigger = d.takeTrigger();
  trigger.callback(1);
  const auto body = [&]() -> Deferred<int> {
    const int v = co_await d;
    co_return v;
  };
  auto running = body();
  assertNoResult(running);
  d.unpause();
  CHECK(successResultOf(running) == 1);
}

TEST_CASE("a coroutine that fails while it is paused and then dropped is reported once") {
  UnhandledErrors errors;
  const AllCounted counted;
  {
    const auto body = [](Counted) -> Deferred<> {
      throw Refused();
      co_return;
    };
    auto running = body(Counted(1));
    running.pause();
  }
  CHECK(errors.tookOne<Refused>());
}

// ---- traces

TEST_CASE("a failure lists the awaits that it went through, innermost first") {  // B8
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto end = plusOne(plusOne(std::move(d)).addCallback([](int v) { return v; }));
  trigger.errback(Refused());
  const Failure failure = failureResultOf<Refused>(end);
  const auto trace = failure.traceback();
  REQUIRE(trace.size() == 3);
  CHECK(std::string(trace[0].function_name()).find("plusOne") != std::string::npos);
  CHECK(std::string(trace[2].function_name()).find("plusOne") != std::string::npos);
  CHECK(failure.getTraceback().find("coroutine_test.cpp:") != std::string::npos);
}

TEST_CASE("a failure that is caught and thrown on keeps the trace that it had") {  // B8
  const auto rethrows = [](Deferred<int> d) -> Deferred<int> {
    try {
      co_return co_await d;
    } catch (...) {
      throw;
    }
  };
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto end = plusOne(rethrows(std::move(d)));
  trigger.errback(Refused());
  CHECK(failureResultOf<Refused>(end).traceback().size() == 2);
}

TEST_CASE("a waiting coroutine says where it waits") {  // A29 B8
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto running = plusOne(std::move(d));
  const std::string text = running.describe();
  CHECK(text.find("coroutine ") == 0);
  CHECK(text.find("plusOne") != std::string::npos);
  CHECK(text.find("waits for pending: ") != std::string::npos);
  trigger.callback(1);
}

}  // namespace
}  // namespace weft::test
