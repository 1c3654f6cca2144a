#include <weft/defer/async_generator.hpp>

#include <weft/defer/context.hpp>
#include <weft/defer/deferred_queue.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/scale.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

AsyncGenerator<int> count(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
AsyncGenerator<Counted> fromQueue(DeferredQueue<int>& queue, Counted kept) {
  for (;;) {
    const int v = co_await queue.get();
    if (v < 0) co_return;
    Counted value(v + kept.value);
    co_yield std::move(value);
  }
}
Deferred<int> sumOf(AsyncGenerator<int> generator) {
  int sum = 0;
  while (auto v = co_await generator.next()) sum += *v;
  co_return sum;
}

// ---- yielding

TEST_CASE("an async generator gives its values one by one, then nothing, for ever") {
  auto generator = count(2);
  CHECK(*successResultOf(generator.nextDeferred()) == 0);
  CHECK_FALSE(generator.done());
  CHECK(*successResultOf(generator.nextDeferred()) == 1);
  CHECK_FALSE(successResultOf(generator.nextDeferred()));
  CHECK(generator.done());
  CHECK_FALSE(successResultOf(generator.nextDeferred()));
}

TEST_CASE("an async generator is lazy: its body runs when it is asked") {
  bool began = false;
  const auto body = [&]() -> AsyncGenerator<int> {
    began = true;
    co_yield 1;
  };
  auto generator = body();
  CHECK_FALSE(began);
  CHECK(*successResultOf(generator.nextDeferred()) == 1);
  CHECK(began);
}

TEST_CASE("an empty async generator") {
  auto generator = count(0);
  CHECK_FALSE(successResultOf(generator.nextDeferred()));
  CHECK(successResultOf(sumOf(count(0))) == 0);
}

TEST_CASE("a coroutine consumes an async generator to its end") { CHECK(successResultOf(sumOf(count(100))) == 4950); }

TEST_CASE("a million values of an async generator, without a wait") {
  const int n = static_cast<int>(kMillion);
  const auto consumer = [](int n) -> Deferred<long> {
    auto generator = count(n);
    long seen = 0;
    while (auto v = co_await generator.next()) ++seen;
    co_return seen;
  };
  CHECK(successResultOf(consumer(n)) == n);
}

TEST_CASE("awaits and yields stand in one body; values are moved, never copied") {
  const UnhandledErrors none;
  const AllCounted counted;
  const long copies = Counted::copies;
  DeferredQueue<int> queue;
  std::vector<int> got;
  const auto consumer = [&]() -> Deferred<> {
    auto generator = fromQueue(queue, Counted(100));
    while (auto v = co_await generator.next()) got.push_back(v->value);
  };
  auto running = consumer();
  queue.put(1);
  CHECK(got == std::vector<int>{101});
  queue.put(2);
  queue.put(-1);
  successResultOf(running);
  CHECK(got == std::vector<int>{101, 102});
  CHECK(Counted::copies == copies);
}

TEST_CASE("lvalues, converted values and values that can only be moved are yielded") {
  const auto body = []() -> AsyncGenerator<std::string> {
    const std::string kept = "lvalue";
    co_yield kept;
    co_yield "literal";
    std::string given = "moved";
    co_yield std::move(given);
  };
  auto generator = body();
  CHECK(*successResultOf(generator.nextDeferred()) == "lvalue");
  CHECK(*successResultOf(generator.nextDeferred()) == "literal");
  CHECK(*successResultOf(generator.nextDeferred()) == "moved");
  const auto pointers = []() -> AsyncGenerator<std::unique_ptr<int>> {
    auto p = std::make_unique<int>(4);
    co_yield std::move(p);
  };
  auto other = pointers();
  CHECK(**successResultOf(other.nextDeferred()) == 4);
}

TEST_CASE("a generator on top of a generator on top of a generator") {
  struct Nested {
    static AsyncGenerator<int> plusOne(AsyncGenerator<int> inner) {
      while (auto v = co_await inner.next()) co_yield *v + 1;
    }
  };
  auto generator = count(10);
  for (int i = 0; i < 50; ++i) generator = Nested::plusOne(std::move(generator));
  CHECK(successResultOf(sumOf(std::move(generator))) == 45 + 500);
}

TEST_CASE("an exception of the body comes out of next, and nothing after it") {
  const UnhandledErrors none;
  const auto body = []() -> AsyncGenerator<int> {
    co_yield 1;
    throw Refused();
  };
  auto generator = body();
  CHECK(*successResultOf(generator.nextDeferred()) == 1);
  failureResultOf<Refused>(generator.nextDeferred());
  CHECK(generator.done());
  CHECK_FALSE(successResultOf(generator.nextDeferred()));
}

TEST_CASE("an error that the body awaits comes out of next") {
  const UnhandledErrors none;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  const auto body = [&]() -> AsyncGenerator<int> {
    const int v = co_await d;
    co_yield v;
  };
  auto generator = body();
  auto next = generator.nextDeferred();
  trigger.errback(Refused());
  const Failure failure = failureResultOf<Refused>(next);
  CHECK(failure.traceback().size() >= 1);
}

TEST_CASE("a second next while the body is at work is a DeferError, and harms nothing") {
  const UnhandledErrors none;
  DeferredQueue<int> queue;
  auto generator = fromQueue(queue, Counted(0));
  auto first = generator.nextDeferred();
  failureResultOf<DeferError>(generator.nextDeferred());
  CHECK_THROWS_AS((void)generator.close(), DeferError);
  CHECK_THROWS_AS((void)generator.throwInto(Refused()), DeferError);
  queue.put(1);
  CHECK(successResultOf(first)->value == 1);
  auto second = generator.nextDeferred();
  queue.put(2);
  CHECK(successResultOf(second)->value == 2);
}

TEST_CASE("a yielded value whose move throws is thrown by next, and the generator goes on") {
  const AllCounted counted;
  const auto body = []() -> AsyncGenerator<ThrowsOnMove> {
    for (int i = 0; i < 3; ++i) {
      ThrowsOnMove value(i);
      co_yield std::move(value);
    }
  };
  const auto consumer = [](AsyncGenerator<ThrowsOnMove> generator) -> Deferred<int> {
    int seen = 0, thrown = 0;
    for (int i = 0; i < 3; ++i) {
      try {
        ThrowsOnMove::movesLeft = i == 1 ? 1 : -1;
        auto v = co_await generator.next();
        ++seen;
      } catch (const ThrowsOnMove::Thrown&) {
        ++thrown;
      }
    }
    co_return seen * 10 + thrown;
  };
  CHECK(successResultOf(consumer(body())) == 21);
}

// ---- throwInto and close

TEST_CASE("throwInto throws at the yield where the body stands, and gives what it yields next") {
  const auto body = []() -> AsyncGenerator<int> {
    int caught = 0;
    for (;;) {
      bool threw = false;
      try {
        co_yield caught;
      } catch (const Refused&) {
        threw = true;
      }
      if (threw) ++caught;
    }
  };
  auto generator = body();
  CHECK(*successResultOf(generator.nextDeferred()) == 0);
  CHECK(*successResultOf(generator.throwInto(Refused())) == 1);
  CHECK(*successResultOf(generator.throwInto(Refused())) == 2);
  CHECK(*successResultOf(generator.nextDeferred()) == 2);
}

TEST_CASE("throwInto a body that does not catch it fails with it and ends the generator") {
  const UnhandledErrors none;
  auto generator = count(3);
  successResultOf(generator.nextDeferred());
  failureResultOf<Refused>(generator.throwInto(Refused()));
  CHECK(generator.done());
}

TEST_CASE("throwInto before the first next throws at the start of the body, which never runs") {
  const UnhandledErrors none;
  bool ran = false;
  const auto body = [&]() -> AsyncGenerator<int> {
    ran = true;
    co_yield 1;
  };
  auto generator = body();
  failureResultOf<Refused>(generator.throwInto(Refused()));
  CHECK_FALSE(ran);
  CHECK(generator.done());
}

TEST_CASE("throwInto after the end fails with the failure itself") {
  const UnhandledErrors none;
  auto generator = count(0);
  successResultOf(generator.nextDeferred());
  failureResultOf<Refused>(generator.throwInto(Refused()));
}

TEST_CASE("close runs the clean-up of the body and waits for it") {
  const UnhandledErrors none;
  Deferred<> cleaning;
  Trigger<> cleaned = cleaning.takeTrigger();
  bool ended = false;
  const auto body = [&]() -> AsyncGenerator<int> {
    bool closing = false;
    try {
      for (int i = 0;; ++i) co_yield i;
    } catch (const Refused&) {
    } catch (...) {
      closing = true;
    }
    if (closing) co_await cleaning;
    ended = true;
  };
  auto generator = body();
  successResultOf(generator.nextDeferred());
  auto closed = generator.close();
  assertNoResult(closed);
  cleaned.callback();
  successResultOf(closed);
  CHECK(ended);
  CHECK(generator.done());
  successResultOf(generator.close());
}

TEST_CASE("close before the first next, and after the end, does nothing") {
  const AllCounted counted;
  DeferredQueue<int> queue;
  auto generator = fromQueue(queue, Counted(1));
  successResultOf(generator.close());
  CHECK_FALSE(successResultOf(generator.nextDeferred()));
  auto ended = count(0);
  successResultOf(ended.nextDeferred());
  successResultOf(ended.close());
}

TEST_CASE("close of a body that yields again is a DeferError; one that fails gives its error") {
  const UnhandledErrors none;
  const auto stubborn = []() -> AsyncGenerator<int> {
    for (;;) {
      try {
        co_yield 1;
      } catch (...) {
      }
    }
  };
  auto first = stubborn();
  successResultOf(first.nextDeferred());
  failureResultOf<DeferError>(first.close());
  const auto failing = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (...) {
      throw Refused();
    }
  };
  auto second = failing();
  successResultOf(second.nextDeferred());
  failureResultOf<Refused>(second.close());
}

// ---- dropped in every state

TEST_CASE("dropping an async generator that has not begun frees its parameters") {
  const AllCounted counted;
  DeferredQueue<int> queue;
  { auto generator = fromQueue(queue, Counted(1)); }
}

TEST_CASE("dropping an async generator at a yield runs the destructors of its body") {
  const AllCounted counted;
  bool ended = false;
  const auto body = [&](Counted) -> AsyncGenerator<int> {
    const OnEnd onEnd(ended);
    for (int i = 0;; ++i) co_yield i;
  };
  {
    auto generator = body(Counted(1));
    successResultOf(generator.nextDeferred());
    CHECK_FALSE(ended);
  }
  CHECK(ended);
}

TEST_CASE("dropping an async generator that has ended") {
  const AllCounted counted;
  DeferredQueue<int> queue;
  queue.put(-1);
  auto generator = fromQueue(queue, Counted(1));
  CHECK_FALSE(successResultOf(generator.nextDeferred()));
}

TEST_CASE("assigning over an async generator drops it") {
  const AllCounted counted;
  DeferredQueue<int> queue;
  auto generator = fromQueue(queue, Counted(1));
  queue.put(1);
  CHECK(successResultOf(generator.nextDeferred())->value == 2);
  generator = fromQueue(queue, Counted(2));
  queue.put(1);
  CHECK(successResultOf(generator.nextDeferred())->value == 3);
}

TEST_CASE("cancelling a consumer cancels what the body waits for, and unwinds both") {
  const UnhandledErrors none;
  const AllCounted counted;
  int asked = 0;
  Deferred<int> d([&] { ++asked; });
  Trigger<int> trigger = d.takeTrigger();
  bool ended = false;
  const auto body = [&](Counted) -> AsyncGenerator<int> {
    const OnEnd onEnd(ended);
    const int v = co_await d;
    co_yield v;
  };
  const auto consumer = [](AsyncGenerator<int> generator) -> Deferred<int> {
    auto v = co_await generator.next();
    co_return v ? *v : -1;
  };
  auto running = consumer(body(Counted(1)));
  running.cancel();
  CHECK(asked == 1);
  CHECK(ended);
  failureResultOf<CancelledError>(running);
}

TEST_CASE("a body may catch the cancel of its consumer and yield all the same") {
  const UnhandledErrors none;
  Deferred<int> d;
  const auto body = [&]() -> AsyncGenerator<int> {
    const Outcome<int> outcome = co_await d.outcome();
    co_yield outcome ? 1 : -1;
  };
  auto running = sumOf(body());
  running.cancel();
  CHECK(successResultOf(running) == -1);
}

TEST_CASE("a consumer that is cancelled while it runs has the body's next wait cancelled") {
  const UnhandledErrors none;
  Deferred<> start;
  Deferred<int> inBody;
  Trigger<int> trigger = inBody.takeTrigger();
  std::optional<Deferred<int>> self;
  const auto body = [&]() -> AsyncGenerator<int> {
    co_yield 1;                                        // no wait: the request goes back to the consumer
    const int v = co_await inBody;
    co_yield v;
  };
  const auto consumer = [&](AsyncGenerator<int> generator) -> Deferred<int> {
    co_await start;
    self->cancel();
    int seen = 0;
    auto first = co_await generator.next();
    if (first) seen = *first;
    CHECK(seen == 1);
    auto second = co_await generator.next();
    co_return second ? *second : -1;
  };
  self.emplace(consumer(body()));
  start.callback();
  failureResultOf<CancelledError>(*self);
}

TEST_CASE("a consumer that is cancelled while it runs, after a yield without a wait, has its own next wait cancelled") {
  const UnhandledErrors none;
  Deferred<> start, own;
  Trigger<> trigger = own.takeTrigger();
  std::optional<Deferred<>> self;
  const auto consumer = [&](AsyncGenerator<int> generator) -> Deferred<> {
    co_await start;
    self->cancel();
    auto first = co_await generator.next();
    CHECK(first);
    co_await own;
  };
  self.emplace(consumer(count(1)));
  start.callback();
  failureResultOf<CancelledError>(*self);
}

TEST_CASE("dropping an async generator while its body waits cancels that wait, and frees the body when it has ended") {
  const UnhandledErrors none;
  const AllCounted counted;
  // The consumer is not a coroutine that waits, but has gone before: as when a generator is moved into something that is destroyed.
  std::optional<AsyncGenerator<Counted>> generator;
  DeferredQueue<int> queue;
  generator.emplace(fromQueue(queue, Counted(1)));
  struct Forgets {                                     // awaits next() without a coroutine of its own
    static Deferred<> run(AsyncGenerator<Counted>& generator, Deferred<>& gate) {
      auto next = generator.nextDeferred();
      co_await gate;
    }
  };
  Deferred<> gate;
  auto running = Forgets::run(*generator, gate);
  queue.put(1);
  CHECK(queue.waiting() == 0);
  gate.callback();
  successResultOf(running);
  generator.reset();
}

TEST_CASE("a body that is dropped while it runs ends at its next yield") {
  const AllCounted counted;
  std::optional<AsyncGenerator<int>> generator;
  bool ended = false;
  Deferred<> gate;
  const auto body = [&](Counted) -> AsyncGenerator<int> {
    const OnEnd onEnd(ended);
    co_yield 1;
    co_await gate;
    co_yield 2;
  };
  generator.emplace(body(Counted(1)));
  successResultOf(generator->nextDeferred());
  generator.reset();
  CHECK(ended);
}

TEST_CASE("the destructors of a dropped body may throw away other generators") {
  const AllCounted counted;
  DeferredQueue<int> queue;
  struct Nested {
    static AsyncGenerator<int> over(AsyncGenerator<Counted> inner) {
      while (auto v = co_await inner.next()) co_yield v->value;
    }
  };
  auto generator = Nested::over(fromQueue(queue, Counted(1)));
  queue.put(1);
  CHECK(*successResultOf(generator.nextDeferred()) == 2);
}

// ---- contexts

TEST_CASE("an async generator keeps its own context between yields, and leaves its consumer's alone") {  // B7
  ContextVar<int> var(0);
  const auto body = [&]() -> AsyncGenerator<int> {
    co_yield var.get();
    auto bound = var.set(7);
    co_yield var.get();
    co_yield var.get();
  };
  auto outer = var.set(1);
  auto generator = body();
  auto inner = var.set(2);
  CHECK(*successResultOf(generator.nextDeferred()) == 1);
  CHECK(var.get() == 2);
  CHECK(*successResultOf(generator.nextDeferred()) == 7);
  CHECK(var.get() == 2);
  CHECK(*successResultOf(generator.nextDeferred()) == 7);
  CHECK_FALSE(successResultOf(generator.nextDeferred()));
  CHECK(var.get() == 2);
}

TEST_CASE("a body that is dropped with a bound variable leaves its consumer's context alone") {  // B7
  ContextVar<int> var(0);
  const auto body = [&]() -> AsyncGenerator<int> {
    auto bound = var.set(7);
    auto deeper = var.set(8);
    co_yield var.get();
    co_yield var.get();
  };
  auto outer = var.set(1);
  {
    auto generator = body();
    CHECK(*successResultOf(generator.nextDeferred()) == 8);
    auto inner = var.set(2);
    { auto dropped = std::move(generator); }
    CHECK(var.get() == 2);
  }
  CHECK(var.get() == 1);
}

}  // namespace
}  // namespace weft::test
