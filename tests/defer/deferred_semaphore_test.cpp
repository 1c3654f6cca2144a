#include <weft/defer/deferred_semaphore.hpp>

#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Rows D1 to D5.
namespace weft::test {
namespace {

using Permit = DeferredSemaphore::Permit;

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

// ---- acquire and release

TEST_CASE("a semaphore gives out as many permits as it has, and counts them") {  // D4
  DeferredSemaphore semaphore(2);
  CHECK(semaphore.limit() == 2);
  CHECK(semaphore.tokens() == 2);
  auto a = successResultOf(semaphore.acquire()), b = successResultOf(semaphore.acquire());
  CHECK(a);
  CHECK(semaphore.tokens() == 0);
  auto third = semaphore.acquire();
  assertNoResult(third);
  CHECK(semaphore.waiting() == 1);
  b.release();
  CHECK(third.called());
  CHECK(semaphore.tokens() == 0);
}

TEST_CASE("a semaphore of no tokens is an error") {  // D4
  CHECK_THROWS_AS(DeferredSemaphore(0), std::invalid_argument);
}

TEST_CASE("a permit is given back when it is destroyed, assigned over or released, and only once") {  // D4
  DeferredSemaphore semaphore(2);
  {
    auto permit = successResultOf(semaphore.acquire());
    Permit moved = std::move(permit);
    CHECK_FALSE(permit);
    CHECK(semaphore.tokens() == 1);
    moved.release();
    moved.release();
    CHECK(semaphore.tokens() == 2);
  }
  CHECK(semaphore.tokens() == 2);
  auto permit = successResultOf(semaphore.acquire());
  permit = successResultOf(semaphore.acquire());
  CHECK(semaphore.tokens() == 1);
  permit = Permit();
  CHECK(semaphore.tokens() == 2);
}

TEST_CASE("those who wait for a lock get it in order, one after the other") {  // D1
  DeferredLock lock;
  std::string order;
  std::optional<Permit> held;
  auto first = lock.acquire().addCallback([&](Permit p) { order += "1"; held.emplace(std::move(p)); });
  auto second = lock.acquire().addCallback([&](Permit p) { order += "2"; *held = std::move(p); });
  auto third = lock.acquire().addCallback([&](Permit p) { order += "3"; *held = std::move(p); });
  CHECK(order == "1");
  CHECK(lock.locked());
  CHECK(lock.waiting() == 2);
  { Permit gone = std::move(*held); }
  CHECK(order == "12");
  CHECK(lock.locked());
  { Permit gone = std::move(*held); }
  { Permit gone = std::move(*held); }
  CHECK(order == "123");
  CHECK_FALSE(lock.locked());
}

TEST_CASE("release hands over directly, before it returns: nobody can get in between") {  // D1
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  bool got = false;
  std::optional<Permit> next;
  lock.acquire().addCallback([&](Permit p) {
    got = true;
    CHECK(lock.locked());
    next.emplace(std::move(p));
  }).detach();
  permit.release();
  CHECK(got);
  CHECK(lock.locked());
}

TEST_CASE("a permit that nobody takes goes back with its Deferred") {
  DeferredLock lock;
  { auto granted = lock.acquire(); }
  CHECK_FALSE(lock.locked());
  auto permit = successResultOf(lock.acquire());
  {
    auto waiting = lock.acquire();
    permit.release();
    CHECK(waiting.called());
    CHECK(lock.locked());
  }
  CHECK_FALSE(lock.locked());
}

TEST_CASE("a coroutine holds a permit to the end of its scope, also when it throws") {  // D3
  DeferredLock lock;
  Deferred<> work;
  Trigger<> trigger = work.takeTrigger();
  bool locked = false;
  const auto body = [&]() -> Deferred<> {
    {
      auto held = co_await lock.acquire();
      locked = lock.locked();
      co_await work;
    }
    CHECK_FALSE(lock.locked());
    auto again = co_await lock.acquire();
    throw Refused();
  };
  auto running = body();
  CHECK(locked);
  trigger.callback();
  failureResultOf<Refused>(running);
  CHECK_FALSE(lock.locked());
}

// ---- cancelling

TEST_CASE("a waiting acquire that is cancelled leaves the queue with CancelledError") {  // D5
  const UnhandledErrors none;
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  auto first = lock.acquire(), second = lock.acquire();
  first.cancel();
  failureResultOf<CancelledError>(first);
  CHECK(lock.waiting() == 1);
  permit.release();
  CHECK(second.called());
}

TEST_CASE("cancelling an acquire that was granted does nothing: it is still held") {  // D5
  DeferredLock lock;
  auto granted = lock.acquire();
  granted.cancel();
  CHECK(lock.locked());
  auto permit = successResultOf(granted);
  auto waiting = lock.acquire();
  permit.release();
  waiting.cancel();
  CHECK(lock.locked());
  successResultOf(waiting).release();
  CHECK_FALSE(lock.locked());
}

TEST_CASE("a waiting acquire that was dropped is passed over") {
  DeferredSemaphore semaphore(1);
  auto permit = successResultOf(semaphore.acquire());
  { auto dropped = semaphore.acquire(); }
  auto kept = semaphore.acquire();
  permit.release();
  CHECK(kept.called());
}

TEST_CASE("a coroutine that waits for a lock and is cancelled does not take it with it") {  // D5
  const UnhandledErrors none;
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  const auto body = [&]() -> Deferred<> { auto held = co_await lock.acquire(); };
  auto first = body(), second = body();
  first.cancel();
  permit.release();
  failureResultOf<CancelledError>(first);
  successResultOf(second);
  CHECK_FALSE(lock.locked());
}

// ---- run

TEST_CASE("run calls with a permit held, gives back the permit, and gives the result") {  // D2
  DeferredSemaphore semaphore(1);
  auto result = semaphore.run([&](int a, int b) {
    CHECK(semaphore.tokens() == 0);
    return a + b;
  }, 1, 2);
  CHECK(successResultOf(result) == 3);
  CHECK(semaphore.tokens() == 1);
  successResultOf(semaphore.run([] {}));
}

TEST_CASE("run holds the permit until the Deferred that the function returned has fired") {  // D2
  const AllCounted counted;
  DeferredLock lock;
  Deferred<int> work;
  Trigger<int> trigger = work.takeTrigger();
  auto result = lock.run([&, c = Counted(1)] { return std::move(work); });
  CHECK(lock.locked());
  trigger.callback(5);
  CHECK(successResultOf(result) == 5);
  CHECK_FALSE(lock.locked());
}

TEST_CASE("run gives the permit back when the function throws or fails") {  // D2
  DeferredLock lock;
  failureResultOf<Refused>(lock.run([]() -> int { throw Refused(); }));
  CHECK_FALSE(lock.locked());
  failureResultOf<Refused>(lock.run([] { return fail<int>(Refused()); }));
  CHECK_FALSE(lock.locked());
}

TEST_CASE("run that is cancelled while it waits never calls the function") {  // D2
  const UnhandledErrors none;
  const AllCounted counted;
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  bool called = false;
  auto result = lock.run([&, c = Counted(1)] { called = true; });
  result.cancel();
  failureResultOf<CancelledError>(result);
  permit.release();
  CHECK_FALSE(called);
  CHECK_FALSE(lock.locked());
}

TEST_CASE("run that is cancelled while the function runs cancels the function's Deferred, then gives the permit back") {  // D2
  const UnhandledErrors none;
  DeferredLock lock;
  bool asked = false;
  Deferred<int> work([&] {
    asked = true;
    CHECK(lock.locked());
  });
  Trigger<int> trigger = work.takeTrigger();
  auto result = lock.run([&] { return std::move(work); });
  result.cancel();
  CHECK(asked);
  failureResultOf<CancelledError>(result);
  CHECK_FALSE(lock.locked());
}

TEST_CASE("the callbacks of run see the lock released") {  // D2
  DeferredLock lock;
  Deferred<int> work;
  Trigger<int> trigger = work.takeTrigger();
  bool locked = true;
  auto end = lock.run([&] { return std::move(work); }).addCallback([&](int) { locked = lock.locked(); });
  trigger.callback(1);
  CHECK(end.called());
  CHECK_FALSE(locked);
}

TEST_CASE("a limit of three keeps three at work, whatever the order in which they end") {  // D4
  DeferredSemaphore semaphore(3);
  std::vector<Trigger<>> working;
  int running = 0, most = 0, ended = 0;
  std::vector<Deferred<>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(semaphore.run([&] {
      most = std::max(most, ++running);
      Deferred<> d;
      working.push_back(d.takeTrigger());
      return d.addCallback([&] {
        --running;
        ++ended;
      });
    }));
  unsigned state = 7;
  while (!working.empty()) {
    state = state * 1664525u + 1013904223u;
    const std::size_t i = (state >> 16) % working.size();
    Trigger<> t = std::move(working[i]);
    working.erase(working.begin() + static_cast<std::ptrdiff_t>(i));
    t.callback();
  }
  CHECK(most == 3);
  CHECK(ended == 20);
  CHECK(semaphore.tokens() == 3);
}

// ---- re-entrance

TEST_CASE("a callback of acquire may acquire and release again") {
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  int rounds = 0;
  struct Again {
    static void acquire(DeferredLock& lock, int& rounds) {
      lock.acquire().addCallback([&](Permit p) {
        if (++rounds == 100) return;
        acquire(lock, rounds);
        p.release();
      }).detach();
    }
  };
  Again::acquire(lock, rounds);
  permit.release();
  CHECK(rounds == 100);
  CHECK_FALSE(lock.locked());
}

TEST_CASE("a callback that gets a permit may cancel the others who wait") {
  const UnhandledErrors none;
  DeferredLock lock;
  auto permit = successResultOf(lock.acquire());
  std::vector<Deferred<Permit>> others;
  auto first = lock.acquire().addCallback([&](Permit) {
    for (auto& d : others) d.cancel();
  });
  for (int i = 0; i < 3; ++i) others.push_back(lock.acquire());
  permit.release();
  CHECK_FALSE(lock.locked());
  for (auto& d : others) failureResultOf<CancelledError>(d);
}

TEST_CASE("the last permit that is given back may destroy the lock in the waiter's callback") {
  const UnhandledErrors none;
  auto lock = std::make_unique<DeferredLock>();
  auto permit = successResultOf(lock->acquire());
  bool ran = false;
  lock->acquire().addCallback([&](Permit p) {
    p.release();
    lock.reset();
    ran = true;
  }).detach();
  permit.release();
  CHECK(ran);
}

TEST_CASE("those who wait when a semaphore goes get AbandonedError") {
  const UnhandledErrors none;
  Deferred<Permit> waiting(nullptr);
  auto semaphore = std::make_unique<DeferredSemaphore>(1);
  auto* leaked = new Permit(successResultOf(semaphore->acquire()));      // a permit must not outlive its semaphore: this one never acts
  waiting = semaphore->acquire();
  semaphore.reset();
  failureResultOf<AbandonedError>(waiting);
  ::operator delete(static_cast<void*>(leaked));
}

}  // namespace
}  // namespace weft::test
