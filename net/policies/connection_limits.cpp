#include <weft/net/policies/connection_limits.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

namespace weft::net {

namespace {
}

LimitTotalConnectionsFactory::LimitTotalConnectionsFactory(std::shared_ptr<Factory> wrapped, std::size_t limit, std::shared_ptr<Factory> overflow)
    : WrappingFactory(std::move(wrapped)), limit_(limit), overflow_(std::move(overflow)) {}

std::shared_ptr<Protocol> LimitTotalConnectionsFactory::buildProtocol(const Address& peer) {
  if (counts_->connections < limit_) return counted(wrapped(), peer, &Counts::connections);
  kPoliciesLog.debug(limit_, " connections are open: ", peer, " is turned away");
  if (!overflow_ || counts_->overflowing >= limit_) return nullptr;
  return counted(*overflow_, peer, &Counts::overflowing);
}

std::shared_ptr<Protocol> LimitTotalConnectionsFactory::counted(Factory& factory, const Address& peer, std::size_t Counts::* count) {
  std::shared_ptr<Protocol> protocol = factory.buildProtocol(peer);
  if (!protocol) return nullptr;
  auto connection = std::make_shared<detail::CountedConnection>(std::move(protocol), [counts = counts_, count] { --((*counts).*count); });
  ++((*counts_).*count);
  return connection;
}

LimitConnectionsByPeer::LimitConnectionsByPeer(std::shared_ptr<Factory> wrapped, std::size_t limit, int ipv6Prefix)
    : WrappingFactory(std::move(wrapped)), limit_(limit), ipv6Prefix_(ipv6Prefix) {
  if (ipv6Prefix < 0 || ipv6Prefix > 128)
    throw std::invalid_argument("LimitConnectionsByPeer: an IPv6 prefix has 0 to 128 bits, not " + std::to_string(ipv6Prefix));
}

Address LimitConnectionsByPeer::group(const Address& peer) const noexcept {
  std::array<std::uint8_t, 16> bytes = peer.bytes();
  if (peer.family() != Address::Family::IPv6) return peer.withPort(0);
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin()))
    return Address(Address::Family::IPv4, {bytes[12], bytes[13], bytes[14], bytes[15]}, 0);
  for (int byte = 0; byte < 16; ++byte) {
    const int bits = std::clamp(ipv6Prefix_ - 8 * byte, 0, 8);
    bytes[static_cast<std::size_t>(byte)] &= static_cast<std::uint8_t>(0xff00 >> bits);
  }
  return Address(Address::Family::IPv6, bytes, 0);
}

std::shared_ptr<Protocol> LimitConnectionsByPeer::buildProtocol(const Address& peer) {
  const Address from = group(peer);
  if (connectionsFrom(peer) >= limit_) {
    kPoliciesLog.debug(limit_, " connections from ", from.host(), " are open: ", peer, " is turned away");
    return nullptr;
  }
  std::shared_ptr<Protocol> protocol = wrapped().buildProtocol(peer);
  if (!protocol) return nullptr;
  auto connection = std::make_shared<detail::CountedConnection>(std::move(protocol), [counts = counts_, from] {
    const auto found = counts->find(from);
    if (--found->second == 0) counts->erase(found);
  });
  ++(*counts_)[from];
  return connection;
}

std::size_t LimitConnectionsByPeer::connectionsFrom(const Address& peer) const {
  const auto found = counts_->find(group(peer));
  return found == counts_->end() ? 0 : found->second;
}

}  // namespace weft::net
