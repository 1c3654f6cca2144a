#include <weft/defer/context.hpp>

#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/loop_by_hand.hpp"
#include "support/scale.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Row B7.
namespace weft::test {
namespace {

TEST_CASE("a variable has its default, and what the innermost scope binds") {
  ContextVar<int> var(5);
  CHECK(var.get() == 5);
  {
    auto outer = var.set(1);
    CHECK(var.get() == 1);
    {
      auto inner = var.set(2);
      CHECK(var.get() == 2);
    }
    CHECK(var.get() == 1);
  }
  CHECK(var.get() == 5);
  CHECK(ContextVar<std::string>().get().empty());
}

TEST_CASE("variables do not mix") {
  ContextVar<int> a(1), b(2);
  auto boundA = a.set(10);
  auto boundB = b.set(20);
  CHECK(a.get() == 10);
  CHECK(b.get() == 20);
}

TEST_CASE("bound values are freed with their scope and the last coroutine that may see them") {
  const AllCounted counted;
  ContextVar<Counted> var;
  Deferred<> d;
  Trigger<> trigger = d.takeTrigger();
  int seen = 0;
  const auto body = [&]() -> Deferred<> {
    co_await d;
    seen = var.get().value;
  };
  {
    auto bound = var.set(Counted(3));
    body().detach();
  }
  CHECK(Counted::alive == 2);                          // and the default
  trigger.callback();
  CHECK(seen == 3);
  CHECK(Counted::alive == 1);
}

TEST_CASE("a coroutine starts with its caller's context and keeps it, whoever resumes it") {
  ContextVar<int> var(0);
  Deferred<> d;
  std::vector<int> seen;
  const auto body = [&]() -> Deferred<> {
    seen.push_back(var.get());
    co_await d;
    seen.push_back(var.get());
  };
  Deferred<> running(nullptr);
  {
    auto bound = var.set(1);
    running = body();
  }
  {
    auto other = var.set(2);
    d.callback();
    CHECK(var.get() == 2);
  }
  successResultOf(running);
  CHECK(seen == std::vector<int>{1, 1});
}

TEST_CASE("what a coroutine sets is seen by what it calls and awaits, and never by its caller") {
  ContextVar<std::string> var("none");
  Deferred<> d;
  std::string inner;
  const auto callee = [&]() -> Deferred<> {
    co_await d;
    inner = var.get();
  };
  const auto body = [&]() -> Deferred<> {
    auto bound = var.set("mine");
    co_await callee();
    CHECK(var.get() == "mine");
  };
  auto running = body();
  CHECK(var.get() == "none");
  d.callback();
  CHECK(var.get() == "none");
  successResultOf(running);
  CHECK(inner == "mine");
}

TEST_CASE("many coroutines that take turns keep their contexts apart") {
  ContextVar<int> id(-1);
  DeferredQueue<int> queue;
  int wrong = 0, rounds = 0;
  const auto worker = [&](int mine) -> Deferred<> {
    auto bound = id.set(mine);
    for (int i = 0; i < 20; ++i) {
      co_await queue.get();
      if (id.get() != mine) ++wrong;
      ++rounds;
    }
  };
  std::vector<Deferred<>> workers;
  for (int i = 0; i < 10; ++i) workers.push_back(worker(i));
  for (int i = 0; i < 200; ++i) queue.put(i);
  for (auto& w : workers) successResultOf(w);
  CHECK(rounds == 200);
  CHECK(wrong == 0);
  CHECK(id.get() == -1);
}

TEST_CASE("an exception and a cancel unwind a coroutine's scopes and leave others alone") {
  const UnhandledErrors none;
  ContextVar<int> var(0);
  Deferred<> d;
  const auto body = [&]() -> Deferred<> {
    auto bound = var.set(9);
    co_await d;
  };
  auto outer = var.set(1);
  auto running = body();
  running.cancel();
  failureResultOf<CancelledError>(running);
  CHECK(var.get() == 1);
}

TEST_CASE("a detached coroutine leaves the context of who resumes it") {
  ContextVar<int> var(0);
  Deferred<> d;
  const auto body = [&]() -> Deferred<> {
    auto bound = var.set(9);
    co_await d;
    auto again = var.set(10);
  };
  body().detach();
  auto outer = var.set(1);
  d.callback();
  CHECK(var.get() == 1);
}

Deferred<int> nested(ContextVar<int>& var, std::size_t depth, Deferred<>& gate) {
  if (depth == 0) {
    co_await gate;
    co_return var.get();
  }
  auto inner = nested(var, depth - 1, gate);
  co_return co_await inner;
}

TEST_CASE("a coroutine that starts from the turn, for want of stack, starts in its caller's context") {
  ContextVar<int> var(0);
  Deferred<> gate;
  Deferred<int> running(nullptr);
  {
    auto bound = var.set(4);
    running = nested(var, kMillion / 4, gate);
    CHECK(var.get() == 4);
  }
  CHECK(var.get() == 0);
  assertNoResult(running);                             // runs what was queued
  CHECK(var.get() == 0);
  gate.callback();
  CHECK(successResultOf(running) == 4);
  CHECK(var.get() == 0);
}

TEST_CASE("a coroutine that goes on when the loop has polled goes on in its own context") {
  ContextVar<int> var(0);
  int wrong = 0;
  Deferred<> running(nullptr);
  {
    LoopByHand loop;
    const auto body = [&](int mine) -> Deferred<> {
      auto bound = var.set(mine);
      for (int i = 0; i < 5000; ++i) {
        auto ready = succeed();
        co_await ready;
        if (var.get() != mine) ++wrong;
      }
    };
    auto first = body(1), second = body(2);
    CHECK(var.get() == 0);
    while (loop.poll()) CHECK(var.get() == 0);
    successResultOf(first);
    successResultOf(second);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a long list of bindings is freed without recursion") {
  const AllCounted counted;
  ContextVar<Counted> var;
  struct Deep {
    static Deferred<> bind(ContextVar<Counted>& var, Deferred<>& gate, int n) {
      std::vector<std::unique_ptr<ContextVar<Counted>::Scope>> scopes;
      for (int i = 0; i < n; ++i) scopes.emplace_back(new ContextVar<Counted>::Scope(var.set(Counted(i))));
      co_await gate;
      while (!scopes.empty()) scopes.pop_back();
    }
  };
  Deferred<> gate;
  auto running = Deep::bind(var, gate, static_cast<int>(kMillion / 10));
  gate.callback();
  successResultOf(running);
}

TEST_CASE("other threads see no binding") {
  ContextVar<int> var(7);
  auto bound = var.set(1);
  int seen = 0;
  std::thread([&] { seen = var.get(); }).join();
  CHECK(seen == 7);
}

}  // namespace
}  // namespace weft::test
