// TlsFacts: what a handshake has agreed upon. HandshakeListener: a protocol that wants to know when.
#pragma once

#include <weft/net/tls/certificate.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::net {

class Transport;

enum class TlsVersion : std::uint8_t { Tls10, Tls11, Tls12, Tls13 };
/// "TLS 1.3".
std::string tlsVersionName(TlsVersion version);

/// What is known of a TLS connection: see Transport::tlsFacts(). Stays true after the connection has ended.
class TlsFacts {
 public:
  virtual TlsVersion version() const = 0;
  /// "TLS_AES_256_GCM_SHA384".
  virtual std::string cipher() const = 0;
  /// The protocol agreed upon by ALPN (RFC 7301): "h2". Empty when none was.
  virtual std::string negotiatedProtocol() const = 0;
  /// Who the peer has proved to be. A server's is always there; a client's where it showed one.
  virtual std::optional<Certificate> peerCertificate() const = 0;
  /// The certificates that the peer sent, its own first. Of a resumed connection, those of the first.
  virtual std::vector<Certificate> peerCertificateChain() const = 0;
  /// Was an earlier session gone on with, so that the handshake cost half?
  virtual bool resumed() const = 0;
  /// The host name that the client asked for by SNI (RFC 6066, section 3), or empty.
  virtual std::string serverName() const = 0;

 protected:
  ~TlsFacts() = default;
};

/// A Protocol that derives from this as well is told when it gets a connection whose handshake is complete: before its connectionMade, and so before anything is sent. It may
/// look at the facts, and refuse by transport.abortConnection() (connectionMade and connectionLost follow, and nothing has left). What it throws closes the connection.
class HandshakeListener {
 public:
  virtual void handshakeCompleted(Transport& transport, const TlsFacts& facts) = 0;

 protected:
  ~HandshakeListener() = default;
};

}  // namespace weft::net
