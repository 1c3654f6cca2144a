#include <weft/defer/service.hpp>

#include <weft/core/log.hpp>
#include <weft/defer/gather.hpp>
#include <weft/defer/internal/loggers.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace weft {

namespace {

std::string text(const std::vector<ServicesNotStopped::Part>& parts) {
  std::string text = "stopping services: ";
  for (const auto& part : parts) {
    if (&part != &parts.front()) text += "; ";
    text += part.name + ": " + part.failure.what();
  }
  return text;
}

std::string text(double seconds, const std::vector<std::string>& services) {
  std::string text;
  weft::detail::appendLogPart(text, seconds);
  text = "not stopped after " + text + (seconds == 1 ? " second" : " seconds");
  for (const std::string& service : services) text += (&service == &services.front() ? ": " : ", ") + service;
  return text;
}

}  // namespace

ServicesNotStopped::ServicesNotStopped(std::vector<Part> parts) : DeferError(text(parts)), parts(std::move(parts)) {}

StopTimeout::StopTimeout(double seconds, std::vector<std::string> services)
    : DeferError(text(seconds, services)), seconds(seconds), services(std::move(services)) {}

void Service::setName(std::string name) {
  if (parent_) throw ServiceError("a service that has a parent keeps its name, \"" + name_ + '"');
  name_ = std::move(name);
}

// Who has not stopped yet.
struct MultiService::Stopping {
  struct Part {
    std::shared_ptr<Service> service;
    std::string name;
    bool stopped = false;
  };
  std::vector<Part> parts;
};

MultiService::~MultiService() {
  for (const auto& service : services_) service->parent_ = nullptr;
}

std::string MultiService::nameOf(const Service& service) const {
  if (!service.name().empty()) return service.name();
  const auto at = std::find_if(services_.begin(), services_.end(), [&](const auto& one) { return one.get() == &service; });
  return '#' + std::to_string(at - services_.begin() + 1);
}

void MultiService::add(std::shared_ptr<Service> service) {
  if (service->parent_) throw ServiceError("the service \"" + service->name_ + "\" has a parent already: take it out of there first");
  if (!service->name_.empty() && getServiceNamed(service->name_)) throw ServiceError("there is a service called \"" + service->name_ + "\" already");
  service->parent_ = this;
  services_.push_back(service);
  if (!running()) return;
  try {
    service->privilegedStartService();
    service->startService();
  } catch (...) {
    service->parent_ = nullptr;
    std::erase(services_, service);
    throw;
  }
}

Deferred<> MultiService::removeService(Service& service) {
  const auto at = std::find_if(services_.begin(), services_.end(), [&](const auto& one) { return one.get() == &service; });
  if (at == services_.end()) throw ServiceError("the service \"" + service.name() + "\" is not one of these");
  std::shared_ptr<Service> removed = std::move(*at);
  services_.erase(at);
  removed->parent_ = nullptr;
  if (!removed->running()) return succeed();
  auto stopping = maybeDeferred([&] { return removed->stopService(); });
  return stopping.addBoth([removed] {});
}

Service* MultiService::getServiceNamed(std::string_view name) const noexcept {
  for (const auto& service : services_)
    if (service->name() == name) return service.get();
  return nullptr;
}

void MultiService::privilegedStartService() {
  for (const auto& service : std::vector(services_)) service->privilegedStartService();
}

void MultiService::startService() {
  Service::startService();
  const std::vector<std::shared_ptr<Service>> all = services_;           // one of them may add others, which it then starts
  for (std::size_t i = 0; i < all.size(); ++i) {
    try {
      all[i]->startService();
    } catch (...) {
      const Failure failure;
      Service::stopService().detach();
      while (i-- > 0) {
        maybeDeferred([&] { return all[i]->stopService(); })
            .addErrback([service = all[i]](Failure stopFailure) { kDeferLog.failure(stopFailure, "stopping ", service->name(), " since another service did not start"); })
            .detach();
      }
      failure.rethrow();
    }
  }
}

Deferred<> MultiService::stopService() {
  Service::stopService().detach();
  const auto stopping = std::make_shared<Stopping>();
  for (auto service = services_.rbegin(); service != services_.rend(); ++service) stopping->parts.push_back({*service, nameOf(**service), false});
  stopping_ = stopping;
  std::vector<Deferred<>> ends;
  for (std::size_t i = 0; i < stopping->parts.size(); ++i)
    ends.push_back(maybeDeferred([&] { return stopping->parts[i].service->stopService(); }).addBoth([stopping, i] { stopping->parts[i].stopped = true; }));
  return DeferredList(std::move(ends)).addCallback([stopping](std::vector<Outcome<>> outcomes) {
    std::vector<ServicesNotStopped::Part> failed;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (!outcomes[i]) failed.push_back({stopping->parts[i].name, std::move(outcomes[i].failure())});
    if (!failed.empty()) throw ServicesNotStopped(std::move(failed));
  });
}

std::vector<std::string> MultiService::unfinished() const {
  std::vector<std::string> names;
  if (!stopping_) return names;
  for (const auto& part : stopping_->parts) {
    if (part.stopped) continue;
    const std::vector<std::string> inner = part.service->unfinished();
    if (inner.empty()) names.push_back(part.name);
    for (const std::string& name : inner) names.push_back(part.name + '/' + name);
  }
  return names;
}

Deferred<> stopWithin(Service& service, Delay deadline, Clock& clock) {
  struct Stop {
    Deferred<> stopping{nullptr};
    Trigger<> ended;
    DelayedCall timer;
  };
  Deferred<> stopping = maybeDeferred([&] { return service.stopService(); });
  if (stopping.called()) return stopping;
  const auto stop = std::make_shared<Stop>();
  Deferred<> result([stop] {
    stop->stopping.cancel();
    return true;                                       // its end is this one's
  });
  stop->ended = result.takeTrigger();
  stop->timer = clock.callLater(deadline, [stop, &service, seconds = deadline.seconds()] {
    Deferred<> late = std::move(stop->stopping);
    std::vector<std::string> names = service.unfinished();
    if (names.empty() && !service.name().empty()) names.push_back(service.name());
    Trigger<> ended = std::move(stop->ended);
    late.cancel();
    late.detach();
    ended.errback(StopTimeout(seconds, std::move(names)));
  });
  stop->stopping = stopping.addBoth([stop](Outcome<> outcome) {
    if (stop->timer.active()) stop->timer.cancel();
    if (stop->stopping) std::exchange(stop->stopping, Deferred<>(nullptr)).detach();       // it holds this callback, which holds it
    Trigger<> ended = std::move(stop->ended);
    if (ended) ended.fire(std::move(outcome));
  });
  return result;
}

}  // namespace weft
