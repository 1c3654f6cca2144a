// A turn that would never end gives the loop control within its budget: detail/cell.hpp and core/loop_link.hpp. Row B2's complaint.
#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>
#include <weft/defer/deferred_semaphore.hpp>
#include <weft/defer/testing.hpp>

#include "support/loop_by_hand.hpp"
#include "support/scale.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace weft::test {
namespace {

constexpr int kBudget = detail::LoopLink::kBudget;

Deferred<int> ready(int x) { co_return x; }

TEST_CASE("a loop of ready awaits comes back to the loop after each budget") {
  LoopByHand loop;
  const auto body = [](int n) -> Deferred<int> {
    int sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await ready(1);
    co_return sum;
  };
  auto running = body(10 * kBudget);
  CHECK(loop.pending());
  int polls = 0;
  while (loop.poll()) ++polls;
  CHECK(polls >= 9);
  CHECK(polls <= 12);
  CHECK(successResultOf(running) == 10 * kBudget);
}

TEST_CASE("two coroutines that keep each other busy for ever do not hold the loop") {
  LoopByHand loop;
  DeferredQueue<int> a, b;
  long rounds = 0;
  const auto spin = [&](DeferredQueue<int>& in, DeferredQueue<int>& out) -> Deferred<> {
    for (;;) {
      const int v = co_await in.get();
      if (v < 0) co_return;
      ++rounds;
      out.put(v);
    }
  };
  auto p = spin(a, b), q = spin(b, a);
  a.put(1);
  CHECK(loop.pending());
  for (int i = 0; i < 5; ++i) {
    const long before = rounds;
    CHECK(loop.poll());
    CHECK(rounds > before);
    CHECK(rounds - before <= kBudget);
    CHECK(loop.pending());
  }
  a.put(-1);
  b.put(-1);
  while (loop.poll()) {
  }
  successResultOf(p);
  successResultOf(q);
}

TEST_CASE("callbacks that fire each other for ever do not hold the loop") {
  LoopByHand loop;
  struct Ping {
    long rounds = 0;
    bool stop = false;
    void next() {
      Deferred<> d;
      Trigger<> trigger = d.takeTrigger();
      d.addCallback([this] {
         ++rounds;
         if (!stop) next();
       }).detach();
      trigger.callback();
    }
  } ping;
  ping.next();
  CHECK(loop.pending());
  const long before = ping.rounds;
  loop.poll();
  CHECK(ping.rounds > before);
  CHECK(ping.rounds - before <= kBudget);
  ping.stop = true;
  while (loop.poll()) {
  }
}

TEST_CASE("a lock that is handed on a million times does not hold the loop") {  // D1
  LoopByHand loop;
  DeferredLock lock;
  std::size_t ran = 0;
  auto permit = successResultOf(lock.acquire());
  for (std::size_t i = 0; i < kMillion; ++i) lock.acquire().addCallback([&](DeferredLock::Permit) { ++ran; }).detach();
  permit.release();
  CHECK(ran <= static_cast<std::size_t>(kBudget));
  CHECK(loop.pending());
  std::size_t last = ran;
  while (loop.poll()) {
    if (ran - last > static_cast<std::size_t>(kBudget)) FAIL("more than a budget in one turn");
    last = ran;
  }
  CHECK(ran == kMillion);
  CHECK_FALSE(lock.locked());
}

TEST_CASE("a generator that never waits does not hold the loop") {
  LoopByHand loop;
  const auto naturals = []() -> AsyncGenerator<int> {
    for (int i = 0;; ++i) co_yield i;
  };
  const auto consumer = [](AsyncGenerator<int> generator, int n) -> Deferred<int> {
    int last = -1;
    while (auto v = co_await generator.next()) {
      last = *v;
      if (last == n) break;
    }
    co_return last;
  };
  auto running = consumer(naturals(), 5 * kBudget);
  CHECK(loop.pending());
  int polls = 0;
  while (loop.poll()) ++polls;
  CHECK(polls >= 4);
  CHECK(successResultOf(running) == 5 * kBudget);
}

TEST_CASE("a generator's consumer that is cancelled while the turn is interrupted is not resumed twice") {
  const UnhandledErrors none;
  LoopByHand loop;
  const auto naturals = []() -> AsyncGenerator<int> {
    for (int i = 0;; ++i) co_yield i;
  };
  Deferred<> never;
  Trigger<> trigger = never.takeTrigger();
  const auto consumer = [&](AsyncGenerator<int> generator) -> Deferred<int> {
    int last = -1;
    for (int i = 0; i < 2 * kBudget; ++i) {
      auto v = co_await generator.next();
      last = *v;
    }
    co_await never;
    co_return last;
  };
  auto running = consumer(naturals());
  REQUIRE(loop.pending());
  running.cancel();
  while (loop.poll()) {
  }
  failureResultOf<CancelledError>(running);
}

TEST_CASE("what was cut short goes on in order, and new fires do not get lost") {
  LoopByHand loop;
  std::string order;
  detail::loopLink.budget = 2;
  Deferred<> start, a, b, c;
  a.addCallback([&] { order += 'a'; }).detach();
  b.addCallback([&] { order += 'b'; }).detach();
  c.addCallback([&] { order += 'c'; }).detach();
  start.addCallback([&] {
         a.callback();
         b.callback();
         c.callback();
       }).detach();
  start.callback();
  CHECK(order == "a");
  CHECK(loop.pending());
  while (loop.poll()) {
  }
  CHECK(order == "abc");
}

TEST_CASE("called() runs what was left where a test looks without a loop") {
  const auto body = [](int n) -> Deferred<int> {
    int sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await ready(1);
    co_return sum;
  };
  Deferred<int> running(nullptr);
  {
    LoopByHand loop;
    running = body(3 * kBudget);
    CHECK(loop.pending());
    detail::loopLink.budget = kBudget;
    while (!running.called()) detail::loopLink.budget = kBudget;
  }
  CHECK(successResultOf(running) == 3 * kBudget);
}

TEST_CASE("without a loop nothing is cut short: there is nobody to starve") {
  const auto body = [](int n) -> Deferred<int> {
    int sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await ready(1);
    co_return sum;
  };
  CHECK(body(10 * kBudget).called());
}

}  // namespace
}  // namespace weft::test
