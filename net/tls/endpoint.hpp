// wrapClientTLS, wrapServerTLS: TLS around any endpoint. TlsFactory: around any factory.
#pragma once

#include <weft/net/endpoint.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/tls/options.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace weft::net {

/// Connects with `endpoint`, then does the handshake. Errors: those of `endpoint` and of startTLS().
std::shared_ptr<ClientEndpoint> wrapClientTLS(TlsClientConnectionOptions options, std::shared_ptr<ClientEndpoint> endpoint);

/// Listens with `endpoint`; its connections are TLS.
std::shared_ptr<ServerEndpoint> wrapServerTLS(TlsServerContext context, std::shared_ptr<ServerEndpoint> endpoint);

/// Makes a port's connections TLS: `network.listen(443, std::make_shared<TlsFactory>(context, factoryOf<Echo>()))`.
///
/// The inner factory is asked for a protocol once a handshake is complete. One that fails closes its connection, and is logged at level Info ("weft.net.tls").
class TlsFactory final : public Factory {
 public:
  TlsFactory(TlsServerContext context, std::shared_ptr<Factory> inner);
  ~TlsFactory() override;
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override;
  void doStart() override;
  void doStop() override;

  /// Connections in the middle of their handshake.
  std::size_t handshakes() const noexcept;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace weft::net
