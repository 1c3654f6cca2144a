// openConnection(): a transport for a connection of the pool, and how long its parts took.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/http/client/tunnel_network.hpp>
#include <weft/net/network.hpp>
#include <weft/net/tls/facts.hpp>
#include <weft/net/tls/options.hpp>
#include <weft/net/transport.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace weft::http {
class AgentOptions;
}

namespace weft::http::detail {

/// How to reach an origin. What it points to lives as long as the pool.
struct Route {
  net::Network* network = nullptr;                     // connects to the origin, or to `forward`
  const HttpProxy* forward = nullptr;                  // gets requests with the whole URL (RFC 9112 section 3.2.2), and passes them on
};

class OpenedConnection {
 public:
  std::shared_ptr<net::Transport> transport;
  std::shared_ptr<const net::TlsFacts> tls;            // a copy, which does not hold the transport; null without TLS
  bool http2 = false;                                  // what it is to speak
  std::chrono::nanoseconds dns{};
  std::chrono::nanoseconds connect{};
  std::chrono::nanoseconds handshake{};
};

/// Looks the name up, connects, or connects to the proxy that forwards, and with `tls` does the handshake. Errors are net's, and TunnelError. cancel: gives up at once.
Deferred<OpenedConnection> openConnection(Route route, std::string host, std::uint16_t port, net::ConnectOptions options,
                                          std::optional<net::TlsClientConnectionOptions> tls);

/// The policy of an Agent with these options, for connections that may speak HTTP/2 or not. Those of default options are shared by all, and made at the first call. Throws
/// net::TlsConfigurationError.
net::TlsClientContext tlsContextFor(const AgentOptions& options, bool http2);

}  // namespace weft::http::detail
