// The cases of the reactor: timers, and calls from other threads; beside their limits.
#include "harness.hpp"
#include "reactor_limits.hpp"
#include "system_calls.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/core/reactor.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using bench::Limit;
using bench::Suite;
using bench::SystemCalls;
using std::chrono::milliseconds;
using weft::DelayedCall;
using weft::Reactor;

constexpr int kMany = 1'000'000;

long fired = 0;

void expect(bool right) {
  if (!right) std::abort();                            // a case that does not do its work is not worth a figure
}

class Random {                                         // xorshift: the same sequence in a case and its limit
 public:
  std::uint64_t operator()(std::uint64_t below) noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % below;
  }

 private:
  std::uint64_t state_ = 88172645463325252U;
};

Reactor& reactor() {
  static Reactor* const instance = new Reactor;
  return *instance;
}
// Runs `body` as a program would: in a call of a running reactor.
template <class F> void inReactor(F body) {
  reactor().callLater(0, [&] {
    body();
    reactor().crash();
  });
  reactor().run(false);
}
std::vector<DelayedCall>& handles() {
  static auto* const instance = [] {
    auto* made = new std::vector<DelayedCall>();
    made->reserve(kMany);
    return made;
  }();
  return *instance;
}
limit::Wheel& wheel() {
  static auto* const instance = new limit::Wheel;
  return *instance;
}
std::vector<limit::Timer>& timers() {
  static auto* const instance = [] {
    auto* made = new std::vector<limit::Timer>(kMany);
    for (limit::Timer& timer : *made) timer.function = [](limit::Timer*) { ++fired; };
    return made;
  }();
  return *instance;
}

// ---- timers

void scheduleAndCancel() {
  auto& calls = handles();
  Random random;
  for (int i = 0; i < kMany; ++i) calls.push_back(reactor().callLater(milliseconds(10'000 + random(50'000)), [] { ++fired; }));
  for (DelayedCall& call : calls) call.cancel();
  calls.clear();
}
void limitScheduleAndCancel() {
  Random random;
  for (limit::Timer& timer : timers()) wheel().add(&timer, wheel().now() + 10'000 + random(50'000));
  for (limit::Timer& timer : timers()) limit::Wheel::cancel(&timer);
}

void rearm(int live) {
  auto& calls = handles();
  for (int i = 0; i < live; ++i) calls.push_back(reactor().callLater(milliseconds(30'000), [] { ++fired; }));
  for (int i = 0, next = 0; i < kMany; ++i) {
    calls[static_cast<std::size_t>(next)].reset(milliseconds(30'000 + i / 1000));
    if (++next == live) next = 0;
  }
  for (DelayedCall& call : calls) call.cancel();
  calls.clear();
}
void limitRearm(int live) {
  limit::Timer* const all = timers().data();
  for (int i = 0; i < live; ++i) wheel().add(all + i, wheel().now() + 30'000);
  for (int i = 0, next = 0; i < kMany; ++i) {
    limit::Timer* const timer = all + next;
    limit::Wheel::cancel(timer);
    wheel().add(timer, wheel().now() + 30'000 + static_cast<std::uint64_t>(i / 1000));
    if (++next == live) next = 0;
  }
  for (int i = 0; i < live; ++i) limit::Wheel::cancel(all + i);
}

void scheduleOne(int live) {
  auto& calls = handles();
  Random random;
  for (int i = 0; i < live; ++i) calls.push_back(reactor().callLater(milliseconds(30'000 + random(30'000)), [] { ++fired; }));
  for (int i = 0; i < kMany; ++i) {
    DelayedCall call = reactor().callLater(milliseconds(10'000 + i / 1000), [] { ++fired; });
    bench::keep(call);
    call.cancel();
  }
  for (DelayedCall& call : calls) call.cancel();
  calls.clear();
}
void limitScheduleOne(int live) {
  limit::Timer* const all = timers().data();
  Random random;
  for (int i = 0; i < live; ++i) wheel().add(all + i, wheel().now() + 30'000 + random(30'000));
  for (int i = 0; i < kMany; ++i) {
    limit::Timer* const timer = all + live;
    wheel().add(timer, wheel().now() + 10'000 + static_cast<std::uint64_t>(i / 1000));
    bench::keep(timer);
    limit::Wheel::cancel(timer);
  }
  for (int i = 0; i < live; ++i) limit::Wheel::cancel(all + i);
}

void fireAll() {
  fired = 0;
  reactor().callLater(0, [] {
    Random random;
    for (int i = 0; i < kMany; ++i)
      reactor().callLater(milliseconds(1 + random(100)), [] {
        if (++fired == kMany) reactor().crash();
      });
  });
  reactor().run(false);
  expect(fired == kMany);
}
void limitFireAll() {
  Random random;
  for (limit::Timer& timer : timers()) wheel().add(&timer, wheel().now() + 1 + random(100));
  std::size_t called = 0;
  for (int i = 0; i < 101; ++i) called += wheel().tick();
  expect(called == kMany);
}

void addTimerCases(Suite& suite) {
  suite.section("timers");
  suite.time("j_sched_cancel: scheduled at random in 10..60 s, then all cancelled", kMany, [] { inReactor(scheduleAndCancel); },
             Limit(limitScheduleAndCancel, 2));
  suite.time("j_rearm: 10,000 live, moved", kMany, [] { inReactor([] { rearm(10'000); }); }, Limit([] { limitRearm(10'000); }, 4));
  suite.time("j_fire: due in 1..100 ms, in the real loop (the limit's time is not real)", kMany, fireAll, Limit(limitFireAll, 1.6));
  for (const int live : {1000, 100'000}) {
    const std::string among = ", " + std::to_string(live) + " live";
    suite.time("timer_schedule_cancel" + among, kMany, [live] { inReactor([live] { scheduleOne(live); }); }, Limit([live] { limitScheduleOne(live); }));
    suite.time("timer_rearm" + among, kMany, [live] { inReactor([live] { rearm(live); }); }, Limit([live] { limitRearm(live); }));
  }
  suite.time("timer_manual: ManualClock, scheduled and fired by advance()", 1e5, [] {
    weft::ManualClock clock;
    Random random;
    fired = 0;
    for (int i = 0; i < 100'000; ++i) clock.callLater(milliseconds(1 + random(1000)), [] { ++fired; });
    clock.advance(2);
    expect(fired == 100'000);
  });
}

// ---- calls from other threads

std::chrono::nanoseconds wall{0};
long runs = 0, wakes = 0, polls = 0;

// What comes next in the table is of all repetitions since the last time that it was asked.
void resetCounters() {
  wall = {};
  runs = wakes = polls = 0;
}

template <class F> void watch(F body) {
  const long wakesBefore = SystemCalls::wakes();
  const long pollsBefore = SystemCalls::polls();
  const auto start = std::chrono::steady_clock::now();
  body();
  wall += std::chrono::steady_clock::now() - start;
  wakes += SystemCalls::wakes() - wakesBefore;
  polls += SystemCalls::polls() - pollsBefore;
  ++runs;
}

void postFromThread() {
  fired = 0;
  watch([] {
    std::thread poster([] {
      for (int i = 0; i < kMany; ++i)
        reactor().callFromThread([] {
          if (++fired == kMany) reactor().crash();
        });
    });
    reactor().run(false);
    poster.join();
  });
  expect(fired == kMany);
}
void limitPostFromThread() {
  static auto* const calls = new std::vector<limit::Call>(kMany);
  fired = 0;
  limit::Posted posted;
  std::thread poster([&] {
    for (limit::Call& call : *calls) {
      call.function = [](limit::Call*) { ++fired; };
      posted.post(&call);
    }
  });
  while (fired < kMany) posted.run();
  poster.join();
}

// From the loop's own thread, so that it is awake.
void postWhileAwake() {
  fired = 0;
  watch([] {
    inReactor([] {
      for (int k = 0; k < kMany; ++k) reactor().callFromThread([] { ++fired; });
    });
    inReactor([] {});                                  // what was posted during the last turn
  });
  expect(fired == kMany);
}

double perRun(double total) {
  return total / static_cast<double>(runs);
}

void addPostCases(Suite& suite) {
  suite.section("calls from other threads");
  suite.time("l_post: callFromThread, both threads' CPU per call", kMany, postFromThread, Limit(limitPostFromThread, 3));
  suite.count("l_post_wall: time per call, ns", [] { return perRun(static_cast<double>(wall.count())) / kMany; });
  suite.count("l_post_polls: epoll_wait, per 1,000,000 calls", [] { return perRun(static_cast<double>(polls)); });
  suite.count("l_post_wakes: write and epoll_ctl, per 1,000,000 calls", [] {
    const double result = perRun(static_cast<double>(wakes));
    resetCounters();
    return result;
  });
  suite.time("post_awake: posted while the loop is awake", kMany, postWhileAwake);
  suite.count("post_awake_wakes: write and epoll_ctl, per 1,000,000 calls", [] { return perRun(static_cast<double>(wakes)); });
  suite.time("loop_turn: an empty turn of the loop", 1e5, [] {
    for (int i = 0; i < 100'000; ++i) reactor().iterate(0);
  });
}

}  // namespace

int main(int argc, char** argv) {
  Suite suite("reactor", "what timers and calls from other threads cost, beside the least code that does the same");
  bench::addRawFloor(suite);
  addTimerCases(suite);
  addPostCases(suite);
  const int status = suite.run(argc, argv);
  bench::keep(fired);
  return status;
}
