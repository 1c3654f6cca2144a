#include <weft/defer/react.hpp>

#include <weft/core/log.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Rows F12 and G2.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

template <class F> int reactWith(F main, std::vector<std::string> arguments = {}) {
  std::string program = "program";
  std::vector<char*> argv{program.data()};
  for (auto& argument : arguments) argv.push_back(argument.data());
  return react(std::move(main), static_cast<int>(argv.size()), argv.data());
}

TEST_CASE("react runs the reactor until main's Deferred has fired, and gives 0") {  // F12
  const UnhandledErrors none;
  bool ended = false;
  CHECK(reactWith([&](Reactor& reactor) -> Deferred<> {
          CHECK(Reactor::current() == &reactor);
          co_await deferLater(reactor, 0.001);
          ended = true;
        }) == 0);
  CHECK(ended);
}

TEST_CASE("react gives main the arguments without the program's name") {  // F12
  std::vector<std::string> got;
  CHECK(reactWith(
            [&](Reactor&, std::vector<std::string> arguments) {
              got = std::move(arguments);
              return succeed();
            },
            {"-c", "3"}) == 0);
  CHECK(got == std::vector<std::string>{"-c", "3"});
}

TEST_CASE("the value of a Deferred<int>, and of a plain int, is the exit code") {  // F12
  CHECK(reactWith([](Reactor&) { return succeed(7); }) == 7);
  CHECK(reactWith([](Reactor&) { return 8; }) == 8);
}

TEST_CASE("a failure is logged and gives 1, at once and later") {  // F12
  const UnhandledErrors none;
  const LogCapture log;
  CHECK(reactWith([](Reactor&) -> Deferred<> { throw Refused(); }) == 1);
  CHECK(log.count(LogLevel::Critical) == 1);
  CHECK(log.contains("refused"));
  CHECK(reactWith([](Reactor& reactor) -> Deferred<> {
          co_await deferLater(reactor, 0.001);
          throw Refused();
        }) == 1);
  CHECK(log.count(LogLevel::Critical) == 2);
}

TEST_CASE("a SystemExit gives its code, without a word") {  // F12
  const UnhandledErrors none;
  const LogCapture log;
  CHECK(reactWith([](Reactor&) -> Deferred<> {
          throw SystemExit(5);
          co_return;
        }) == 5);
  CHECK(reactWith([](Reactor&) { return fail(SystemExit(0)); }) == 0);
  CHECK(log.count(LogLevel::Warning) == 0);
}

TEST_CASE("a reactor that is stopped from elsewhere gives 0, and main is cancelled and waited for") {  // F12
  const UnhandledErrors none;
  bool unwound = false;
  CHECK(reactWith([&](Reactor& reactor) -> Deferred<> {
          const OnEnd onEnd(unwound);
          reactor.callLater(0.001, [&] { reactor.stop(); });
          Deferred<> never;
          auto trigger = never.takeTrigger();
          co_await never;
        }) == 0);
  CHECK(unwound);
}

TEST_CASE("main may stop the reactor and end in the same breath: it is not stopped twice") {  // F12
  const UnhandledErrors none;
  const LogCapture log;
  CHECK(reactWith([](Reactor& reactor) -> Deferred<int> {
          reactor.stop();
          co_return 3;
        }) == 3);
  CHECK(reactWith([](Reactor& reactor) -> Deferred<int> {
          co_await deferLater(reactor, 0.001);
          reactor.stop();
          co_return 4;
        }) == 4);
  CHECK(log.count(LogLevel::Warning) == 0);
}

TEST_CASE("clean-up that main awaits when it is cancelled is waited for") {  // F12
  const UnhandledErrors none;
  bool cleaned = false;
  CHECK(reactWith([&](Reactor& reactor) -> Deferred<> {
          reactor.callLater(0.001, [&] { reactor.stop(); });
          auto sleep = deferLater(reactor, 60);
          const Outcome<> outcome = co_await sleep.outcome();
          CHECK(!outcome);
          co_await deferLater(reactor, 0.001);
          cleaned = true;
        }) == 0);
  CHECK(cleaned);
}

TEST_CASE("a signal cancels main, and the code is 128 plus the signal") {  // F12 G4
  const UnhandledErrors none;
  bool unwound = false;
  CHECK(reactWith([&](Reactor& reactor) -> Deferred<> {
          const OnEnd onEnd(unwound);
          reactor.callLater(0, [] { std::raise(SIGTERM); });
          co_await deferLater(reactor, 60);
        }) == 128 + SIGTERM);
  CHECK(unwound);
}

TEST_CASE("a second signal ends the wait for main's clean-up") {  // F12
  const UnhandledErrors none;
  bool unwound = false;
  CHECK(reactWith([&](Reactor& reactor) -> Deferred<> {
          const OnEnd onEnd(unwound);
          reactor.callLater(0, [] { std::raise(SIGINT); });
          auto work = deferLater(reactor, 60);
          const Outcome<> outcome = co_await work.outcome();
          CHECK(!outcome);
          reactor.callLater(0, [] { std::raise(SIGINT); });
          auto cleaning = deferLater(reactor, 60);
          co_await cleaning;
        }) == 128 + SIGINT);
  CHECK(unwound);
}

TEST_CASE("react may run again") {  // F12
  for (int i = 0; i < 3; ++i) CHECK(reactWith([i](Reactor&) { return succeed(i); }) == i);
}

// ---- system events

TEST_CASE("the Deferred of a Before trigger is waited for before the event goes on") {  // G2
  const UnhandledErrors none;
  const AllCounted counted;
  Reactor reactor;
  std::string order;
  addSystemEventTrigger(reactor, Phase::Before, SystemEvent::Shutdown, [&reactor, &order, s = std::string(60, 'x'), c = Counted(1)]() -> Deferred<> {
    order += "before ";
    co_await deferLater(reactor, 0.001);
    if (s.size() == 60 && c.value == 1) order += "waited ";
  });
  reactor.addSystemEventTrigger(Phase::During, SystemEvent::Shutdown, [&] { order += "during"; });
  reactor.callWhenRunning([&] { reactor.stop(); });
  reactor.run(false);
  CHECK(order == "before waited during");
}

TEST_CASE("a Before trigger that fails is logged, and the event goes on") {  // G2
  const UnhandledErrors none;
  const LogCapture log;
  Reactor reactor;
  bool during = false;
  addSystemEventTrigger(reactor, Phase::Before, SystemEvent::Shutdown, []() -> Deferred<> { throw Refused(); });
  addSystemEventTrigger(reactor, Phase::Before, SystemEvent::Shutdown, []() -> Deferred<> { return fail(Refused()); });
  reactor.addSystemEventTrigger(Phase::During, SystemEvent::Shutdown, [&] { during = true; });
  reactor.callWhenRunning([&] { reactor.stop(); });
  reactor.run(false);
  CHECK(during);
  CHECK(log.contains("refused"));
}

}  // namespace
}  // namespace weft::test
