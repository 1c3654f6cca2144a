#include <weft/defer/inline_callbacks.hpp>

#include <weft/core/unique_function.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

// Rows B1 and B9: the coroutines themselves are tested in coroutine_test.cpp.
namespace weft::test {
namespace {

TEST_CASE("a capturing lambda made by inlineCallbacks may go while its call runs") {
  const AllCounted counted;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  int got = 0;
  {
    auto work = inlineCallbacks([&d, &got, s = std::string(100, 'x'), c = Counted(5)]() -> Deferred<> {
      const int v = co_await d;
      got = v + static_cast<int>(s.size()) + c.value;
    });
    work().detach();
  }
  CHECK(Counted::alive == 1);
  trigger.callback(1);
  CHECK(got == 106);
}

TEST_CASE("calls of an inlineCallbacks function share its captures, which go with the last of them") {  // B9
  const AllCounted counted;
  Deferred<> a, b;
  Trigger<> first = a.takeTrigger(), second = b.takeTrigger();
  {
    auto work = inlineCallbacks([c = Counted(1), n = 0](Deferred<> d) mutable -> Deferred<int> {
      ++n;
      co_await d;
      co_return n + c.value;
    });
    auto one = work(std::move(a));
    auto two = work(std::move(b));
    first.callback();
    CHECK(successResultOf(one) == 3);
    two.detach();
  }
  CHECK(Counted::alive == 1);
  second.callback();
}

TEST_CASE("arguments are passed on, also those that can only be moved") {
  auto work = inlineCallbacks([base = 10](std::unique_ptr<int> p, std::string s) -> Deferred<int> {
    co_return base + *p + static_cast<int>(s.size());
  });
  CHECK(successResultOf(work(std::make_unique<int>(1), std::string("abc"))) == 14);
}

TEST_CASE("errors and cancels pass through an inlineCallbacks function") {  // B4
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> d([&] { ++asked; });
  Trigger<int> trigger = d.takeTrigger();
  auto work = inlineCallbacks([&d]() -> Deferred<int> { co_return co_await d; });
  auto running = work();
  running.cancel();
  CHECK(asked == 1);
  failureResultOf<CancelledError>(running);
  auto throws = inlineCallbacks([]() -> Deferred<> {
    throw std::runtime_error("thrown");
    co_return;
  });
  failureResultOf<std::runtime_error>(throws());
}

TEST_CASE("an inlineCallbacks function may be a callback") {  // B3
  Deferred<int> inner;
  Trigger<int> trigger = inner.takeTrigger();
  auto end = succeed(1).addCallback(inlineCallbacks([&inner, s = std::string(50, 'y')](int x) -> Deferred<int> {
    const int v = co_await inner;
    co_return v + x + static_cast<int>(s.size());
  }));
  trigger.callback(2);
  CHECK(successResultOf(end) == 53);
}

TEST_CASE("the function that runs may throw its own handle away") {
  const AllCounted counted;
  std::optional<UniqueFunction<Deferred<>()>> work;
  Deferred<> d;
  Trigger<> trigger = d.takeTrigger();
  bool ended = false;
  work.emplace(inlineCallbacks([&, c = Counted(1)]() -> Deferred<> {
    work.reset();
    co_await d;
    ended = c.value == 1;
  }));
  (*work)().detach();
  trigger.callback();
  CHECK(ended);
}

}  // namespace
}  // namespace weft::test
