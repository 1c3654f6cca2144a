#include <weft/defer/react.hpp>

#include <weft/core/log.hpp>

#include <memory>
#include <optional>

namespace weft {

SystemExit::SystemExit(int code) : DeferError("exit with code " + std::to_string(code)), code(code) {}

namespace detail {
namespace {

struct Run {
  Deferred<> ended{nullptr};
  std::optional<int> code;
  std::optional<ShutdownHold> hold;                    // the reactor is stopping, and waits for main
  bool over = false;                                   // it has stopped; main may end when its timers and sockets go
};

void stopUnlessStopping(Reactor& reactor) {
  try {
    reactor.stop();
  } catch (const ReactorNotRunning&) {
  }
}

int codeOf(const Outcome<int>& outcome, bool stopping) {
  if (outcome) return *outcome;
  if (const auto* exit = outcome.failure().as<SystemExit>()) return exit->code;
  if (stopping && outcome.failure().check<CancelledError>()) return 0;
  log::critical("weft.defer", "main failed: " + outcome.failure().getTraceback());
  return 1;
}

}  // namespace

int runReactor(UniqueFunction<Deferred<int>(Reactor&, std::vector<std::string>)> main, int argc, char** argv) {
  Run run;
  Reactor reactor;
  bool signalled = false;
  reactor.onSignal([&](int) {
    if (std::exchange(signalled, true)) reactor.crash();
    else stopUnlessStopping(reactor);
  });
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [&run](ShutdownHold hold) {
    if (run.code) return;
    run.hold = std::move(hold);
    run.ended.cancel();
  });
  reactor.callWhenRunning([&] {
    std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    run.ended = main(reactor, std::move(arguments)).addBoth([&run, &reactor](Outcome<int> outcome) {
      if (run.over) return;
      run.code = codeOf(outcome, run.hold.has_value());
      if (run.hold) run.hold.reset();
      else stopUnlessStopping(reactor);
    });
  });
  reactor.run();
  run.over = true;
  if (const int signal = reactor.lastSignal(); signal && signalled) return 128 + signal;
  return run.code.value_or(0);
}

}  // namespace detail
}  // namespace weft
