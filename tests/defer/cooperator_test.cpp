#include <weft/defer/cooperator.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Row F13.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

// A slice is one step.
Cooperator::BeginSlice oneStep() {
  return [] { return Cooperator::SliceEnds([] { return true; }); };
}
Cooperator::BeginSlice steps(int n) {
  return [n] { return Cooperator::SliceEnds([n, taken = 0]() mutable { return ++taken >= n; }); };
}

CooperativeSteps write(std::string& to, char c, int n) {
  for (int i = 0; i < n; ++i) {
    to += c;
    co_yield nullptr;
  }
}

TEST_CASE("tasks take their steps in turn, a slice in each turn of the clock") {
  ManualClock clock(0);
  Cooperator cooperator(clock, oneStep());
  std::string order;
  auto a = cooperator.coiterate(write(order, 'a', 3)), b = cooperator.coiterate(write(order, 'b', 2));
  CHECK(order.empty());
  clock.advance(0);
  CHECK(order == "a");
  for (int i = 0; i < 10; ++i) clock.advance(0);
  CHECK(order == "ababa");
  successResultOf(a);
  successResultOf(b);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a slice takes several steps, as long as it lasts") {
  ManualClock clock(0);
  Cooperator cooperator(clock, steps(3));
  std::string order;
  cooperator.cooperate(write(order, 'a', 5));
  cooperator.cooperate(write(order, 'b', 5));
  clock.advance(0);
  CHECK(order == "aba");
  clock.advance(0);
  CHECK(order == "ababab");
}

TEST_CASE("slices of 10 ms of real time: a short task ends within one") {
  ManualClock clock(0);
  Cooperator cooperator(clock);
  std::string order;
  auto done = cooperator.coiterate(write(order, 'x', 5));
  clock.advance(0);
  CHECK(order == "xxxxx");
  successResultOf(done);
}

TEST_CASE("a task that yields a Deferred waits for it, while others go on") {
  ManualClock clock(0);
  Cooperator cooperator(clock, oneStep());
  std::string order;
  Deferred<> d;
  Trigger<> trigger = d.takeTrigger();
  const auto waits = [&]() -> CooperativeSteps {
    order += "1";
    co_yield std::move(d);
    order += "2";
  };
  auto a = cooperator.coiterate(waits());
  auto b = cooperator.coiterate(write(order, 'b', 3));
  for (int i = 0; i < 10; ++i) clock.advance(0);
  CHECK(order == "1bbb");
  successResultOf(b);
  assertNoResult(a);
  trigger.callback();
  clock.advance(0);
  CHECK(order == "1bbb2");
  successResultOf(a);
}

TEST_CASE("an error of a step, or of a Deferred that it yields, is the task's") {
  const UnhandledErrors none;
  ManualClock clock;
  Cooperator cooperator(clock);
  const auto throws = []() -> CooperativeSteps {
    co_yield nullptr;
    throw Refused();
  };
  const auto fails = []() -> CooperativeSteps {
    auto failed = fail(Refused());
    co_yield std::move(failed);
  };
  auto a = cooperator.coiterate(throws()), b = cooperator.coiterate(fails());
  clock.advance(0);
  failureResultOf<Refused>(a);
  failureResultOf<Refused>(b);
}

TEST_CASE("whenDone gives a fresh Deferred each time, before and after the end") {
  ManualClock clock;
  Cooperator cooperator(clock);
  std::string order;
  auto task = cooperator.cooperate(write(order, 'a', 1));
  auto first = task.whenDone(), second = task.whenDone();
  clock.advance(0);
  successResultOf(first);
  successResultOf(second);
  successResultOf(task.whenDone());
}

TEST_CASE("a task is paused until it was resumed as often") {
  ManualClock clock(0);
  Cooperator cooperator(clock, oneStep());
  std::string order;
  auto task = cooperator.cooperate(write(order, 'a', 9));
  clock.advance(0);
  task.pause();
  task.pause();
  clock.advance(0);
  CHECK(order == "a");
  CHECK(clock.getDelayedCalls().empty());
  task.resume();
  clock.advance(0);
  CHECK(order == "a");
  task.resume();
  clock.advance(0);
  CHECK(order == "aa");
  CHECK_THROWS_AS(task.resume(), NotPaused);
}

TEST_CASE("a stopped task takes no more steps, frees its generator, and fails with TaskStopped") {
  const UnhandledErrors none;
  const AllCounted counted;
  ManualClock clock(0);
  Cooperator cooperator(clock, oneStep());
  const auto body = [](Counted) -> CooperativeSteps {
    for (;;) co_yield nullptr;
  };
  auto task = cooperator.cooperate(body(Counted(1)));
  auto done = task.whenDone();
  clock.advance(0);
  task.stop();
  CHECK(Counted::alive == 0);
  failureResultOf<TaskStopped>(done);
  CHECK_THROWS_AS(task.stop(), TaskStopped);
  CHECK_THROWS_AS(task.pause(), TaskFinished);
  CHECK_THROWS_AS(task.resume(), TaskFinished);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("what has ended or failed says so when it is asked to go on") {
  const UnhandledErrors none;
  ManualClock clock;
  Cooperator cooperator(clock);
  std::string order;
  auto ended = cooperator.cooperate(write(order, 'a', 0));
  const auto throws = []() -> CooperativeSteps {
    throw Refused();
    co_yield nullptr;
  };
  auto failed = cooperator.cooperate(throws());
  clock.advance(0);
  CHECK_THROWS_AS(ended.pause(), TaskDone);
  CHECK_THROWS_AS(failed.stop(), TaskFailed);
}

TEST_CASE("stopping a Cooperator fails its tasks with SchedulerStopped, and those that come later") {
  const UnhandledErrors none;
  ManualClock clock;
  Cooperator cooperator(clock);
  std::string order;
  auto a = cooperator.coiterate(write(order, 'a', 9));
  CHECK(cooperator.running());
  cooperator.stop();
  CHECK_FALSE(cooperator.running());
  failureResultOf<SchedulerStopped>(a);
  failureResultOf<SchedulerStopped>(cooperator.coiterate(write(order, 'b', 9)));
  CHECK(order.empty());
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a paused task of a stopped Cooperator fails when it is resumed") {
  const UnhandledErrors none;
  ManualClock clock;
  Cooperator cooperator(clock);
  std::string order;
  auto task = cooperator.cooperate(write(order, 'a', 9));
  auto done = task.whenDone();
  task.pause();
  cooperator.stop();
  task.resume();
  failureResultOf<SchedulerStopped>(done);
}

TEST_CASE("a Cooperator that was not started begins with start()") {
  ManualClock clock;
  Cooperator cooperator(clock, steps(100), false);
  std::string order;
  auto a = cooperator.coiterate(write(order, 'a', 2));
  clock.advance(1);
  CHECK(order.empty());
  cooperator.start();
  clock.advance(0);
  CHECK(order == "aa");
  successResultOf(a);
}

TEST_CASE("one generator cooperated n times is a pool of n workers") {
  ManualClock clock;
  Cooperator cooperator(clock);
  std::vector<Trigger<>> working;
  std::size_t taken = 0;
  const auto jobs = [&]() -> CooperativeSteps {
    for (int i = 0; i < 7; ++i) {
      ++taken;
      Deferred<> d;
      working.push_back(d.takeTrigger());
      co_yield std::move(d);
    }
  };
  auto shared = std::make_shared<CooperativeSteps>(jobs());
  std::vector<Deferred<>> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(cooperator.cooperate(shared).whenDone());
  clock.advance(0);
  CHECK(taken == 3);
  for (std::size_t i = 0; i < working.size(); ++i) {
    working[i].callback();
    clock.advance(0);
    CHECK(taken <= i + 4);
  }
  CHECK(taken == 7);
  for (auto& worker : workers) successResultOf(worker);
}

TEST_CASE("a step may stop or pause its own task, add tasks, and stop the Cooperator") {
  const UnhandledErrors none;
  const AllCounted counted;
  ManualClock clock(0);
  std::optional<Cooperator> cooperator(std::in_place, clock, steps(100));
  std::optional<CooperativeTask> task;
  std::string order;
  const char* how = "";
  SUBCASE("stop") { how = "stop"; }
  SUBCASE("pause") { how = "pause"; }
  SUBCASE("add") { how = "add"; }
  SUBCASE("stop all") { how = "stop all"; }
  SUBCASE("destroy all") { how = "destroy all"; }
  const std::string what = how;
  const auto body = [&](Counted c) -> CooperativeSteps {
    order += "1";
    co_yield nullptr;
    order += "2";
    if (what == "stop") task->stop();
    if (what == "pause") task->pause();
    if (what == "add") cooperator->coiterate(write(order, 'x', 1)).detach();
    if (what == "stop all") cooperator->stop();
    if (what == "destroy all") cooperator.reset();
    if (c.value != 1) order += "!";
    co_yield nullptr;
    order += "3";
  };
  task.emplace(cooperator->cooperate(body(Counted(1))));
  auto done = task->whenDone();
  clock.advance(0);
  if (what == "stop") {
    CHECK(order == "12");
    failureResultOf<TaskStopped>(done);
  } else if (what == "pause") {
    CHECK(order == "12");
    task->resume();
    clock.advance(0);
    CHECK(order == "123");
    successResultOf(done);
  } else if (what == "add") {
    CHECK(order == "12x3");
    successResultOf(done);
  } else {
    CHECK(order == "12");
    failureResultOf<SchedulerStopped>(done);
  }
}

TEST_CASE("a callback of whenDone may add tasks, stop others, and destroy the Cooperator") {
  const UnhandledErrors none;
  ManualClock clock(0);
  std::optional<Cooperator> cooperator(std::in_place, clock, steps(100));
  std::string order;
  const auto forever = []() -> CooperativeSteps {
    for (;;) co_yield nullptr;
  };
  auto other = cooperator->cooperate(forever());
  auto otherDone = other.whenDone();
  auto last = cooperator->coiterate(forever());
  cooperator->coiterate(write(order, 'a', 2)).addCallback([&] {
    other.stop();
    cooperator->coiterate(write(order, 'b', 2)).addErrback([](const SchedulerStopped&) {}).detach();
    cooperator.reset();
  }).detach();
  clock.advance(0);
  CHECK_FALSE(cooperator);
  failureResultOf<TaskStopped>(otherDone);
  failureResultOf<SchedulerStopped>(last);
}

TEST_CASE("a task may outlive its Cooperator, and its Deferred may fire then") {
  const UnhandledErrors none;
  ManualClock clock;
  Deferred<> d;
  Trigger<> trigger = d.takeTrigger();
  Deferred<> done(nullptr);
  {
    Cooperator cooperator(clock);
    const auto waits = [&]() -> CooperativeSteps { co_yield std::move(d); };
    done = cooperator.coiterate(waits());
    clock.advance(0);
  }
  trigger.callback();
  failureResultOf<SchedulerStopped>(done);
}

}  // namespace
}  // namespace weft::test
