// ReconnectingClientFactory: Twisted's older way to stay connected. ClientService is the one for new programs.
#pragma once

#include <weft/net/client_service.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace weft::net {

/// The delays of a ReconnectingClientFactory, in seconds.
class ReconnectOptions {
 public:
  ReconnectOptions() = default;
  /// 1 unless set. The first retry waits `factor` times this.
  ReconnectOptions& initialDelay(double seconds) { return initialDelay_ = seconds, *this; }
  double initialDelay() const noexcept { return initialDelay_; }
  /// 3600 unless set.
  ReconnectOptions& maxDelay(double seconds) { return maxDelay_ = seconds, *this; }
  double maxDelay() const noexcept { return maxDelay_; }
  /// What each delay is multiplied by for the next one: e unless set.
  ReconnectOptions& factor(double factor) { return factor_ = factor, *this; }
  double factor() const noexcept { return factor_; }
  /// The standard deviation of a delay, as a part of it: 0.1196 unless set. 0: none.
  ReconnectOptions& jitter(double part) { return jitter_ = part, *this; }
  double jitter() const noexcept { return jitter_; }
  /// How often to try again before it gives up. No limit unless set.
  ReconnectOptions& maxRetries(int retries) { return maxRetries_ = retries, *this; }
  std::optional<int> maxRetries() const noexcept { return maxRetries_; }
  /// Of the jitter, for tests. The system's unless set.
  ReconnectOptions& seed(std::uint64_t seed) { return seed_ = seed, *this; }
  std::optional<std::uint64_t> seed() const noexcept { return seed_; }

 private:
  double initialDelay_ = 1;
  double maxDelay_ = 3600;
  double factor_ = 2.7182818284590451;
  double jitter_ = 0.119626565582;
  std::optional<int> maxRetries_;
  std::optional<std::uint64_t> seed_;
};

/// A factory whose protocols' connections are made again when they are lost. Derive from it and build the protocol.
///
///     class Feeds : public ReconnectingClientFactory {
///       std::shared_ptr<Protocol> buildProtocol(const Address&) override { return std::make_shared<Feed>(); }
///     };
///     feeds->connect(endpoint, reactor);
///
/// After a connection that was made the delays begin anew by themselves; in Twisted a protocol has to call resetDelay() for that, which is easily forgotten.
///
/// Destroyed, it closes its connection.
class ReconnectingClientFactory : public Factory {
 public:
  explicit ReconnectingClientFactory(ReconnectOptions options = {});
  ~ReconnectingClientFactory() override;

  /// Connects to `endpoint` until stopTrying(). A second call stops what the first one began. `clock` must outlive this.
  void connect(std::shared_ptr<ClientEndpoint> endpoint, Clock& clock);
  /// Closes the connection, and makes no other. Fires when it is closed.
  Deferred<> stopTrying();
  /// The next delay is the first one again.
  void resetDelay() noexcept;
  /// How often it has tried again since it was connected last.
  int retries() const noexcept;
  /// The last delay, in seconds.
  double delay() const noexcept;

 private:
  class Forward;
  struct Delays;
  std::shared_ptr<Delays> delays_;
  std::shared_ptr<Forward> forward_;
  std::unique_ptr<ClientService> service_;
};

}  // namespace weft::net
