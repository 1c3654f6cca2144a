// ClientEndpoint, ServerEndpoint: where to connect to, or to listen, as a value that code can be given.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/net/error.hpp>
#include <weft/net/network.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <concepts>
#include <memory>
#include <utility>

namespace weft::net {

/// buildProtocol() gave no protocol: the connection was closed again.
class NoProtocol : public Error {
 public:
  NoProtocol() : Error("the factory gave no protocol for the connection") {}
};

/// Something that connections can be made to, whatever is in between: TCP, a UNIX socket, TLS around either, a process.
///
/// An endpoint is configuration: it holds no connection, and may be asked for any number of them. It must outlive what it is asked for only where it says so.
/// Thread: the reactor's.
class ClientEndpoint {
 public:
  ClientEndpoint() = default;
  ClientEndpoint(const ClientEndpoint&) = delete;
  ClientEndpoint& operator=(const ClientEndpoint&) = delete;
  virtual ~ClientEndpoint() = default;

  /// A new connection, which reads nothing until it is given a protocol (Transport::setProtocol, or a Stream around it). Errors: as Network::connect() and the layers
  /// around it say. cancel: the attempt is given up at once, CancelledError.
  virtual Deferred<std::shared_ptr<Transport>> connect() = 0;

  /// The same, with the protocol that `factory` builds. Fires with it after its connectionMade. Errors besides: NoProtocol, and what buildProtocol throws.
  Deferred<std::shared_ptr<Protocol>> connect(std::shared_ptr<Factory> factory) {
    return connect().addCallback([factory = std::move(factory)](std::shared_ptr<Transport> transport) {
      std::shared_ptr<Protocol> protocol = factory->buildProtocol(transport->getPeer());
      if (!protocol) throw NoProtocol();
      transport->setProtocol(protocol);
      return protocol;
    });
  }
};

/// Somewhere to wait for connections.
class ServerEndpoint {
 public:
  ServerEndpoint() = default;
  ServerEndpoint(const ServerEndpoint&) = delete;
  ServerEndpoint& operator=(const ServerEndpoint&) = delete;
  virtual ~ServerEndpoint() = default;

  /// Accepts connections and gives each a protocol of `factory`, until the Port is stopped or destroyed. Errors: CannotListenError.
  virtual Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) = 0;
};

/// Connects and hands the connection to `protocol`. Fires with it after its connectionMade.
template <std::derived_from<Protocol> P>
Deferred<std::shared_ptr<P>> connectProtocol(ClientEndpoint& endpoint, std::shared_ptr<P> protocol) {
  return endpoint.connect().addCallback([protocol = std::move(protocol)](std::shared_ptr<Transport> transport) mutable {
    transport->setProtocol(protocol);
    return std::move(protocol);
  });
}

}  // namespace weft::net
