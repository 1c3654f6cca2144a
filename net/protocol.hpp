// Protocol: what happens on one connection. Factory: where a server's protocols come from.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/net/address.hpp>

#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft::net {

class Transport;
namespace detail {
class FactoryUse;
}

/// One connection's behaviour, in Twisted's callback manner: the fastest way to use a connection. Derive from it, and give it to a Transport
/// (Transport::setProtocol, connectProtocol(), or a Factory).
///
///     class Echo : public Protocol {
///       void dataReceived(std::string_view data) override { transport().write(data); }
///     };
///
/// Order: connectionMade once, dataReceived any number of times, connectionLost exactly once and last. All on the reactor's thread, never one inside another.
///
/// Ownership: the transport holds its protocol until connectionLost has returned, and then lets go. `transport()` may be used from connectionMade until then.
///
/// An exception that leaves dataReceived (or connectionMade, readConnectionLost) closes this connection, with that exception as the reason of connectionLost;
/// one that leaves connectionLost is logged.
class Protocol {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  virtual void connectionMade() {}
  /// Bytes have come, in pieces of any size. `data` is the reactor's read buffer: it dies when this returns.
  virtual void dataReceived(std::string_view data) = 0;
  /// The peer will send no more (it may still read). As it stands, the connection is closed once what has been written is sent; override it, without calling this, to
  /// go on writing.
  virtual void readConnectionLost();
  /// After loseWriteConnection(): everything has been sent, and the peer has been told.
  virtual void writeConnectionLost() {}
  /// It is over. `reason` holds ConnectionDone, ConnectionLost, ConnectionAborted, or what dataReceived threw.
  virtual void connectionLost(const Failure& reason) { static_cast<void>(reason); }

  /// Called by the transport: remembers it and calls connectionMade(). Override it to wrap another protocol.
  virtual void makeConnection(Transport& transport);

  Transport& transport() const noexcept { return *transport_; }
  /// From makeConnection() until connectionLost() has returned, is there a transport to talk to?
  bool hasTransport() const noexcept { return transport_ != nullptr; }
  /// Called by the transport when it lets go.
  void clearTransport() noexcept { transport_ = nullptr; }

 private:
  Transport* transport_ = nullptr;
};

/// Makes the protocol of each connection that a Port accepts.
class Factory {
 public:
  Factory() = default;
  Factory(const Factory&) = delete;
  Factory& operator=(const Factory&) = delete;
  virtual ~Factory() = default;

  /// `peer` is who calls. Null: refuse, the connection is closed. An exception does the same and is logged.
  virtual std::shared_ptr<Protocol> buildProtocol(const Address& peer) = 0;
  /// Around the time in which it is used: before the first port that uses it listens, after the last one has stopped.
  virtual void doStart() {}
  virtual void doStop() {}

 private:
  friend detail::FactoryUse;
  int ports_ = 0;
};

namespace detail {
/// What a port holds of its factory.
class FactoryUse {
 public:
  explicit FactoryUse(std::shared_ptr<Factory> factory) : factory_(std::move(factory)) {
    if (factory_->ports_++ == 0) factory_->doStart();
  }
  FactoryUse(const FactoryUse&) = delete;
  FactoryUse& operator=(const FactoryUse&) = delete;
  ~FactoryUse() { stop(); }
  void stop() noexcept;
  /// buildProtocol(); null where it throws, which is logged.
  std::shared_ptr<Protocol> build(const Address& peer) noexcept;

 private:
  std::shared_ptr<Factory> factory_;
};
}  // namespace detail

/// A factory of a function: `factory([] { return std::make_shared<Echo>(); })`, or of one that takes the peer's Address.
template <class F>
  requires std::invocable<F&> || std::invocable<F&, const Address&>
std::shared_ptr<Factory> factory(F build) {
  class FunctionFactory final : public Factory {
   public:
    explicit FunctionFactory(F build) : build_(std::move(build)) {}
    std::shared_ptr<Protocol> buildProtocol(const Address& peer) override {
      if constexpr (std::is_invocable_v<F&, const Address&>) return build_(peer);
      else return build_();
    }

   private:
    F build_;
  };
  return std::make_shared<FunctionFactory>(std::move(build));
}

/// A factory that makes a P for each connection: `factoryOf<Echo>()`. The arguments are copied for each.
template <std::derived_from<Protocol> P, class... A> std::shared_ptr<Factory> factoryOf(A... arguments) {
  return factory([... arguments = std::move(arguments)] { return std::make_shared<P>(arguments...); });
}

}  // namespace weft::net
