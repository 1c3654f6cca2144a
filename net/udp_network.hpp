// UdpNetwork: real datagrams.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/datagram.hpp>

namespace weft::net {

/// Datagrams over UDP, driven by a Reactor; at an address of Family::Unix, over UNIX datagram sockets (whose file is removed when it stops). Costs nothing to make.
///
///     UdpNetwork network(reactor);
///     auto port = network.listen(Address::loopback(0), std::make_shared<Echo>());
///
/// IPv6's "::" receives IPv4 too. The reactor must outlive the UdpNetwork, but need not outlive its ports.
class UdpNetwork final : public DatagramNetwork {
 public:
  explicit UdpNetwork(Reactor& reactor) noexcept : reactor_(reactor) {}
  DatagramPort listen(const Address& at, std::shared_ptr<DatagramProtocol> protocol, const DatagramOptions& options = {}) override;
  Clock& clock() noexcept override { return reactor_; }

 private:
  Reactor& reactor_;
};

}  // namespace weft::net
