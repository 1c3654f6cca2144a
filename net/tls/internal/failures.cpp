#include <weft/net/tls/internal/failures.hpp>

#include <weft/net/tls/certificate.hpp>

#include <array>
#include <ctime>

#include <openssl/sslerr.h>

namespace weft::net::detail {

namespace {

using Reason = CertificateError::Reason;

Reason reasonOf(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return Reason::Expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return Reason::NotYetValid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return Reason::WrongHost;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return Reason::SelfSigned;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return Reason::UnknownAuthority;
    case X509_V_ERR_CERT_REVOKED: return Reason::Revoked;
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE: return Reason::RevocationListUnusable;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_CERT_REJECTED:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED: return Reason::BadPurpose;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return Reason::WeakKey;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return Reason::BadSignature;
    default: return Reason::Other;
  }
}

std::string dateText(Certificate::TimePoint time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", ::gmtime_r(&seconds, &parts));
  return text.data();
}

std::string namesText(const Certificate& certificate) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> names = certificate.dnsNames();
  for (std::string& address : certificate.ipAddresses()) names.push_back(std::move(address));
  if (names.empty()) return "it names no host (a common name does not count)";
  std::string text = "it is for ";
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

/// The version that a hello record names: the client's highest below TLS 1.3, or the server's choice (RFC 8446, section 4.1.2).
std::string versionIn(std::string_view head) {
  if (head.size() < 11 || head[0] != 22 || head[9] != 3) return {};
  const int minor = static_cast<unsigned char>(head[10]);
  if (minor == 0) return "SSL 3.0";
  return minor <= 4 ? "TLS 1." + std::to_string(minor - 1) : std::string();
}

bool isTls(std::string_view head) { return head.empty() || (head[0] >= 20 && head[0] <= 24 && (head.size() < 2 || head[1] == 3)); }

}  // namespace

Failure certificateFailure(const std::string& host, int error, X509* certificate, int depth) {
  const Reason reason = reasonOf(error);
  std::string detail = X509_verify_cert_error_string(error);
  if (!certificate) return CertificateError(reason, host, "unknown", "unknown", depth, detail);
  const Certificate shown(sharedCopy(certificate));
  switch (reason) {
    case Reason::Expired: detail = "it expired on " + dateText(shown.notAfter()); break;
    case Reason::NotYetValid: detail = "it is not valid before " + dateText(shown.notBefore()); break;
    case Reason::WrongHost: detail = namesText(shown); break;
    case Reason::SelfSigned: detail = "it is signed by itself, and not among those trusted"; break;
    case Reason::UnknownAuthority: detail = "its authority is not trusted (" + detail + ")"; break;
    case Reason::Revoked: detail = "its authority has revoked it"; break;
    case Reason::RevocationListUnusable: detail = "the revocation list of its authority cannot be used (" + detail + ")"; break;
    case Reason::BadPurpose: detail = "it is not meant for this use (" + detail + ")"; break;
    case Reason::WeakKey: detail = "its key or signature is too weak (" + detail + ")"; break;
    default: break;
  }
  return CertificateError(reason, host, shown.subject(), shown.issuer(), depth, detail);
}

Failure tlsFailure(const std::string& peer, const std::string& host, std::string_view head, const std::string& accepted) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  if (!isTls(head)) {
    ERR_clear_error();
    return NotTls(peer, std::string(head));
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255) {
      ERR_clear_error();
      const int code = reason - SSL_AD_REASON_OFFSET;
      if (code == SSL_AD_PROTOCOL_VERSION) return ProtocolVersionError(peer, {}, accepted);
      return TlsAlert(peer, code, SSL_alert_desc_string_long(code));
    }
    switch (reason) {
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_UNSUPPORTED_SSL_VERSION:
      case SSL_R_UNKNOWN_SSL_VERSION:
      case SSL_R_WRONG_SSL_VERSION:
      case SSL_R_VERSION_TOO_LOW:
      case SSL_R_VERSION_TOO_HIGH: ERR_clear_error(); return ProtocolVersionError(peer, versionIn(head), accepted);
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: ERR_clear_error(); return CertificateError(Reason::Missing, host, {}, {}, 0, {});
      default: break;
    }
  }
  return TlsError("TLS with " + peer + " failed: " + takeErrors());
}

}  // namespace weft::net::detail
