#include <weft/defer/deferred_queue.hpp>

#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Rows D6 and D7.
namespace weft::test {
namespace {

TEST_CASE("an item that was put is there to get, first in first out") {  // D6
  DeferredQueue<int> queue;
  CHECK(queue.empty());
  queue.put(1);
  queue.put(2);
  CHECK(queue.size() == 2);
  CHECK(successResultOf(queue.get()) == 1);
  CHECK(successResultOf(queue.get()) == 2);
  CHECK(queue.empty());
}

TEST_CASE("a get waits for an item, and its callbacks run before put returns") {  // D6
  DeferredQueue<int> queue;
  int got = 0;
  auto end = queue.get().addCallback([&](int v) { got = v; });
  CHECK(queue.waiting() == 1);
  queue.put(5);
  CHECK(got == 5);
  CHECK(end.called());
  CHECK(queue.waiting() == 0);
  CHECK(queue.empty());
}

TEST_CASE("gets are served in the order in which they were made") {  // D6
  DeferredQueue<int> queue;
  std::vector<Deferred<int>> gets;
  for (int i = 0; i < 5; ++i) gets.push_back(queue.get());
  for (int i = 0; i < 5; ++i) queue.put(i);
  for (int i = 0; i < 5; ++i) CHECK(successResultOf(gets[static_cast<std::size_t>(i)]) == i);
}

TEST_CASE("put on a full queue throws QueueOverflow, which says how large it is") {  // D6
  const AllCounted counted;
  DeferredQueue<Counted> queue(2);
  queue.put(Counted(1));
  queue.put(Counted(2));
  try {
    queue.put(Counted(3));
    FAIL("put() did not throw");
  } catch (const QueueOverflow& error) {
    CHECK(error.size == 2);
    CHECK(std::string(error.what()).find("2 items") != std::string::npos);
  }
  CHECK(queue.size() == 2);
  CHECK(successResultOf(queue.get()).value == 1);
  queue.put(Counted(4));
}

TEST_CASE("get with the backlog full throws QueueUnderflow, which says how large it is") {  // D6
  DeferredQueue<int> queue(DeferredQueue<int>::kUnlimited, 1);
  auto first = queue.get();
  try {
    auto second = queue.get();
    FAIL("get() did not throw");
  } catch (const QueueUnderflow& error) {
    CHECK(error.backlog == 1);
  }
  queue.put(1);
  CHECK(successResultOf(first) == 1);
}

TEST_CASE("a queue of size 0 only hands over to gets that wait; with backlog 0 gets never wait") {  // D6
  DeferredQueue<int> noItems(0);
  CHECK_THROWS_AS(noItems.put(1), QueueOverflow);
  auto get = noItems.get();
  noItems.put(2);
  CHECK(successResultOf(get) == 2);
  DeferredQueue<int> noGets(1, 0);
  CHECK_THROWS_AS((void)noGets.get(), QueueUnderflow);
  noGets.put(3);
  CHECK(successResultOf(noGets.get()) == 3);
}

TEST_CASE("the limits hold while items wrap around in the queue's memory") {
  const AllCounted counted;
  DeferredQueue<Counted> queue(3);
  int next = 0, expected = 0;
  for (int round = 0; round < 100; ++round) {
    while (queue.size() < 3) queue.put(Counted(next++));
    for (int i = 0; i < 2; ++i) {
      auto item = queue.get();
      if (successResultOf(item).value != expected++) FAIL("out of order");
    }
  }
}

// ---- cancelled and dropped gets

TEST_CASE("a get that was cancelled does not swallow the next put") {  // D7
  const UnhandledErrors none;
  DeferredQueue<int> queue;
  auto first = queue.get(), second = queue.get(), third = queue.get();
  second.cancel();
  failureResultOf<CancelledError>(second);
  CHECK(queue.waiting() == 2);
  queue.put(1);
  queue.put(2);
  CHECK(successResultOf(first) == 1);
  CHECK(successResultOf(third) == 2);
}

TEST_CASE("cancelling the only get leaves the item in the queue") {  // D7
  const UnhandledErrors none;
  DeferredQueue<int> queue;
  {
    auto get = queue.get();
    get.cancel();
  }
  queue.put(1);
  CHECK(queue.size() == 1);
  CHECK(successResultOf(queue.get()) == 1);
}

TEST_CASE("a get that was dropped does not swallow the next put") {
  const AllCounted counted;
  DeferredQueue<Counted> queue;
  { auto dropped = queue.get(); }
  auto kept = queue.get();
  queue.put(Counted(1));
  CHECK(successResultOf(kept).value == 1);
  { auto dropped = queue.get(); }
  queue.put(Counted(2));
  CHECK(queue.size() == 1);
}

TEST_CASE("gets that were dropped do not count against the backlog") {
  DeferredQueue<int> queue(DeferredQueue<int>::kUnlimited, 1);
  { auto dropped = queue.get(); }
  auto kept = queue.get();
  queue.put(1);
  CHECK(successResultOf(kept) == 1);
}

TEST_CASE("cancelling a get that has its item does nothing") {
  DeferredQueue<int> queue;
  auto get = queue.get();
  queue.put(1);
  get.cancel();
  CHECK(successResultOf(get) == 1);
}

TEST_CASE("a coroutine that waits for an item and is cancelled swallows none") {  // D7
  const UnhandledErrors none;
  DeferredQueue<int> queue;
  const auto worker = [&]() -> Deferred<int> {
    const int v = co_await queue.get();
    co_return v;
  };
  auto first = worker(), second = worker();
  first.cancel();
  queue.put(1);
  failureResultOf<CancelledError>(first);
  CHECK(successResultOf(second) == 1);
}

TEST_CASE("the error of a cancelled get may cancel other gets, and get again") {
  const UnhandledErrors none;
  DeferredQueue<int> queue;
  std::optional<Deferred<int>> again;
  auto second = queue.get();
  auto first = queue.get().addErrback([&](const CancelledError&) {
    second.cancel();
    again.emplace(queue.get());
    return 0;
  });
  first.cancel();
  CHECK(queue.waiting() == 1);
  queue.put(3);
  REQUIRE(again);
  CHECK(successResultOf(*again) == 3);
  failureResultOf<CancelledError>(second);
}

// ---- re-entrance

TEST_CASE("a callback of get may put and get in the same queue") {
  DeferredQueue<int> queue;
  std::vector<int> got;
  std::optional<Deferred<>> second;
  auto first = queue.get().addCallback([&](int v) {
    got.push_back(v);
    second.emplace(queue.get().addCallback([&](int w) { got.push_back(w); }));
    queue.put(v + 1);
  });
  queue.put(1);
  CHECK(got == std::vector<int>{1, 2});
  CHECK(queue.empty());
  CHECK(queue.waiting() == 0);
}

TEST_CASE("a callback of get may destroy the queue") {
  const UnhandledErrors none;
  const AllCounted counted;
  auto queue = std::make_unique<DeferredQueue<Counted>>();
  bool second = false;
  auto first = queue->get().addCallback([&](Counted c) {
    queue.reset();
    CHECK(c.value == 1);
  });
  queue->get().addErrback([&](const QueueClosed&) { second = true; return Counted(0); }).detach();
  queue->put(Counted(1));
  CHECK(queue == nullptr);
  CHECK(second);
}

TEST_CASE("a callback of close may destroy the queue") {
  const UnhandledErrors none;
  const AllCounted counted;
  auto queue = std::make_unique<DeferredQueue<Counted>>();
  int closed = 0;
  for (int i = 0; i < 3; ++i)
    queue->get().addErrback([&](const QueueClosed&) {
      ++closed;
      queue.reset();
      return Counted(0);
    }).detach();
  queue->close();
  CHECK(closed == 3);
  CHECK(queue == nullptr);
}

TEST_CASE("a callback of putWhenRoom may destroy the queue") {
  const UnhandledErrors none;
  const AllCounted counted;
  auto queue = std::make_unique<DeferredQueue<Counted>>(1);
  queue->put(Counted(1));
  queue->putWhenRoom(Counted(2)).addCallback([&] { queue.reset(); }).detach();
  auto item = queue->get();
  CHECK(queue == nullptr);
  CHECK(successResultOf(item).value == 1);
}

TEST_CASE("callbacks of a queue that is being destroyed may still use it") {
  const UnhandledErrors none;
  const AllCounted counted;
  auto queue = std::make_unique<DeferredQueue<Counted>>(1);
  DeferredQueue<Counted>* const q = queue.get();
  q->put(Counted(1));
  int ended = 0;
  for (int i = 0; i < 4; ++i)
    q->putWhenRoom(Counted(2)).addBoth([&](Outcome<>) {
       ++ended;
       q->get().addBoth([](Outcome<Counted>) {}).detach();
       q->putWhenRoom(Counted(3)).addErrback([](const QueueClosed&) {}).detach();
     }).detach();
  queue.reset();
  CHECK(ended == 4);
}

// ---- putWhenRoom

TEST_CASE("putWhenRoom fires at once while there is room") {
  DeferredQueue<int> queue(1);
  successResultOf(queue.putWhenRoom(1));
  CHECK(queue.size() == 1);
}

TEST_CASE("putWhenRoom waits for room, in order, and its item takes its place behind those there are") {
  DeferredQueue<int> queue(1);
  queue.put(1);
  auto second = queue.putWhenRoom(2);
  auto third = queue.putWhenRoom(3);
  assertNoResult(second);
  CHECK(successResultOf(queue.get()) == 1);
  CHECK(second.called());
  assertNoResult(third);
  CHECK(successResultOf(queue.get()) == 2);
  CHECK(third.called());
  CHECK(successResultOf(queue.get()) == 3);
}

TEST_CASE("putWhenRoom hands straight to a get that waits") {
  DeferredQueue<int> queue(0);
  auto get = queue.get();
  successResultOf(queue.putWhenRoom(7));
  CHECK(successResultOf(get) == 7);
}

TEST_CASE("in a queue of size 0 a get takes the item from the hand of the oldest who waits for room") {
  DeferredQueue<int> queue(0);
  auto first = queue.putWhenRoom(1), second = queue.putWhenRoom(2);
  CHECK(successResultOf(queue.get()) == 1);
  CHECK(first.called());
  assertNoResult(second);
  CHECK(successResultOf(queue.get()) == 2);
  CHECK(second.called());
}

TEST_CASE("putWhenRoom cancelled while it waits drops its item") {
  const UnhandledErrors none;
  const AllCounted counted;
  DeferredQueue<Counted> queue(1);
  queue.put(Counted(1));
  auto cancelled = queue.putWhenRoom(Counted(2)), kept = queue.putWhenRoom(Counted(3));
  cancelled.cancel();
  failureResultOf<CancelledError>(cancelled);
  CHECK(successResultOf(queue.get()).value == 1);
  CHECK(kept.called());
  CHECK(successResultOf(queue.get()).value == 3);
}

TEST_CASE("putWhenRoom whose Deferred was dropped still puts its item: an item is never lost") {
  const AllCounted counted;
  DeferredQueue<Counted> queue(1);
  queue.put(Counted(1));
  queue.putWhenRoom(Counted(2)).detach();
  CHECK(successResultOf(queue.get()).value == 1);
  CHECK(queue.size() == 1);
  CHECK(successResultOf(queue.get()).value == 2);
}

TEST_CASE("put does not overtake those who wait for room") {
  DeferredQueue<int> queue(1);
  queue.put(1);
  auto waiting = queue.putWhenRoom(2);
  CHECK(successResultOf(queue.get()) == 1);
  CHECK_THROWS_AS(queue.put(3), QueueOverflow);
  CHECK(successResultOf(queue.get()) == 2);
}

// ---- close and next

TEST_CASE("close fails the gets that wait and the puts that come; what is in the queue can still be got") {
  const UnhandledErrors none;
  DeferredQueue<int> waitedFor;
  auto get = waitedFor.get();
  waitedFor.close();
  CHECK(waitedFor.closed());
  failureResultOf<QueueClosed>(get);
  DeferredQueue<int> queue;
  queue.put(1);
  queue.close();
  queue.close();
  CHECK_THROWS_AS(queue.put(2), QueueClosed);
  failureResultOf<QueueClosed>(queue.putWhenRoom(3));
  CHECK(successResultOf(queue.get()) == 1);
  failureResultOf<QueueClosed>(queue.get());
}

TEST_CASE("those who wait for room when a queue is closed still get their items in") {
  DeferredQueue<int> queue(1);
  queue.put(1);
  auto waiting = queue.putWhenRoom(2);
  queue.close();
  CHECK(successResultOf(queue.get()) == 1);
  CHECK(waiting.called());
  CHECK(successResultOf(queue.get()) == 2);
}

TEST_CASE("next gives the items and then nothing, when the queue is closed and empty") {
  DeferredQueue<int> queue;
  std::vector<int> got;
  const auto worker = [&]() -> Deferred<> {
    while (auto item = co_await queue.next()) got.push_back(*item);
  };
  auto running = worker();
  for (int i = 0; i < 3; ++i) queue.put(i);
  assertNoResult(running);
  queue.close();
  successResultOf(running);
  CHECK(got == std::vector<int>{0, 1, 2});
}

TEST_CASE("a next that was cancelled swallows nothing, and fails with CancelledError") {
  const UnhandledErrors none;
  DeferredQueue<int> queue;
  auto next = queue.next();
  next.cancel();
  failureResultOf<CancelledError>(next);
  queue.put(1);
  CHECK(queue.size() == 1);
}

TEST_CASE("destroying a queue fails those who wait with QueueClosed, and frees the items") {
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<Counted> get(nullptr);
  Deferred<> put(nullptr);
  {
    DeferredQueue<Counted> empty;
    get = empty.get();
    DeferredQueue<Counted> full(1);
    full.put(Counted(1));
    put = full.putWhenRoom(Counted(2));
  }
  failureResultOf<QueueClosed>(get);
  failureResultOf<QueueClosed>(put);
}

TEST_CASE("a get may outlive its queue and be cancelled then") {
  const UnhandledErrors none;
  Deferred<int> get(nullptr);
  {
    DeferredQueue<int> queue;
    get = queue.get();
  }
  get.cancel();
  failureResultOf<QueueClosed>(get);
}

// ---- moves

TEST_CASE("an item is moved through a queue, never copied") {
  const AllCounted counted;
  const long copies = Counted::copies;
  DeferredQueue<Counted> queue;
  for (int i = 0; i < 100; ++i) queue.put(Counted(i));
  for (int i = 0; i < 100; ++i) CHECK(successResultOf(queue.get()).value == i);
  auto get = queue.get();
  queue.put(Counted(7));
  CHECK(successResultOf(get).value == 7);
  CHECK(Counted::copies == copies);
}

TEST_CASE("items that can only be moved") {
  DeferredQueue<std::unique_ptr<int>> queue;
  auto next = queue.next();
  queue.put(std::make_unique<int>(1));
  auto item = successResultOf(next);
  REQUIRE(item);
  CHECK(**item == 1);
}

TEST_CASE("a queue of items whose moves throw neither loses a waiter nor breaks") {
  const AllCounted counted;
  const UnhandledErrors none;
  SUBCASE("handing over to a get: put throws, the get goes on waiting") {
    DeferredQueue<ThrowsOnMove> queue;
    auto get = queue.get();
    ThrowsOnMove::movesLeft = 1;
    CHECK_THROWS_AS(queue.put(ThrowsOnMove(1)), ThrowsOnMove::Thrown);
    ThrowsOnMove::movesLeft = -1;
    CHECK_FALSE(get.called());
    queue.put(ThrowsOnMove(2));
    CHECK(successResultOf(get).value() == 2);
  }
  SUBCASE("while the queue grows") {
    DeferredQueue<ThrowsOnMove> queue;
    for (int i = 0; i < 8; ++i) queue.put(ThrowsOnMove(i));
    ThrowsOnMove::movesLeft = 4;
    CHECK_THROWS_AS(queue.put(ThrowsOnMove(8)), ThrowsOnMove::Thrown);
    ThrowsOnMove::movesLeft = -1;
    CHECK(queue.size() == 8);
    for (int i = 0; i < 20; ++i) queue.put(ThrowsOnMove(i));
    CHECK(queue.size() == 28);
  }
  SUBCASE("taking one out") {
    DeferredQueue<ThrowsOnMove> queue;
    queue.put(ThrowsOnMove(1));
    ThrowsOnMove::movesLeft = 1;
    CHECK_THROWS_AS((void)queue.get(), ThrowsOnMove::Thrown);
    ThrowsOnMove::movesLeft = -1;
    CHECK(queue.size() == 1);
  }
  SUBCASE("letting one in who waits for room") {
    DeferredQueue<ThrowsOnMove> queue(1);
    queue.put(ThrowsOnMove(1));
    auto waiting = queue.putWhenRoom(ThrowsOnMove(2));
    ThrowsOnMove::movesLeft = 2;
    auto item = queue.get();
    ThrowsOnMove::movesLeft = -1;
    CHECK(successResultOf(item).value() == 1);
    failureResultOf<ThrowsOnMove::Thrown>(waiting);
  }
}

}  // namespace
}  // namespace weft::test
