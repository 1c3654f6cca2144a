// CooperatorService: a Cooperator that works while the service runs.
#pragma once

#include <weft/defer/cooperator.hpp>
#include <weft/defer/service.hpp>

#include <optional>
#include <utility>

namespace weft {

/// Tasks can be given before it is started, and wait for that. Stopped, its tasks fail with SchedulerStopped; started again, it takes new ones.
class CooperatorService : public Service {
 public:
  explicit CooperatorService(Clock& clock) : clock_(clock) { cooperator_.emplace(clock_, false); }

  /// As those of Cooperator.
  CooperativeTask cooperate(CooperativeSteps steps) { return cooperator_->cooperate(std::move(steps)); }
  Deferred<> coiterate(CooperativeSteps steps) { return cooperator_->coiterate(std::move(steps)); }

  void startService() override {
    if (running()) return;
    if (stopped_) cooperator_.emplace(clock_, false);
    stopped_ = false;
    Service::startService();
    cooperator_->start();
  }
  Deferred<> stopService() override {
    stopped_ = true;
    cooperator_->stop();
    return Service::stopService();
  }

 private:
  Clock& clock_;
  std::optional<Cooperator> cooperator_;
  bool stopped_ = false;
};

}  // namespace weft
