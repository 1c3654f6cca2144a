// UNIXClientEndpoint, UNIXServerEndpoint: UNIX sockets as endpoints.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/unix_network.hpp>

#include <memory>
#include <string>
#include <utility>

namespace weft::net {

/// The process that listens on a path, or on Linux's abstract name after an '@'. Errors of connect() and what cancel does: as UnixNetwork::connect(). The reactor must outlive it, but
/// need not outlive its transports.
class UNIXClientEndpoint final : public ClientEndpoint {
 public:
  /// Of `options` the timeout counts.
  UNIXClientEndpoint(Reactor& reactor, std::string path, ConnectOptions options = {}) : network_(reactor), path_(std::move(path)), options_(std::move(options)) {}
  using ClientEndpoint::connect;
  Deferred<std::shared_ptr<Transport>> connect() override { return network_.connect(path_, options_); }

 private:
  UnixNetwork network_;
  std::string path_;
  ConnectOptions options_;
};

/// Listens on a path, or on an abstract name, as UnixNetwork::listen() does. Errors of listen(): CannotListenError. The reactor must outlive it, but need not outlive its ports.
class UNIXServerEndpoint final : public ServerEndpoint {
 public:
  UNIXServerEndpoint(Reactor& reactor, std::string path, UnixListenOptions options = {}) : network_(reactor), path_(std::move(path)), options_(std::move(options)) {}
  Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) override {
    return maybeDeferred([&] { return network_.listen(path_, std::move(factory), options_); });
  }

 private:
  UnixNetwork network_;
  std::string path_;
  UnixListenOptions options_;
};

}  // namespace weft::net
