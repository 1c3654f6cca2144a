// TimerService: a function that is called again and again while the service runs.
#pragma once

#include <weft/defer/looping_call.hpp>
#include <weft/defer/service.hpp>

#include <concepts>
#include <utility>

namespace weft {

/// A LoopingCall as a service: calls `f` when it is started, and then every `step`. An error of `f` is logged and ends the calls, until the service is started anew.
///
///     program.addService(std::make_shared<TimerService>(reactor, 60, [&] { report(); }));
class TimerService : public Service {
 public:
  template <std::invocable F> TimerService(Clock& clock, Delay step, F f) : loop_(clock, std::move(f)), step_(step) {}

  void startService() override;
  /// Fires when a call that is under way has ended.
  Deferred<> stopService() override;

 private:
  LoopingCall loop_;
  Delay step_;
  Deferred<> ended_{nullptr};
};

}  // namespace weft
