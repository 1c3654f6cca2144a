// The errors of TLS.
#pragma once

#include <weft/net/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::net {

/// A certificate, key, cipher list or host name that was given to this program's TLS cannot be used. Thrown where it is given, before any connection is made.
class TlsConfigurationError : public Error {
 public:
  using Error::Error;
};

/// The root of what goes wrong on a TLS connection: a handshake that failed, or the reason that connectionLost() gets.
class TlsError : public ConnectionClosed {
 public:
  using ConnectionClosed::ConnectionClosed;
};

/// The certificate that the peer showed is refused.
class CertificateError : public TlsError {
 public:
  enum class Reason : std::uint8_t {
    Expired,                                           // its last day has passed
    NotYetValid,                                       // its first day is still to come
    WrongHost,                                         // it is for other names than the one connected to
    SelfSigned,                                        // signed by itself, and not among the trusted ones
    UnknownAuthority,                                  // signed by somebody who is not trusted, or part of the chain is missing
    Revoked,                                           // its authority has withdrawn it
    RevocationListUnusable,                            // the authority's list of what it has withdrawn is out of date, or not signed by it
    BadPurpose,                                        // not meant for this use, or its signer may not sign certificates
    WeakKey,                                           // its key is too short, or signed with a broken digest
    BadSignature,                                      // its signature does not fit
    Missing,                                           // the peer showed none, though it had to
    Other,
  };
  /// `host` is who was connected to, or empty for a client's certificate; `detail` says more about the reason, as OpenSSL does.
  CertificateError(Reason reason, std::string host, std::string subject, std::string issuer, int depth, std::string_view detail);
  Reason reason;
  std::string host;
  std::string subject;                                 // whose certificate it is: "CN=example.com"
  std::string issuer;                                  // who signed it
  int depth;                                           // 0: the peer's own; 1: that of its issuer; and so on
};

/// The handshake was not done in the time allowed.
class HandshakeTimeout : public TlsError {
 public:
  HandshakeTimeout(std::string_view peer, double seconds);
  double seconds;
};

/// The peer ended the connection with an alert: it did not like what it got (RFC 8446, section 6.2).
class TlsAlert : public TlsError {
 public:
  TlsAlert(std::string_view peer, int code, std::string_view name);
  int code;
  std::string name;                                    // "unknown ca"
};

/// The two sides have no version of TLS in common.
class ProtocolVersionError : public TlsError {
 public:
  /// `offered`: what the peer speaks, as far as it is known ("TLS 1.0"); `accepted`: what this side would take ("TLS 1.2 to TLS 1.3").
  ProtocolVersionError(std::string_view peer, std::string offered, std::string accepted);
  std::string offered;
  std::string accepted;
};

/// What came is not TLS.
class NotTls : public TlsError {
 public:
  /// `received`: the first bytes that came.
  NotTls(std::string_view peer, std::string received);
  std::string received;
};

/// The peer closed the connection in the middle of the handshake.
class HandshakeAborted : public TlsError {
 public:
  explicit HandshakeAborted(std::string_view peer);
};

/// The connection ended without the peer's close_notify: what came may have been cut short, by anybody on the way (RFC 8446, section 6.1).
class TlsTruncated : public ConnectionLost {
 public:
  TlsTruncated() : ConnectionLost("the peer closed it without TLS's close_notify; what came may have been cut short") {}
};

}  // namespace weft::net
