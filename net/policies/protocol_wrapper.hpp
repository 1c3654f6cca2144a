// ProtocolWrapper, WrappingFactory: something put between a connection and its protocol, without either noticing.
#pragma once

#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// Stands between: it is the connection's protocol, and its protocol's transport. As it is, it passes everything on, both ways. Override what is to be seen, changed or held back, and
/// call the base to pass on.
///
///     class Shout : public ProtocolWrapper {
///       using ProtocolWrapper::ProtocolWrapper;
///       void write(std::string_view data) override { ProtocolWrapper::write(upper(data)); }
///     };
///
/// transport() is the connection below, protocol() the one above. Ownership: the connection holds the wrapper, the wrapper its protocol, both until connectionLost has returned; then all
/// references are cut. Who holds the wrapper longer, as a Transport, finds it ended.
class ProtocolWrapper : public Protocol, public Transport {
 public:
  explicit ProtocolWrapper(std::shared_ptr<Protocol> protocol) : inner_(std::move(protocol)) {}
  ~ProtocolWrapper() override;

  /// The way for a client, whose connection is there before its protocol: the wrapper goes around `below` and takes its place. Nothing is read before setProtocol(); dropped before
  /// that, `below` is let go with it. Call it once, instead of giving the wrapper to below.setProtocol().
  void wrapTransport(std::shared_ptr<Transport> below);

  // Protocol: what the connection says.
  void makeConnection(Transport& transport) override;
  void dataReceived(std::string_view data) override;
  void readConnectionLost() override;
  void writeConnectionLost() override;
  void connectionLost(const Failure& reason) override;

  // Transport: what the protocol says.
  void setProtocol(std::shared_ptr<Protocol> protocol) override;
  const std::shared_ptr<Protocol>& protocol() const noexcept override { return inner_; }
  void write(std::string_view data) override;
  void writeOwned(std::string data) override;
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;
  std::size_t buffered() const noexcept override;
  Deferred<> drained() override;
  void setWriteLimits(std::size_t low, std::size_t high, std::size_t limit) override;
  void registerProducer(std::shared_ptr<Producer> producer, bool streaming) override;
  void unregisterProducer() override;
  void loseConnection() override;
  void loseWriteConnection() override;
  void abortConnection() override;
  void abortConnection(Failure reason) override;
  bool connected() const noexcept override { return hasTransport() && transport().connected(); }
  void pauseReading() override;
  void resumeReading() override;
  /// Goes to the connection below: dataReceived here sees these bytes again.
  void unread(std::string data) override;
  Address getHost() const override;
  Address getPeer() const override { return peer_; }
  Clock& clock() const noexcept override { return *clock_; }
  void setTcpNoDelay(bool on) override;
  bool getTcpNoDelay() const override { return !hasTransport() || transport().getTcpNoDelay(); }
  void setTcpKeepAlive(bool on) override;
  bool getTcpKeepAlive() const override { return hasTransport() && transport().getTcpKeepAlive(); }

 private:
  std::shared_ptr<Transport> below_;                   // before there is a protocol
  std::shared_ptr<Protocol> inner_;
  std::vector<std::shared_ptr<Protocol>> replaced_;    // their callbacks may be running
  std::optional<Failure> reason_;                      // once it has ended
  Clock* clock_ = nullptr;
  Address peer_;
  bool paused_ = false;                                // by the protocol above
};

/// Wraps what another factory builds.
class WrappingFactory : public Factory {
 public:
  explicit WrappingFactory(std::shared_ptr<Factory> wrapped) : wrapped_(std::move(wrapped)) {}
  ~WrappingFactory() override;

  /// Null where the wrapped factory gives none.
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override;
  void doStart() override;
  void doStop() override;

 protected:
  /// What goes around `protocol`: a ProtocolWrapper, or one derived from it.
  virtual std::shared_ptr<Protocol> wrap(std::shared_ptr<Protocol> protocol, const Address& peer);
  Factory& wrapped() const noexcept { return *wrapped_; }

 private:
  std::shared_ptr<Factory> wrapped_;
  std::unique_ptr<detail::FactoryUse> use_;
};

}  // namespace weft::net
