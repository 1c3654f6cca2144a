#include <weft/net/testing/memory_network.hpp>

#include <weft/net/internal/memory_connection.hpp>

#include <array>
#include <cerrno>
#include <map>
#include <stdexcept>
#include <utility>

namespace weft::net {

struct MemoryNetwork::Listening {
  Listening(const Address& address, std::shared_ptr<Factory> factory) : address(address), factory(std::move(factory)) {}
  Address address;
  detail::FactoryUse factory;
};

struct MemoryNetwork::State {
  State(Clock& clock, std::uint64_t seed) : world(std::make_shared<detail::MemoryWorld>(clock, seed)) {}

  MemoryLink linkFor(const std::string& host, std::uint16_t port) {
    const std::uint64_t number = attempts++;
    if (choose)
      if (const auto link = choose(host, port, number)) return *link;
    const auto named = links.find(host);
    return named != links.end() ? named->second : link;
  }
  std::shared_ptr<Listening> listener(const Address& at) const {
    for (const Address& address : {at, Address(Address::Family::IPv4, {}, at.port()), Address(Address::Family::IPv6, {}, at.port())})
      if (const auto found = listening.find(address); found != listening.end()) return found->second;
    return nullptr;
  }
  void established(Trigger<std::shared_ptr<Transport>> trigger, const MemoryLink& link, std::uint64_t number, const std::string& host, const Address& to, Address from);

  std::shared_ptr<detail::MemoryWorld> world;
  std::map<std::string, Address> hosts{{"localhost", Address::loopback(0)}};
  std::map<Address, std::shared_ptr<Listening>> listening;
  MemoryLink link;
  std::map<std::string, MemoryLink> links;
  LinkChoice choose;
  std::uint64_t attempts = 0;
  std::uint32_t nextHost = 1;
  std::uint16_t nextPort = 49152;
  std::uint16_t nextClientPort = 32768;
  bool ended = false;
};

class MemoryNetwork::MemoryPort final : public Port {
 public:
  MemoryPort(std::shared_ptr<State> state, std::shared_ptr<Listening> listening) : state_(std::move(state)), listening_(std::move(listening)) {}
  ~MemoryPort() override { stop(); }
  Address getHost() const override { return listening_->address; }
  Deferred<> stopListening() override {
    stop();
    return succeed();
  }

 private:
  void stop() noexcept {
    const auto found = state_->listening.find(listening_->address);
    if (found != state_->listening.end() && found->second == listening_) state_->listening.erase(found);
    listening_->factory.stop();
  }
  std::shared_ptr<State> state_;
  std::shared_ptr<Listening> listening_;
};

MemoryNetwork::MemoryNetwork(Clock& clock, std::uint64_t seed) : state_(std::make_shared<State>(clock, seed)) {}

MemoryNetwork::~MemoryNetwork() {
  state_->ended = true;
  auto& open = state_->world->open;
  while (!open.empty()) open.back()->networkEnds();
  state_->listening.clear();
  state_->choose = nullptr;
}

Clock& MemoryNetwork::clock() noexcept { return state_->world->clock; }
std::size_t MemoryNetwork::openConnections() const noexcept { return state_->world->open.size() / 2; }
std::uint64_t MemoryNetwork::attempts() const noexcept { return state_->attempts; }

Address MemoryNetwork::addHost(std::string name) {
  const std::uint32_t number = state_->nextHost++;
  const Address address(Address::Family::IPv4,
                        {10, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}, 0);
  addHost(std::move(name), address);
  return address;
}
void MemoryNetwork::addHost(std::string name, const Address& address) { state_->hosts.insert_or_assign(std::move(name), address.withPort(0)); }
void MemoryNetwork::removeHost(const std::string& name) { state_->hosts.erase(name); }

Address MemoryNetwork::hostNamed(const std::string& name) const {
  if (name.empty()) return {};
  if (const auto numeric = Address::parse(name, 0)) return *numeric;
  const auto found = state_->hosts.find(name);
  if (found == state_->hosts.end()) throw std::invalid_argument("MemoryNetwork: there is no host \"" + name + "\": addHost() first");
  return found->second;
}

void MemoryNetwork::partition(const std::string& host, const std::string& other) {
  state_->world->cuts.emplace(hostNamed(host), hostNamed(other));
  state_->world->note("partition ", host, other.empty() ? "" : " and ", other);
}

void MemoryNetwork::repair(const std::string& host, const std::string& other) {
  auto& cuts = state_->world->cuts;
  cuts.erase({hostNamed(host), hostNamed(other)});
  cuts.erase({hostNamed(other), hostNamed(host)});
  state_->world->note("repair ", host, other.empty() ? "" : " and ", other);
  for (detail::MemoryConnection* const connection : state_->world->open) connection->repaired();
}

void MemoryNetwork::repair() {
  state_->world->cuts.clear();
  state_->world->note("repair all");
  for (detail::MemoryConnection* const connection : state_->world->open) connection->repaired();
}

void MemoryNetwork::vanish(const std::string& host) {
  const Address address = hostNamed(host);
  state_->world->note("vanish ", host);
  for (detail::MemoryConnection* const connection : state_->world->open)
    if (connection->getHost().withPort(0) == address) connection->vanish();
}

void MemoryNetwork::at(Delay delay, std::string name, std::function<void()> action) {
  clock().callLater(delay, [watch = std::weak_ptr(state_), name = std::move(name), action = std::move(action)] {
    const auto state = watch.lock();
    if (!state || state->ended) return;
    state->world->note(name);
    action();
  });
}

void MemoryNetwork::logEvents(std::size_t most) { state_->world->mostEvents = most; }
const std::vector<std::string>& MemoryNetwork::log() const noexcept { return state_->world->events; }

void MemoryNetwork::setLink(const MemoryLink& link) { state_->link = link; }
void MemoryNetwork::setLink(std::string name, const MemoryLink& link) { state_->links.insert_or_assign(std::move(name), link); }
void MemoryNetwork::setLinks(LinkChoice choose) { state_->choose = std::move(choose); }

Deferred<std::vector<Address>> MemoryNetwork::resolve(std::string host, std::uint16_t port) {
  if (const auto numeric = Address::parse(host, port)) return succeed(std::vector<Address>{*numeric});
  const auto found = state_->hosts.find(host);
  if (found == state_->hosts.end()) return fail<std::vector<Address>>(DNSLookupError(host, port, "looking up the name: no such name in this MemoryNetwork"));
  return succeed(std::vector<Address>{found->second.withPort(port)});
}

Deferred<std::shared_ptr<Transport>> MemoryNetwork::connect(std::string host, std::uint16_t port, const ConnectOptions& options) {
  const std::uint64_t wireNumber = state_->attempts;
  const MemoryLink link = state_->linkFor(host, port);
  auto addresses = resolve(host, port).result();
  if (!addresses) return fail<std::shared_ptr<Transport>>(std::move(addresses.failure()));
  Address from = options.bindAddress();
  if (!from) from = Address(Address::Family::IPv4, {10, 255, 0, 1}, 0);
  if (from.port() == 0) {
    from = from.withPort(state_->nextClientPort++);
    if (state_->nextClientPort == 0) state_->nextClientPort = 32768;
  }
  const Address to = addresses->front();
  const Delay roundTrip(2 * link.latency_.value());
  const bool late = options.timeout() < roundTrip || link.answer_ == MemoryLink::Answer::None || state_->world->isCut(from, to);
  state_->world->note("#", wireNumber, " connecting to ", host, " port ", port);
  const auto call = std::make_shared<DelayedCall>();
  Deferred<std::shared_ptr<Transport>> connecting([call] {
    if (call->active()) call->cancel();
  });
  // The trigger is held by the call, so that it is not abandoned.
  *call = clock().callLater(late ? options.timeout() : roundTrip, [state = state_, trigger = connecting.takeTrigger(), link, wireNumber, host, to, from, late,
                                                                    seconds = options.timeout().seconds()]() mutable {
    if (!late) return state->established(std::move(trigger), link, wireNumber, host, to, from);
    state->world->note("#", wireNumber, " connecting timed out");
    trigger.errback(ConnectTimeout(host, to.port(), seconds));
  });
  return connecting;
}

void MemoryNetwork::State::established(Trigger<std::shared_ptr<Transport>> trigger, const MemoryLink& how, std::uint64_t number, const std::string& host,
                                       const Address& to, Address from) {
  if (ended) return trigger.errback(ConnectError(host, to.port(), "the MemoryNetwork is gone"));
  const std::shared_ptr<Listening> port = listener(to);
  if (!port || how.answer_ == MemoryLink::Answer::Refuse) {
    world->note("#", number, " refused");
    return trigger.errback(ConnectionRefused(host, to.port(), detail::systemErrorText(ECONNREFUSED), ECONNREFUSED));
  }
  world->note("#", number, " connected");
  const auto wire = std::make_shared<detail::MemoryWire>(world, how, number, from, to);
  const auto client = std::make_shared<detail::MemoryConnection>(wire, MemoryLink::Direction::ToClient, from, to);
  const auto server = std::make_shared<detail::MemoryConnection>(wire, MemoryLink::Direction::ToServer, to, from);
  trigger.callback(std::shared_ptr<Transport>(client));
  if (const auto protocol = port->factory.build(from)) server->setProtocol(protocol);
  else server->loseConnection();
}

std::unique_ptr<Port> MemoryNetwork::listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options) {
  const std::string& interface = options.interface();
  auto address = Address::parse(interface.empty() ? "0.0.0.0" : interface, port);
  if (!address) {
    const auto named = state_->hosts.find(interface);
    if (named == state_->hosts.end()) throw CannotListenError(interface, port, "this is neither a numeric address nor a host of this MemoryNetwork");
    address = named->second.withPort(port);
  }
  while (address->port() == 0) {
    const Address next = address->withPort(state_->nextPort++);
    if (next.port() != 0 && !state_->listening.contains(next)) address = next;
  }
  auto listening = std::make_shared<Listening>(*address, std::move(factory));
  if (!state_->listening.emplace(*address, listening).second)
    throw CannotListenError(interface, port, detail::systemErrorText(EADDRINUSE), EADDRINUSE);
  return std::make_unique<MemoryPort>(state_, std::move(listening));
}

}  // namespace weft::net
