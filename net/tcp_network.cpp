#include <weft/net/tcp_network.hpp>

#include <weft/net/file_descriptor.hpp>
#include <weft/net/happy_eyeballs.hpp>
#include <weft/net/internal/default_resolver.hpp>
#include <weft/net/internal/socket.hpp>
#include <weft/net/internal/socket_connection.hpp>
#include <weft/net/internal/socket_listener.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <netinet/in.h>

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
  const std::string& interface = options.interface();
  const auto cannot = [&](int error) { return CannotListenError(interface, port, detail::systemErrorText(error), error); };
  const auto address = Address::parse(interface.empty() ? "0.0.0.0" : interface, port);
  if (!address) throw CannotListenError(interface, port, "this is not a numeric address; name an interface by its address");

  FileDescriptor socket(::socket(detail::familyOf(*address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket) throw cannot(errno);
  detail::setOption(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);  // a port whose connections linger in TIME_WAIT is free
  if (options.reusePort() && !detail::setOption(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1)) throw cannot(errno);
  if (address->family() == Address::Family::IPv6) detail::setOption(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  const detail::SocketAddress local(*address);
  if (::bind(socket.get(), local.data(), local.length) != 0 || ::listen(socket.get(), options.backlog()) != 0) throw cannot(errno);
  try {
    return detail::SocketListener::start(detail::SocketLoop::of(reactor_), std::move(socket), std::move(factory));
  } catch (const std::system_error& error) {
    throw cannot(error.code().value());
  }
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
