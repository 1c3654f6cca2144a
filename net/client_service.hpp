// ClientService: a connection that is made again whenever it is lost.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/service.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/protocol.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace weft::net {

/// How many seconds to wait after so many failures in a row (1, 2, …). Nothing: give up, until the service is started again; whenConnected() then fails with the last error.
using RetryPolicy = std::function<std::optional<double>(int failedAttempts)>;

/// Random numbers from 0 to 1, of this seed or of the system's.
std::function<double()> randomJitter();
std::function<double()> randomJitter(std::uint64_t seed);

/// min(initialDelay * factor^min(100, failedAttempts), maxDelay) + jitter(), in seconds. The jitter keeps the clients of a server that has restarted from coming back all at once.
RetryPolicy backoffPolicy(double initialDelay = 1, double maxDelay = 60, double factor = 1.5, std::function<double()> jitter = randomJitter());

/// Stays connected to an endpoint: connects, and when that fails or the connection is lost, waits as its policy says and connects again, until it is stopped.
///
///     ClientService client(std::move(endpoint), factoryOf<Feed>(), reactor);
///     client.startService();
///     auto feed = co_await client.whenConnected();
///     …
///     co_await client.stopService();
///
/// The protocol gets connectionMade and connectionLost as always; while this service watches it, transport().protocol() is a wrapper around it. A protocol that hands its connection on
/// (Transport::setProtocol) takes it from the service's sight: the service then counts it as connected until it is stopped.
///
/// Destroyed, it closes its connection, and whenConnected()'s Deferreds fail with CancelledError. The clock must outlive it. Thread: the reactor's.
class ClientService : public Service {
 public:
  enum class State : std::uint8_t { Init, Connecting, Waiting, Connected, Disconnecting, Restarting, Stopped };

  /// Called with each new protocol, after its connectionMade, before whenConnected() tells of it: to log in, for instance. When it throws, or its Deferred fails, the connection is aborted, and that
  /// counts as a failed attempt. Its Deferred is cancelled when the connection is lost meanwhile.
  using PrepareConnection = std::function<Deferred<>(std::shared_ptr<Protocol>)>;

  ClientService(std::shared_ptr<ClientEndpoint> endpoint, std::shared_ptr<Factory> factory, Clock& clock, RetryPolicy retryPolicy = backoffPolicy(),
                PrepareConnection prepareConnection = {});
  ~ClientService() override;

  /// Begins to connect. No effect when it runs. While it is stopping: connects anew as soon as the old connection has gone.
  void startService() override;
  /// Ends the connection, or the attempt. Fires when it is closed. cancel: does not wait until what was written has been sent.
  Deferred<> stopService() override;

  /// The protocol, now if there is one, else when there will be. With `failAfterFailures` it does not wait longer than that many failed attempts, and fails with the last one's error. Fails with
  /// CancelledError when the service is stopped, or has been.
  Deferred<std::shared_ptr<Protocol>> whenConnected(std::optional<int> failAfterFailures = std::nullopt);

  State state() const noexcept;
  /// In a row; 0 while connected.
  int failedAttempts() const noexcept;
  /// Of the attempt or connection that failed last; nothing after a success.
  const std::optional<Failure>& lastFailure() const noexcept;

 private:
  class Machine;
  class Watched;
  std::shared_ptr<Machine> machine_;
};

}  // namespace weft::net
