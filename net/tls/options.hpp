// TlsClientOptions, CertificateOptions: how this side talks TLS. TlsClientContext, TlsServerContext: the same, ready for use.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/net/tls/certificate.hpp>
#include <weft/net/tls/facts.hpp>
#include <weft/net/tls/trust_root.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

namespace detail {
struct ClientContext;
struct ServerContext;
}  // namespace detail

/// What both sides' options have.
template <class Self> class TlsOptions {
 public:
  using KeyLog = std::function<void(std::string_view line)>;
  using TimeSource = std::function<std::chrono::system_clock::time_point()>;

  /// TLS 1.2 unless set. Older ones are broken, and need ciphers("DEFAULT:@SECLEVEL=0") besides.
  Self& minimumVersion(TlsVersion version) {
    minimumVersion_ = version;
    return self();
  }
  /// TLS 1.3 unless set.
  Self& maximumVersion(TlsVersion version) {
    maximumVersion_ = version;
    return self();
  }
  /// The ciphers of TLS 1.2, as OpenSSL writes lists of them ("ECDHE+AESGCM:ECDHE+CHACHA20").
  Self& ciphers(std::string list) {
    ciphers_ = std::move(list);
    return self();
  }
  /// The cipher suites of TLS 1.3 ("TLS_AES_128_GCM_SHA256").
  Self& cipherSuites(std::string list) {
    cipherSuites_ = std::move(list);
    return self();
  }
  /// For ALPN (RFC 7301), the preferred one first: {"h2", "http/1.1"}. A client whose server does not know ALPN goes on without; a server refuses a client that
  /// offers some and none of these.
  Self& acceptableProtocols(std::vector<std::string> names) {
    protocols_ = std::move(names);
    return self();
  }
  /// Certificates that these lists name are refused. An authority of which there is no list is not asked.
  Self& revocationLists(std::vector<RevocationList> lists) {
    revocationLists_ = std::move(lists);
    return self();
  }
  /// For the whole handshake, on the transport's clock. 30 s unless set.
  Self& handshakeTimeout(Delay delay) {
    handshakeTimeout_ = delay;
    return self();
  }
  /// Goes on with earlier sessions (tickets, RFC 8446, section 4.6.1). On unless set.
  Self& sessionResumption(bool on) {
    resumption_ = on;
    return self();
  }
  /// Gets each connection's secrets as lines of the NSS key log format, on that connection's thread: whoever has them can read everything. For Wireshark, when looking for an error.
  Self& keyLog(KeyLog log) {
    keyLog_ = std::move(log);
    return self();
  }
  /// The same, added to a file that only its owner may read. (Nothing looks at the environment's SSLKEYLOGFILE: who wants that passes its value.)
  Self& keyLogFile(std::string path) {
    keyLogFile_ = std::move(path);
    return self();
  }
  /// The time at which certificates are judged, instead of the system's. For simulations.
  Self& verificationTime(TimeSource now) {
    verificationTime_ = std::move(now);
    return self();
  }
  Self& verificationTime(std::chrono::system_clock::time_point time) {
    return verificationTime([time] { return time; });
  }

  TlsVersion minimumVersion() const noexcept { return minimumVersion_; }
  TlsVersion maximumVersion() const noexcept { return maximumVersion_; }
  const std::string& ciphers() const noexcept { return ciphers_; }
  const std::string& cipherSuites() const noexcept { return cipherSuites_; }
  const std::vector<std::string>& acceptableProtocols() const noexcept { return protocols_; }
  const std::vector<RevocationList>& revocationLists() const noexcept { return revocationLists_; }
  Delay handshakeTimeout() const noexcept { return handshakeTimeout_; }
  bool sessionResumption() const noexcept { return resumption_; }
  const KeyLog& keyLog() const noexcept { return keyLog_; }
  const std::string& keyLogFile() const noexcept { return keyLogFile_; }
  const TimeSource& verificationTime() const noexcept { return verificationTime_; }

 private:
  Self& self() { return static_cast<Self&>(*this); }

  TlsVersion minimumVersion_ = TlsVersion::Tls12;
  TlsVersion maximumVersion_ = TlsVersion::Tls13;
  std::string ciphers_, cipherSuites_;
  std::vector<std::string> protocols_;
  std::vector<RevocationList> revocationLists_;
  Delay handshakeTimeout_ = 30;
  KeyLog keyLog_;
  std::string keyLogFile_;
  TimeSource verificationTime_;
  bool resumption_ = true;
};

/// How to be a client: whom to trust, what to show. Says nothing of hosts.
class TlsClientOptions : public TlsOptions<TlsClientOptions> {
 public:
  /// platformTrust() unless set.
  TlsClientOptions& trustRoot(TrustRoot root) {
    trustRoot_ = std::move(root);
    return *this;
  }
  /// For servers that ask who we are.
  TlsClientOptions& clientCertificate(PrivateCertificate certificate) {
    certificate_ = std::move(certificate);
    return *this;
  }
  /// `false`: any certificate will do, so anybody on the way can be the server. On unless set.
  TlsClientOptions& verify(bool on) {
    verify_ = on;
    return *this;
  }
  /// Of how many hosts sessions are kept; those unused for longest go first. 1024 unless set. Of each host up to four, used once each (RFC 8446, appendix C.4).
  TlsClientOptions& sessionCacheHosts(std::size_t hosts) {
    cacheHosts_ = hosts;
    return *this;
  }

  const std::optional<TrustRoot>& trustRoot() const noexcept { return trustRoot_; }
  const std::optional<PrivateCertificate>& clientCertificate() const noexcept { return certificate_; }
  bool verify() const noexcept { return verify_; }
  std::size_t sessionCacheHosts() const noexcept { return cacheHosts_; }

 private:
  std::optional<TrustRoot> trustRoot_;
  std::optional<PrivateCertificate> certificate_;
  std::size_t cacheHosts_ = 1024;
  bool verify_ = true;
};

/// A client's policy, ready for use: make it once and share it, since sessions are kept here and loading the authorities takes time. An immutable value of one shared pointer;
/// any thread, several reactors at once.
class TlsClientContext {
 public:
  /// Throws TlsConfigurationError for what cannot be used.
  TlsClientContext(const TlsClientOptions& options);

  /// Of how many hosts, and how many in all, sessions are kept at the moment.
  std::size_t cachedHosts() const;
  std::size_t cachedSessions() const;
  /// Forgets them.
  void clearSessions() const;

  const std::shared_ptr<detail::ClientContext>& shared() const noexcept { return shared_; }      // the library's own

 private:
  std::shared_ptr<detail::ClientContext> shared_;
};

/// The context of default options, made at the first call (about 20 ms). Throws TlsConfigurationError when the system has no list of authorities.
const TlsClientContext& defaultTlsClientContext();

/// A context, and the host that the server must prove to be.
class TlsClientConnectionOptions {
 public:
  const std::string& hostname() const noexcept { return hostname_; }
  const TlsClientContext& context() const noexcept { return context_; }

 private:
  friend TlsClientConnectionOptions optionsForClientTLS(std::string hostname, const TlsClientContext& context);
  TlsClientConnectionOptions(std::string hostname, TlsClientContext context) : hostname_(std::move(hostname)), context_(std::move(context)) {}
  std::string hostname_;
  TlsClientContext context_;
};

/// What a client needs for one host. The server's chain is verified, and that the certificate is for `hostname`: a name in its ASCII form, sent as SNI, or a numeric address, for
/// which no SNI is sent. Throws TlsConfigurationError for an empty name, or one with other letters than ASCII's.
///
///     auto transport = co_await network.connect("example.com", 443);
///     transport = co_await startTLS(std::move(transport), optionsForClientTLS("example.com"));
TlsClientConnectionOptions optionsForClientTLS(std::string hostname, const TlsClientContext& context = defaultTlsClientContext());

/// How to be a server: certificates to show, clients to ask for theirs.
class CertificateOptions : public TlsOptions<CertificateOptions> {
 public:
  enum class ClientCertificate : std::uint8_t { NotAsked, Optional, Required };

  /// The certificate for clients that ask for no name, or one that no certificate is for.
  explicit CertificateOptions(PrivateCertificate certificate) { certificates_.push_back(std::move(certificate)); }

  /// One more, for clients that ask for one of its names by SNI. An exact name counts before a wildcard, the first one given before later ones.
  CertificateOptions& addCertificate(PrivateCertificate certificate) {
    certificates_.push_back(std::move(certificate));
    return *this;
  }
  /// Refuse clients that ask for a name that no certificate is for (the alert unrecognized_name). Off unless set: they get the first certificate.
  CertificateOptions& refuseUnknownNames(bool on) {
    refuseUnknownNames_ = on;
    return *this;
  }
  /// Asks clients for a certificate of one of these authorities. One that is shown must be good, also where it is optional.
  CertificateOptions& clientCertificates(ClientCertificate asked, TrustRoot root) {
    clientCertificate_ = asked;
    clientTrust_ = std::move(root);
    return *this;
  }

  const std::vector<PrivateCertificate>& certificates() const noexcept { return certificates_; }
  bool refuseUnknownNames() const noexcept { return refuseUnknownNames_; }
  ClientCertificate clientCertificate() const noexcept { return clientCertificate_; }
  const std::optional<TrustRoot>& clientTrust() const noexcept { return clientTrust_; }

 private:
  std::vector<PrivateCertificate> certificates_;
  std::optional<TrustRoot> clientTrust_;
  ClientCertificate clientCertificate_ = ClientCertificate::NotAsked;
  bool refuseUnknownNames_ = false;
};

/// A server's policy, ready for use; as TlsClientContext. Its tickets can be resumed with it only.
class TlsServerContext {
 public:
  /// Throws TlsConfigurationError for what cannot be used.
  TlsServerContext(const CertificateOptions& options);

  const std::shared_ptr<detail::ServerContext>& shared() const noexcept { return shared_; }      // the library's own

 private:
  std::shared_ptr<detail::ServerContext> shared_;
};

}  // namespace weft::net
