// LimitTotalConnectionsFactory, LimitConnectionsByPeer: how many connections a server takes.
#pragma once

#include <weft/net/policies/protocol_wrapper.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace weft::net {

namespace detail {
/// Calls something once, when its connection has ended or never came about.
class CountedConnection final : public ProtocolWrapper {
 public:
  CountedConnection(std::shared_ptr<Protocol> protocol, std::function<void()> ended) : ProtocolWrapper(std::move(protocol)), ended_(std::move(ended)) {}
  ~CountedConnection() override { end(); }
  void connectionLost(const Failure& reason) override {
    ProtocolWrapper::connectionLost(reason);
    end();
  }

 private:
  void end() {
    if (const auto ended = std::exchange(ended_, nullptr)) ended();
  }
  std::function<void()> ended_;
};
}  // namespace detail

/// At most so many connections at a time. One more is refused, or, with an overflow factory, gets a protocol that says so ("come back later", and closes); of these there are at most
/// as many again.
class LimitTotalConnectionsFactory : public WrappingFactory {
 public:
  LimitTotalConnectionsFactory(std::shared_ptr<Factory> wrapped, std::size_t limit, std::shared_ptr<Factory> overflow = nullptr);
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override;

  std::size_t connections() const noexcept { return counts_->connections; }
  std::size_t overflowing() const noexcept { return counts_->overflowing; }
  /// For connections to come.
  void setLimit(std::size_t limit) noexcept { limit_ = limit; }

 private:
  struct Counts {
    std::size_t connections = 0;
    std::size_t overflowing = 0;
  };
  std::shared_ptr<Protocol> counted(Factory& factory, const Address& peer, std::size_t Counts::* count);

  std::size_t limit_;
  std::shared_ptr<Factory> overflow_;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

/// At most so many connections at a time from one address; one more is refused. All IPv6 addresses whose first `ipv6Prefix` bits are equal count as one, since one customer usually
/// has that many; an IPv4 address counts as itself, written as an IPv6 address too.
class LimitConnectionsByPeer : public WrappingFactory {
 public:
  LimitConnectionsByPeer(std::shared_ptr<Factory> wrapped, std::size_t limit, int ipv6Prefix = 64);
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override;
  /// How many connections there are from where `peer` is.
  std::size_t connectionsFrom(const Address& peer) const;

 private:
  Address group(const Address& peer) const noexcept;

  std::size_t limit_;
  int ipv6Prefix_;
  std::shared_ptr<std::map<Address, std::size_t>> counts_ = std::make_shared<std::map<Address, std::size_t>>();
};

}  // namespace weft::net
