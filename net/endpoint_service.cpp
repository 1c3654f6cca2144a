#include <weft/net/endpoint_service.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>

#include <optional>

namespace weft::net {

namespace {
}

// One call of listen(). Not wanted any more, it drops the port that still comes.
struct StreamServerEndpointService::Listening {
  Deferred<> waiting{nullptr};
  std::unique_ptr<Port> port;
  std::optional<Failure> failure;
  bool wanted = true;
  bool started = false;                                // startService() has returned: failures are logged
};

StreamServerEndpointService::StreamServerEndpointService(std::shared_ptr<ServerEndpoint> endpoint, std::shared_ptr<Factory> factory)
    : endpoint_(std::move(endpoint)), factory_(std::move(factory)) {}

StreamServerEndpointService::~StreamServerEndpointService() {
  if (!listening_) return;
  listening_->wanted = false;
  listening_->waiting.cancel();
}

void StreamServerEndpointService::listen() {
  if (listening_) return;
  const auto listening = std::make_shared<Listening>();
  listening_ = listening;
  listening->waiting = maybeDeferred([&] { return endpoint_->listen(factory_); }).addBoth([weak = std::weak_ptr(listening)](Outcome<std::unique_ptr<Port>> outcome) {
    const auto listening = weak.lock();                // it holds what waits here: no circle
    if (!listening) return;
    if (outcome && listening->wanted) listening->port = std::move(*outcome);
    else if (!outcome && listening->wanted && listening->started) kNetLog.failure(outcome.failure(), "a server does not listen");
    else if (!outcome) listening->failure = std::move(outcome.failure());
  });
}

void StreamServerEndpointService::privilegedStartService() { listen(); }

void StreamServerEndpointService::startService() {
  listen();
  if (listening_->failure) {
    const Failure failure = *std::exchange(listening_, nullptr)->failure;
    failure.rethrow();
  }
  listening_->started = true;
  Service::startService();
}

Deferred<> StreamServerEndpointService::stopService() {
  Service::stopService().detach();
  const auto listening = std::exchange(listening_, nullptr);
  if (!listening) return succeed();
  listening->wanted = false;
  listening->waiting.cancel();
  if (!listening->port) return succeed();
  Deferred<> stopping = listening->port->stopListening();
  return stopping.addBoth([listening] {});
}

Port* StreamServerEndpointService::port() const noexcept { return listening_ ? listening_->port.get() : nullptr; }

}  // namespace weft::net
