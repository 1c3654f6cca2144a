// GuardedNetwork: a network that refuses some addresses.
#pragma once

#include <weft/net/address_guard.hpp>
#include <weft/net/network.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// A layer around a Network: connect() checks every address against an AddressGuard, after the name was looked up, and connects to the very address that it checked. A name that
/// means something else a moment later (DNS rebinding) gains nothing by it.
///
///     GuardedNetwork guarded(tcp, AddressGuard().allowHost("intranet.example"));
///     co_await guarded.connect("intranet.example", 80);    // wherever it is
///     co_await guarded.connect("127.0.0.1", 6379);          // AddressRefused
///
/// Of a name with several addresses those that are allowed are tried, by happyEyeballs(); AddressRefused when none is. Listening and looking up are the inner network's, and
/// unchanged. The inner network must outlive this one and its attempts to connect.
class GuardedNetwork final : public Network {
 public:
  explicit GuardedNetwork(Network& inner, AddressGuard guard = {});

  const AddressGuard& guard() const noexcept { return *guard_; }
  /// AddressGuard::allowHost(), for connections from now on.
  void allowHost(std::string host) { guard_->allowHost(std::move(host)); }

  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options = {}) override;
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) override;
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override;
  Clock& clock() noexcept override { return inner_.clock(); }

 private:
  Network& inner_;
  std::shared_ptr<AddressGuard> guard_;
};

}  // namespace weft::net
