// react: a program's main, with the reactor running.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/defer/deferred.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/// Thrown, or errbacked, by a program's main: ends it with this exit code, without a word.
class SystemExit : public DeferError {
 public:
  explicit SystemExit(int code);
  int code;
};

namespace detail {
int runReactor(UniqueFunction<Deferred<int>(Reactor&, std::vector<std::string>)> main, int argc, char** argv);

// Any Deferred's end as an exit code.
template <class T> Deferred<int> asExitCode(Deferred<T> ended) {
  if constexpr (std::is_same_v<T, int>) return ended;
  else return ended.addCallback([] { return 0; });
}

}  // namespace detail

/// Runs `main(reactor, arguments)` in a reactor until the Deferred that it returns has fired, and gives the program's exit code:
///
///     Deferred<> run(Reactor& reactor, std::vector<std::string> arguments) { … }
///     int main(int argc, char** argv) { return weft::react(run, argc, argv); }
///
/// 0 on success, or the value of a Deferred<int>; the code of a SystemExit; 1 for any other error, which is logged. The arguments come without the program's name. When SIGINT or SIGTERM stops the reactor,
/// main's Deferred is cancelled and waited for, so that coroutines unwind, and the code is 128 plus the signal; the second signal ends the wait. Stopped from elsewhere: 0.
template <class F> int react(F main, int argc, char** argv) {
  return detail::runReactor(
      [main = std::move(main)](Reactor& reactor, std::vector<std::string> arguments) mutable -> Deferred<int> {
        if constexpr (std::is_invocable_v<F&, Reactor&, std::vector<std::string>>) {
          return detail::asExitCode(maybeDeferred(main, reactor, std::move(arguments)));
        } else {
          static_assert(std::is_invocable_v<F&, Reactor&>, "react: main takes (Reactor&, std::vector<std::string>) or (Reactor&)");
          return detail::asExitCode(maybeDeferred(main, reactor));
        }
      },
      argc, argv);
}

/// For the Before phase of a reactor's event: what f's Deferred stands for is waited for before the event goes on. An error is logged.
template <class F>
  requires std::is_same_v<std::invoke_result_t<F&>, Deferred<>>
Reactor::SystemEventTrigger addSystemEventTrigger(Reactor& reactor, Phase phase, SystemEvent event, F f) {
  return reactor.addSystemEventTrigger(phase, event, [f = std::move(f)](ShutdownHold hold) mutable {
    const auto kept = std::make_shared<F>(std::move(f));        // a capturing coroutine needs it until its end
    maybeDeferred(*kept).addErrback([](Failure failure) { logError(std::move(failure)); }).addBoth([kept, hold = std::move(hold)] {}).detach();
  });
}

}  // namespace weft
