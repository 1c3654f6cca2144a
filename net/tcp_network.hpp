// TcpNetwork: the real network.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/names/resolver.hpp>
#include <weft/net/network.hpp>

#include <memory>

namespace weft::net {

/// Connections over TCP, driven by a Reactor. Costs nothing to make; several for one reactor are the same network.
///
///     Reactor reactor;
///     TcpNetwork network(reactor);
///     auto port = network.listen(0, factoryOf<Echo>(), ListenOptions().interface("127.0.0.1"));
///
/// Names are looked up by the resolver it was given, else by a MachineResolver that all networks of the reactor share. The reactor must outlive the TcpNetwork, but need not
/// outlive its transports and ports.
class TcpNetwork final : public Network {
 public:
  explicit TcpNetwork(Reactor& reactor) noexcept : reactor_(reactor) {}
  TcpNetwork(Reactor& reactor, std::shared_ptr<Resolver> resolver) noexcept : reactor_(reactor), resolver_(std::move(resolver)) {}

  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options = {}) override;
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) override;
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override;
  Clock& clock() noexcept override { return reactor_; }
  Reactor& reactor() noexcept { return reactor_; }
  Resolver& resolver();

 private:
  Reactor& reactor_;
  std::shared_ptr<Resolver> resolver_;                 // null: the one that the reactor's networks share
};

}  // namespace weft::net
