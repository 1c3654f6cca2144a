#include <weft/core/reactor.hpp>

#include <weft/core/internal/io_context.hpp>
#include <weft/core/log.hpp>
#include <weft/core/loop_link.hpp>
#include <weft/core/thread_pool.hpp>

#include "support/counted.hpp"
#include "support/scale.hpp"

#include <asio/post.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <functional>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using namespace weft;
using weft::test::Counted;

namespace {

// Runs the reactor until `function`, called in it, or what it starts, stops it.
void runWith(Reactor& reactor, UniqueFunction<void()> function) {
  reactor.callWhenRunning(std::move(function));
  reactor.run(false);
}

double cpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

TEST_CASE("run() returns after stop(), and the reactor can run again") {      // G1
  Reactor reactor;
  for (int i = 0; i < 3; ++i) {
    bool ran = false;
    CHECK_FALSE(reactor.running());
    reactor.callWhenRunning([&] {
      CHECK(reactor.running());
      CHECK(Reactor::current() == &reactor);
      ran = true;
      reactor.stop();
    });
    CHECK(Reactor::current() == nullptr);
    reactor.run();
    CHECK(ran);
  }
}

TEST_CASE("a reactor that runs cannot be run, and one that does not run cannot be stopped") {      // G1
  Reactor reactor;
  Reactor other;
  CHECK_THROWS_AS(reactor.stop(), ReactorNotRunning);
  reactor.crash();                                     // no effect
  runWith(reactor, [&] {
    CHECK_THROWS_AS(reactor.run(), ReactorAlreadyRunning);
    CHECK_THROWS_AS(reactor.iterate(), ReactorAlreadyRunning);
    CHECK_THROWS_AS(other.run(), ReactorAlreadyRunning);   // one at a time on a thread
    reactor.stop();
    CHECK_THROWS_AS(reactor.stop(), ReactorNotRunning);
  });
  CHECK_THROWS_AS(reactor.stop(), ReactorNotRunning);
}

TEST_CASE("several reactors run, each on its own thread") {      // G6
  Reactor a, b;
  int pings = 0;
  std::function<void()> ping, pong;
  ping = [&] {
    CHECK(Reactor::current() == &a);
    b.callFromThread([&] { pong(); });
  };
  pong = [&] {
    CHECK(Reactor::current() == &b);
    if (++pings == 100) {
      a.callFromThread([&] { a.stop(); });
      b.stop();
    } else {
      a.callFromThread([&] { ping(); });
    }
  };
  std::thread thread([&] { b.run(false); });
  runWith(a, [&] { ping(); });
  thread.join();
  CHECK(pings == 100);
}

TEST_CASE("callWhenRunning() queues before the start, in order, and calls at once when running") {      // G3
  Reactor reactor;
  std::string order;
  reactor.callWhenRunning([&] {
    order += 'a';
    reactor.callWhenRunning([&] { order += 'b'; });
    order += 'c';
  });
  reactor.callWhenRunning([&] { order += 'd'; });
  runWith(reactor, [&] { reactor.stop(); });
  CHECK(order == "abcd");
}

TEST_CASE("timed calls happen in order, not before their time") {      // F1
  Reactor reactor;
  std::string order;
  runWith(reactor, [&] {
    const auto start = reactor.now();
    reactor.callLater(20ms, [&, start] {
      order += 'c';
      CHECK(reactor.now() - start >= 20ms);
      reactor.stop();
    });
    reactor.callLater(3ms, [&] { order += 'b'; });
    reactor.callLater(0, [&] { order += 'a'; });
    auto never = reactor.callLater(10ms, [&] { order += 'x'; });
    never.cancel();
  });
  CHECK(order == "abc");
}

TEST_CASE("a timer wakes the sleeping loop on time, also one that was moved to sooner") {      // F2
  Reactor reactor;
  std::chrono::nanoseconds late{};
  runWith(reactor, [&] {
    auto* call = new DelayedCall(reactor.callLater(3600, [&] { reactor.stop(); }));
    reactor.callLater(5ms, [&, call] {
      call->reset(10ms);
      delete call;
    });
    late = reactor.now() + 15ms;
  });
  late = reactor.now() - late;
  CHECK(late >= 0ns);
  CHECK(late < 5s);
}

TEST_CASE("callLater(0) runs in a following turn of the loop, and cannot starve what else there is") {      // F3
  Reactor reactor;
  long zeros = 0;
  bool inCall = false;
  std::function<void()> again = [&] {
    CHECK_FALSE(inCall);
    inCall = true;
    ++zeros;
    reactor.callLater(0, [&] { again(); });
    inCall = false;
  };
  int handlers = 0;
  asio::io_context& io = detail::ioContext(reactor);
  std::function<void()> handler = [&] {
    if (++handlers == 100) reactor.stop();
    else asio::post(io, handler);
  };
  runWith(reactor, [&] {
    again();
    asio::post(io, handler);
  });
  CHECK(handlers == 100);
  CHECK(zeros > 1);
}

TEST_CASE("a function that posts itself cannot starve timers, nor sockets") {      // G8
  Reactor reactor;
  std::function<void()> again = [&] { reactor.callFromThread([&] { again(); }); };
  bool timer = false;
  runWith(reactor, [&] {
    again();
    reactor.callLater(1ms, [&] {
      timer = true;
      asio::post(detail::ioContext(reactor), [&] { reactor.stop(); });
    });
  });
  CHECK(timer);
}

TEST_CASE("handlers that keep themselves busy cannot starve timers, nor posts") {
  Reactor reactor;
  asio::io_context& io = detail::ioContext(reactor);
  std::function<void()> handler = [&] { asio::post(io, handler); };
  runWith(reactor, [&] {
    handler();
    reactor.callLater(1ms, [&] { reactor.callFromThread([&] { reactor.stop(); }); });
  });
}

TEST_CASE("what throws is logged, and the loop goes on") {      // F4
  LogCapture capture;
  Reactor reactor;
  bool after = false;
  reactor.callWhenRunning([] { throw std::runtime_error("when running"); });
  reactor.addSystemEventTrigger(Phase::During, SystemEvent::Shutdown, [] { throw std::runtime_error("trigger"); });
  runWith(reactor, [&] {
    reactor.callWhenRunning([] { throw std::runtime_error("at once"); });
    reactor.callLater(0, [] { throw std::runtime_error("timed"); });
    reactor.callFromThread([] { throw std::runtime_error("posted"); });
    asio::post(detail::ioContext(reactor), [] { throw std::runtime_error("handler"); });
    reactor.callLater(1ms, [&] {
      after = true;
      reactor.stop();
    });
  });
  CHECK(after);
  for (const char* what : {"when running", "trigger", "at once", "timed", "posted", "handler"}) CHECK(capture.contains(what));
  CHECK(capture.count(LogLevel::Critical) == 6);
}

TEST_CASE("time stands still during an event, and moves on between events and outside run()") {
  Reactor reactor;
  const auto before = reactor.now();
  while (reactor.now() == before) {}                   // would hang if it stood still here
  std::chrono::nanoseconds first{};
  runWith(reactor, [&] {
    reactor.callFromThread([&] {
      first = reactor.now();
      const auto start = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - start < 1ms) {}
      CHECK(reactor.now() == first);
    });
    reactor.callLater(0, [&] {
      CHECK(reactor.now() > first);
      asio::post(detail::ioContext(reactor), [&] {
        detail::eventDispatched(reactor);
        const auto handler = reactor.now();
        CHECK(handler > first);
        reactor.stop();
      });
    });
  });
  CHECK(reactor.now() > first);
}

TEST_CASE("crash() returns without the shutdown event; the triggers stay for the next run") {      // G1
  Reactor reactor;
  int shutdowns = 0;
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [&] { ++shutdowns; });
  runWith(reactor, [&] { reactor.crash(); });
  CHECK(shutdowns == 0);
  CHECK_FALSE(reactor.running());
  runWith(reactor, [&] { reactor.stop(); });
  CHECK(shutdowns == 1);
}

TEST_CASE("iterate() runs one turn, with or without waiting") {      // G1
  Reactor reactor;
  int calls = 0;
  reactor.iterate();
  reactor.callFromThread([&] {
    CHECK(Reactor::current() == &reactor);
    ++calls;
  });
  reactor.iterate();
  CHECK(calls == 1);
  reactor.callLater(5ms, [&] { ++calls; });
  const auto start = reactor.now();
  while (calls < 2) reactor.iterate(1h);               // the timer ends the wait
  CHECK(reactor.now() - start >= 5ms);
  const auto wait = reactor.now();
  while (reactor.now() - wait < 2ms) reactor.iterate(2ms);
  CHECK(reactor.now() - wait < 5s);
  CHECK_FALSE(reactor.running());
}

// ---------------------------------------------------------------- other threads

TEST_CASE("callFromThread() wakes the sleeping loop; what one thread posts stays in order") {      // G8
  Reactor reactor;
  std::vector<int> got;
  std::thread thread([&] {
    for (int i = 0; i < 1000; ++i) {
      reactor.callFromThread([&, i] {
        got.push_back(i);
        if (i == 999) reactor.stop();
      });
      if (i % 100 == 0) std::this_thread::yield();
    }
  });
  reactor.run(false);
  thread.join();
  REQUIRE(got.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(got[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a ping-pong of sleeps never loses a wake") {
  Reactor reactor;
  const int rounds = 3000;
  std::atomic<int> turn{0};
  std::thread thread([&] {
    for (int i = 0; i < rounds; ++i) {
      int seen = turn.load();
      while (seen < i) {
        turn.wait(seen);
        seen = turn.load();
      }
      reactor.callFromThread([&] {
        turn.fetch_add(1);
        turn.notify_one();
        if (turn == rounds) reactor.stop();
      });
    }
  });
  reactor.run(false);
  thread.join();
  CHECK(turn == rounds);
}

TEST_CASE("wake() ends a sleep, and any number of late wakes harm nobody") {
  Reactor reactor;
  std::atomic<bool> end{false};
  std::thread thread([&] {
    while (!end) reactor.wake();
  });
  int handlers = 0;
  asio::io_context& io = detail::ioContext(reactor);
  std::function<void()> handler = [&] {
    if (++handlers == 500) reactor.stop();
    else if (handlers % 2) asio::post(io, handler);
    else reactor.callLater(handlers % 10 ? 0us : 100us, [&] { asio::post(io, handler); });
  };
  runWith(reactor, [&] { asio::post(io, handler); });
  end = true;
  thread.join();
  CHECK(handlers == 500);
}

TEST_CASE("an idle loop uses no processor time") {
  Reactor reactor;
  double used = 0;
  runWith(reactor, [&] {
    used = cpuSeconds();
    reactor.callLater(100ms, [&] { reactor.stop(); });
    reactor.callLater(3600, [] {}).cancel();
  });
  CHECK(cpuSeconds() - used < 0.05);
}

TEST_CASE("what was posted or scheduled and never ran is destroyed with the reactor") {
  {
    Reactor reactor;
    reactor.callFromThread([counted = Counted()] {});
    reactor.callLater(1, [counted = Counted()] {});
    reactor.callWhenRunning([counted = Counted()] {});
    CHECK(Counted::alive == 3);
  }
  CHECK(Counted::alive == 0);
  CHECK(Counted::diedTwice == 0);
}

TEST_CASE("a handle outlives its reactor") {
  DelayedCall call;
  {
    Reactor reactor;
    call = reactor.callLater(1, [] {});
  }
  CHECK_FALSE(call.active());
}

// ---------------------------------------------------------------- system events

TEST_CASE("triggers run phase by phase, in their order, once") {      // G2
  Reactor reactor;
  std::string order;
  const auto add = [&](Phase phase, SystemEvent event, char c) {
    return reactor.addSystemEventTrigger(phase, event, [&order, c] { order += c; });
  };
  add(Phase::After, SystemEvent::Shutdown, 'h');
  add(Phase::During, SystemEvent::Shutdown, 'f');
  add(Phase::During, SystemEvent::Shutdown, 'g');
  add(Phase::Before, SystemEvent::Shutdown, 'e');
  add(Phase::After, SystemEvent::Startup, 'c');
  add(Phase::During, SystemEvent::Startup, 'b');
  add(Phase::Before, SystemEvent::Startup, 'a');
  const auto removed = add(Phase::During, SystemEvent::Startup, 'x');
  CHECK(reactor.removeSystemEventTrigger(removed));
  CHECK_FALSE(reactor.removeSystemEventTrigger(removed));
  CHECK_FALSE(reactor.removeSystemEventTrigger({}));
  runWith(reactor, [&] {
    order += 'd';
    reactor.stop();
    CHECK(order == "abcd");                            // the shutdown comes from the loop
  });
  CHECK(order == "abcdefgh");
  runWith(reactor, [&] { reactor.stop(); });
  CHECK(order == "abcdefgh");
}

TEST_CASE("the shutdown waits for the holds of its before-triggers, while the loop goes on") {      // G2
  Reactor reactor;
  std::string order;
  std::optional<ShutdownHold> kept;
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [&](ShutdownHold hold) {
    order += 'a';
    reactor.callLater(2ms, [&, hold = std::move(hold)]() mutable {
      order += 'b';
      hold.release();
    });
  });
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [&](ShutdownHold hold) {
    kept.emplace(std::move(hold));
    reactor.callLater(4ms, [&] {
      order += 'c';
      kept.reset();
    });
  });
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [](ShutdownHold) {});   // dropped at once
  reactor.addSystemEventTrigger(Phase::During, SystemEvent::Shutdown, [&] {
    order += 'd';
    CHECK(reactor.running());
  });
  runWith(reactor, [&] { reactor.stop(); });
  CHECK(order == "abcd");
}

TEST_CASE("a startup can wait as well; stop() gives it up") {
  Reactor reactor;
  std::string order;
  std::optional<ShutdownHold> kept;
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Startup, [&](ShutdownHold hold) {
    reactor.callLater(1ms, [&, hold = std::move(hold)] { order += 'a'; });
  });
  runWith(reactor, [&] {
    order += 'b';
    reactor.stop();
  });
  CHECK(order == "ab");

  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Startup, [&](ShutdownHold hold) {
    kept.emplace(std::move(hold));
    reactor.callLater(1ms, [&] { reactor.stop(); });
  });
  reactor.addSystemEventTrigger(Phase::During, SystemEvent::Startup, [&] { order += 'x'; });
  reactor.run(false);
  CHECK(order == "ab");
  kept.reset();                                        // nobody waits any more
  runWith(reactor, [&] { reactor.stop(); });
  CHECK(order == "abx");
}

TEST_CASE("a hold may outlive the reactor") {
  std::optional<ShutdownHold> kept;
  {
    Reactor reactor;
    reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [&](ShutdownHold hold) {
      kept.emplace(std::move(hold));
      reactor.callLater(1ms, [&] { reactor.crash(); });
    });
    runWith(reactor, [&] { reactor.stop(); });
  }
  kept.reset();
}

TEST_CASE("stop() in a startup trigger lets the startup finish first") {
  Reactor reactor;
  std::string order;
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Startup, [&] { reactor.stop(); });
  reactor.addSystemEventTrigger(Phase::During, SystemEvent::Startup, [&] { order += 'a'; });
  reactor.addSystemEventTrigger(Phase::During, SystemEvent::Shutdown, [&] { order += 'b'; });
  reactor.run(false);
  CHECK(order == "ab");
}

// ---------------------------------------------------------------- signals

TEST_CASE("a signal stops the reactor and is remembered; afterwards it is as before") {      // G4
  Reactor reactor;
  for (const int number : {SIGTERM, SIGINT}) {
    bool shutdown = false;
    reactor.addSystemEventTrigger(Phase::During, SystemEvent::Shutdown, [&] { shutdown = true; });
    reactor.callWhenRunning([number] { std::raise(number); });
    reactor.run();
    CHECK(shutdown);
    CHECK(reactor.lastSignal() == number);
    struct sigaction action {};
    sigaction(number, nullptr, &action);
    CHECK((action.sa_handler == SIG_DFL));
  }
  struct sigaction pipe {};
  sigaction(SIGPIPE, nullptr, &pipe);
  CHECK((pipe.sa_handler == SIG_IGN));
  runWith(reactor, [&] { reactor.stop(); });
  CHECK(reactor.lastSignal() == 0);
}

TEST_CASE("a handler gets every signal, and decides") {
  LogCapture capture;
  Reactor reactor;
  std::vector<int> got;
  reactor.onSignal([&](int number) {
    got.push_back(number);
    if (got.size() == 3) {
      reactor.stop();
      throw std::runtime_error("in the handler");
    }
    std::raise(number == SIGINT ? SIGTERM : SIGINT);
  });
  reactor.callWhenRunning([] { std::raise(SIGINT); });
  reactor.run();
  CHECK(got == std::vector<int>{SIGINT, SIGTERM, SIGINT});
  CHECK(capture.contains("in the handler"));
}

TEST_CASE("a second signal during the shutdown is ignored without a handler") {
  Reactor reactor;
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [&](ShutdownHold hold) {
    std::raise(SIGINT);
    reactor.callLater(2ms, [hold = std::move(hold)] {});
  });
  reactor.callWhenRunning([] { std::raise(SIGINT); });
  reactor.run();
  CHECK(reactor.lastSignal() == SIGINT);
}

// ---------------------------------------------------------------- Deferreds' turns, threads, watchdog

TEST_CASE("a turn that was cut short is resumed once a turn, and sockets get their share") {
  Reactor reactor;
  static int resumed = 0;
  static int steps = 0;
  resumed = steps = 0;
  static void (*resume)() noexcept = []() noexcept {
    ++resumed;
    CHECK(detail::loopLink.budget == detail::LoopLink::kBudget);
    detail::loopLink.pending = true;                   // endlessly busy
    detail::loopLink.resume = resume;
  };
  asio::io_context& io = detail::ioContext(reactor);
  std::function<void()> handler = [&] {
    if (++steps == 10) {
      reactor.stop();
      detail::loopLink.pending = false;
    } else {
      asio::post(io, handler);
    }
  };
  CHECK_FALSE(detail::loopLink.looping);
  runWith(reactor, [&] {
    CHECK(detail::loopLink.looping);
    resume();
    asio::post(io, handler);
  });
  CHECK_FALSE(detail::loopLink.looping);
  CHECK(steps == 10);
  CHECK(resumed > 1);
  detail::loopLink.pending = false;
}

TEST_CASE("the thread pool starts with the reactor, and the shutdown waits for its work") {      // G9
  Reactor reactor;
  bool early = false;
  reactor.threadPool().callInThread([&] { early = true; });   // kept until the reactor runs
  std::atomic<bool> worked{false};
  std::string order;
  reactor.addSystemEventTrigger(Phase::After, SystemEvent::Shutdown, [&] {
    CHECK(worked);
    order += "after";
  });
  runWith(reactor, [&] {
    reactor.threadPool().callInThread([&] {
      // A job may wait for the reactor, even while that waits for the job.
      std::latch answered(1);
      reactor.callFromThread([&] { answered.count_down(); });
      answered.wait();
      worked = true;
    });
    reactor.stop();
  });
  CHECK(early);
  CHECK(order == "after");
  CHECK_THROWS_AS(reactor.threadPool().callInThread([] {}), ThreadPoolStopped);
  runWith(reactor, [&] {
    reactor.threadPool().callInThread([&] { reactor.callFromThread([&] { reactor.stop(); }); });
  });
}

TEST_CASE("the pool's size is a suggestion that may come before or after its making") {      // G9
  Reactor reactor;
  reactor.suggestThreadPoolSize(3);
  CHECK(reactor.threadPool().max() == 3);
  reactor.suggestThreadPoolSize(5);
  CHECK(reactor.threadPool().max() == 5);
  CHECK_THROWS_AS(reactor.suggestThreadPoolSize(0), std::invalid_argument);
}

TEST_CASE("a crash during the shutdown's wait for threads leaves a reactor that can run again") {
  Reactor reactor;
  std::latch go(1);
  runWith(reactor, [&] {
    reactor.threadPool().callInThread([&] { go.wait(); });
    reactor.stop();
    reactor.callLater(1ms, [&] { reactor.crash(); });
  });
  go.count_down();
  bool ran = false;
  runWith(reactor, [&] {
    reactor.callLater(1ms, [&] {
      ran = true;
      reactor.stop();
    });
  });
  CHECK(ran);
}

TEST_CASE("whoever blocks the loop is named in the log") {      // fault 34
  struct Blocks {
    void operator()() const {
      const auto start = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - start < 60ms) {}
    }
  };
  Reactor reactor;
  reactor.warnWhenBlockedFor(30ms);
  LogCapture capture(LogLevel::Warning);
  runWith(reactor, [&] {
    reactor.callLater(0, Blocks());
    reactor.callFromThread(Blocks());
    asio::post(detail::ioContext(reactor), [&] {
      detail::eventDispatched(reactor, "a connection's handler");
      Blocks()();
    });
    reactor.callLater(80ms, [&] { reactor.stop(); });  // a sleep is not a block
  });
  CHECK(capture.contains("by a timed call: "));
  CHECK(capture.contains("by a call from a thread: "));
  CHECK(capture.contains("by a connection's handler"));
  CHECK(capture.contains("Blocks"));
  CHECK(capture.count() == 3);
  capture.clear();
  reactor.warnWhenBlockedFor(0);
  runWith(reactor, [&] {
    Blocks()();
    reactor.stop();
  });
  CHECK(capture.count() == 0);
}

TEST_CASE("unless told otherwise a callback of more than a tenth of a second is named") {      // fault 34
  struct BlocksForLong {
    void operator()() const {
      const auto start = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - start < 120ms) {}
    }
  };
  Reactor reactor;
  LogCapture capture(LogLevel::Warning);
  runWith(reactor, [&] {
    reactor.callLater(0, BlocksForLong());
    reactor.callLater(1ms, [&] { reactor.stop(); });
  });
  CHECK(capture.contains("by a timed call: "));
  CHECK(capture.contains("BlocksForLong"));
}

TEST_CASE("a hundred thousand timers and posts at once all run") {
  Reactor reactor;
  const int count = static_cast<int>(weft::test::kMillion / 10);
  int left = 2 * count;
  runWith(reactor, [&] {
    for (int i = 0; i < count; ++i) {
      reactor.callLater(std::chrono::microseconds(i % 20'000), [&] {
        if (--left == 0) reactor.stop();
      });
      reactor.callFromThread([&] {
        if (--left == 0) reactor.stop();
      });
    }
  });
  CHECK(left == 0);
}
