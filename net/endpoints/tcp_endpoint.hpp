// TCP4ClientEndpoint, TCP6ClientEndpoint, TCP4ServerEndpoint, TCP6ServerEndpoint: TCP of one address family.
#pragma once

#include <weft/net/endpoint.hpp>
#include <weft/net/network.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace weft::net {

/// A host and port, over any Network (which must outlive the endpoint and its attempts). Names are looked up at each attempt; all their addresses are tried, one after the
/// other, within the timeout of `options`. For names with addresses of both families, where the first that answers should win, see HostnameEndpoint.
///
/// Errors of connect(): as Network::connect(); HostUnreachable where the host has no address of the family.
class TCPClientEndpoint : public ClientEndpoint {
 public:
  /// Any family, in the order in which the network resolves names.
  TCPClientEndpoint(Network& network, std::string host, std::uint16_t port, ConnectOptions options = {})
      : TCPClientEndpoint(network, std::move(host), port, std::move(options), Address::Family::None) {}
  using ClientEndpoint::connect;
  Deferred<std::shared_ptr<Transport>> connect() override;

 protected:
  TCPClientEndpoint(Network& network, std::string host, std::uint16_t port, ConnectOptions options, Address::Family family)
      : network_(network), host_(std::move(host)), options_(std::move(options)), port_(port), family_(family) {}

 private:
  Network& network_;
  std::string host_;
  ConnectOptions options_;
  std::uint16_t port_;
  Address::Family family_;
};
/// A port of a host, by its IPv4 addresses.
class TCP4ClientEndpoint final : public TCPClientEndpoint {
 public:
  TCP4ClientEndpoint(Network& network, std::string host, std::uint16_t port, ConnectOptions options = {})
      : TCPClientEndpoint(network, std::move(host), port, std::move(options), Address::Family::IPv4) {}
};
/// A port of a host, by its IPv6 addresses.
class TCP6ClientEndpoint final : public TCPClientEndpoint {
 public:
  TCP6ClientEndpoint(Network& network, std::string host, std::uint16_t port, ConnectOptions options = {})
      : TCPClientEndpoint(network, std::move(host), port, std::move(options), Address::Family::IPv6) {}
};

/// A port of this machine, over any Network (which must outlive the endpoint). Errors of listen(): CannotListenError, also where the interface is of the other family.
class TCPServerEndpoint : public ServerEndpoint {
 public:
  Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) override;

 protected:
  TCPServerEndpoint(Network& network, std::uint16_t port, ListenOptions options, Address::Family family)
      : network_(network), options_(std::move(options)), port_(port), family_(family) {}

 private:
  Network& network_;
  ListenOptions options_;
  std::uint16_t port_;
  Address::Family family_;
};

/// Without an interface in `options`: every IPv4 address. Port 0: any free one.
class TCP4ServerEndpoint final : public TCPServerEndpoint {
 public:
  explicit TCP4ServerEndpoint(Network& network, std::uint16_t port, ListenOptions options = {})
      : TCPServerEndpoint(network, port, std::move(options), Address::Family::IPv4) {}
};

/// Without an interface in `options`: every address, also of IPv4 where the system lets one socket have both.
class TCP6ServerEndpoint final : public TCPServerEndpoint {
 public:
  explicit TCP6ServerEndpoint(Network& network, std::uint16_t port, ListenOptions options = {})
      : TCPServerEndpoint(network, port, std::move(options), Address::Family::IPv6) {}
};

}  // namespace weft::net
