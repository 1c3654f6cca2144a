#include <weft/net/tls/error.hpp>

#include <cstdio>
#include <utility>

namespace weft::net {

namespace {

std::string_view whatToDo(CertificateError::Reason reason) {
  using enum CertificateError::Reason;
  switch (reason) {
    case Expired: return "; its owner has to renew it (or this machine's clock is wrong)";
    case NotYetValid: return "; look at this machine's clock";
    case WrongHost: return "; connect by one of its names, or get one for this name";
    case SelfSigned: return "; if you know it to be right, trust it with trustRootFromCertificates()";
    case UnknownAuthority: return "; trust its authority with trustRootFromCertificates(), or let the peer send the whole chain";
    case Revoked: return "; it must not be used any more";
    case RevocationListUnusable: return "; get a fresh list from the authority";
    case BadPurpose: return "; get one for this use from its authority";
    case WeakKey: return "; get one with a stronger key and signature";
    case Missing: return "; give it one with TlsClientOptions::clientCertificate()";
    default: return "";
  }
}

std::string certificateText(CertificateError::Reason reason, const std::string& host, const std::string& subject, const std::string& issuer, int depth,
                            std::string_view detail) {
  std::string text;
  if (reason == CertificateError::Reason::Missing) {
    text = host.empty() ? "the client" : host;
    text += " showed no certificate, though one is required";
  } else {
    text = depth == 0 ? "the certificate of " : "in the certificate chain of ";
    text += host.empty() ? "the client" : host;
    text += depth == 0 ? " (" : ", that of (";
    text += subject + ", issued by " + issuer + ") is refused: ";
    text += detail;
  }
  text += whatToDo(reason);
  return text;
}

std::string secondsText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", value);
  return text;
}

std::string alertHint(int code) {
  switch (code) {
    case 42:
    case 43:
    case 46: return "; it does not like the certificate that it was shown";
    case 44: return "; the certificate that it was shown is revoked";
    case 45: return "; the certificate that it was shown has expired";
    case 48: return "; it does not know the authority of the certificate that it was shown";
    case 40: return "; the two sides share no cipher, or it wants a certificate";
    case 112: return "; it knows no host of that name";
    case 116: return "; it wants a client certificate (TlsClientOptions::clientCertificate())";
    case 120: return "; it speaks none of the protocols that were offered";
    default: return "";
  }
}

// Printable bytes as they are.
std::string quotedBytes(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      text += c;
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      text += code;
    }
  }
  return text + '"';
}

}  // namespace

CertificateError::CertificateError(Reason reason, std::string host, std::string subject, std::string issuer, int depth, std::string_view detail)
    : TlsError(certificateText(reason, host, subject, issuer, depth, detail)), reason(reason), host(std::move(host)), subject(std::move(subject)),
      issuer(std::move(issuer)), depth(depth) {}

HandshakeTimeout::HandshakeTimeout(std::string_view peer, double seconds)
    : TlsError("the TLS handshake with " + std::string(peer) + " was not done after " + secondsText(seconds)), seconds(seconds) {}

TlsAlert::TlsAlert(std::string_view peer, int code, std::string_view name)
    : TlsError(std::string(peer) + " ended the TLS connection with the alert \"" + std::string(name) + "\" (" + std::to_string(code) + ")" + alertHint(code)),
      code(code), name(name) {}

ProtocolVersionError::ProtocolVersionError(std::string_view peer, std::string offered, std::string accepted)
    : TlsError("no version of TLS in common with " + std::string(peer) + ": this side takes " + accepted +
               (offered.empty() ? ", which the other does not" : ", the other speaks " + offered + " at most") +
               "; the older versions are broken, the peer should be updated"),
      offered(std::move(offered)), accepted(std::move(accepted)) {}

NotTls::NotTls(std::string_view peer, std::string received)
    : TlsError("what " + std::string(peer) + " sent is not TLS: it begins with " + quotedBytes(received) + "; is that a port without TLS?"),
      received(std::move(received)) {}

HandshakeAborted::HandshakeAborted(std::string_view peer)
    : TlsError(std::string(peer) + " closed the connection in the middle of the TLS handshake") {}

}  // namespace weft::net
