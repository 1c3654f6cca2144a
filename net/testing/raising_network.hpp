// RaisingNetwork: a network on which nothing succeeds.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/net/network.hpp>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// For testing what a program does when there is no network: connect() fails with ConnectionRefused, listen() throws CannotListenError, resolve() fails with DNSLookupError; or
/// each with what it is given.
class RaisingNetwork final : public Network {
 public:
  RaisingNetwork() = default;
  explicit RaisingNetwork(Clock& clock) : clock_(&clock) {}

  RaisingNetwork& connectFailure(Failure failure) {
    connectFailure_ = std::move(failure);
    return *this;
  }
  RaisingNetwork& listenFailure(Failure failure) {
    listenFailure_ = std::move(failure);
    return *this;
  }
  RaisingNetwork& resolveFailure(Failure failure) {
    resolveFailure_ = std::move(failure);
    return *this;
  }

  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& = {}) override {
    if (connectFailure_) return fail<std::shared_ptr<Transport>>(*connectFailure_);
    return fail<std::shared_ptr<Transport>>(ConnectionRefused(std::move(host), port, "connection refused", ECONNREFUSED));
  }
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory>, const ListenOptions& options = {}) override {
    if (listenFailure_) std::rethrow_exception(listenFailure_->exception());
    throw CannotListenError(options.interface(), port, "address already in use", EADDRINUSE);
  }
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override {
    if (resolveFailure_) return fail<std::vector<Address>>(*resolveFailure_);
    return fail<std::vector<Address>>(DNSLookupError(std::move(host), port, "there is no network"));
  }
  Clock& clock() noexcept override { return clock_ ? *clock_ : ownClock_; }

 private:
  ManualClock ownClock_;
  Clock* clock_ = nullptr;
  std::optional<Failure> connectFailure_, listenFailure_, resolveFailure_;
};

}  // namespace weft::net
