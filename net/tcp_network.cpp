#include <weft/net/tcp_network.hpp>

#include <weft/net/happy_eyeballs.hpp>
#include <weft/net/internal/default_resolver.hpp>
#include <weft/net/internal/socket_connection.hpp>
#include <weft/net/internal/socket_listener.hpp>

#include <utility>

namespace weft::net {

using Connected = std::shared_ptr<Transport>;

Deferred<Connected> TcpNetwork::connect(std::string host, std::uint16_t port, const ConnectOptions& options) {
  detail::SocketLoop& loop = detail::SocketLoop::of(reactor_);
  const Address& from = options.bindAddress();
  const auto numeric = Address::parse(host, port);
  if (!numeric || (from && from.family() != numeric->family())) {
    auto addresses = resolve(host, port);
    return happyEyeballs(
        reactor_, std::move(host), port, std::move(addresses),
        [&loop, from](const Address& address) { return detail::SocketConnection::connect(loop, address, from, address.host()); }, options);
  }
  const double seconds = options.timeout().seconds();
  auto timedOut = [host, port, seconds](Outcome<Connected> outcome) -> Outcome<Connected> {
    if (!outcome && outcome.failure().check<CancelledError>()) return Failure(ConnectTimeout(host, port, seconds));
    return outcome;
  };
  auto connecting = detail::SocketConnection::connect(loop, *numeric, from, std::move(host));
  if (connecting.called()) return connecting;
  return connecting.addTimeout(options.timeout(), reactor_, std::move(timedOut));
}

std::unique_ptr<Port> TcpNetwork::listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options) {
  return detail::SocketListener::listen(detail::SocketLoop::of(reactor_), port, std::move(factory), options);
}

Deferred<std::vector<Address>> TcpNetwork::resolve(std::string host, std::uint16_t port) {
  if (const auto numeric = Address::parse(host, port)) return succeed(std::vector<Address>{*numeric});
  return resolver().resolve(std::move(host), port);
}

Resolver& TcpNetwork::resolver() {
  if (!resolver_) resolver_ = detail::defaultResolver(reactor_);
  return *resolver_;
}

}  // namespace weft::net
