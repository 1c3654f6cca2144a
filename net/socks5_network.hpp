// Socks5Network: a network reached through a SOCKS5 proxy.
#pragma once

#include <weft/net/network.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

/// The SOCKS proxy would not, or could not, make the connection. `host` and `port` are what was asked for.
class SocksError : public ConnectError {
 public:
  SocksError(std::string host, std::uint16_t port, std::string_view proxy, std::string_view what, int reply = 0);
  std::string proxy;                                   ///< "127.0.0.1:1080"
  int reply;                                           ///< the proxy's code of RFC 1928 section 6, or 0 when it was something else
};

/// A SOCKS5 proxy. `Socks5Proxy("127.0.0.1", 1080).login("me", "secret")`.
class Socks5Proxy {
 public:
  explicit Socks5Proxy(std::string host, std::uint16_t port = 1080) : host_(std::move(host)), port_(port) {}
  /// For a proxy that asks (RFC 1929): each of 1 to 255 bytes. They travel unencrypted. Throws std::invalid_argument.
  Socks5Proxy& login(std::string username, std::string password);
  /// `true`: names are looked up here and the proxy gets an address. Else, as at first, the proxy looks them up, and nobody here learns of them.
  Socks5Proxy& resolveHere(bool on) {
    resolveHere_ = on;
    return *this;
  }

  const std::string& host() const noexcept { return host_; }
  std::uint16_t port() const noexcept { return port_; }
  const std::string& username() const noexcept { return username_; }
  const std::string& password() const noexcept { return password_; }
  bool resolveHere() const noexcept { return resolveHere_; }

 private:
  std::string host_, username_, password_;
  std::uint16_t port_;
  bool resolveHere_ = false;
};

/// A layer around a Network: connect() goes to the proxy and asks it for a connection to the host (RFC 1928, CONNECT). What comes out is as good as a direct connection, but that
/// its getPeer() is the proxy.
///
///     Socks5Network network(tcp, Socks5Proxy("127.0.0.1", 9050));
///     co_await network.connect("example.com", 80);
///
/// ConnectOptions::timeout covers the connection to the proxy and the talk with it. Errors: SocksError; what connecting to the proxy fails with; ConnectTimeout. cancel: closes at
/// once. Listening and looking up are the inner network's. The inner network must outlive this one and its attempts to connect.
class Socks5Network final : public Network {
 public:
  Socks5Network(Network& inner, Socks5Proxy proxy);

  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options = {}) override;
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) override;
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override;
  Clock& clock() noexcept override { return inner_.clock(); }

 private:
  Network& inner_;
  std::shared_ptr<const Socks5Proxy> proxy_;
};

}  // namespace weft::net
