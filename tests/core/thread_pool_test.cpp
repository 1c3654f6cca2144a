#include <weft/core/thread_pool.hpp>

#include <weft/core/log.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace weft;

TEST_CASE("work that is given before start() is kept and then runs, in order") {      // G13
  ThreadPool pool(0, 1);
  std::string order;
  for (const char c : {'a', 'b', 'c'}) pool.callInThread([&order, c] { order += c; });
  CHECK(pool.waiting() == 3);
  CHECK(pool.threads() == 0);
  pool.start();
  pool.stop();
  CHECK(order == "abc");
  CHECK(pool.threads() == 0);
}

TEST_CASE("the pool grows with the work that waits, up to its largest size") {      // G13
  ThreadPool pool(0, 3);
  pool.start();
  CHECK(pool.threads() == 0);
  std::latch three(3);
  std::latch go(1);
  std::atomic<int> ran{0};
  for (int i = 0; i < 8; ++i) {
    pool.callInThread([&, i] {
      if (i < 3) three.count_down();
      go.wait();
      ++ran;
    });
  }
  three.wait();                                        // three at once: would hang if there were fewer threads
  CHECK(pool.threads() == 3);
  CHECK(pool.working() == 3);
  CHECK(pool.waiting() == 5);
  go.count_down();
  pool.stop();
  CHECK(ran == 8);
}

TEST_CASE("an idle thread is used again before another one is made") {
  ThreadPool pool(0, 10);
  pool.start();
  for (int i = 0; i < 20; ++i) {
    std::latch done(1);
    pool.callInThread([&] { done.count_down(); });
    done.wait();
    while (pool.working() > 0) std::this_thread::yield();
  }
  CHECK(pool.threads() == 1);
}

TEST_CASE("min threads are there from the start") {      // G13
  ThreadPool pool(2, 4);
  pool.start();
  CHECK(pool.threads() == 2);
  pool.adjustPoolSize(3, 4);
  CHECK(pool.threads() == 3);
  pool.adjustPoolSize(0, 1);
  while (pool.threads() > 1) std::this_thread::yield();
  CHECK(pool.max() == 1);
}

TEST_CASE("what a call throws is logged, and the thread goes on") {      // G13
  LogCapture capture;
  ThreadPool pool(0, 1);
  bool ran = false;
  pool.callInThread([] { throw std::runtime_error("in a thread"); });
  pool.callInThread([&] { ran = true; });
  pool.start();
  pool.stop();
  CHECK(ran);
  CHECK(capture.count(LogLevel::Critical) == 1);
  CHECK(capture.contains("in a thread"));
}

TEST_CASE("callMultipleInThread runs its calls on one thread, in order, also behind one that throws") {      // G12
  LogCapture capture;
  ThreadPool pool(0, 4);
  std::vector<std::thread::id> ids;
  std::vector<UniqueFunction<void()>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back([&] { ids.push_back(std::this_thread::get_id()); });
  calls.insert(calls.begin() + 1, [] { throw std::runtime_error("second"); });
  pool.callMultipleInThread(std::move(calls));
  pool.start();
  pool.stop();
  REQUIRE(ids.size() == 3);
  CHECK(ids[0] == ids[1]);
  CHECK(ids[0] == ids[2]);
  CHECK(capture.contains("second"));
}

TEST_CASE("a result handler gets what the call returned or threw, in the same thread") {      // G13
  ThreadPool pool;
  int value = 0;
  std::string error;
  bool same = false;
  std::thread::id id;
  pool.callInThreadWithCallback(
      [&](Outcome<int> outcome) {
        value = outcome.value();
        same = id == std::this_thread::get_id();
      },
      [&] {
        id = std::this_thread::get_id();
        return 42;
      });
  pool.callInThreadWithCallback([&](Outcome<void> outcome) { error = outcome.failure().what(); }, [] { throw std::runtime_error("bad"); });
  pool.start();
  pool.stop();
  CHECK(value == 42);
  CHECK(same);
  CHECK(error == "bad");
}

TEST_CASE("what a call holds is let go of when it has run") {      // G13
  ThreadPool pool;
  const auto shared = std::make_shared<int>(1);
  std::latch done(1);
  pool.start();
  pool.callInThread([shared, &done] { done.count_down(); });
  done.wait();
  while (pool.working() > 0) std::this_thread::yield();
  CHECK(shared.use_count() == 1);
}

TEST_CASE("a queue has its limit, and says so") {
  ThreadPool pool(0, 1, "small");
  pool.setQueueLimit(2);
  pool.callInThread([] {});
  pool.callInThread([] {});
  CHECK_THROWS_WITH_AS(pool.callInThread([] {}), "the queue of the thread pool \"small\" is full: 2 calls wait for a thread", ThreadPoolFull);
}

TEST_CASE("a stopped pool takes no work until it is started again") {
  ThreadPool pool;
  pool.start();
  pool.stop();
  CHECK_THROWS_AS(pool.callInThread([] {}), ThreadPoolStopped);
  pool.start();
  bool ran = false;
  pool.callInThread([&] { ran = true; });
  pool.stop();
  pool.stop();
  CHECK(ran);
}

TEST_CASE("stopThen() calls back when the last call is over") {
  ThreadPool pool;
  pool.start();
  std::latch go(1);
  std::latch stopped(1);
  std::atomic<int> ran{0};
  for (int i = 0; i < 4; ++i) {
    pool.callInThread([&] {
      go.wait();
      ++ran;
    });
  }
  pool.stopThen([&] {
    CHECK(ran == 4);
    stopped.count_down();
  });
  CHECK(pool.stopping());
  CHECK_THROWS_AS(pool.callInThread([] {}), ThreadPoolStopped);
  go.count_down();
  stopped.wait();
  pool.stop();
  CHECK_FALSE(pool.stopping());
  bool atOnce = false;
  pool.stopThen([&] { atOnce = true; });               // no thread is left
  CHECK(atOnce);
}

TEST_CASE("impossible sizes are refused") {
  CHECK_THROWS_AS(ThreadPool(0, 0), std::invalid_argument);
  CHECK_THROWS_AS(ThreadPool(5, 4), std::invalid_argument);
  ThreadPool pool(0, 2);
  CHECK_THROWS_AS(pool.adjustPoolSize(3, 2), std::invalid_argument);
  CHECK(pool.min() == 0);
}

TEST_CASE("a pool that never started drops its work") {
  const auto shared = std::make_shared<int>(1);
  {
    ThreadPool pool;
    pool.callInThread([shared] { FAIL_CHECK("ran"); });
  }
  CHECK(shared.use_count() == 1);
}
