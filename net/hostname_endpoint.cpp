#include <weft/net/hostname_endpoint.hpp>

#include <weft/net/happy_eyeballs.hpp>

#include <utility>

namespace weft::net {

HostnameEndpoint::HostnameEndpoint(Network& network, std::string host, std::uint16_t port, const ConnectOptions& options)
    : HostnameEndpoint(network, nullptr, std::move(host), port, options) {}

HostnameEndpoint::HostnameEndpoint(Network& network, std::shared_ptr<Resolver> resolver, std::string host, std::uint16_t port, const ConnectOptions& options)
    : network_(network), resolver_(std::move(resolver)), host_(std::move(host)), port_(port), options_(options) {}

Deferred<std::shared_ptr<Transport>> HostnameEndpoint::connect() {
  if (!resolver_) return network_.connect(host_, port_, options_);
  return happyEyeballs(
      network_.clock(), host_, port_, resolver_->resolve(host_, port_),
      [&network = network_, options = options_](const Address& address) { return network.connect(address.host(), address.port(), options); }, options_);
}

}  // namespace weft::net
