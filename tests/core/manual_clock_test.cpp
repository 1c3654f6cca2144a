#include <weft/core/manual_clock.hpp>

#include "support/counted.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace weft;
using weft::test::Counted;

TEST_CASE("a manual clock starts at 0 and moves only when told to") {      // F6
  ManualClock clock;
  CHECK(clock.seconds() == 0);
  clock.advance(1.5);
  CHECK(clock.seconds() == 1.5);
  CHECK(clock.now() == 1500ms);
}

TEST_CASE("a call runs when its time has come, once") {
  ManualClock clock;
  int calls = 0;
  clock.callLater(2, [&] { ++calls; });
  clock.advance(1.999);
  CHECK(calls == 0);
  clock.advance(1ms);
  CHECK(calls == 1);
  clock.advance(100);
  CHECK(calls == 1);
}

TEST_CASE("calls run in due-time order, and in the order of their making where that is equal") {      // F1, F6
  ManualClock clock;
  std::string order;
  clock.callLater(3, [&] { order += 'd'; });
  clock.callLater(1, [&] { order += 'a'; });
  clock.callLater(2, [&] { order += 'b'; });
  clock.callLater(2, [&] { order += 'c'; });
  clock.advance(3);
  CHECK(order == "abcd");
}

TEST_CASE("every call of an advance sees the final time") {      // F6
  ManualClock clock;
  std::vector<double> seen;
  for (const int delay : {1, 2, 3}) clock.callLater(delay, [&] { seen.push_back(clock.seconds()); });
  clock.advance(10);
  CHECK(seen == std::vector<double>{10, 10, 10});
}

TEST_CASE("a call that is added meanwhile and is due runs in the same advance, behind those that were there") {      // F6
  ManualClock clock;
  std::string order;
  clock.callLater(1, [&] {
    order += 'a';
    clock.callLater(0, [&] { order += 'c'; });
    clock.callLater(1ns, [&] { order += 'x'; });
  });
  clock.callLater(5, [&] { order += 'b'; });
  clock.advance(5);
  CHECK(order == "abc");
}

TEST_CASE("callLater(0) does not call at once") {
  ManualClock clock;
  bool called = false;
  clock.callLater(0, [&] { called = true; });
  CHECK_FALSE(called);
  clock.advance(0);
  CHECK(called);
}

TEST_CASE("a call that schedules itself with delay 0 for ever does not hang advance()") {      // F6
  ManualClock clock(10);
  int calls = 0;
  std::function<void()> again = [&] {
    ++calls;
    clock.callLater(0, [&] { again(); });
  };
  again();
  clock.advance(1);
  CHECK(calls == 1 + 11);                              // the one that was there, and 10 generations
  clock.advance(0);
  CHECK(calls == 1 + 22);
}

TEST_CASE("an exception comes out of advance(), and the calls behind it stay scheduled") {      // F6
  ManualClock clock;
  std::string order;
  clock.callLater(1, [&] { order += 'a'; });
  clock.callLater(2, [] { throw std::runtime_error("oops"); });
  auto third = clock.callLater(3, [&] { order += 'c'; });
  clock.callLater(20, [&] { order += 'd'; });
  CHECK_THROWS_WITH(clock.advance(10), "oops");
  CHECK(clock.seconds() == 10);
  CHECK(order == "a");
  CHECK(third.active());
  CHECK(clock.getDelayedCalls().size() == 2);
  clock.callLater(0, [&] { order += 'e'; });
  clock.advance(0);
  CHECK(order == "ace");
  clock.advance(10);
  CHECK(order == "aced");
}

TEST_CASE("a call that is due may still be cancelled, put off or brought behind others by one before it") {
  ManualClock clock;
  std::string order;
  DelayedCall b, c, d;
  clock.callLater(1, [&] {
    order += 'a';
    b.cancel();
    c.delay(3);                                        // from 3 to 6: behind e, still in this advance
    d.reset(1);                                        // to 11
  });
  b = clock.callLater(2, [&] { order += 'b'; });
  c = clock.callLater(3, [&] { order += 'c'; });
  d = clock.callLater(4, [&] { order += 'd'; });
  clock.callLater(5, [&] { order += 'e'; });
  clock.callLater(7, [&] { order += 'f'; });
  clock.advance(10);
  CHECK(order == "aecf");
  clock.advance(1);
  CHECK(order == "aecfd");
}

TEST_CASE("a call may advance the clock itself") {
  ManualClock clock;
  std::string order;
  clock.callLater(1, [&] {
    order += 'a';
    clock.advance(5);
    order += 'c';
  });
  clock.callLater(2, [&] { order += 'b'; });
  clock.callLater(7, [&] { order += 'd'; });
  clock.advance(2);
  CHECK(order == "abdc");
  CHECK(clock.seconds() == 7);
}

TEST_CASE("pump() advances by each delay in turn") {      // F6
  ManualClock clock;
  std::vector<double> seen;
  clock.callLater(1, [&] { seen.push_back(clock.seconds()); });
  clock.callLater(2, [&] { seen.push_back(clock.seconds()); });
  clock.pump({0.5, 0.5, 1, 500ms});
  CHECK(seen == std::vector<double>{1, 2});
  CHECK(clock.seconds() == 2.5);
}

TEST_CASE("play() lets each call see the time for which it was scheduled") {
  ManualClock clock;
  std::vector<double> seen;
  std::function<void()> tick = [&] {
    seen.push_back(clock.seconds());
    if (seen.size() < 4) clock.callLater(1.5, [&] { tick(); });
  };
  clock.callLater(1, [&] { tick(); });
  clock.callLater(1000, [&] { seen.push_back(clock.seconds()); });
  clock.play(20);
  CHECK(seen == std::vector<double>{1, 2.5, 4, 5.5});
  CHECK(clock.seconds() == 20);
  clock.play(10'000);
  CHECK(seen.back() == 1000);
  CHECK(clock.seconds() == 10'020);
}

TEST_CASE("play() gets past a call that schedules itself with delay 0 for ever") {
  ManualClock clock(5);
  int zeros = 0;
  bool late = false;
  std::function<void()> again = [&] {
    ++zeros;
    clock.callLater(0, [&] { again(); });
  };
  again();
  clock.callLater(3600, [&] { late = true; });
  clock.play(7200);
  CHECK(late);
  CHECK(zeros == 1 + 3 * 6);                           // at the start, at 3600 and at the end
}

TEST_CASE("playAll() ends when nothing is left, or at its limit") {
  ManualClock clock;
  int calls = 0;
  CHECK(clock.playAll(1h) == 0s);
  clock.callLater(7, [&] {
    ++calls;
    clock.callLater(3, [&] { ++calls; });
  });
  CHECK(clock.playAll(1h) == 10s);
  CHECK(calls == 2);
  clock.callLater(2h, [&] { ++calls; });
  CHECK(clock.playAll(1h) == 1h);
  CHECK(calls == 2);
}

TEST_CASE("time does not overflow") {
  ManualClock clock;
  bool called = false;
  clock.advance(1e30);
  clock.advance(1e30);
  clock.advance(1e30);
  auto call = clock.callLater(1e30, [&] { called = true; });
  CHECK(call.active());
  clock.advance(1e30);
  CHECK(called);
}

TEST_CASE("the order is exact whatever the delays: compared with a sorted list") {
  std::mt19937_64 random(20260301);
  struct Planned {
    std::int64_t due;
    int id;
  };
  for (int round = 0; round < 60; ++round) {
    ManualClock clock;
    std::vector<Planned> planned;
    std::vector<int> ran;
    std::vector<DelayedCall> handles;
    int next = 0;
    const auto someDelay = [&] {
      // Nanoseconds to years, often equal, often on the edges of ticks and slots.
      const auto shift = random() % 58;
      std::int64_t delay = static_cast<std::int64_t>(random() & ((std::uint64_t{1} << shift) - 1));
      if (random() % 3 == 0) delay &= ~((std::int64_t{1} << (shift * 2 / 3)) - 1);
      if (random() % 8 == 0) delay = std::int64_t{1} << (20 + 6 * (random() % 6));
      return std::chrono::nanoseconds(delay);
    };
    const auto remove = [&](int id) { std::erase_if(planned, [&](const Planned& p) { return p.id == id; }); };
    for (int step = 0; step < 400; ++step) {
      switch (random() % 6) {
        case 0:
        case 1:
        case 2: {
          const auto delay = someDelay();
          const int id = next++;
          planned.push_back({(clock.now() + delay).count(), id});
          handles.push_back(clock.callLater(delay, [&ran, id] { ran.push_back(id); }));
          break;
        }
        case 3: {
          if (handles.empty()) break;
          const auto which = random() % handles.size();
          if (!handles[which].active()) break;
          const int id = static_cast<int>(which);
          remove(id);
          if (random() % 2) {
            handles[which].cancel();
            break;
          }
          const auto delay = someDelay();
          handles[which].reset(delay);
          planned.push_back({(clock.now() + delay).count(), id});
          break;
        }
        default: {
          const auto delay = random() % 2 ? someDelay() / 16 : std::chrono::nanoseconds(random() % 3'000'000);
          const std::int64_t until = (clock.now() + delay).count();
          std::ranges::stable_sort(planned, {}, &Planned::due);
          std::vector<int> expected;
          while (!planned.empty() && planned.front().due <= until) {
            expected.push_back(planned.front().id);
            planned.erase(planned.begin());
          }
          ran.clear();
          if (random() % 2) clock.advance(delay);
          else clock.play(delay);
          REQUIRE(ran == expected);
          REQUIRE(clock.getDelayedCalls().size() == planned.size());
        }
      }
    }
  }
}

// ---------------------------------------------------------------- DelayedCall

TEST_CASE("a handle knows when, and whether still") {      // F2
  ManualClock clock;
  clock.advance(1);
  auto call = clock.callLater(2, [] {});
  CHECK(sizeof call == sizeof(void*));
  CHECK(call.active());
  CHECK(call.getTime() == 3s);
  clock.advance(2);
  CHECK_FALSE(call.active());
  CHECK(call.getTime() == 3s);
}

TEST_CASE("dropping the handle does not cancel the call") {
  ManualClock clock;
  bool called = false;
  { const auto call = clock.callLater(1, [&] { called = true; }); }
  clock.advance(1);
  CHECK(called);
}

TEST_CASE("a cancelled call does not happen, and its callable is destroyed at once") {      // F2
  ManualClock clock;
  {
    auto call = clock.callLater(1, [counted = Counted()] { FAIL("cancelled"); });
    CHECK(Counted::alive == 1);
    call.cancel();
    CHECK(Counted::alive == 0);
    CHECK_FALSE(call.active());
    CHECK_THROWS_AS(call.cancel(), AlreadyCancelled);
    CHECK_THROWS_AS(call.reset(1), AlreadyCancelled);
    CHECK_THROWS_AS(call.delay(1), AlreadyCancelled);
  }
  clock.advance(1);
  CHECK(Counted::diedTwice == 0);
}

TEST_CASE("a call that ran, or is running, cannot be cancelled or moved") {      // F2
  ManualClock clock;
  DelayedCall call;
  call = clock.callLater(1, [&] {
    CHECK_FALSE(call.active());
    CHECK_THROWS_AS(call.cancel(), AlreadyCalled);
  });
  clock.advance(1);
  CHECK_THROWS_AS(call.cancel(), AlreadyCalled);
  CHECK_THROWS_AS(call.reset(1), AlreadyCalled);
  CHECK_THROWS_AS(call.delay(1), AlreadyCalled);
}

TEST_CASE("reset() counts from now, delay() from when the call was due") {      // F2
  ManualClock clock;
  auto call = clock.callLater(10, [] {});
  clock.advance(4);
  call.delay(5);
  CHECK(call.getTime() == 15s);
  call.reset(3);
  CHECK(call.getTime() == 7s);                         // sooner is allowed
  clock.advance(2.9);
  CHECK(call.active());
  clock.advance(0.1);
  CHECK_FALSE(call.active());
}

TEST_CASE("an empty handle is never active") {
  DelayedCall call;
  CHECK_FALSE(call.active());
  CHECK_THROWS_AS(call.cancel(), AlreadyCancelled);
  ManualClock clock;
  call = clock.callLater(1, [] {});
  DelayedCall other = std::move(call);
  CHECK(other.active());
  CHECK_FALSE(call.active());
}

TEST_CASE("a callable may drop, or replace, the handle of its own call") {
  ManualClock clock;
  struct Owner {
    DelayedCall call;
    Counted counted;
  };
  auto owner = std::make_shared<Owner>();
  owner->call = clock.callLater(1, [&clock, owner] { owner->call = clock.callLater(1, [] {}); });
  clock.advance(1);
  CHECK(owner->call.active());
  owner->call = clock.callLater(1, [owner] {});        // a cycle, which cancel() breaks
  Owner* const raw = owner.get();
  owner.reset();
  CHECK(Counted::alive == 1);
  raw->call.cancel();                                  // destroys the handle while it runs
  CHECK(Counted::alive == 0);
}

TEST_CASE("destroying a clock drops its calls, and their handles stay safe") {
  DelayedCall call;
  std::vector<DelayedCall> many;
  {
    ManualClock clock;
    call = clock.callLater(1, [counted = Counted()] {});
    for (int i = 0; i < 1000; ++i) many.push_back(clock.callLater(i, [counted = Counted()] {}));
    clock.callLater(1, [counted = Counted(), big = std::string(100, 'x')] {});
    CHECK(Counted::alive == 1002);
  }
  CHECK(Counted::alive == 0);
  CHECK_FALSE(call.active());
  CHECK_THROWS_AS(call.cancel(), AlreadyCancelled);
  CHECK(call.getTime() == 1s);
}

TEST_CASE("a callable that schedules while its clock is destroyed harms nobody") {
  struct Scheduler {
    ManualClock* clock;
    ~Scheduler() {
      if (clock) clock->callLater(1, [] {});
    }
    explicit Scheduler(ManualClock* c) : clock(c) {}
    Scheduler(Scheduler&& other) noexcept : clock(std::exchange(other.clock, nullptr)) {}
  };
  ManualClock clock;
  clock.callLater(1, [s = Scheduler(&clock)] {});
}

TEST_CASE("any callable will do: move-only, large, throwing when moved") {
  ManualClock clock;
  int sum = 0;
  clock.callLater(1, [&, p = std::make_unique<int>(1)] { sum += *p; });
  clock.callLater(1, [&, block = std::array<char, 500>{2}] { sum += block[0]; });
  clock.callLater(1, [&]() mutable -> int { return sum += 4; });
  std::function<void()> copyable = [&] { sum += 8; };
  clock.callLater(1, copyable);
  clock.advance(1);
  CHECK(sum == 15);

  struct Refuses {
    Refuses() = default;
    Refuses(const Refuses&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  };
  const Refuses refuses;
  CHECK_THROWS_WITH(clock.callLater(1, refuses), "no copy");
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("getDelayedCalls() lists what is pending, by time, with where its callable comes from") {      // F5
  ManualClock clock;
  struct Named {
    void operator()() const {}
  };
  clock.callLater(2, [] {});
  clock.callLater(1, Named());
  clock.callLater(0, [] {});
  clock.callLater(3, [] {}).cancel();
  clock.advance(0);
  const auto calls = clock.getDelayedCalls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].time == 1s);
  CHECK(calls[0].function.find("Named") != std::string::npos);
  CHECK(calls[1].time == 2s);
  CHECK(calls[1].function.find("DOCTEST") != std::string::npos);   // the function in which the lambda was written
}

TEST_CASE("a hundred thousand calls come and go in any order without a leak") {
  std::mt19937 random(7);
  ManualClock clock;
  std::vector<DelayedCall> handles(1000);
  for (int i = 0; i < 100'000; ++i) {
    DelayedCall& handle = handles[random() % handles.size()];
    if (handle.active() && random() % 2) handle.cancel();
    handle = clock.callLater(std::chrono::microseconds(random() % 1'000'000), [counted = Counted()] {});
    if (i % 100 == 0) clock.advance(std::chrono::microseconds(random() % 10'000));
  }
  clock.advance(10);
  CHECK(Counted::alive == 0);
  CHECK(Counted::diedTwice == 0);
}
