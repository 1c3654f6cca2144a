// HostnameEndpoint: a host and a port, as an endpoint.
#pragma once

#include <weft/net/endpoint.hpp>
#include <weft/net/names/resolver.hpp>
#include <weft/net/network.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace weft::net {

/// Connects to a name (or a numeric address) by TCP, trying its addresses as happyEyeballs() does.
///
///     HostnameEndpoint server(network, "example.com", 443, ConnectOptions().timeout(5));
///     auto transport = co_await server.connect();
///
/// Errors: those of Network::connect(). A name that is not one fails at connect() with BadName.
class HostnameEndpoint final : public ClientEndpoint {
 public:
  /// The network looks the name up. It must outlive the endpoint.
  HostnameEndpoint(Network& network, std::string host, std::uint16_t port, const ConnectOptions& options = {});
  /// `resolver` looks the name up, and the network only sees numeric addresses.
  HostnameEndpoint(Network& network, std::shared_ptr<Resolver> resolver, std::string host, std::uint16_t port, const ConnectOptions& options = {});

  using ClientEndpoint::connect;
  Deferred<std::shared_ptr<Transport>> connect() override;

 private:
  Network& network_;
  const std::shared_ptr<Resolver> resolver_;
  const std::string host_;
  const std::uint16_t port_;
  const ConnectOptions options_;
};

}  // namespace weft::net
