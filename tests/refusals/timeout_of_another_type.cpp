// expects: onTimeoutCancel(Outcome<T>) must return the next result of the chain
#include <weft/core/manual_clock.hpp>
#include <weft/defer/deferred.hpp>
#include <string>

auto timed(weft::Deferred<int> answer, weft::ManualClock& clock) {
  return std::move(answer).addTimeout(1, clock, [](weft::Outcome<int>) { return std::string("late"); });
}
