// Ten million links, a million coroutines: nothing recurses, whatever the build. Rows A11 and B2.
#include <weft/core/manual_clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>
#include <weft/defer/deferred_semaphore.hpp>
#include <weft/defer/gather.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/scale.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

Deferred<long> ready(long x) { co_return x; }
Deferred<long> plusOne(Deferred<long> d) {
  const long v = co_await d;
  co_return v + 1;
}
const auto increment = [](long x) { return x + 1; };

TEST_CASE("ten million callbacks on a Deferred that has fired") {
  auto d = succeed(0L);
  for (std::size_t i = 0; i < kTenMillion; ++i) d = d.addCallback(increment);
  CHECK(successResultOf(d) == static_cast<long>(kTenMillion));
}

TEST_CASE("ten million links that wait, fired once") {  // A11
  Deferred<long> d;
  Trigger<long> trigger = d.takeTrigger();
  for (std::size_t i = 0; i < kTenMillion; ++i) d = d.addCallback(increment);
  trigger.callback(0L);
  CHECK(successResultOf(d) == static_cast<long>(kTenMillion));
}

TEST_CASE("a million links that wait let an error, a cancel and a dropped Trigger through") {
  const UnhandledErrors none;
  for (const char how : {'e', 'c', 'a'}) {
    Deferred<long> d;
    Trigger<long> trigger = d.takeTrigger();
    for (std::size_t i = 0; i < kMillion; ++i) d = d.addCallback(increment);
    if (how == 'e') trigger.errback(Refused());
    if (how == 'c') d.cancel();
    if (how == 'a') trigger = Trigger<long>();
    const Failure failure = failureResultOf(d);
    CHECK(failure.check<Refused>() == (how == 'e'));
    CHECK(failure.check<CancelledError>() == (how == 'c'));
    CHECK(failure.check<AbandonedError>() == (how == 'a'));
    CHECK(failure.traceback().size() <= 14);           // a trace has a bound
  }
}

TEST_CASE("a million links that wait are dropped before they fire") {
  const AllCounted counted;
  Trigger<long> trigger;
  {
    Deferred<long> d;
    trigger = d.takeTrigger();
    for (std::size_t i = 0; i < kMillion; ++i) d = d.addCallback([c = Counted(1)](long x) { return x + c.value; });
  }
  CHECK(Counted::alive == static_cast<long>(kMillion));
  trigger.callback(0L);
}

TEST_CASE("a million callbacks that each return the one before: a chain of adopted Deferreds") {  // A11
  Deferred<long> innermost;
  Trigger<long> trigger = innermost.takeTrigger();
  Deferred<long> d = std::move(innermost);
  for (std::size_t i = 0; i < kMillion; ++i) {
    Deferred<long> outer = succeed().addCallback([inner = std::move(d)]() mutable { return std::move(inner); });
    d = std::move(outer);
  }
  assertNoResult(d);
  trigger.callback(7L);
  CHECK(successResultOf(d) == 7);
}

TEST_CASE("a million Deferreds that each fire the next in a callback, by hand") {  // A11: Twisted recurses here
  std::vector<Trigger<long>> triggers;
  std::optional<Deferred<long>> last;
  Deferred<long> first;
  {
    Deferred<long> d;
    triggers.push_back(first.takeTrigger());
    Deferred<long> before = std::move(first);
    for (std::size_t i = 0; i < kMillion; ++i) {
      Deferred<long> next;
      before.chainTo(next.takeTrigger());
      before = std::move(next);
    }
    last.emplace(std::move(before));
  }
  triggers[0].callback(3L);
  CHECK(successResultOf(*last) == 3);
}

TEST_CASE("ten million awaits of coroutines that are ready") {  // B2
  const auto loop = [](std::size_t n) -> Deferred<long> {
    long sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += co_await ready(1);
    co_return sum;
  };
  CHECK(successResultOf(loop(kTenMillion)) == static_cast<long>(kTenMillion));
}

TEST_CASE("a million coroutines that wait for each other, fired once") {
  const AllCounted counted;
  Deferred<long> d;
  Trigger<long> trigger = d.takeTrigger();
  for (std::size_t i = 0; i < kMillion; ++i) d = plusOne(std::move(d));
  trigger.callback(0L);
  CHECK(successResultOf(d) == static_cast<long>(kMillion));
}

TEST_CASE("a million coroutines that wait for each other, cancelled at the outermost") {
  const UnhandledErrors none;
  const std::size_t n = kMillion / 4;                  // a throw each
  Deferred<long> d;
  Trigger<long> trigger = d.takeTrigger();
  for (std::size_t i = 0; i < n; ++i) d = plusOne(std::move(d));
  d.cancel();
  failureResultOf<CancelledError>(d);
}

TEST_CASE("a million coroutines that wait for each other, dropped and then fired") {
  Trigger<long> trigger;
  {
    Deferred<long> d;
    trigger = d.takeTrigger();
    for (std::size_t i = 0; i < kMillion; ++i) d = plusOne(std::move(d));
  }
  trigger.callback(0L);
}

Deferred<long> nest(std::size_t n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await nest(n - 1);
}
Deferred<long> nestWaiting(std::size_t n, Trigger<long>& trigger) {
  if (n == 0) {
    Deferred<long> d;
    trigger = d.takeTrigger();
    co_return co_await d;
  }
  co_return 1 + co_await nestWaiting(n - 1, trigger);
}
Deferred<long> nestThrowing(std::size_t n) {
  if (n == 0) throw Refused();
  co_return 1 + co_await nestThrowing(n - 1);
}

TEST_CASE("a million nested calls of a coroutine that calls itself") {
  CHECK(successResultOf(nest(kMillion)) == static_cast<long>(kMillion));
}

TEST_CASE("a million nested calls whose innermost waits, fired and cancelled") {
  Trigger<long> trigger;
  auto d = nestWaiting(kMillion, trigger);
  assertNoResult(d);
  trigger.callback(5L);
  CHECK(successResultOf(d) == 5 + static_cast<long>(kMillion));
  auto cancelled = nestWaiting(kMillion / 4, trigger);
  assertNoResult(cancelled);
  cancelled.cancel();
  failureResultOf<CancelledError>(cancelled);
}

TEST_CASE("a quarter of a million nested calls whose innermost throws") {
  failureResultOf<Refused>(nestThrowing(kMillion / 4));
}

TEST_CASE("a million nested calls of a callback that calls itself") {  // Twisted recurses here
  struct Nest {
    static Deferred<long> call(std::size_t n) {
      if (n == 0) return succeed(0L);
      return succeed().addCallback([n] { return call(n - 1); }).addCallback(increment);
    }
  };
  CHECK(successResultOf(Nest::call(kMillion)) == static_cast<long>(kMillion));
}

TEST_CASE("a callback that loops for ever by returning the next step needs constant memory and stack") {
  DeferredQueue<long> queue;
  long turns = 0;
  struct Loop {
    static Deferred<long> run(DeferredQueue<long>& queue, long& turns) {
      return queue.get().addCallback([&queue, &turns](long v) -> Deferred<long> {
        ++turns;
        if (v < 0) return succeed(v);
        return run(queue, turns);
      });
    }
  };
  auto end = Loop::run(queue, turns);
  for (std::size_t i = 0; i < kMillion; ++i) queue.put(1);
  queue.put(-1);
  CHECK(successResultOf(end) == -1);
  CHECK(turns == static_cast<long>(kMillion) + 1);
}

TEST_CASE("a million waiters of a lock: hand-over is a loop") {  // D1
  const AllCounted counted;
  DeferredLock lock;
  std::size_t held = 0;
  auto permit = successResultOf(lock.acquire());
  std::vector<Deferred<>> waiting;
  waiting.reserve(kMillion);
  for (std::size_t i = 0; i < kMillion; ++i) waiting.push_back(lock.acquire().addCallback([&](DeferredLock::Permit) { ++held; }));
  permit.release();
  CHECK(held == kMillion);
  CHECK_FALSE(lock.locked());
}

TEST_CASE("a million coroutines that want a lock") {  // D1: #9304, here without end
  DeferredLock lock;
  std::size_t ran = 0;
  auto permit = successResultOf(lock.acquire());
  const auto worker = [&]() -> Deferred<> {
    auto held = co_await lock.acquire();
    ++ran;
  };
  for (std::size_t i = 0; i < kMillion; ++i) worker().detach();
  permit.release();
  CHECK(ran == kMillion);
}

TEST_CASE("a million waiters of a lock, all cancelled or all dropped, leave it as it was") {  // D5
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  {
    std::vector<Deferred<DeferredLock::Permit>> waiting;
    for (std::size_t i = 0; i < kMillion; ++i) waiting.push_back(lock.acquire());
    for (auto& d : waiting) d.cancel();
    CHECK(lock.waiting() == 0);
  }
  for (std::size_t i = 0; i < kMillion; ++i) { auto dropped = lock.acquire(); }
  permit.release();
  CHECK_FALSE(lock.locked());
}

TEST_CASE("a million permits that were granted and never taken go back one after the other") {
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  std::vector<Deferred<DeferredLock::Permit>> waiting;
  for (std::size_t i = 0; i < kMillion; ++i) waiting.push_back(lock.acquire());
  permit.release();
  CHECK(waiting.front().called());
  waiting.clear();
  CHECK_FALSE(lock.locked());
}

TEST_CASE("a million getters of a queue, and a million items") {  // D6
  DeferredQueue<std::size_t> queue;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kMillion; ++i) queue.get().addCallback([&](std::size_t v) { sum += v; }).detach();
  CHECK(queue.waiting() == kMillion);
  for (std::size_t i = 0; i < kMillion; ++i) queue.put(1);
  CHECK(sum == kMillion);
  for (std::size_t i = 0; i < kMillion; ++i) queue.put(i);
  CHECK(queue.size() == kMillion);
  for (std::size_t i = 0; i < kMillion; ++i) {
    auto item = queue.get();
    if (successResultOf(item) != i) FAIL("out of order");
  }
}

TEST_CASE("a million getters fail when their queue is closed") {
  const UnhandledErrors none;
  DeferredQueue<int> queue;
  std::size_t closed = 0;
  for (std::size_t i = 0; i < kMillion; ++i) queue.get().addErrback([&](const QueueClosed&) { ++closed; return 0; }).detach();
  queue.close();
  CHECK(closed == kMillion);
}

TEST_CASE("two queues that hand an item to and fro a million times") {
  DeferredQueue<std::size_t> a, b;
  const auto player = [](DeferredQueue<std::size_t>& in, DeferredQueue<std::size_t>& out) -> Deferred<> {
    for (;;) {
      const std::size_t v = co_await in.get();
      out.put(v ? v - 1 : 0);
      if (v == 0) co_return;
    }
  };
  auto one = player(a, b), two = player(b, a);
  a.put(kMillion);
  CHECK(one.called());
  CHECK(two.called());
}

TEST_CASE("gatherResults of a million") {
  std::vector<Deferred<std::size_t>> inputs;
  std::vector<Trigger<std::size_t>> triggers;
  for (std::size_t i = 0; i < kMillion; ++i) {
    Deferred<std::size_t> d;
    triggers.push_back(d.takeTrigger());
    inputs.push_back(std::move(d));
  }
  auto all = gatherResults(std::move(inputs));
  for (std::size_t i = kMillion; i-- > 0;) triggers[i].callback(i);
  const auto values = successResultOf(all);
  REQUIRE(values.size() == kMillion);
  CHECK(values.front() == 0);
  CHECK(values.back() == kMillion - 1);
}

TEST_CASE("a hundred thousand gathers inside one another") {
  const UnhandledErrors none;
  Deferred<long> d;
  Trigger<long> trigger = d.takeTrigger();
  for (std::size_t i = 0; i < kMillion / 10; ++i)
    d = gatherResults(std::move(d), succeed(1L)).addCallback([](std::tuple<long, long> both) { return std::get<0>(both) + std::get<1>(both); });
  trigger.callback(0L);
  CHECK(successResultOf(d) == static_cast<long>(kMillion / 10));
}

TEST_CASE("a million timeouts on one chain") {
  ManualClock clock;
  Deferred<long> d;
  Trigger<long> trigger = d.takeTrigger();
  for (std::size_t i = 0; i < kMillion / 10; ++i) d = d.addTimeout(10, clock);
  trigger.callback(1L);
  CHECK(successResultOf(d) == 1);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a deep chain can be described, by its head") {
  Deferred<long> d;
  Trigger<long> trigger = d.takeTrigger();
  for (int i = 0; i < 1000; ++i) d = plusOne(std::move(d));
  CHECK(d.describe().size() < 100'000);
  trigger.callback(0L);
}

}  // namespace
}  // namespace weft::test
