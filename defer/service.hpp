// Service, MultiService: parts of a program that are started and stopped together.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

class MultiService;

/// A name that is taken, a service that has a parent already or is not there.
class ServiceError : public DeferError {
 public:
  using DeferError::DeferError;
};

/// Some services failed to stop. The others have stopped.
class ServicesNotStopped : public DeferError {
 public:
  /// A service that failed to stop, and why.
  struct Part {
    std::string name;                                  // "web", or "#2" of a service without a name
    Failure failure;
  };
  explicit ServicesNotStopped(std::vector<Part> parts);
  std::vector<Part> parts;                             // in the order in which they were stopped
};

/// stopWithin() ran out.
class StopTimeout : public DeferError {
 public:
  StopTimeout(double seconds, std::vector<std::string> services);
  double seconds;
  std::vector<std::string> services;                   // those that had not stopped by then: "web", "feeds/journal"
};

/// A part of a program that can be started and stopped, and started again. Derive from it, and call startService() and stopService() of this class in yours.
///
///     class Journal : public Service {
///       void startService() override { Service::startService(); file_.open(path_); }
///       Deferred<> stopService() override { co_await file_.flush(); co_await Service::stopService(); }
///     };
///
/// Thread: the reactor's.
class Service {
 public:
  Service() = default;
  explicit Service(std::string name) : name_(std::move(name)) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  const std::string& name() const noexcept { return name_; }
  /// Throws ServiceError when it has a parent, or another name.
  void setName(std::string name);
  /// Null: none. The parent owns this service.
  MultiService* parent() const noexcept { return parent_; }
  bool running() const noexcept { return running_; }

  /// What needs rights that the program gives up before startService(): called before that, if at all.
  virtual void privilegedStartService() {}
  virtual void startService() { running_ = true; }
  /// Fires when it has stopped. cancel: stop waiting for the orderly end, where there is such a thing.
  virtual Deferred<> stopService() {
    running_ = false;
    return succeed();
  }
  /// After stopService(): the names of the parts that have not stopped yet, for whoever gets impatient. Empty for a service that has no parts.
  virtual std::vector<std::string> unfinished() const { return {}; }

 private:
  friend MultiService;
  std::string name_;
  MultiService* parent_ = nullptr;
  bool running_ = false;
};

/// Services as one: started in the order in which they were added, stopped in the reverse one.
///
///     MultiService program;
///     program.addService(std::make_shared<Journal>());
///     program.addService(std::make_shared<Web>());
///     program.startService();
///     …
///     co_await stopWithin(program, 10, reactor);
class MultiService : public Service {
 public:
  using Service::Service;
  ~MultiService() override;

  /// Takes it in, and starts it when this one runs (it is not taken in when that throws). Throws ServiceError when its name is taken or it has a parent.
  template <std::derived_from<Service> S> S& addService(std::shared_ptr<S> service) {
    S& added = *service;
    add(std::move(service));
    return added;
  }
  /// Takes it out, and stops it when it runs: the Deferred is that of its stopService(), and holds it until then. Throws ServiceError when it is not one of these.
  Deferred<> removeService(Service& service);
  /// Null: there is none.
  Service* getServiceNamed(std::string_view name) const noexcept;
  const std::vector<std::shared_ptr<Service>>& services() const noexcept { return services_; }

  void privilegedStartService() override;
  /// When one throws, those that had been started are stopped again, and the exception goes on.
  void startService() override;
  /// Tells all of them to stop, the last one first, and fires when all have. Errors: ServicesNotStopped. cancel: reaches those that have not stopped. Before it has fired, neither this nor a
  /// service in it may be destroyed; startService() is for afterwards.
  Deferred<> stopService() override;
  std::vector<std::string> unfinished() const override;

 private:
  struct Stopping;
  void add(std::shared_ptr<Service> service);
  std::string nameOf(const Service& service) const;

  std::vector<std::shared_ptr<Service>> services_;
  std::shared_ptr<Stopping> stopping_;
};

/// Stops a service, but does not wait longer than `deadline`: then the stop is cancelled, and the Deferred fails with StopTimeout, which names what had not stopped. `service` must outlive the
/// Deferred. cancel: as that of stopService().
Deferred<> stopWithin(Service& service, Delay deadline, Clock& clock);

}  // namespace weft
