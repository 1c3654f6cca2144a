#include <weft/defer/deferred.hpp>

#include <weft/core/log.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Rows A1 to A20 and A27 to A30 of the semantics; cancellation and timeouts are in cancel_test.cpp, coroutines in coroutine_test.cpp.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};
struct Timeout : std::runtime_error {
  Timeout() : std::runtime_error("timeout") {}
};

// ---- firing

TEST_CASE("a new Deferred has no result") {  // A1
  Deferred<int> d;
  CHECK_FALSE(d.called());
  CHECK(d);
  CHECK_THROWS_AS((void)d.result(), NoResultError);
}

TEST_CASE("an empty Deferred holds nothing, and every use of it says so") {
  Deferred<int> d(nullptr);
  CHECK_FALSE(d);
  CHECK_FALSE(d.called());
  CHECK_THROWS_AS((void)d.result(), NoResultError);
  CHECK_THROWS_AS(d.callback(1), AlreadyCalledError);
  CHECK_THROWS_AS((void)d.takeTrigger(), AlreadyCalledError);
  CHECK_THROWS_AS((void)d.addCallback([](int x) { return x; }), AlreadyChainedError);
  CHECK_THROWS_AS(d.pause(), AlreadyChainedError);
  CHECK_THROWS_AS(d.unpause(), DeferError);
  d.cancel();
  d.detach();
  CHECK(d.describe() == "an empty Deferred\n");
}

TEST_CASE("callback() runs the chain before it returns") {  // A2
  const UnhandledErrors none;
  Deferred<int> d;
  std::string got;
  auto end = d.addCallback([](int x) { return std::to_string(x * 2); }).addCallback([&](std::string s) { got = std::move(s); });
  CHECK_FALSE(end.called());
  d.callback(21);
  CHECK(got == "42");
  CHECK(end.called());
}

TEST_CASE("callback() with a Failure takes the error side") {  // A2
  const UnhandledErrors none;
  Deferred<int> d;
  auto recovered = d.addErrback([](const Refused&) { return 7; });
  d.callback(Failure(Refused()));
  CHECK(successResultOf(recovered) == 7);
}

TEST_CASE("firing twice is an AlreadyCalledError that says where it fired and was made") {  // A2 A28
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  trigger.callback(1);
  try {
    trigger.callback(2);
    FAIL("the second callback() did not throw");
  } catch (const AlreadyCalledError& error) {
    CHECK(std::string(error.what()).find("deferred_test.cpp:") != std::string::npos);
  }
  CHECK_THROWS_AS(trigger.errback(Refused()), AlreadyCalledError);
  CHECK(successResultOf(d) == 1);
}

TEST_CASE("a Deferred that was fired by hand cannot be fired again") {  // A2
  Deferred<int> d;
  d.callback(1);
  CHECK_THROWS_AS(d.callback(2), AlreadyCalledError);
  CHECK_THROWS_AS(d.errback(Refused()), AlreadyCalledError);
  CHECK_THROWS_AS((void)d.takeTrigger(), AlreadyCalledError);
  CHECK(successResultOf(d) == 1);
}

TEST_CASE("errback() runs the errbacks with the failure") {  // A3
  const UnhandledErrors none;
  Deferred<int> d;
  std::string said;
  d.addErrback([&](Failure failure) {
     said = failure.what();
     return 0;
   }).detach();
  d.errback(Refused());
  CHECK(said == "refused");
}

TEST_CASE("errback() without an argument takes the exception being handled") {  // A3
  Deferred<int> d;
  try {
    throw Refused();
  } catch (...) {
    d.errback();
  }
  CHECK(failureResultOf<Refused>(d).check<Refused>());
}

TEST_CASE("errback() without an argument outside a catch block throws NoCurrentExceptionError and fires nothing") {  // A3
  Deferred<int> d;
  CHECK_THROWS_AS(d.errback(), NoCurrentExceptionError);
  CHECK_FALSE(d.called());
  d.callback(1);
  CHECK(successResultOf(d) == 1);
}

TEST_CASE("a Trigger fires from elsewhere") {
  Deferred<int> d;
  auto trigger = std::make_unique<Trigger<int>>(d.takeTrigger());
  CHECK(trigger->active());
  CHECK(*trigger);
  trigger->callback(5);
  CHECK_FALSE(trigger->active());
  trigger.reset();
  CHECK(successResultOf(d) == 5);
}

TEST_CASE("a Trigger that was moved from is empty, and says so when it is fired") {
  Deferred<int> d;
  Trigger<int> first = d.takeTrigger();
  Trigger<int> second = std::move(first);
  CHECK_FALSE(first);
  CHECK_THROWS_AS(first.callback(1), DeferError);
  second.callback(2);
  CHECK(successResultOf(d) == 2);
}

TEST_CASE("a Trigger that nobody waits for any more is not active, and may fire all the same") {
  const AllCounted counted;
  Trigger<Counted> trigger;
  {
    Deferred<Counted> d;
    trigger = d.takeTrigger();
  }
  CHECK_FALSE(trigger.active());
  trigger.callback(Counted(1));
  CHECK(Counted::alive == 0);
}

TEST_CASE("a Trigger dropped unfired errbacks AbandonedError") {
  const UnhandledErrors none;
  Deferred<int> d;
  { auto dropped = d.takeTrigger(); }
  failureResultOf<AbandonedError>(d);
}

TEST_CASE("assigning to a Trigger abandons what it held") {
  Deferred<int> first, second;
  Trigger<int> trigger = first.takeTrigger();
  trigger = second.takeTrigger();
  failureResultOf<AbandonedError>(first);
  assertNoResult(second);
  trigger.callback(1);
  CHECK(successResultOf(second) == 1);
}

TEST_CASE("a Deferred dropped with both ends still in it fires nothing and reports nothing") {
  const UnhandledErrors none;
  const AllCounted counted;
  { Deferred<Counted> d; }
}

TEST_CASE("a Deferred dropped with its firing end abandons its chain") {
  std::optional<Deferred<int>> d(std::in_place);
  auto end = d->addCallback([](int x) { return x; });
  d.reset();
  failureResultOf<AbandonedError>(end);
}

// ---- chains

TEST_CASE("an error of a callback goes to the next errback, not to the errback beside it") {  // A4
  const UnhandledErrors none;
  std::string path;
  Deferred<int> d;
  auto end = d.addCallbacks([&](int) -> int { path += "f"; throw Refused(); },
                            [&](Failure) { path += "beside"; return 1; })
                 .addErrback([&](const Refused&) { path += "next"; return 2; });
  d.callback(0);
  CHECK(path == "fnext");
  CHECK(successResultOf(end) == 2);
}

TEST_CASE("addCallbacks runs the errback and not the callback on an error") {  // A4
  Deferred<int> d;
  auto end = d.addCallbacks([](int) { return std::string("value"); }, [](Failure) { return std::string("error"); });
  d.errback(Refused());
  CHECK(successResultOf(end) == "error");
}

TEST_CASE("addCallback then addErrback catches what the callback throws") {  // A4
  auto end = succeed(1).addCallback([](int) -> int { throw Refused(); }).addErrback([](const Refused&) { return 9; });
  CHECK(successResultOf(end) == 9);
}

TEST_CASE("callbacks added to a Deferred that has fired run at once") {  // A4
  int got = 0;
  succeed(3).addCallback([&](int x) { got = x; }).detach();
  CHECK(got == 3);
}

TEST_CASE("an error passes callbacks by, a value passes errbacks by") {  // A5
  const UnhandledErrors none;
  int runs = 0;
  auto error = fail<int>(Refused()).addCallback([&](int x) { ++runs; return x; }).addCallback([&](int x) { ++runs; return x; });
  failureResultOf<Refused>(error);
  auto value = succeed(4).addErrback([&](Failure) { ++runs; return 0; }).addErrback([&](Failure) { ++runs; return 0; });
  CHECK(successResultOf(value) == 4);
  CHECK(runs == 0);
}

TEST_CASE("extra arguments come after the result") {  // A5
  auto end = succeed(1)
                 .addCallback([](int x, std::string s) { return s + std::to_string(x); }, std::string("a"))
                 .addCallback([](std::string s, char c, int n) { return s + c + std::to_string(n); }, 'b', 2);
  CHECK(successResultOf(end) == "a1b2");
}

TEST_CASE("addBoth sees a value and a failure as an Outcome") {  // A5
  const auto look = [](Outcome<int> outcome) { return outcome ? *outcome : -1; };
  CHECK(successResultOf(succeed(6).addBoth(look)) == 6);
  CHECK(successResultOf(fail<int>(Refused()).addBoth(look)) == -1);
}

TEST_CASE("addBoth with a function that looks at nothing passes the result on unchanged") {
  const AllCounted counted;
  int runs = 0;
  const auto finally = [&] { ++runs; };
  CHECK(successResultOf(succeed(Counted(6)).addBoth(finally)).value == 6);
  failureResultOf<Refused>(fail<Counted>(Refused()).addBoth(finally));
  CHECK(runs == 2);
}

TEST_CASE("addBoth with a function that looks at nothing waits for the Deferred that it returns") {
  Deferred<> cleaned;
  auto end = succeed(5).addBoth([&] { return cleaned.addCallback([] {}); });
  assertNoResult(end);
  cleaned.callback();
  CHECK(successResultOf(end) == 5);
}

TEST_CASE("addBoth with a function that looks at nothing and throws replaces the result by its error") {
  failureResultOf<Refused>(succeed(5).addBoth([] { throw Refused(); }));
  failureResultOf<Refused>(fail<int>(Timeout()).addBoth([] { return fail(Refused()); }));
}

TEST_CASE("what an errback returns is a value again") {  // A6
  int seen = 0;
  auto end = fail<int>(Refused()).addErrback([](Failure) { return 5; }).addCallback([&](int x) { seen = x; });
  successResultOf(end);
  CHECK(seen == 5);
}

TEST_CASE("an errback that returns nothing has handled the error of a Deferred without a value") {  // A6
  const UnhandledErrors none;
  bool next = false;
  fail(Refused()).addErrback([](Failure) {}).addCallback([&] { next = true; }).detach();
  CHECK(next);
}

TEST_CASE("an errback that takes one type of error lets others by") {
  int seen = 0;
  auto end = fail<int>(Timeout())
                 .addErrback([&](const Refused&) { seen += 10; return 0; })
                 .addErrback([&](const Timeout&) { seen += 1; return 7; });
  CHECK(successResultOf(end) == 7);
  CHECK(seen == 1);
}

TEST_CASE("an errback for a base type takes errors derived from it") {
  auto end = fail<int>(Refused()).addErrback([](const std::exception& e) { return static_cast<int>(std::string(e.what()).size()); });
  CHECK(successResultOf(end) == 7);
}

TEST_CASE("whatever a callback throws goes to the errback, also what is no std::exception") {  // A7
  auto end = succeed(1).addCallback([](int) -> int { throw 42; }).addErrback([](Failure failure) { return *failure.as<int>(); });
  CHECK(successResultOf(end) == 42);
}

TEST_CASE("a callback that returns a Failure fails, without a throw") {  // A7
  auto end = succeed(1).addCallback([](int) { return Failure(Refused()); });
  static_assert(std::is_same_v<decltype(end), Deferred<>>);
  failureResultOf<Refused>(end);
}

TEST_CASE("a callback that returns an Outcome gives its value or its failure") {  // A7
  const auto half = [](int x) -> Outcome<int> {
    if (x % 2) return Failure(Refused());
    return x / 2;
  };
  CHECK(successResultOf(succeed(8).addCallback(half)) == 4);
  failureResultOf<Refused>(succeed(7).addCallback(half));
}

TEST_CASE("an errback that returns the Failure passes it on") {  // A7
  const UnhandledErrors none;
  auto end = fail<int>(Refused()).addErrback([](Failure failure) { return failure; });
  failureResultOf<Refused>(end);
}

TEST_CASE("trap() in an errback rethrows what it does not want") {  // A7 E2
  auto end = fail<int>(Refused()).addErrback([](Failure failure) {
    failure.trap<Timeout>();
    return 1;
  });
  failureResultOf<Refused>(end);
}

// ---- Deferreds returned by callbacks

TEST_CASE("a chain waits for the Deferred that a callback returns, and goes on with its result") {  // A8 A13
  Deferred<std::string> inner;
  Trigger<std::string> trigger = inner.takeTrigger();
  Deferred<int> outer;
  std::string got;
  auto end = outer.addCallback([&](int) { return std::move(inner); }).addCallback([&](std::string s) { got = std::move(s); });
  outer.callback(1);
  CHECK(got.empty());
  CHECK_FALSE(end.called());
  trigger.callback("late");
  CHECK(got == "late");
  CHECK(end.called());
}

TEST_CASE("callbacks that the inner Deferred had already run first") {  // A8
  std::string order;
  Deferred<int> inner;
  Trigger<int> trigger = inner.takeTrigger();
  auto withOwn = inner.addCallback([&](int x) { order += "inner"; return x + 1; });
  auto end = succeed(0).addCallback([&](int) { return std::move(withOwn); }).addCallback([&](int x) { order += " outer"; return x; });
  trigger.callback(1);
  CHECK(order == "inner outer");
  CHECK(successResultOf(end) == 2);
}

TEST_CASE("an error of the inner Deferred goes down the outer chain and is reported by neither when it is handled") {  // A8
  const UnhandledErrors none;
  Deferred<int> inner;
  Trigger<int> trigger = inner.takeTrigger();
  auto end = succeed(0).addCallback([&](int) { return std::move(inner); }).addErrback([](const Refused&) { return 3; });
  trigger.errback(Refused());
  CHECK(successResultOf(end) == 3);
}

TEST_CASE("callbacks added while the chain waits for an inner Deferred run when it has fired") {  // A13
  Deferred<int> inner;
  Trigger<int> trigger = inner.takeTrigger();
  auto waiting = succeed(0).addCallback([&](int) { return std::move(inner); });
  int got = 0;
  waiting.addCallback([&](int x) { got = x; }).detach();
  CHECK(got == 0);
  trigger.callback(8);
  CHECK(got == 8);
}

TEST_CASE("a fired Deferred that a callback returns goes on at once") {  // A9
  const UnhandledErrors none;
  const AllCounted counted;
  auto end = succeed(1).addCallback([](int x) { return succeed(Counted(x + 1)); }).addCallback([](Counted c) { return c.value; });
  CHECK(end.called());
  CHECK(successResultOf(end) == 2);
  auto failed = succeed(1).addCallback([](int) { return fail<int>(Refused()); }).addErrback([](const Refused&) { return 0; });
  CHECK(successResultOf(failed) == 0);
}

TEST_CASE("a paused Deferred that a callback returns is waited for, though it has fired") {  // A10
  Deferred<int> inner;
  inner.pause();
  Trigger<int> trigger = inner.takeTrigger();
  trigger.callback(4);
  auto end = succeed(0).addCallback([&](int) { return inner.addCallback([](int x) { return x; }); });
  assertNoResult(end);
  inner.unpause();
  CHECK(successResultOf(end) == 4);
}

TEST_CASE("an inner Deferred that itself waits is waited for") {  // A10
  Deferred<int> innermost;
  Trigger<int> trigger = innermost.takeTrigger();
  auto inner = succeed(0).addCallback([&](int) { return std::move(innermost); });
  auto end = succeed(0).addCallback([&](int) { return std::move(inner); }).addCallback([](int x) { return x + 1; });
  assertNoResult(end);
  trigger.callback(1);
  CHECK(successResultOf(end) == 2);
}

TEST_CASE("an errback may return a Deferred of the chain's type") {
  Deferred<int> retry;
  Trigger<int> trigger = retry.takeTrigger();
  auto end = fail<int>(Refused()).addErrback([&](const Refused&) { return std::move(retry); });
  assertNoResult(end);
  trigger.callback(2);
  CHECK(successResultOf(end) == 2);
}

// ---- order

TEST_CASE("a chain fired inside a callback runs after that callback has returned") {  // A2 A12
  std::string order;
  Deferred<int> a, b;
  b.addCallback([&](int) { order += "b "; }).detach();
  a.addCallback([&](int) {
     order += "a-begins ";
     b.callback(1);
     order += "a-ends ";
   }).addCallback([&] { order += "a-next "; }).detach();
  a.callback(1);
  CHECK(order == "a-begins a-ends a-next b ");
}

TEST_CASE("a callback added to the same chain by a running callback runs after those there are") {  // A12
  std::string order;
  Deferred<int> d;
  std::optional<Deferred<>> tail;
  tail.emplace(d.addCallback([&](int x) {
                   order += "1";
                   tail.emplace(std::move(*tail).addCallback([&] { order += "3"; }));
                   order += "-";
                   return x;
                 }).addCallback([&](int) { order += "2"; }));
  d.callback(1);
  CHECK(order == "1-23");
  CHECK(tail->called());
}

TEST_CASE("chains fired inside a callback run in the order of firing") {
  std::string order;
  Deferred<> start, first, second, third;
  first.addCallback([&] { order += "1"; }).detach();
  second.addCallback([&] { order += "2"; third.callback(); }).detach();
  third.addCallback([&] { order += "3"; }).detach();
  start.addCallback([&] { second.callback(); first.callback(); }).detach();
  start.callback();
  CHECK(order == "213");
}

TEST_CASE("called() inside a callback does not run other chains") {
  Deferred<> start, other;
  bool ran = false;
  auto end = other.addCallback([&] { ran = true; });
  start.addCallback([&] {
         other.callback();
         CHECK_FALSE(end.called());
         CHECK_FALSE(ran);
       }).detach();
  start.callback();
  CHECK(ran);
}

// ---- misuse

TEST_CASE("a callback that returns its own Deferred fails with SelfChainedError") {  // A14
  UnhandledErrors errors;
  const AllCounted counted;
  std::optional<Deferred<int>> own;
  Deferred<int> d;
  own.emplace(d.addCallback([&, c = Counted(1)](int) { return std::move(*own); }));
  d.callback(1);
  CHECK(errors.tookOne<SelfChainedError>());
}

TEST_CASE("a callback that returns a Deferred that waits for it fails with SelfChainedError") {  // A14
  UnhandledErrors errors;
  std::optional<Deferred<int>> later;
  Deferred<int> d;
  later.emplace(d.addCallback([&](int) { return std::move(*later); }).addCallback([](int x) { return x; }).addCallback([](int x) { return x; }));
  d.callback(1);
  CHECK(errors.tookOne<SelfChainedError>());
}

TEST_CASE("a second consumer is an AlreadyChainedError") {
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<int> d;
  auto first = d.addCallback([](int x) { return x; });
  CHECK_THROWS_AS((void)d.addCallback([c = Counted(1)](int x) { return x + c.value; }), AlreadyChainedError);
  CHECK_THROWS_AS((void)d.outcome(), AlreadyChainedError);
  d.callback(3);
  CHECK(successResultOf(first) == 3);
}

TEST_CASE("result() takes the result once") {
  const AllCounted counted;
  auto d = succeed(Counted(5));
  CHECK(d.result().value().value == 5);
  CHECK_FALSE(d.called());
  CHECK_THROWS_AS((void)d.result(), NoResultError);
}

// ---- succeed, fail, maybeDeferred, ensureDeferred

TEST_CASE("succeed and fail give Deferreds that have fired") {  // A16
  CHECK(succeed(1).called());
  CHECK(successResultOf(succeed(std::string("x"))) == "x");
  successResultOf(succeed());
  const std::string name = "kept";
  CHECK(successResultOf(succeed(name)) == "kept");
  failureResultOf<Refused>(fail<int>(Refused()));
  failureResultOf<Refused>(fail(Refused()));
  CHECK_THROWS_AS(succeed(1).callback(2), AlreadyCalledError);
}

TEST_CASE("maybeDeferred wraps whatever comes of a call, and never throws") {  // A17 A18
  const UnhandledErrors none;
  CHECK(successResultOf(maybeDeferred([] { return 1; })) == 1);
  CHECK(successResultOf(maybeDeferred([](int a, int b) { return a + b; }, 1, 2)) == 3);
  successResultOf(maybeDeferred([] {}));
  CHECK(successResultOf(maybeDeferred([] { return succeed(4); })) == 4);
  failureResultOf<Refused>(maybeDeferred([]() -> int { throw Refused(); }));
  failureResultOf<Refused>(maybeDeferred([]() -> Deferred<int> { throw Refused(); }));
  failureResultOf<Refused>(maybeDeferred([] { return Failure(Refused()); }));
  failureResultOf<Refused>(maybeDeferred([]() -> Outcome<int> { return Failure(Refused()); }));
  CHECK(successResultOf(maybeDeferred([]() -> Outcome<int> { return 6; })) == 6);
  CHECK(successResultOf(maybeDeferred([]() -> Deferred<int> { co_return 7; })) == 7);
}

TEST_CASE("maybeDeferred moves what can only be moved") {
  auto d = maybeDeferred([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(3));
  CHECK(*successResultOf(d) == 3);
}

TEST_CASE("ensureDeferred leaves a Deferred as it is and wraps anything else") {  // A34
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto same = ensureDeferred(std::move(d));
  assertNoResult(same);
  trigger.callback(1);
  CHECK(successResultOf(same) == 1);
  CHECK(successResultOf(ensureDeferred(2)) == 2);
}

TEST_CASE("logError logs the failure and passes it on") {  // A30
  const LogCapture log;
  failureResultOf<Refused>(fail<int>(Refused()).addErrback(logError));
  CHECK(log.contains("refused"));
}

// ---- pause, chainDeferred

TEST_CASE("a paused Deferred holds its result back until it was unpaused as often") {  // A19
  Deferred<int> d;
  d.pause();
  d.pause();
  int got = 0;
  auto end = d.addCallback([&](int x) { got = x; });
  Trigger<int> trigger = d.takeTrigger();
  trigger.callback(1);
  CHECK(d.called());
  CHECK(got == 0);
  d.unpause();
  CHECK(got == 0);
  d.unpause();
  CHECK(got == 1);
  CHECK(end.called());
}

TEST_CASE("a Deferred may be unpaused before it fires") {  // A19
  Deferred<int> d;
  d.pause();
  int got = 0;
  d.addCallback([&](int x) { got = x; }).detach();
  d.unpause();
  d.callback(2);
  CHECK(got == 2);
}

TEST_CASE("the result of a paused Deferred cannot be taken") {  // A19
  Deferred<int> d;
  d.pause();
  d.callback(1);
  CHECK_THROWS_AS((void)d.result(), NoResultError);
  d.unpause();
  CHECK(successResultOf(d) == 1);
}

TEST_CASE("dropping a paused Deferred unpauses it") {  // A19
  int got = 0;
  Trigger<int> trigger;
  Deferred<> end(nullptr);
  {
    Deferred<int> d;
    d.pause();
    d.pause();
    end = d.addCallback([&](int x) { got = x; });
    trigger = d.takeTrigger();
    trigger.callback(3);
    CHECK(got == 0);
  }
  CHECK(got == 3);
  CHECK(end.called());
}

TEST_CASE("a paused Deferred that holds both ends abandons its chain when it is dropped") {
  Deferred<int> end(nullptr);
  {
    Deferred<int> d;
    d.pause();
    end = d.addCallback([](int x) { return x; });
  }
  failureResultOf<AbandonedError>(end);
}

TEST_CASE("unpause() without pause(), and the 256th pause(), are errors") {
  Deferred<int> d;
  CHECK_THROWS_AS(d.unpause(), DeferError);
  for (int i = 0; i < 255; ++i) d.pause();
  CHECK_THROWS_AS(d.pause(), DeferError);
}

TEST_CASE("a paused failure is reported once, when nobody takes it") {
  UnhandledErrors errors;
  {
    Deferred<int> d;
    d.pause();
    d.errback(Refused());
    CHECK(errors.count() == 0);
  }
  CHECK(errors.tookOne<Refused>());
}

TEST_CASE("a paused Deferred may be moved about; the last holder unpauses it") {
  int got = 0;
  Deferred<int> d;
  d.pause();
  d.addCallback([&](int x) { got = x; }).detach();
  Trigger<int> trigger = d.takeTrigger();
  trigger.callback(1);
  Deferred<int> other = std::move(d);
  CHECK(got == 0);
  other = Deferred<int>(nullptr);
  CHECK(got == 1);
}

TEST_CASE("chainDeferred fires the other as this one fires") {  // A20
  const UnhandledErrors none;
  Deferred<int> a, b, c, d;
  a.chainDeferred(b);
  a.callback(1);
  CHECK(successResultOf(b) == 1);
  c.chainDeferred(d);
  c.errback(Refused());
  failureResultOf<Refused>(d);
}

TEST_CASE("cancelling the far end of chainDeferred does not reach the near one") {  // A20
  const UnhandledErrors none;
  bool asked = false;
  Deferred<int> near([&] { asked = true; });
  Trigger<int> trigger = near.takeTrigger();
  Deferred<int> far;
  near.chainDeferred(far);
  far.cancel();
  failureResultOf<CancelledError>(far);
  CHECK_FALSE(asked);
  trigger.callback(1);                                 // the one late result that far ignores
}

TEST_CASE("chainDeferred to one that has fired gives an unhandled AlreadyCalledError, and nothing worse") {
  UnhandledErrors errors;
  Deferred<int> a, b;
  Trigger<int> other = b.takeTrigger();
  CHECK_THROWS_AS(a.chainDeferred(b), AlreadyCalledError);
  other.callback(1);
  CHECK(successResultOf(b) == 1);
  a.callback(2);
}

// ---- unhandled errors

TEST_CASE("an error that nobody takes is reported once, with where its Deferred was made, when the last handle goes") {  // A27
  UnhandledErrors errors;
  unsigned line = 0;
  {
    line = __LINE__ + 1;
    auto d = fail<int>(Refused());
    CHECK(errors.count() == 0);
  }
  const auto reported = errors.take();
  REQUIRE(reported.size() == 1);
  CHECK(reported[0].failure.check<Refused>());
  CHECK(reported[0].made.line() == line);
}

TEST_CASE("an error at the end of a chain is reported once, however long the chain") {  // A27
  UnhandledErrors errors;
  {
    Deferred<int> d;
    auto end = d.addCallback([](int x) { return x; }).addCallback([](int x) { return x; });
    d.errback(Refused());
    CHECK(errors.count() == 0);
  }
  CHECK(errors.tookOne<Refused>());
}

TEST_CASE("an error of a detached chain is reported when it comes") {  // A27
  UnhandledErrors errors;
  Deferred<int> d;
  d.addCallback([](int x) { return x; }).detach();
  d.errback(Refused());
  CHECK(errors.tookOne<Refused>());
}

TEST_CASE("a result that was taken, chained or awaited is not reported") {  // A27
  const UnhandledErrors none;
  {
    auto d = fail<int>(Refused());
    (void)d.result();
  }
  fail<int>(Refused()).addErrback([](Failure) { return 0; }).detach();
  { auto d = succeed(1).addCallback([](int) { return fail<int>(Refused()); }).addErrback([](Failure) { return 0; }); }
}

TEST_CASE("a CancelledError is not reported: who cancels and lets go has handled it") {
  const UnhandledErrors none;
  Deferred<int> d;
  auto end = d.addCallback([](int x) { return x; });
  end.cancel();
}

TEST_CASE("without a handler of the test's own the report goes to the log, as critical, with place and text") {  // A27
  const LogCapture log;
  { auto d = fail<int>(Refused()); }
  REQUIRE(log.count(LogLevel::Critical) == 1);
  CHECK(log.contains("Unhandled error in Deferred"));
  CHECK(log.contains("deferred_test.cpp"));
  CHECK(log.contains("refused"));
}

// ---- looking

TEST_CASE("a Deferred knows where it was made, and describes what it waits for") {  // A28 A29
  UnhandledErrors errors;
  const unsigned line = __LINE__ + 1;
  Deferred<int> d;
  CHECK(d.createdAt().line() == line);
  auto chained = d.addCallback([](int x) { return x; });
  const std::string text = chained.describe();
  CHECK(text.find("pending: ") != std::string::npos);
  CHECK(text.find("deferred_test.cpp:" + std::to_string(line)) != std::string::npos);
  CHECK(succeed(1).describe().find("fired: ") == 0);
  auto failed = fail<int>(Refused());
  CHECK(failed.describe().find("failed: ") == 0);
  (void)failed.result();
  d.callback(1);
}

TEST_CASE("a failure remembers the callbacks that it went through") {  // A28
  Deferred<int> d;
  const unsigned line = __LINE__ + 1;
  auto end = d.addCallback([](int x) { return x; });
  d.errback(Refused());
  const Failure failure = failureResultOf(end);
  REQUIRE(failure.traceback().size() == 1);
  CHECK(failure.traceback()[0].line() == line);
}

// ---- ownership

TEST_CASE("values are moved, never copied, through callbacks, Deferreds and Outcomes") {
  const AllCounted counted;
  const long copies = Counted::copies;
  Deferred<Counted> d;
  auto end = d.addCallback([](Counted c) { return c; })
                 .addCallback([](Counted c) { return succeed(std::move(c)); })
                 .addCallback([](Counted c) -> Outcome<Counted> { return c; })
                 .addErrback([](Failure) { return Counted(0); })
                 .addBoth([] {});
  d.callback(Counted(9));
  CHECK(successResultOf(end).value == 9);
  CHECK(Counted::copies == copies);
}

TEST_CASE("a link frees its callback and value as soon as the next one has its result") {
  const AllCounted counted;
  Deferred<int> d;
  auto end = d.addCallback([c = Counted(1)](int x) { return x + c.value; }).addCallback([](int x) { return x; });
  CHECK(Counted::alive == 1);
  d.callback(1);
  CHECK(Counted::alive == 0);
  CHECK(successResultOf(end) == 2);
}

TEST_CASE("a chain that is dropped before it fires runs on, and frees everything when it has") {
  const AllCounted counted;
  Deferred<Counted> d;
  Trigger<Counted> trigger = d.takeTrigger();
  int got = 0;
  { auto dropped = d.addCallback([c = Counted(1), &got](Counted v) { got = v.value; return v; }); }
  CHECK(Counted::alive == 1);
  trigger.callback(Counted(6));
  CHECK(got == 6);
  CHECK(Counted::alive == 0);
}

TEST_CASE("assigning over a Deferred drops what it held") {
  UnhandledErrors errors;
  auto d = fail<int>(Refused());
  d = succeed(1);
  CHECK(errors.tookOne<Refused>());
  CHECK(successResultOf(d) == 1);
}

TEST_CASE("a callback may destroy the handles of its own chain") {
  const AllCounted counted;
  auto tail = std::make_unique<Deferred<>>(nullptr);
  auto head = std::make_unique<Deferred<int>>();
  *tail = head->addCallback([&, c = Counted(1)](int) {
    tail.reset();
    CHECK(c.value == 1);
  });
  Trigger<int> trigger = head->takeTrigger();
  head.reset();
  trigger.callback(1);
  CHECK(tail == nullptr);
}

TEST_CASE("a callback may destroy the Trigger that fires it") {
  auto trigger = std::make_unique<Trigger<int>>();
  Deferred<int> d;
  *trigger = d.takeTrigger();
  bool ran = false;
  d.addCallback([&](int) {
     trigger.reset();
     ran = true;
   }).detach();
  trigger->callback(1);
  CHECK(ran);
}

TEST_CASE("a value whose move throws fails the chain with that error, and nothing is lost or left hanging") {
  const AllCounted counted;
  for (int failing = 1; failing <= 12; ++failing) {
    Deferred<ThrowsOnMove> d;
    auto end = d.addCallback([](ThrowsOnMove v) { return v; })
                   .addErrback([](const Timeout&) -> ThrowsOnMove { return ThrowsOnMove(0); })
                   .addBoth([](Outcome<ThrowsOnMove> o) { return o ? o->value() : -1; });
    ThrowsOnMove::movesLeft = failing;
    d.callback(ThrowsOnMove(5));
    const bool threw = ThrowsOnMove::movesLeft == -1;
    ThrowsOnMove::movesLeft = -1;
    REQUIRE(end.called());
    const Outcome<int> outcome = end.result();
    if (!threw) {
      CHECK(*outcome == 5);
      break;
    }
    if (outcome) CHECK(*outcome == -1);
    else CHECK(outcome.failure().check<ThrowsOnMove::Thrown>());
  }
}

TEST_CASE("a Deferred that a moving callback returns is waited for with a moving value that throws") {
  const AllCounted counted;
  Deferred<ThrowsOnMove> inner;
  Trigger<ThrowsOnMove> trigger = inner.takeTrigger();
  auto end = succeed().addCallback([&] { return std::move(inner); });
  ThrowsOnMove::movesLeft = 2;
  trigger.callback(ThrowsOnMove(1));
  ThrowsOnMove::movesLeft = -1;
  failureResultOf<ThrowsOnMove::Thrown>(end);
}

TEST_CASE("each thread has Deferreds of its own") {
  int got = 0;
  std::thread([&] {
    Deferred<int> d;
    auto end = d.addCallback([](int x) { return x + 1; });
    d.callback(1);
    got = successResultOf(end);
  }).join();
  CHECK(got == 2);
}

}  // namespace
}  // namespace weft::test
