// TunnelNetwork: a network reached through an HTTP proxy, by CONNECT.
#pragma once

#include <weft/http/client/errors.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>
#include <weft/net/network.hpp>
#include <weft/net/tls/options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// The HTTP proxy would not make the connection, or spoke no HTTP. `host` and `port` are what was asked for.
class TunnelError : public net::ConnectError {
 public:
  TunnelError(std::string host, std::uint16_t port, std::string_view proxy, std::string_view what, int status = 0);
  std::string proxy;                                   ///< its URL, without a password
  int status;                                          ///< what it answered: 407 wants a login; 0 when it did not answer
};

/// An HTTP proxy.
///
///     HttpProxy("http://me:secret@127.0.0.1:3128")
///
/// A proxy of scheme https is itself spoken to over TLS. Name and password in the URL are sent as Basic credentials, and appear in no error.
class HttpProxy {
 public:
  /// Throws UrlError when it is none, UnsupportedScheme when it is neither http nor https, AuthError for a login that Basic cannot carry.
  explicit HttpProxy(std::string_view url) : HttpProxy(Url(url)) {}
  explicit HttpProxy(const char* url) : HttpProxy(Url(url)) {}
  explicit HttpProxy(Url url);
  /// What a proxy of scheme https is verified with; the default context unless set.
  HttpProxy& tls(net::TlsClientContext context) { return tls_ = std::move(context), *this; }
  /// A field of each request to the proxy. Throws HeaderError.
  HttpProxy& header(std::string_view name, std::string_view value) { return headers_.set(name, value), *this; }

  /// Without the login.
  const Url& url() const noexcept { return url_; }
  /// Among them Proxy-Authorization, when there is a login.
  const Headers& headers() const noexcept { return headers_; }
  const std::optional<net::TlsClientContext>& tls() const noexcept { return tls_; }

 private:
  Url url_;
  Headers headers_;
  std::optional<net::TlsClientContext> tls_;
};

/// A connection to the proxy itself, over TLS where its scheme asks for that.
Deferred<std::shared_ptr<net::Transport>> connectToProxy(net::Network& network, const HttpProxy& proxy, const net::ConnectOptions& options);

/// A layer around a Network: connect() goes to the proxy and asks it for a tunnel to the host (RFC 9110 section 9.3.6). What comes out is as good as a direct connection, but that its
/// getPeer() is the proxy. For anything that needs a connection, not for HTTP alone; an Agent does the right thing by itself, see AgentOptions::proxies.
///
///     TunnelNetwork network(tcp, HttpProxy("http://proxy.example:3128"));
///     co_await network.connect("example.com", 443);
///
/// ConnectOptions::timeout covers the connection to the proxy and the talk with it. Errors: TunnelError; what connecting to the proxy fails with; net::ConnectTimeout. cancel: closes at
/// once. Listening and looking up are the inner network's. The inner network must outlive this one and its attempts to connect.
class TunnelNetwork final : public net::Network {
 public:
  TunnelNetwork(net::Network& inner, HttpProxy proxy);

  Deferred<std::shared_ptr<net::Transport>> connect(std::string host, std::uint16_t port, const net::ConnectOptions& options = {}) override;
  std::unique_ptr<net::Port> listen(std::uint16_t port, std::shared_ptr<net::Factory> factory, const net::ListenOptions& options = {}) override;
  Deferred<std::vector<net::Address>> resolve(std::string host, std::uint16_t port) override;
  Clock& clock() noexcept override { return inner_.clock(); }

 private:
  net::Network& inner_;
  std::shared_ptr<const HttpProxy> proxy_;
};

}  // namespace weft::http
