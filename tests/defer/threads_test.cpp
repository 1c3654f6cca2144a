#include <weft/defer/threads.hpp>

#include <weft/defer/defer_later.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Rows A32, A33, G10 and G11: where Deferreds meet threads.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

// Runs the reactor until the Deferred that `f` returns has fired.
template <class F> void runUntil(Reactor& reactor, F f) {
  std::optional<Deferred<>> ended;
  reactor.callWhenRunning([&] { ended.emplace(f().addBoth([&] { reactor.stop(); })); });
  reactor.run(false);
  REQUIRE(ended);
  successResultOf(*ended);
}

// ---- deferToThread

TEST_CASE("deferToThread runs the function on another thread and fires on the reactor's") {  // G10
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    const auto home = std::this_thread::get_id();
    const auto there = co_await deferToThread(reactor, [] { return std::this_thread::get_id(); });
    CHECK(there != home);
    CHECK(std::this_thread::get_id() == home);
  });
}

TEST_CASE("deferToThread passes arguments, and values that can only be moved") {  // G10
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    const int sum = co_await deferToThread(reactor, [](int a, int b) { return a + b; }, 2, 3);
    CHECK(sum == 5);
    auto given = std::make_unique<int>(4);
    auto work = deferToThread(reactor, [](std::unique_ptr<int>& p) { return std::move(p); }, std::move(given));
    const auto back = co_await work;
    CHECK(*back == 4);
    bool ran = false;
    co_await deferToThread(reactor, [&] { ran = true; });
    CHECK(ran);
  });
}

TEST_CASE("an exception in the thread is the Deferred's failure") {  // G10
  const UnhandledErrors none;
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    auto work = deferToThread(reactor, []() -> int { throw Refused(); });
    const Outcome<int> outcome = co_await work.outcome();
    CHECK(!outcome);
    CHECK(outcome.failure().check<Refused>());
  });
}

TEST_CASE("deferToThread that is cancelled fails at once, and what the function returns is dropped") {  // G10
  const UnhandledErrors none;
  Reactor reactor;
  std::promise<void> go;
  runUntil(reactor, [&]() -> Deferred<> {
    std::promise<void> began;
    auto hasBegun = began.get_future();
    auto work = deferToThread(reactor, [&] {
      began.set_value();
      go.get_future().wait();
      return 1;
    });
    hasBegun.wait();
    work.cancel();
    CHECK(work.called());
    failureResultOf<CancelledError>(work);
    go.set_value();
    co_return;
  });
}

TEST_CASE("deferToThread that is cancelled before a thread has taken it never runs the function") {  // G10
  const UnhandledErrors none;
  Reactor reactor;
  reactor.suggestThreadPoolSize(1);
  std::promise<void> go;
  std::atomic<bool> ran = false;
  runUntil(reactor, [&]() -> Deferred<> {
    auto first = deferToThread(reactor, [&] { go.get_future().wait(); });
    auto second = deferToThread(reactor, [&] { ran = true; });
    second.cancel();
    failureResultOf<CancelledError>(second);
    go.set_value();
    co_await first;
  });
  CHECK_FALSE(ran);
}

TEST_CASE("many jobs at once all come home") {  // G10
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    std::vector<Deferred<int>> jobs;
    for (int i = 0; i < 200; ++i) jobs.push_back(deferToThread(reactor, [i] { return i; }));
    int sum = 0;
    for (auto& job : jobs) sum += co_await job;
    CHECK(sum == 199 * 100);
  });
}

TEST_CASE("a pool that does not run refuses by a failure, not by a throw") {  // G10
  const UnhandledErrors none;
  Reactor reactor;
  ThreadPool pool;
  pool.start();
  pool.stop();
  auto work = deferToThreadPool(reactor, pool, [] { return 1; });
  REQUIRE(work.called());
  failureResultOf(work);
}

// ---- blockingCallFromThread

TEST_CASE("blockingCallFromThread gives a value, waits for a Deferred, and throws an error where it was called") {  // G11
  const UnhandledErrors none;
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    const auto home = std::this_thread::get_id();
    co_await deferToThread(reactor, [&] {
      const int value = blockingCallFromThread(reactor, [&](int x) { return std::this_thread::get_id() == home ? x : -1; }, 5);
      CHECK(value == 5);
      CHECK(blockingCallFromThread(reactor, [&] { return deferLater(reactor, 0.001, [] { return std::string("late"); }); }) == "late");
      blockingCallFromThread(reactor, [] {});
      CHECK_THROWS_AS(blockingCallFromThread(reactor, []() -> int { throw Refused(); }), Refused);
      CHECK_THROWS_AS(blockingCallFromThread(reactor, [] { return fail<int>(Refused()); }), Refused);
    });
  });
}

TEST_CASE("blockingCallFromThread with a capturing coroutine keeps its captures until it has ended") {  // G11
  const AllCounted counted;
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    co_await deferToThread(reactor, [&] {
      const int value = blockingCallFromThread(reactor, [&reactor, s = std::string(100, 'x'), c = Counted(1)]() -> Deferred<int> {
        co_await deferLater(reactor, 0.001);
        co_return static_cast<int>(s.size()) + c.value;
      });
      CHECK(value == 101);
    });
  });
}

TEST_CASE("blockingCallFromThread on the reactor's own thread is a DeferError, not a deadlock") {  // G11
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    CHECK_THROWS_AS(blockingCallFromThread(reactor, [] { return 1; }), DeferError);
    co_return;
  });
}

TEST_CASE("blockingCallFromThread fails with AbandonedError when its Deferred can't fire any more") {  // G11
  const UnhandledErrors none;
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    co_await deferToThread(reactor, [&] { CHECK_THROWS_AS(blockingCallFromThread(reactor, [] { return Deferred<int>(); }), AbandonedError); });
  });
}

// ---- futures

TEST_CASE("asFuture passes a value, an error and nothing on to a std::future") {  // A32
  const UnhandledErrors none;
  CHECK(asFuture(succeed(4)).get() == 4);
  asFuture(succeed()).get();
  auto failed = asFuture(fail<int>(Refused()));
  CHECK_THROWS_AS((void)failed.get(), Refused);
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  auto future = asFuture(std::move(d));
  trigger.callback(6);
  CHECK(future.get() == 6);
}

TEST_CASE("asFuture of an abandoned Deferred is an AbandonedError") {  // A32
  const UnhandledErrors none;
  Deferred<int> d;
  auto trigger = std::make_unique<Trigger<int>>(d.takeTrigger());
  auto future = asFuture(std::move(d));
  trigger.reset();
  CHECK_THROWS_AS((void)future.get(), AbandonedError);
}

TEST_CASE("fromFuture fires with a future's outcome") {  // A33
  const UnhandledErrors none;
  Reactor reactor;
  runUntil(reactor, [&]() -> Deferred<> {
    std::promise<int> promise;
    auto waiting = fromFuture(reactor, promise.get_future());
    assertNoResult(waiting);
    promise.set_value(3);
    const int value = co_await waiting;
    CHECK(value == 3);
    std::promise<void> broken;
    auto failing = fromFuture(reactor, broken.get_future());
    broken.set_exception(std::make_exception_ptr(Refused()));
    const Outcome<> outcome = co_await failing.outcome();
    CHECK(!outcome);
    CHECK(outcome.failure().check<Refused>());
  });
}

TEST_CASE("fromFuture that is cancelled fails at once; the future's outcome is dropped") {  // A33
  const UnhandledErrors none;
  Reactor reactor;
  std::promise<int> promise;
  runUntil(reactor, [&]() -> Deferred<> {
    auto waiting = fromFuture(reactor, promise.get_future());
    waiting.cancel();
    failureResultOf<CancelledError>(waiting);
    promise.set_value(1);
    co_return;
  });
}

}  // namespace
}  // namespace weft::test
