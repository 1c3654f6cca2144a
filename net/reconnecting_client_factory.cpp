#include <weft/net/reconnecting_client_factory.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace weft::net {

// Shared with the service's policy.
struct ReconnectingClientFactory::Delays {
  explicit Delays(const ReconnectOptions& options)
      : options(options), random(options.seed() ? *options.seed() : std::uint64_t{std::random_device()()}), delay(options.initialDelay()) {}

  std::optional<double> next() {
    if (options.maxRetries() && retries >= *options.maxRetries()) return std::nullopt;
    ++retries;
    delay = std::min(delay * options.factor(), options.maxDelay());
    if (options.jitter() > 0) delay = std::max(0.0, std::normal_distribution(delay, delay * options.jitter())(random));
    return delay;
  }
  void reset() noexcept {
    delay = options.initialDelay();
    retries = 0;
  }

  ReconnectOptions options;
  std::mt19937_64 random;
  double delay;
  int retries = 0;
};

// The service must not own the factory that owns it.
class ReconnectingClientFactory::Forward final : public Factory {
 public:
  explicit Forward(ReconnectingClientFactory* to) : to_(to) {}
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override { return to_ ? to_->buildProtocol(peer) : nullptr; }
  void forget() noexcept { to_ = nullptr; }

 private:
  ReconnectingClientFactory* to_;
};

ReconnectingClientFactory::ReconnectingClientFactory(ReconnectOptions options)
    : delays_(std::make_shared<Delays>(options)), forward_(std::make_shared<Forward>(this)) {}

ReconnectingClientFactory::~ReconnectingClientFactory() { forward_->forget(); }

void ReconnectingClientFactory::connect(std::shared_ptr<ClientEndpoint> endpoint, Clock& clock) {
  delays_->reset();
  service_ = std::make_unique<ClientService>(std::move(endpoint), forward_, clock, [delays = delays_](int failedAttempts) {
    if (failedAttempts == 1) delays->reset();          // there was a connection in between
    return delays->next();
  });
  service_->startService();
}

Deferred<> ReconnectingClientFactory::stopTrying() { return service_ ? service_->stopService() : succeed(); }

void ReconnectingClientFactory::resetDelay() noexcept { delays_->reset(); }

int ReconnectingClientFactory::retries() const noexcept { return service_ && service_->state() == ClientService::State::Connected ? 0 : delays_->retries; }

double ReconnectingClientFactory::delay() const noexcept { return delays_->delay; }

}  // namespace weft::net
