#include <weft/net/client_service.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/transport.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

namespace weft::net {

namespace {
}

std::function<double()> randomJitter() {
  std::random_device device;
  return randomJitter(std::uint64_t{device()} << 32 | device());
}

std::function<double()> randomJitter(std::uint64_t seed) {
  return [random = std::mt19937_64(seed)]() mutable { return static_cast<double>(random() >> 11) * 0x1p-53; };
}

RetryPolicy backoffPolicy(double initialDelay, double maxDelay, double factor, std::function<double()> jitter) {
  return [=](int failedAttempts) { return std::min(initialDelay * std::pow(factor, std::min(100, failedAttempts)), maxDelay) + jitter(); };
}

// The states and what leads from one to the next. Held by the service and by what it waits for; the latter finds it Stopped when the service is gone.
class ClientService::Machine : public std::enable_shared_from_this<Machine> {
 public:
  Machine(std::shared_ptr<ClientEndpoint> endpoint, std::shared_ptr<Factory> factory, Clock& clock, RetryPolicy retryPolicy, PrepareConnection prepare)
      : endpoint_(std::move(endpoint)), factory_(std::move(factory)), clock_(clock), retryPolicy_(std::move(retryPolicy)), prepare_(std::move(prepare)) {}

  void start();
  Deferred<> stop();
  void lost(const Watched& watched, const Failure& reason);
  Deferred<std::shared_ptr<Protocol>> whenConnected(std::optional<int> failAfterFailures);

  State state = State::Init;
  int failedAttempts = 0;
  std::optional<Failure> lastFailure;

 private:
  struct Waiter {
    Trigger<std::shared_ptr<Protocol>> trigger;
    std::optional<int> failures;
  };

  void connect();
  Deferred<> made(std::uint64_t attempt, std::shared_ptr<Transport> transport);
  void attemptEnded(std::uint64_t attempt, Outcome<> outcome);
  bool abort();
  void connected();
  void failed(Failure failure);
  void wait();
  void restart();
  void stopped();

  std::shared_ptr<ClientEndpoint> endpoint_;
  std::shared_ptr<Factory> factory_;
  Clock& clock_;
  RetryPolicy retryPolicy_;
  PrepareConnection prepare_;
  std::uint64_t attempts_ = 0;                         // which one counts: an earlier one may still be on its way to its end
  Deferred<> attempt_{nullptr};
  DelayedCall retry_;
  std::shared_ptr<Watched> watched_;                   // until its connection is lost
  std::optional<Failure> ended_;                       // why the attempt is over, while its connection is being closed or its Deferred cancelled
  std::vector<Waiter> waiters_;
  std::vector<Trigger<>> stopping_;
};

// The protocol of the connection, around the user's: tells the machine when it is lost.
class ClientService::Watched final : public Protocol {
 public:
  Watched(std::shared_ptr<Protocol> protocol, std::shared_ptr<Machine> machine) : inner(std::move(protocol)), machine_(std::move(machine)) {}

  void makeConnection(Transport& transport) override {
    Protocol::makeConnection(transport);
    inner->makeConnection(transport);
  }
  void dataReceived(std::string_view data) override { inner->dataReceived(data); }
  void readConnectionLost() override { inner->readConnectionLost(); }
  void writeConnectionLost() override { inner->writeConnectionLost(); }
  void connectionLost(const Failure& reason) override {
    try {
      inner->connectionLost(reason);
    } catch (...) {
      kNetLog.failure(Failure(), "connectionLost threw");
    }
    inner->clearTransport();
    std::exchange(machine_, nullptr)->lost(*this, reason);
  }

  const std::shared_ptr<Protocol> inner;

 private:
  std::shared_ptr<Machine> machine_;                   // until the connection is lost, as somebody may still wait for that
};

void ClientService::Machine::start() {
  if (state == State::Init || state == State::Stopped) connect();
  else if (state == State::Disconnecting) state = State::Restarting;
}

Deferred<> ClientService::Machine::stop() {
  switch (state) {
    case State::Init:
    case State::Stopped:
    case State::Waiting:
      if (retry_.active()) retry_.cancel();
      stopped();
      return succeed();
    case State::Connecting:
    case State::Connected:
    case State::Restarting:
    case State::Disconnecting: break;
  }
  const auto self = shared_from_this();
  Deferred<> deferred([self] { return self->abort(); });
  stopping_.push_back(deferred.takeTrigger());
  const State before = std::exchange(state, State::Disconnecting);
  if (before == State::Connecting) attempt_.cancel();
  else if (before == State::Connected && watched_->hasTransport()) watched_->transport().loseConnection();
  else if (before == State::Connected) stopped();      // its connection was handed on
  return deferred;
}

// Who stops does not want to wait for what is still to be sent. Will there be an end to wait for?
bool ClientService::Machine::abort() {
  if (!watched_ || !watched_->hasTransport()) return false;
  watched_->transport().abortConnection();
  return true;
}

void ClientService::Machine::connect() {
  state = State::Connecting;
  ended_.reset();
  const auto self = shared_from_this();
  const std::uint64_t attempt = ++attempts_;
  Deferred<> running = maybeDeferred([&] { return endpoint_->connect(); })
                 .addCallback([self, attempt](std::shared_ptr<Transport> transport) { return self->made(attempt, std::move(transport)); })
                 .addBoth([self, attempt](Outcome<> outcome) { self->attemptEnded(attempt, std::move(outcome)); });
  // Its callbacks hold the machine: once they have run, the machine does not hold them.
  if (running.called() || attempt != attempts_) running.detach();
  else attempt_ = std::move(running);
}

Deferred<> ClientService::Machine::made(std::uint64_t attempt, std::shared_ptr<Transport> transport) {
  if (attempt != attempts_ || state != State::Connecting) throw CancelledError();  // it was past its cancelling: the transport is dropped
  std::shared_ptr<Protocol> protocol = factory_->buildProtocol(transport->getPeer());
  if (!protocol) throw NoProtocol();
  watched_ = std::make_shared<Watched>(protocol, shared_from_this());
  transport->setProtocol(watched_);
  if (!prepare_) return succeed();
  Deferred<> preparing = prepare_(std::move(protocol));
  if (state != State::Connecting) preparing.cancel();  // stopped in there, where the attempt could not be cancelled
  return preparing;
}

void ClientService::Machine::attemptEnded(std::uint64_t attempt, Outcome<> outcome) {
  if (attempt != attempts_) return;
  if (attempt_) std::exchange(attempt_, Deferred<>(nullptr)).detach();
  if (outcome && state == State::Connecting && !ended_) return connected();
  if (!ended_) ended_ = outcome ? Failure(CancelledError()) : std::move(outcome.failure());
  if (!watched_) return failed(std::move(*ended_));
  if (!abort()) failed(std::move(*ended_));            // else lost() follows
}

void ClientService::Machine::connected() {
  state = State::Connected;
  failedAttempts = 0;
  lastFailure.reset();
  const std::shared_ptr<Protocol> protocol = watched_->inner;
  for (Waiter& waiter : std::exchange(waiters_, {})) waiter.trigger.callback(protocol);
}

void ClientService::Machine::lost(const Watched& watched, const Failure& reason) {
  if (watched_.get() != &watched) return;
  const auto self = shared_from_this();
  if (state == State::Connecting && !ended_) {         // while it was being prepared
    ended_ = reason;
    watched_.reset();
    attempt_.cancel();
    return;
  }
  watched_.reset();
  if (state == State::Connected) {
    lastFailure = reason;
    wait();
  } else if (ended_) {
    failed(std::move(*ended_));
  } else if (state == State::Disconnecting) {
    stopped();
  } else if (state == State::Restarting) {
    restart();
  }
}

void ClientService::Machine::failed(Failure failure) {
  watched_.reset();
  ended_.reset();
  if (state == State::Disconnecting) return stopped();
  if (state == State::Restarting) return restart();
  if (state != State::Connecting) return;
  lastFailure = failure;
  std::vector<Waiter> tired;
  for (Waiter& waiter : std::exchange(waiters_, {})) {
    if (!waiter.trigger.active()) continue;
    if (waiter.failures && --*waiter.failures <= 0) tired.push_back(std::move(waiter));
    else waiters_.push_back(std::move(waiter));
  }
  wait();
  for (Waiter& waiter : tired) waiter.trigger.errback(failure);
}

void ClientService::Machine::wait() {
  ++failedAttempts;
  std::optional<double> delay;
  try {
    delay = retryPolicy_(failedAttempts);
  } catch (...) {
    kNetLog.failure(Failure(), "a ClientService's retry policy threw; it gives up");
  }
  if (!delay) {
    state = State::Stopped;
    const Failure failure = *lastFailure;
    for (Waiter& waiter : std::exchange(waiters_, {})) waiter.trigger.errback(failure);
    return;
  }
  state = State::Waiting;
  retry_ = clock_.callLater(std::max(*delay, 0.0), [self = shared_from_this()] { self->connect(); });
}

void ClientService::Machine::restart() {
  connect();
  for (Trigger<>& stop : std::exchange(stopping_, {})) stop.callback();  // what they were about has gone
}

void ClientService::Machine::stopped() {
  state = State::Stopped;
  failedAttempts = 0;
  watched_.reset();
  for (Waiter& waiter : std::exchange(waiters_, {})) waiter.trigger.errback(CancelledError());
  for (Trigger<>& stop : std::exchange(stopping_, {})) stop.callback();
}

Deferred<std::shared_ptr<Protocol>> ClientService::Machine::whenConnected(std::optional<int> failAfterFailures) {
  if (state == State::Connected) return succeed(watched_->inner);
  if (state == State::Stopped) return fail<std::shared_ptr<Protocol>>(CancelledError());
  std::erase_if(waiters_, [](const Waiter& waiter) { return !waiter.trigger.active(); });
  Deferred<std::shared_ptr<Protocol>> deferred;
  waiters_.push_back({deferred.takeTrigger(), failAfterFailures});
  return deferred;
}

ClientService::ClientService(std::shared_ptr<ClientEndpoint> endpoint, std::shared_ptr<Factory> factory, Clock& clock, RetryPolicy retryPolicy, PrepareConnection prepareConnection)
    : machine_(std::make_shared<Machine>(std::move(endpoint), std::move(factory), clock, std::move(retryPolicy), std::move(prepareConnection))) {}

ClientService::~ClientService() { machine_->stop().detach(); }

void ClientService::startService() {
  Service::startService();
  machine_->start();
}

Deferred<> ClientService::stopService() {
  Service::stopService().detach();
  return machine_->stop();
}

Deferred<std::shared_ptr<Protocol>> ClientService::whenConnected(std::optional<int> failAfterFailures) { return machine_->whenConnected(failAfterFailures); }

ClientService::State ClientService::state() const noexcept { return machine_->state; }
int ClientService::failedAttempts() const noexcept { return machine_->failedAttempts; }
const std::optional<Failure>& ClientService::lastFailure() const noexcept { return machine_->lastFailure; }

}  // namespace weft::net
