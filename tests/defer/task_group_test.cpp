#include <weft/defer/task_group.hpp>

#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/triggers.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Row C10, which Twisted lacks.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};
struct Timeout : std::runtime_error {
  Timeout() : std::runtime_error("timeout") {}
};

Deferred<> waitFor(Deferred<> d) { co_await d; }

TEST_CASE("an empty group joins at once") {
  TaskGroup group;
  successResultOf(group.join());
  CHECK(group.size() == 0);
}

TEST_CASE("join fires when the last task has ended, whatever the tasks' types") {
  const AllCounted counted;
  Deferred<> a;
  Deferred<Counted> b;
  Trigger<> first = a.takeTrigger();
  Trigger<Counted> second = b.takeTrigger();
  TaskGroup group;
  group.add(std::move(a));
  group.add(std::move(b));
  group.add(succeed(std::string("fired already")));
  CHECK(group.size() == 2);
  auto joined = group.join();
  first.callback();
  assertNoResult(joined);
  second.callback(Counted(1));
  successResultOf(joined);
}

TEST_CASE("the first error cancels the others, and join gives it when all have ended") {
  const UnhandledErrors none;
  Deferred<> a, b;
  bool asked = false;
  Deferred<> slow([&] { asked = true; return true; });
  Trigger<> failing = a.takeTrigger(), other = b.takeTrigger(), stubborn = slow.takeTrigger();
  TaskGroup group;
  group.add(waitFor(std::move(a)));
  group.add(waitFor(std::move(b)));
  group.add(std::move(slow));
  auto joined = group.join();
  failing.errback(Refused());
  CHECK(asked);
  CHECK(group.size() == 1);
  CHECK(group.failed());
  assertNoResult(joined);
  stubborn.callback();
  failureResultOf<Refused>(joined);
}

TEST_CASE("later errors of a group are reported, cancels are not") {
  UnhandledErrors errors;
  Deferred<> a;
  Deferred<> b([](auto& end) { end.errback(Timeout()); });
  Trigger<> first = a.takeTrigger();
  Trigger<> second = b.takeTrigger();
  Pending<> pending;
  TaskGroup group;
  group.add(std::move(a));
  group.add(std::move(b));
  group.add(pending.make());
  auto joined = group.join();
  first.errback(Refused());
  failureResultOf<Refused>(joined);
  CHECK(errors.tookOne<Timeout>());
}

TEST_CASE("an error before join is kept for it") {
  const UnhandledErrors none;
  TaskGroup group;
  group.add(fail(Refused()));
  failureResultOf<Refused>(group.join());
  CHECK_FALSE(group.failed());
}

TEST_CASE("an error that no join was told is reported when the group goes") {
  UnhandledErrors errors;
  {
    TaskGroup group;
    group.add(fail(Refused()));
  }
  CHECK(errors.tookOne<Refused>());
}

TEST_CASE("what is added after an error is cancelled at once, and once only") {
  const UnhandledErrors none;
  TaskGroup group;
  group.add(fail(Refused()));
  int asked = 0;
  Deferred<> late([&] { ++asked; return true; });
  Trigger<> trigger = late.takeTrigger();
  int cancelled = 0;
  Deferred<> inside([&] { ++asked; });
  Trigger<> insideEnd = inside.takeTrigger();
  const auto body = [&]() -> Deferred<> {
    const Outcome<> outcome = co_await inside.outcome();
    if (!outcome) ++cancelled;
    co_await late;
  };
  group.add(body());
  CHECK(asked == 1);
  CHECK(cancelled == 1);
  group.cancel();
  CHECK(asked == 1);                                   // its clean-up is not cancelled by the same cancel
  trigger.callback();
  failureResultOf<Refused>(group.join());
}

TEST_CASE("cancelling join cancels the tasks, and it fires when they have ended") {
  const UnhandledErrors none;
  Pending<> pending;
  Deferred<> slow([] { return true; });
  Trigger<> stubborn = slow.takeTrigger();
  TaskGroup group;
  group.add(pending.make());
  group.add(std::move(slow));
  auto joined = group.join();
  joined.cancel();
  CHECK(group.size() == 1);
  assertNoResult(joined);
  stubborn.callback();
  successResultOf(joined);
}

TEST_CASE("one join at a time") {
  const UnhandledErrors none;
  Deferred<> a;
  Trigger<> trigger = a.takeTrigger();
  TaskGroup group;
  group.add(std::move(a));
  auto first = group.join();
  failureResultOf<DeferError>(group.join());
  trigger.callback();
  successResultOf(first);
  successResultOf(group.join());
}

TEST_CASE("a group may be filled and joined again") {
  TaskGroup group;
  for (int round = 0; round < 3; ++round) {
    Deferred<> a;
    Trigger<> trigger = a.takeTrigger();
    group.spawn([&] { return std::move(a); });
    auto joined = group.join();
    trigger.callback();
    successResultOf(joined);
  }
}

TEST_CASE("spawn takes any callable, and an exception of it is a task's error") {
  const UnhandledErrors none;
  TaskGroup group;
  int ran = 0;
  group.spawn([&](int n) { ran = n; }, 3);
  CHECK(ran == 3);
  group.spawn([]() -> Deferred<> { throw Refused(); });
  failureResultOf<Refused>(group.join());
}

TEST_CASE("a group that is destroyed cancels its tasks and lets them go") {
  const UnhandledErrors none;
  const AllCounted counted;
  bool asked = false;
  Pending<> pending;
  Deferred<> slow([&, c = Counted(1)] { asked = true; return true; });
  Trigger<> trigger = slow.takeTrigger();
  {
    TaskGroup group;
    group.add(waitFor(std::move(slow)));
    group.add(pending.make());
  }
  CHECK(asked);
  trigger.callback();
}

TEST_CASE("what a task fails with after its group has gone is reported") {
  UnhandledErrors errors;
  Deferred<> slow([] { return true; });
  Trigger<> trigger = slow.takeTrigger();
  {
    TaskGroup group;
    group.add(std::move(slow));
  }
  trigger.errback(Refused());
  CHECK(errors.tookOne<Refused>());
}

TEST_CASE("a join that waits when its group goes fails with AbandonedError") {
  const UnhandledErrors none;
  Pending<> pending;
  std::optional<TaskGroup> group(std::in_place);
  group->add(pending.make([] { return true; }));
  auto joined = group->join();
  group.reset();
  failureResultOf<AbandonedError>(joined);
  pending.triggers[0].callback();
}

// ---- re-entrance

TEST_CASE("a group may go in the same turn in which its tasks fired") {
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<> start;
  Deferred<Counted> a;
  Trigger<Counted> trigger = a.takeTrigger();
  auto group = std::make_unique<TaskGroup>();
  group->add(std::move(a));
  start.addCallback([&] {
         trigger.callback(Counted(1));                 // fired, but its turn has not come
         group.reset();
       }).detach();
  start.callback();
  CHECK(group == nullptr);
}

TEST_CASE("a callback of join may destroy the group, however it came to fire") {
  const UnhandledErrors none;
  for (const char how : {'v', 'e', 'c', 'a'}) {
    CAPTURE(how);
    auto group = std::make_unique<TaskGroup>();
    Deferred<> a;
    Trigger<> trigger = a.takeTrigger();
    group->add(std::move(a));
    auto joined = group->join().addBoth([&](Outcome<>) { group.reset(); });
    if (how == 'v') trigger.callback();
    if (how == 'e') trigger.errback(Refused());
    if (how == 'c') group->cancel();
    if (how == 'a') group->add(fail(Refused()));       // fails the group outside a turn
    CHECK(group == nullptr);
    CHECK(joined.called());
  }
}

TEST_CASE("a canceller of a task may add to, cancel and destroy the group") {
  const UnhandledErrors none;
  Pending<> pending;
  auto group = std::make_unique<TaskGroup>();
  int asked = 0;
  SUBCASE("add and cancel") {
    group->add(pending.make([&] {
      if (++asked > 3) return;
      group->add(pending.make([&] { ++asked; }));
      group->cancel();
    }));
    group->cancel();
    CHECK(asked == 2);
    CHECK(group->size() == 0);
  }
  SUBCASE("destroy, in cancel") {
    for (int i = 0; i < 3; ++i)
      group->add(pending.make([&] {
        ++asked;
        group.reset();
      }));
    group->cancel();
    CHECK(asked == 3);
    CHECK(group == nullptr);
  }
  SUBCASE("destroy, after an error") {
    Deferred<> a;
    Trigger<> trigger = a.takeTrigger();
    group->add(std::move(a));
    group->add(pending.make([&] {
      ++asked;
      group.reset();
    }));
    UnhandledErrors errors;
    trigger.errback(Refused());
    CHECK(asked == 1);
    CHECK(group == nullptr);
    CHECK(errors.tookOne<Refused>());
  }
}

TEST_CASE("a task's value may destroy the group in its destructor") {
  const UnhandledErrors none;
  struct Dropper {
    explicit Dropper(std::unique_ptr<TaskGroup>& group) : group(&group) {}
    Dropper(Dropper&& other) noexcept : group(std::exchange(other.group, nullptr)) {}
    ~Dropper() {
      if (group) group->reset();
    }
    std::unique_ptr<TaskGroup>* group;
  };
  auto group = std::make_unique<TaskGroup>();
  Deferred<Dropper> a;
  Trigger<Dropper> trigger = a.takeTrigger();
  group->add(std::move(a));
  trigger.callback(Dropper(group));
  CHECK(group == nullptr);
}

// ---- withTaskGroup

TEST_CASE("withTaskGroup ends when all that its body added has ended") {
  const UnhandledErrors none;
  Deferred<> a, b;
  Trigger<> first = a.takeTrigger(), second = b.takeTrigger();
  auto end = withTaskGroup([&](TaskGroup& group) -> Deferred<> {
    group.add(std::move(a));
    group.add(std::move(b));
    co_return;
  });
  first.callback();
  assertNoResult(end);
  second.callback();
  successResultOf(end);
}

TEST_CASE("withTaskGroup cancels the tasks when its body fails, waits for them, and gives that error") {
  const UnhandledErrors none;
  Deferred<> slow([] { return true; });
  Trigger<> trigger = slow.takeTrigger();
  auto end = withTaskGroup([&](TaskGroup& group) -> Deferred<> {
    group.add(std::move(slow));
    throw Refused();
    co_return;
  });
  assertNoResult(end);
  trigger.callback();
  failureResultOf<Refused>(end);
}

TEST_CASE("withTaskGroup gives the first error, and reports the other of body and tasks") {
  UnhandledErrors errors;
  Deferred<> a, gate;
  Trigger<> failing = a.takeTrigger(), go = gate.takeTrigger();
  auto end = withTaskGroup([&](TaskGroup& group) -> Deferred<> {
    group.add(std::move(a));
    co_await gate;
    throw Timeout();
  });
  failing.errback(Refused());
  assertNoResult(end);
  go.callback();
  failureResultOf<Refused>(end);
  CHECK(errors.tookOne<Timeout>());
}

TEST_CASE("cancelling withTaskGroup cancels its body or its tasks, and waits for the tasks") {
  const UnhandledErrors none;
  Deferred<> slow([] { return true; });
  Trigger<> trigger = slow.takeTrigger();
  SUBCASE("while the body runs") {
    auto end = withTaskGroup([&](TaskGroup& group) -> Deferred<> {
      group.add(std::move(slow));
      Deferred<> never;
      co_await never;
    });
    end.cancel();
    assertNoResult(end);
    trigger.callback();
    failureResultOf<CancelledError>(end);
  }
  SUBCASE("while the tasks run") {
    auto end = withTaskGroup([&](TaskGroup& group) -> Deferred<> {
      group.add(std::move(slow));
      co_return;
    });
    end.cancel();
    assertNoResult(end);
    trigger.callback();
    CHECK(end.called());
    (void)end.result();
  }
}

TEST_CASE("a capturing body of withTaskGroup lives until the end") {
  const AllCounted counted;
  Deferred<> gate;
  Trigger<> go = gate.takeTrigger();
  int seen = 0;
  auto end = withTaskGroup([&seen, &gate, c = Counted(7)](TaskGroup&) -> Deferred<> {
    co_await gate;
    seen = c.value;
  });
  go.callback();
  successResultOf(end);
  CHECK(seen == 7);
}

// ---- mapConcurrently

TEST_CASE("mapConcurrently gives the results in order, with at most so many at work") {
  const UnhandledErrors none;
  std::vector<Trigger<int>> working;
  std::size_t most = 0, running = 0;
  auto all = mapConcurrently(std::vector<int>{0, 1, 2, 3, 4, 5, 6}, 3, [&](int& item) {
    most = std::max(most, ++running);
    Deferred<int> d;
    working.push_back(d.takeTrigger());
    return d.addCallback([&running, item](int x) { --running; return x * 10 + item; });
  });
  for (std::size_t i = 0; i < working.size(); ++i) {
    CHECK(working.size() <= i + 3);
    working[i].callback(1);
  }
  CHECK(most == 3);
  CHECK(successResultOf(all) == std::vector<int>{10, 11, 12, 13, 14, 15, 16});
}

TEST_CASE("mapConcurrently of nothing, with plain functions, and with a limit of zero") {
  CHECK(successResultOf(mapConcurrently(std::vector<int>(), 3, [](int& i) { return i; })).empty());
  CHECK(successResultOf(mapConcurrently(std::vector<int>{1, 2}, 0, [](int& i) { return i + 1; })) == std::vector<int>{2, 3});
  int sum = 0;
  CHECK(successResultOf(mapConcurrently(std::vector<int>{1, 2}, 9, [&](int& i) { sum += i; })).size() == 2);
  CHECK(sum == 3);
}

TEST_CASE("mapConcurrently fails with the first error and cancels the rest") {
  const UnhandledErrors none;
  int asked = 0;
  std::vector<Trigger<int>> working;
  auto all = mapConcurrently(std::vector<int>{0, 1, 2, 3, 4}, 2, [&](int&) {
    Deferred<int> d([&] { ++asked; });
    working.push_back(d.takeTrigger());
    return d;
  });
  working[0].errback(Refused());
  failureResultOf<Refused>(all);
  CHECK(asked == 1);
  CHECK(working.size() == 2);
}

}  // namespace
}  // namespace weft::test
