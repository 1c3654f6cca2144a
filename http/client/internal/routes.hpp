// Routes: the way to each origin, directly or through a proxy.
#pragma once

#include <weft/http/client/agent.hpp>
#include <weft/http/client/internal/connector.hpp>
#include <weft/http/client/tunnel_network.hpp>
#include <weft/net/network.hpp>

#include <map>
#include <memory>
#include <string>

namespace weft::http::detail {

/// An Agent's proxies. http through an HTTP proxy is forwarded; everything else goes through a tunnel, or a SOCKS proxy, as if directly.
class Routes {
 public:
  /// Both must outlive it.
  Routes(net::Network& network, const AgentOptions& options) : network_(network), options_(options) {}

  /// Throws AuthError, std::invalid_argument: a login that the proxy's protocol cannot carry.
  Route to(const Url& url);

 private:
  net::Network& throughProxy(const Url& proxy);
  const HttpProxy& forwarding(const Url& proxy);
  HttpProxy httpProxy(const Url& url) const;

  net::Network& network_;
  const AgentOptions& options_;
  std::map<std::string, std::unique_ptr<net::Network>> networks_;          // by the proxy's URL
  std::map<std::string, HttpProxy> forwards_;
};

}  // namespace weft::http::detail
