// StreamServerEndpointService: a server as a service.
#pragma once

#include <weft/defer/service.hpp>
#include <weft/net/endpoint.hpp>

#include <memory>
#include <utility>

namespace weft::net {

/// Listens on an endpoint while it runs.
///
///     program.addService(std::make_shared<StreamServerEndpointService>(serverFromString(network, "tcp:8080"), site));
///
/// Connections that were accepted live on when it stops.
class StreamServerEndpointService : public Service {
 public:
  StreamServerEndpointService(std::shared_ptr<ServerEndpoint> endpoint, std::shared_ptr<Factory> factory);
  ~StreamServerEndpointService() override;

  /// Listens already, since a low port may need rights that are given up afterwards.
  void privilegedStartService() override;
  /// Throws what the endpoint's listen() failed with at once (CannotListenError); a later failure is logged.
  void startService() override;
  /// Fires when the address is free again.
  Deferred<> stopService() override;

  /// Null while it does not listen.
  Port* port() const noexcept;

 private:
  struct Listening;
  void listen();

  std::shared_ptr<ServerEndpoint> endpoint_;
  std::shared_ptr<Factory> factory_;
  std::shared_ptr<Listening> listening_;
};

}  // namespace weft::net
