#include <weft/net/endpoints/tcp_endpoint.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace weft::net {

namespace {

using Connected = std::shared_ptr<Transport>;

std::string_view nameOf(Address::Family family) { return family == Address::Family::IPv4 ? "IPv4" : "IPv6"; }

Deferred<Connected> connectFamily(Network& network, std::string host, std::uint16_t port, ConnectOptions options, Address::Family family) {
  const std::vector<Address> addresses = co_await network.resolve(host, port);
  std::optional<Failure> last;
  for (const Address& address : addresses) {
    if (address.family() != family) continue;
    Deferred<Connected> attempt = network.connect(address.host(), port, options);
    Outcome<Connected> outcome = co_await attempt.outcome();
    if (outcome || !outcome.failure().check<ConnectError>()) co_return std::move(outcome);
    if (outcome.failure().check<ConnectTimeout>()) co_return Failure(ConnectTimeout(host, port, options.timeout().seconds()));      // not of the address alone
    last = std::move(outcome.failure());
  }
  if (!last) co_return Failure(HostUnreachable(host, port, "it has no " + std::string(nameOf(family)) + " address"));
  co_return std::move(*last);
}

}  // namespace

Deferred<Connected> TCPClientEndpoint::connect() {
  if (family_ == Address::Family::None) return network_.connect(host_, port_, options_);
  auto timedOut = [host = host_, port = port_, seconds = options_.timeout().seconds()](Outcome<Connected> outcome) -> Outcome<Connected> {
    if (!outcome && outcome.failure().check<CancelledError>()) return Failure(ConnectTimeout(host, port, seconds));
    return outcome;
  };
  return connectFamily(network_, host_, port_, options_, family_).addTimeout(options_.timeout(), network_.clock(), std::move(timedOut));
}

Deferred<std::unique_ptr<Port>> TCPServerEndpoint::listen(std::shared_ptr<Factory> factory) {
  ListenOptions options = options_;
  if (options.interface().empty()) {
    if (family_ == Address::Family::IPv6) options.interface("::");
  } else if (const auto address = Address::parse(options.interface(), port_); address && address->family() != family_) {
    return fail<std::unique_ptr<Port>>(CannotListenError(options.interface(), port_, "this is not an " + std::string(nameOf(family_)) + " address"));
  }
  return maybeDeferred([&] { return network_.listen(port_, std::move(factory), options); });
}

}  // namespace weft::net
