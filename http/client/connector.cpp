#include <weft/http/client/internal/connector.hpp>

#include <weft/http/client/agent.hpp>
#include <weft/net/tls/start_tls.hpp>

#include <utility>
#include <vector>

namespace weft::http::detail {
namespace {

/// What a handshake has agreed upon, without the connection: a response that is kept must not keep that.
class CopiedFacts final : public net::TlsFacts {
 public:
  explicit CopiedFacts(const net::TlsFacts& facts)
      : cipher_(facts.cipher()),
        protocol_(facts.negotiatedProtocol()),
        serverName_(facts.serverName()),
        chain_(facts.peerCertificateChain()),
        certificate_(facts.peerCertificate()),
        version_(facts.version()),
        resumed_(facts.resumed()) {}

  net::TlsVersion version() const override { return version_; }
  std::string cipher() const override { return cipher_; }
  std::string negotiatedProtocol() const override { return protocol_; }
  std::optional<net::Certificate> peerCertificate() const override { return certificate_; }
  std::vector<net::Certificate> peerCertificateChain() const override { return chain_; }
  bool resumed() const override { return resumed_; }
  std::string serverName() const override { return serverName_; }

 private:
  const std::string cipher_, protocol_, serverName_;
  const std::vector<net::Certificate> chain_;
  const std::optional<net::Certificate> certificate_;
  const net::TlsVersion version_;
  const bool resumed_;
};

net::TlsClientContext contextOf(net::TlsClientOptions options, Delay timeout, bool http2) {
  std::vector<std::string> protocols{"http/1.1"};
  if (http2) protocols.insert(protocols.begin(), "h2");
  return net::TlsClientContext(options.acceptableProtocols(std::move(protocols)).handshakeTimeout(timeout));
}

}  // namespace

Deferred<OpenedConnection> openConnection(Route route, std::string host, std::uint16_t port, net::ConnectOptions options,
                                          std::optional<net::TlsClientConnectionOptions> tls) {
  Clock& clock = route.network->clock();
  const auto begun = clock.now();
  const auto lookedUp = std::make_shared<std::chrono::nanoseconds>(begun);
  options.onLookedUp([lookedUp, &clock](const std::vector<net::Address>&) { *lookedUp = clock.now(); });
  OpenedConnection opened;
  auto connecting = route.forward ? connectToProxy(*route.network, *route.forward, options) : route.network->connect(std::move(host), port, options);
  opened.transport = co_await connecting;
  const auto connected = clock.now();
  opened.dns = *lookedUp - begun;
  opened.connect = connected - *lookedUp;
  if (tls) {
    auto handshaking = net::startTLS(std::move(opened.transport), *tls);
    opened.transport = co_await handshaking;
    opened.handshake = clock.now() - connected;
    opened.tls = std::make_shared<CopiedFacts>(*opened.transport->tlsFacts());
    opened.http2 = opened.tls->negotiatedProtocol() == "h2";
  }
  co_return opened;
}

net::TlsClientContext tlsContextFor(const AgentOptions& options, bool http2) {
  const Delay usual = AgentOptions().tlsTimeout;
  if (options.tls || options.tlsTimeout != usual) return contextOf(options.tls.value_or(net::TlsClientOptions()), options.tlsTimeout, http2);
  static const net::TlsClientContext shared = contextOf(net::TlsClientOptions(), usual, false);
  if (!http2) return shared;
  static const net::TlsClientContext sharedWithHttp2 = contextOf(net::TlsClientOptions(), usual, true);
  return sharedWithHttp2;
}

}  // namespace weft::http::detail
