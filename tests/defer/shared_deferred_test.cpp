#include <weft/defer/shared_deferred.hpp>

#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/triggers.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <utility>


namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

TEST_CASE("every consumer of a SharedDeferred gets the value, before and after it fires") {
  const AllCounted counted;
  Deferred<Counted> source;
  Trigger<Counted> trigger = source.takeTrigger();
  SharedDeferred<Counted> shared(std::move(source));
  auto a = shared.get(), b = shared.get();
  CHECK_FALSE(shared.called());
  trigger.callback(Counted(5));
  CHECK(shared.called());
  CHECK(successResultOf(a).value == 5);
  CHECK(successResultOf(b).value == 5);
  CHECK(successResultOf(shared.get()).value == 5);
}

TEST_CASE("every consumer of a SharedDeferred gets the failure, and it counts as handled") {
  const UnhandledErrors none;
  SharedDeferred<int> shared(fail<int>(Refused()));
  failureResultOf<Refused>(shared.get());
  failureResultOf<Refused>(shared.get());
}

TEST_CASE("a SharedDeferred of nothing") {
  Deferred<> source;
  Trigger<> trigger = source.takeTrigger();
  SharedDeferred<void> shared(std::move(source));
  auto a = shared.get();
  trigger.callback();
  successResultOf(a);
  successResultOf(shared.get());
}

TEST_CASE("copies of a SharedDeferred share") {
  Deferred<int> source;
  Trigger<int> trigger = source.takeTrigger();
  SharedDeferred<int> first(std::move(source));
  const auto copy = std::make_unique<SharedDeferred<int>>(first);
  auto a = first.get(), b = copy->get();
  trigger.callback(1);
  CHECK(successResultOf(a) == 1);
  CHECK(successResultOf(b) == 1);
}

TEST_CASE("a failure that nobody got is reported when the last SharedDeferred goes") {
  UnhandledErrors errors;
  { SharedDeferred<int> shared(fail<int>(Refused())); }
  CHECK(errors.tookOne<Refused>());
  {
    SharedDeferred<int> shared(fail<int>(Refused()));
    failureResultOf<Refused>(shared.get());
  }
  CHECK(errors.count() == 0);
}

TEST_CASE("cancelling one consumer hurts no other; cancelling the last cancels the source") {  // the complaint of A23
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> source([&] { ++asked; });
  Trigger<int> trigger = source.takeTrigger();
  SharedDeferred<int> shared(std::move(source));
  auto a = shared.get(), b = shared.get();
  a.cancel();
  failureResultOf<CancelledError>(a);
  CHECK(asked == 0);
  assertNoResult(b);
  b.cancel();
  CHECK(asked == 1);
  failureResultOf<CancelledError>(b);
}

TEST_CASE("a cancelled consumer does not count; a dropped one neither") {
  const UnhandledErrors none;
  int asked = 0;
  Pending<int> pending;
  SharedDeferred<int> shared(pending.make([&] { ++asked; }));
  auto a = shared.get();
  { auto dropped = shared.get(); }
  a.cancel();
  CHECK(asked == 1);
}

TEST_CASE("a callback of one consumer may get again, cancel another, and drop the SharedDeferred") {
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<Counted> source;
  Trigger<Counted> trigger = source.takeTrigger();
  std::optional<SharedDeferred<Counted>> shared(std::in_place, std::move(source));
  std::optional<Deferred<Counted>> again;
  auto other = std::optional<Deferred<Counted>>();
  auto first = shared->get().addCallback([&](Counted c) {
    again.emplace(shared->get());
    other->cancel();
    other.reset();
    shared.reset();
    return c.value;
  });
  other.emplace(shared->get());
  auto last = shared->get();
  trigger.callback(Counted(4));
  CHECK(successResultOf(first) == 4);
  CHECK(successResultOf(*again).value == 4);
  CHECK(successResultOf(last).value == 4);
  CHECK_FALSE(shared);
}

TEST_CASE("a consumer whose errback, in its cancel, drops the SharedDeferred") {
  const UnhandledErrors none;
  const AllCounted counted;
  Pending<Counted> pending;
  std::optional<SharedDeferred<Counted>> shared(std::in_place, pending.make([c = Counted(1)] {}));
  auto end = shared->get().addErrback([&](const CancelledError&) {
    shared.reset();
    return Counted(2);
  });
  end.cancel();
  CHECK(successResultOf(end).value == 2);
}

TEST_CASE("a consumer outlives its SharedDeferred") {
  Deferred<int> source;
  Trigger<int> trigger = source.takeTrigger();
  Deferred<int> a(nullptr);
  {
    SharedDeferred<int> shared(std::move(source));
    a = shared.get();
  }
  trigger.callback(3);
  CHECK(successResultOf(a) == 3);
}

TEST_CASE("a SharedDeferred that goes before anybody asked cancels its source") {
  const UnhandledErrors none;
  int asked = 0;
  Pending<int> pending;
  { SharedDeferred<int> shared(pending.make([&] { ++asked; })); }
  CHECK(asked == 1);
}

TEST_CASE("a value whose copy or move throws is what its consumer fails with, and no other") {
  struct ThrowsOnCopy {
    explicit ThrowsOnCopy(int value) : value(value) {}
    ThrowsOnCopy(ThrowsOnCopy&&) = default;
    ThrowsOnCopy(const ThrowsOnCopy& other) : value(other.value) {
      if (--copiesLeft() == 0) throw Refused();
    }
    static int& copiesLeft() {
      static int left = 2;
      return left;
    }
    int value;
  };
  Deferred<ThrowsOnCopy> source;
  Trigger<ThrowsOnCopy> trigger = source.takeTrigger();
  SharedDeferred<ThrowsOnCopy> shared(std::move(source));
  auto a = shared.get(), b = shared.get(), c = shared.get();
  trigger.callback(ThrowsOnCopy(1));
  CHECK(successResultOf(a).value == 1);
  failureResultOf<Refused>(b);
  CHECK(successResultOf(c).value == 1);
}

}  // namespace
}  // namespace weft::test
