// TLS over the connections of another kind, as a Network: for tests that run on every kind.
#pragma once

#include "worlds.hpp"

#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/endpoint.hpp>
#include <weft/net/tls/options.hpp>
#include <weft/net/tls/start_tls.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// One authority for all tests: making keys takes time.
inline const CertificateAuthority& testAuthority() {
  static const CertificateAuthority authority("weft's tests");
  return authority;
}
inline TrustRoot testTrust() { return trustRootFromCertificates({testAuthority().certificate()}); }
inline const PrivateCertificate& localhostCertificate() {
  static const PrivateCertificate certificate = testAuthority().issue(CertificateDetails("localhost").name("127.0.0.1").name("::1"));
  return certificate;
}
inline CertificateOptions localhostOptions() { return CertificateOptions(localhostCertificate()); }
inline TlsClientOptions trustingOptions() { return TlsClientOptions().trustRoot(testTrust()); }

/// Connections of another network, with TLS around them.
class TlsNetwork final : public Network {
 public:
  explicit TlsNetwork(Network& inner) : inner_(inner) {}

  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options = {}) override {
    TlsClientConnectionOptions tls = optionsForClientTLS(host, client_);
    return inner_.connect(std::move(host), port, options).addCallback([tls = std::move(tls)](std::shared_ptr<Transport> transport) {
      return startTLS(std::move(transport), tls);
    });
  }
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) override {
    return inner_.listen(port, std::make_shared<TlsFactory>(server_, std::move(factory)), options);
  }
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override { return inner_.resolve(std::move(host), port); }
  Clock& clock() noexcept override { return inner_.clock(); }

 private:
  Network& inner_;
  TlsClientContext client_{trustingOptions()};
  TlsServerContext server_{localhostOptions()};
};

/// TLS over MemoryNetwork, in virtual time.
struct TlsWorld : MemoryWorld {
  MemoryNetwork& carriers = MemoryWorld::network;
  TlsNetwork network{carriers};
};

/// TLS over UNIX sockets.
struct TlsUnixWorld : UnixWorld {
  TlsNetwork network{UnixWorld::network};
};

/// What is said of every kind of transport is tested on every kind.
#define EVERY_NETWORK(name) TEST_CASE_TEMPLATE(name, World, TcpWorld, UnixWorld, MemoryWorld, TlsWorld)
/// What policies and programs do in virtual time, in the clear and in TLS.
#define EVERY_MEMORY(name) TEST_CASE_TEMPLATE(name, World, MemoryWorld, TlsWorld)

}  // namespace weft::net
