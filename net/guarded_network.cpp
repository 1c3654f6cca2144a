#include <weft/net/guarded_network.hpp>

#include <weft/net/happy_eyeballs.hpp>

#include <optional>
#include <utility>

namespace weft::net {

namespace {

/// Those of the addresses that may be connected to. Throws AddressRefused where none may.
std::vector<Address> allowedOf(const AddressGuard& guard, const std::string& host, std::uint16_t port, const std::vector<Address>& addresses) {
  std::vector<Address> allowed;
  std::optional<AddressRefused> refused;
  for (const Address& address : addresses) {
    const auto refusal = guard.check(host, address);
    if (!refusal) allowed.push_back(address);
    else if (!refused) refused.emplace(host, port, address, refusal->rule, refusal->range);
  }
  if (allowed.empty() && refused) throw AddressRefused(*refused);
  return allowed;
}

}  // namespace

GuardedNetwork::GuardedNetwork(Network& inner, AddressGuard guard) : inner_(inner), guard_(std::make_shared<AddressGuard>(std::move(guard))) {}

Deferred<std::shared_ptr<Transport>> GuardedNetwork::connect(std::string host, std::uint16_t port, const ConnectOptions& options) {
  if (const auto numeric = Address::parse(host, port)) {
    if (const auto refusal = guard_->check(host, *numeric))
      return fail<std::shared_ptr<Transport>>(AddressRefused(host, port, *numeric, refusal->rule, refusal->range));
    return inner_.connect(numeric->host(), port, options);
  }
  auto addresses = inner_.resolve(host, port).addCallback(
      [guard = guard_, host, port](std::vector<Address> found) { return allowedOf(*guard, host, port, found); });
  auto connect = [&inner = inner_, port, options](const Address& address) { return inner.connect(address.host(), port, options); };
  return happyEyeballs(inner_.clock(), std::move(host), port, std::move(addresses), std::move(connect), options);
}

std::unique_ptr<Port> GuardedNetwork::listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options) {
  return inner_.listen(port, std::move(factory), options);
}

Deferred<std::vector<Address>> GuardedNetwork::resolve(std::string host, std::uint16_t port) { return inner_.resolve(std::move(host), port); }

}  // namespace weft::net
