#include <weft/net/tls/internal/context.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/net/address.hpp>
#include <weft/net/tls/internal/tls_connection.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace weft::net {

namespace detail {

namespace {

int versionNumber(TlsVersion version) {
  switch (version) {
    case TlsVersion::Tls10: return TLS1_VERSION;
    case TlsVersion::Tls11: return TLS1_1_VERSION;
    case TlsVersion::Tls12: return TLS1_2_VERSION;
    default: return TLS1_3_VERSION;
  }
}

std::string wireProtocols(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) throw TlsConfigurationError("the protocol name \"" + name + "\" for ALPN must have 1 to 255 bytes");
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

void useCertificate(SSL_CTX* context, const PrivateCertificate& certificate) {
  ERR_clear_error();
  const std::string who = "using the certificate of " + certificate.certificate().subject();
  check(SSL_CTX_use_certificate(context, certificate.certificate().native()) == 1, who);
  check(SSL_CTX_use_PrivateKey(context, certificate.key().native()) == 1, who);
  for (const Certificate& link : certificate.chain()) check(SSL_CTX_add1_chain_cert(context, link.native()) == 1, who);
}

/// Trusts `root`, and looks at the lists: in a store of its own, as the root is shared.
void trust(SSL_CTX* context, const TrustRoot& root, const std::vector<RevocationList>& lists) {
  if (lists.empty()) {
    SSL_CTX_set1_cert_store(context, root.native());
    return;
  }
  const TrustRoot own = root.with({});
  for (const RevocationList& list : lists) check(X509_STORE_add_crl(own.native(), list.native()) == 1, "using the revocation list of " + list.issuer());
  check(X509_STORE_set_flags(own.native(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1, "using revocation lists");
  SSL_CTX_set1_cert_store(context, own.native());
}

void onKeyLine(const SSL* ssl, const char* line) {
  PolicyContext& context = TlsConnection::of(ssl).context();
  if (context.keyLogFile) context.keyLogFile->write(line);
  if (!context.keyLog) return;
  try {
    context.keyLog(line);
  } catch (...) {                                      // a log that fails must not harm the connection
  }
}

int onNewSession(SSL* ssl, SSL_SESSION* session) {
  TlsConnection::of(ssl).newSession(SessionPointer(session));
  return 1;                                            // ours now
}

int onServerName(SSL* ssl, int* alert, void* argument) {
  const auto& context = *static_cast<ServerContext*>(argument);
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (!name) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* const chosen = context.contextFor(name);
  if (!chosen) {
    if (!context.refuseUnknownNames) return SSL_TLSEXT_ERR_NOACK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (chosen != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, chosen);
  return SSL_TLSEXT_ERR_OK;
}

int onProtocols(SSL*, const unsigned char** out, unsigned char* outSize, const unsigned char* offered, unsigned offeredSize, void* argument) {
  const auto& own = static_cast<ServerContext*>(argument)->protocols;
  const int chosen = SSL_select_next_proto(const_cast<unsigned char**>(out), outSize, reinterpret_cast<const unsigned char*>(own.data()),
                                           static_cast<unsigned>(own.size()), offered, offeredSize);
  return chosen == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

// ---- KeyLogFile

KeyLogFile::KeyLogFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) throw TlsConfigurationError("opening the key log " + path + ": " + systemErrorText(errno));
  file_.reset(::fdopen(descriptor, "a"));
  if (!file_) {
    ::close(descriptor);
    throw std::bad_alloc();
  }
}

void KeyLogFile::write(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), file_.get());
  std::fputc('\n', file_.get());
  std::fflush(file_.get());
}

// ---- both sides

template <class Options>
PolicyContext::PolicyContext(const Options& options)
    : handshakeTimeout(options.handshakeTimeout()), verificationTime(options.verificationTime()), keyLog(options.keyLog()),
      keyLogFile(options.keyLogFile().empty() ? nullptr : std::make_unique<KeyLogFile>(options.keyLogFile())), minimumVersion(options.minimumVersion()),
      maximumVersion(options.maximumVersion()) {
  if (minimumVersion > maximumVersion)
    throw TlsConfigurationError("the minimum version, " + tlsVersionName(minimumVersion) + ", is above the maximum, " + tlsVersionName(maximumVersion));
}

template <class Options> ContextPointer PolicyContext::newContext(const SSL_METHOD* method, const Options& options) {
  ERR_clear_error();
  ContextPointer made(SSL_CTX_new(method));
  SSL_CTX* const raw = made.get();
  check(raw != nullptr, "making a TLS context");
  check(SSL_CTX_set_min_proto_version(raw, versionNumber(minimumVersion)) == 1 && SSL_CTX_set_max_proto_version(raw, versionNumber(maximumVersion)) == 1,
                "setting the versions of TLS");
  // Buffers go back while nothing is under way: 34 KB an idle connection. The chain that is sent is the one that was given, not what the trusted authorities add to it.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_security_level(raw, 2);                  // whatever openssl.cnf says: 112 bits, no SHA-1 signatures
  if (!options.ciphers().empty())
    check(SSL_CTX_set_cipher_list(raw, options.ciphers().c_str()) == 1, "the list of ciphers \"" + options.ciphers() + '"');
  if (!options.cipherSuites().empty())
    check(SSL_CTX_set_ciphersuites(raw, options.cipherSuites().c_str()) == 1, "the list of cipher suites \"" + options.cipherSuites() + '"');
  if (keyLog || keyLogFile) SSL_CTX_set_keylog_callback(raw, onKeyLine);
  return made;
}

std::string PolicyContext::acceptedVersions() const {
  return minimumVersion == maximumVersion ? tlsVersionName(minimumVersion) : tlsVersionName(minimumVersion) + " to " + tlsVersionName(maximumVersion);
}

// ---- client

ClientContext::ClientContext(const TlsClientOptions& options)
    : PolicyContext(options), sessions(options.sessionCacheHosts()), verify(options.verify()), resumption(options.sessionResumption()) {
  context = newContext(TLS_client_method(), options);
  SSL_CTX* const raw = context.get();
  if (verify) {
    trust(raw, options.trustRoot() ? *options.trustRoot() : platformTrust(), options.revocationLists());
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, TlsConnection::onVerify);
  }
  if (options.clientCertificate()) useCertificate(raw, *options.clientCertificate());
  const std::string protocols = wireProtocols(options.acceptableProtocols());
  if (!protocols.empty())
    check(SSL_CTX_set_alpn_protos(raw, reinterpret_cast<const unsigned char*>(protocols.data()), static_cast<unsigned>(protocols.size())) == 0,
                  "setting the protocols for ALPN");
  if (resumption) {
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(raw, onNewSession);
  } else {
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
  }
}

// ---- server

ServerContext::ServerContext(const CertificateOptions& options)
    : PolicyContext(options), protocols(wireProtocols(options.acceptableProtocols())), refuseUnknownNames(options.refuseUnknownNames()) {
  using Asked = CertificateOptions::ClientCertificate;
  for (const PrivateCertificate& certificate : options.certificates()) {
    ContextPointer made = newContext(TLS_server_method(), options);
    SSL_CTX* const raw = made.get();
    useCertificate(raw, certificate);
    SSL_CTX_set_dh_auto(raw, 1);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);                // tickets hold everything
    static constexpr unsigned char kId[] = "weft";
    SSL_CTX_set_session_id_context(raw, kId, sizeof kId - 1);
    if (!options.sessionResumption()) {
      SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(raw, 0);
    }
    if (options.clientCertificate() != Asked::NotAsked) {
      trust(raw, *options.clientTrust(), options.revocationLists());
      const int required = options.clientCertificate() == Asked::Required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
      SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | required, TlsConnection::onVerify);
      const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(options.clientTrust()->native());
      for (int i = 0; i < std::min(sk_X509_OBJECT_num(objects), 64); ++i)      // a hint for the client; the whole of a platform's would be 16 KB
        if (X509* const authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i))) SSL_CTX_add_client_CA(raw, authority);
    }
    if (!protocols.empty()) SSL_CTX_set_alpn_select_cb(raw, onProtocols, this);
    for (const std::string& name : certificate.certificate().dnsNames()) {
      std::string lower = weft::detail::lowered(name);
      if (lower.starts_with("*.")) wildcards.emplace_back(lower.substr(1), raw);
      else exact.emplace_back(std::move(lower), raw);
    }
    if (!context) context = std::move(made);
    else others.push_back(std::move(made));
  }
  const auto byName = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(exact.begin(), exact.end(), byName);
  std::stable_sort(wildcards.begin(), wildcards.end(), byName);
  if (!others.empty() || refuseUnknownNames) {
    SSL_CTX_set_tlsext_servername_callback(context.get(), onServerName);
    SSL_CTX_set_tlsext_servername_arg(context.get(), this);
  }
}

SSL_CTX* ServerContext::contextFor(std::string_view name) const {
  std::string lower = weft::detail::lowered(name);
  if (lower.ends_with('.')) lower.pop_back();
  const auto find = [](const auto& names, std::string_view wanted) -> SSL_CTX* {
    const auto found = std::lower_bound(names.begin(), names.end(), wanted, [](const auto& one, std::string_view text) { return one.first < text; });
    return found != names.end() && found->first == wanted ? found->second : nullptr;
  };
  if (SSL_CTX* const found = find(exact, lower)) return found;
  const std::size_t dot = lower.find('.');
  return dot == std::string::npos || dot == 0 ? nullptr : find(wildcards, std::string_view(lower).substr(dot));
}

}  // namespace detail

// ---- the public faces

std::string tlsVersionName(TlsVersion version) { return "TLS 1." + std::to_string(static_cast<int>(version)); }

TlsClientContext::TlsClientContext(const TlsClientOptions& options) : shared_(std::make_shared<detail::ClientContext>(options)) {}
std::size_t TlsClientContext::cachedHosts() const { return shared_->sessions.hosts(); }
std::size_t TlsClientContext::cachedSessions() const { return shared_->sessions.sessions(); }
void TlsClientContext::clearSessions() const { shared_->sessions.clear(); }

const TlsClientContext& defaultTlsClientContext() {
  static const TlsClientContext context{TlsClientOptions()};
  return context;
}

TlsServerContext::TlsServerContext(const CertificateOptions& options) : shared_(std::make_shared<detail::ServerContext>(options)) {}

TlsClientConnectionOptions optionsForClientTLS(std::string hostname, const TlsClientContext& context) {
  const std::string given = hostname;
  if (hostname.starts_with('[') && hostname.ends_with(']')) hostname = hostname.substr(1, hostname.size() - 2);
  if (hostname.ends_with('.')) hostname.pop_back();
  const bool printable = std::all_of(hostname.begin(), hostname.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (hostname.empty() || !printable || hostname.size() > 253)
    throw TlsConfigurationError("optionsForClientTLS(): \"" + given + "\" is no host name in ASCII (international names in their xn-- form) and no numeric address");
  return {weft::detail::lowered(hostname), context};
}

}  // namespace weft::net
