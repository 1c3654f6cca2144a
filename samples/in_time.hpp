// Runs a sample in real time on a reactor or, with --virtual, at once in time that is only counted.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/core/reactor.hpp>
#include <weft/defer/deferred.hpp>

#include <cstdio>

/// Runs `main(clock)` to its end; the program's exit code.
// [two-clocks]
template <class F> int runInTime(bool virtualTime, F main) {
  weft::Outcome<> outcome;
  if (virtualTime) {
    weft::ManualClock clock;
    auto ended = main(clock);
    clock.playAll(3600);
    outcome = ended.result();
  } else {
    weft::Reactor reactor;
    reactor.callWhenRunning([&] {
      main(reactor).addBoth([&](weft::Outcome<> result) {
        outcome = std::move(result);
        reactor.stop();
      }).detach();
    });
    reactor.run();
  }
  if (outcome) return 0;
  std::fprintf(stderr, "%s\n", outcome.failure().getTraceback().c_str());
  return 1;
}
// [/two-clocks]
