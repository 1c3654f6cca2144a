// Agent: the HTTP client.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/client/proxy_settings.hpp>
#include <weft/http/http2/options.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>
#include <weft/net/network.hpp>
#include <weft/net/tls/options.hpp>
#include <weft/net/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http {

namespace detail {
class Pool;
}

/// How an Agent behaves. `Agent agent(network, AgentOptions().setMaxPerHost(2));`
class AgentOptions {
 public:
  std::size_t maxPerHost = 8;                  ///< connections to one scheme, host and port; further requests wait their turn
  std::size_t maxTotal = 128;                  ///< connections in all, idle ones too
  Delay dnsTimeout = 15;                       ///< the look-up of the host's name: net::DNSTimeout
  Delay connectTimeout = 30;                   ///< look-up and connect together: net::ConnectTimeout
  Delay tlsTimeout = 30;                       ///< the handshake: net::HandshakeTimeout
  Delay firstByteTimeout = 60;                 ///< from the sent request to the response: FirstByteTimeout
  Delay idleTimeout = 60;                      ///< between bytes of the response, or of a body that is sent: IdleTimeout
  Delay totalTimeout = 180;                    ///< from request() to the end of the body, waiting for a connection too: TotalTimeout
  double minimumRate = 10;                     ///< bytes per second, over rateWindow: ResponseTooSlow. 0: as slow as it likes
  Delay rateWindow = 60;                       ///< begins with the response; while the body waits for its reader no time counts
  Delay continueTimeout = 1;                   ///< after Expect: 100-continue: then the body is sent unasked
  Delay keepAlive = 60;                        ///< how long a connection without work is kept
  std::size_t maxBody = 16 * 1024 * 1024;      ///< BodyTooLarge
  bool http2 = true;                           ///< on https, where the server speaks it (ALPN); HTTP/1.1 otherwise
  bool http2PriorKnowledge = false;            ///< on http: every server is known to speak it (RFC 9113 section 3.3)
  Http2Options http2Options;                   ///< the limits of such a connection
  bool lenient = false;                        ///< ParserOptions::lenient: take what browsers take
  std::string userAgent = "weft";              ///< sent unless the request has one; empty: none
  ProxySettings proxies;                       ///< none at first; ProxySettings::fromEnvironment() for what the user has set
  std::optional<net::TlsClientOptions> tls;    ///< for https: whom to trust, what to show. Unset: net's defaults, so certificates are verified against the system's authorities

  AgentOptions& setMaxPerHost(std::size_t value) { return maxPerHost = value, *this; }
  AgentOptions& setMaxTotal(std::size_t value) { return maxTotal = value, *this; }
  AgentOptions& setConnectTimeout(Delay value) { return connectTimeout = value, *this; }
  AgentOptions& setDnsTimeout(Delay value) { return dnsTimeout = value, *this; }
  AgentOptions& setTlsTimeout(Delay value) { return tlsTimeout = value, *this; }
  AgentOptions& setMinimumRate(double bytesPerSecond, Delay window = 60) { return minimumRate = bytesPerSecond, rateWindow = window, *this; }
  AgentOptions& setContinueTimeout(Delay value) { return continueTimeout = value, *this; }
  /// The protocols of ALPN are the Agent's own, and the time of the handshake is tlsTimeout.
  AgentOptions& setTls(net::TlsClientOptions value) { return tls = std::move(value), *this; }
  AgentOptions& setFirstByteTimeout(Delay value) { return firstByteTimeout = value, *this; }
  AgentOptions& setIdleTimeout(Delay value) { return idleTimeout = value, *this; }
  AgentOptions& setTotalTimeout(Delay value) { return totalTimeout = value, *this; }
  AgentOptions& setKeepAlive(Delay value) { return keepAlive = value, *this; }
  AgentOptions& setMaxBody(std::size_t bytes) { return maxBody = bytes, *this; }
  AgentOptions& setHttp2(bool value) { return http2 = value, *this; }
  AgentOptions& setHttp2PriorKnowledge(bool value) { return http2PriorKnowledge = value, *this; }
  AgentOptions& setHttp2Options(Http2Options value) { return http2Options = value, *this; }
  AgentOptions& setLenient(bool value) { return lenient = value, *this; }
  AgentOptions& setProxies(ProxySettings value) { return proxies = std::move(value), *this; }
  AgentOptions& setUserAgent(std::string value) { return userAgent = std::move(value), *this; }
};

/// What an Agent has and has done.
class AgentStats {
 public:
  std::size_t open = 0;                        ///< connections: connecting, busy and idle
  std::size_t idle = 0;
  std::size_t waiting = 0;                     ///< requests that wait for a connection
  std::uint64_t requests = 0;
  std::uint64_t connects = 0;                  ///< connections begun
  std::uint64_t reused = 0;                    ///< requests sent on a connection that had served one before
  std::uint64_t retries = 0;                   ///< requests sent again since a reused connection had died
  std::uint64_t handshakes = 0;                ///< of TLS that succeeded
  std::uint64_t resumed = 0;                   ///< of these, those that went on with an earlier session
  std::uint64_t http2 = 0;                     ///< connections that spoke HTTP/2
};

/// What came of Agent::upgrade().
class Upgraded {
 public:
  Upgraded(Response response, std::shared_ptr<net::Transport> transport) : response(std::move(response)), transport(std::move(transport)) {}

  Response response;                           ///< 101, or what the server said instead
  std::shared_ptr<net::Transport> transport;   ///< the connection, or null when the server went on with HTTP
};

/// Whatever answers requests: an Agent, or a layer around one that adds something (redirects, cookies, a cache).
class AnyAgent {
 public:
  virtual ~AnyAgent() = default;

  /// Sends `request`; fires with the response when its head has come. See Agent for errors.
  virtual Deferred<Response> request(Request request) = 0;

  /// A GET. A text that is no URL is a UrlError, as the result.
  Deferred<Response> get(std::string_view url);
  Deferred<Response> get(Url url);
  Deferred<Response> head(std::string_view url);
  Deferred<Response> post(std::string_view url, std::string body, std::string_view contentType);
};

/// Sends requests over HTTP/1.1, or HTTP/2 with https servers that speak it, and keeps connections for the next ones. Twisted's Agent with a pool that has limits.
///
///     Agent agent(network);
///     Response response = co_await agent.get("https://example.com/");
///     std::string page = co_await response.text();
///
/// https: TLS over whatever the network connects. The server's certificate must be good, and for the host of the URL (AgentOptions::tls says whom to trust); the name is sent as SNI,
/// ALPN says h2 and http/1.1 (AgentOptions::http2), and later connections to a host go on with the session of an earlier one. Agents that leave tls and tlsTimeout alone share one context, and its sessions.
///
/// Proxies (AgentOptions::proxies): http through an HTTP proxy is sent there with the whole URL (RFC 9112 section 3.2.2); https, and everything through a SOCKS5 proxy, goes through a tunnel, so
/// that the proxy sees a host and a port. The limits count for the origins as without a proxy. Errors of a proxy: TunnelError, net::SocksError; its own answer to a forwarded request is
/// a response (407, 502).
///
/// Connections: at most AgentOptions::maxPerHost to an origin and maxTotal in all; requests beyond that wait, first come, first served, and the origins
/// take turns when they share the total. One of HTTP/1 is used again only if nothing is left unclear on it: not after Connection: close, HTTP/1.0 without keep-alive, bytes that nobody asked for,
/// a body that was not read to its end, or an error. One of HTTP/2 is shared by as many requests as the server takes at once; what ends one of them resets its stream, and the others go on.
///
/// If a connection that was used before dies before the first byte of the response, an idempotent request whose body can be sent again is sent once more on a new one, silently: the
/// server had closed it just then. A request with which a server of HTTP/2 did nothing (StreamRefused) is sent once more whatever its method is, up to five times.
///
/// Bodies of requests are sent as fast as the server takes them. A response that comes before that was done counts: with a status of 300 or more, or once it is complete, the rest is not
/// sent, and the connection (of HTTP/1) not used again.
///
/// Errors of request(): UnsupportedScheme, net's errors of connecting (ConnectError and what derives from it) and of the handshake (net::CertificateError and the other TlsErrors,
/// net::TlsConfigurationError), TotalTimeout, FirstByteTimeout, IdleTimeout, ResponseTooSlow, ResponseNeverReceived, ResponseFailed, BodyTooLarge, RequestBodyFailed,
/// RequestBodyLengthError, AgentClosed, HeaderError (a field that the Agent itself must write). Once the head has come, errors of the rest come out of the Body.
///
/// cancel, at any point: the connection that was used or being made is closed (of HTTP/2, its stream is reset), and its place is free, before cancel() returns.
///
/// Thread: the reactor's. The network must outlive the Agent.
class Agent final : public AnyAgent {
 public:
  explicit Agent(net::Network& network, AgentOptions options = AgentOptions());
  /// As close().
  ~Agent() override;
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  Deferred<Response> request(Request request) override;

  /// Sends a request with Request::setUpgrade(), and gives the connection away when the server agrees (101): it then belongs to the caller, begins with the first byte behind the response,
  /// and counts no longer among the Agent's. Otherwise the response is what the server said instead. Errors and cancel as of request(); an idle or total timeout ends with the 101.
  ///
  ///     auto upgraded = co_await agent.upgrade(Request("GET", url).setUpgrade("websocket"));
  ///     if (!upgraded.transport) throw Refused(upgraded.response.status);
  ///     net::Stream stream(std::move(upgraded.transport));
  Deferred<Upgraded> upgrade(Request request);

  /// Ends every request with AgentClosed and closes every connection, now. Later requests fail with AgentClosed.
  void close();

  AgentStats stats() const;

 private:
  std::unique_ptr<detail::Pool> pool_;
};

}  // namespace weft::http
