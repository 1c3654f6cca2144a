#include <weft/net/tcp_network.hpp>

#include <weft/defer/threads.hpp>
#include <weft/net/internal/resolve.hpp>
#include <weft/net/internal/socket_connection.hpp>
#include <weft/net/internal/socket_listener.hpp>

#include <optional>
#include <utility>

namespace weft::net {

namespace {

using Connected = std::shared_ptr<Transport>;

Deferred<Connected> connectToAny(TcpNetwork& network, std::string host, std::uint16_t port, Address from) {
  detail::SocketLoop& loop = detail::SocketLoop::of(network.reactor());
  std::vector<Address> addresses = co_await network.resolve(host, port);
  std::optional<Failure> last;
  for (const Address& address : addresses) {
    if (from && from.family() != address.family()) continue;
    Deferred<Connected> attempt = detail::SocketConnection::connect(loop, address, from, host);
    Outcome<Connected> outcome = co_await attempt.outcome();
    if (outcome || !outcome.failure().check<ConnectError>()) co_return std::move(outcome);
    last = std::move(outcome.failure());
  }
  if (!last) co_return Failure(HostUnreachable(host, port, "it has no address of the family of the address to come from"));
  co_return std::move(*last);
}

}  // namespace

Deferred<Connected> TcpNetwork::connect(std::string host, std::uint16_t port, const ConnectOptions& options) {
  const double seconds = options.timeout().seconds();
  auto timedOut = [host, port, seconds](Outcome<Connected> outcome) -> Outcome<Connected> {
    if (!outcome && outcome.failure().check<CancelledError>()) return Failure(ConnectTimeout(host, port, seconds));
    return outcome;
  };
  const auto numeric = Address::parse(host, port);
  const Address& from = options.bindAddress();
  auto connecting = numeric && (!from || from.family() == numeric->family())
                        ? detail::SocketConnection::connect(detail::SocketLoop::of(reactor_), *numeric, from, std::move(host))
                        : connectToAny(*this, std::move(host), port, from);
  if (connecting.called()) return connecting;
  return connecting.addTimeout(options.timeout(), reactor_, std::move(timedOut));
}

std::unique_ptr<Port> TcpNetwork::listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options) {
  return detail::SocketListener::listen(detail::SocketLoop::of(reactor_), port, std::move(factory), options);
}

Deferred<std::vector<Address>> TcpNetwork::resolve(std::string host, std::uint16_t port) {
  if (const auto numeric = Address::parse(host, port)) return succeed(std::vector<Address>{*numeric});
  return deferToThread(reactor_, [host = std::move(host), port] { return detail::resolveBlocking(host, port); });
}

}  // namespace weft::net
