#include <weft/defer/timer_service.hpp>

#include <weft/core/log.hpp>
#include <weft/defer/internal/loggers.hpp>

namespace weft {

namespace {
}

void TimerService::startService() {
  if (running()) return;
  Service::startService();
  ended_ = loop_.start(step_).addErrback([](Failure failure) { kDeferLog.failure(failure, "a TimerService's function failed; it is not called again"); });
}

Deferred<> TimerService::stopService() {
  Service::stopService().detach();
  if (loop_.running()) loop_.stop();
  if (!ended_) return succeed();
  return std::move(ended_);
}

}  // namespace weft
