#include <weft/net/tls/certificate_authority.hpp>

#include <weft/net/address.hpp>
#include <weft/net/tls/internal/openssl.hpp>

#include <openssl/rand.h>

namespace weft::net {

using namespace detail;

namespace {

using TimePoint = Certificate::TimePoint;
enum class Kind : std::uint8_t { Leaf, Authority };

std::time_t timeText(TimePoint time) { return std::chrono::system_clock::to_time_t(time); }

/// How a name is written in a subjectAltName extension.
std::string alternativeName(const std::string& name) {
  if (name.empty() || name.find_first_of(",;\n\r \t") != std::string::npos)
    throw TlsConfigurationError("\"" + name + "\" is neither a host name nor a numeric address that a certificate could be for");
  return (Address::parse(name, 0) ? "IP:" : "DNS:") + name;
}

std::string alternativeNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ',';
    text += alternativeName(name);
  }
  return text;
}

void addExtension(X509* certificate, X509V3_CTX& context, int id, const std::string& value) {
  ERR_clear_error();
  const ExtensionPointer extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  check(extension != nullptr, "the extension " + std::string(OBJ_nid2sn(id)) + " \"" + value + "\" of a new certificate");
  check(X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension to a new certificate");
}

/// `issuer` null: signed by itself.
PrivateCertificate make(const CertificateDetails& details, Kind kind, const PrivateCertificate* issuer) {
  const PrivateKey key = details.key() ? *details.key() : PrivateKey::generate();
  const std::shared_ptr<X509> certificate = shared(X509_new());
  X509* const x = certificate.get();
  check(X509_set_version(x, X509_VERSION_3) == 1, "making a certificate");

  unsigned char serial[16];
  check(RAND_bytes(serial, sizeof serial) == 1, "making a serial number");
  serial[0] = static_cast<unsigned char>((serial[0] & 0x3f) | 0x40);    // positive, and of full length
  check(ASN1_STRING_set(X509_get_serialNumber(x), serial, sizeof serial) == 1, "making a serial number");

  const auto now = std::chrono::system_clock::now();
  check(ASN1_TIME_set(X509_getm_notBefore(x), timeText(details.validFrom().value_or(now - std::chrono::hours(1)))) != nullptr, "setting a date");
  check(ASN1_TIME_set(X509_getm_notAfter(x), timeText(details.validUntil().value_or(now + std::chrono::hours(24 * 365)))) != nullptr, "setting a date");
  check(X509_set_pubkey(x, key.native()) == 1, "making a certificate");

  X509_NAME* const subject = X509_get_subject_name(x);
  if (!details.commonName().empty()) {
    const auto* const name = reinterpret_cast<const unsigned char*>(details.commonName().data());
    check(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name, static_cast<int>(details.commonName().size()), -1, 0) == 1,
          "the common name \"" + details.commonName() + "\" of a new certificate (at most 64 letters)");
  }
  X509* const signer = issuer ? issuer->certificate().native() : x;
  check(X509_set_issuer_name(x, X509_get_subject_name(signer)) == 1, "making a certificate");

  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, signer, x, nullptr, nullptr, 0);
  addExtension(x, context, NID_subject_key_identifier, "hash");
  if (issuer) addExtension(x, context, NID_authority_key_identifier, "keyid");
  if (kind == Kind::Authority) {
    addExtension(x, context, NID_basic_constraints, "critical,CA:TRUE");
    addExtension(x, context, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    using Purpose = CertificateDetails::Purpose;
    addExtension(x, context, NID_basic_constraints, "critical,CA:FALSE");
    addExtension(x, context, NID_key_usage, "critical,digitalSignature,keyEncipherment");
    addExtension(x, context, NID_ext_key_usage,
                 details.purpose() == Purpose::Server   ? "serverAuth"
                 : details.purpose() == Purpose::Client ? "clientAuth"
                                                        : "serverAuth,clientAuth");
    if (!details.names().empty()) addExtension(x, context, NID_subject_alt_name, alternativeNames(details.names()));
  }

  const EVP_MD* const digest = EVP_get_digestbyname(details.digest().c_str());
  check(digest != nullptr, "the digest \"" + details.digest() + "\" of a new certificate");
  check(X509_sign(x, issuer ? issuer->key().native() : key.native(), digest) > 0, "signing a certificate");

  std::vector<Certificate> chain;
  if (issuer && !issuer->certificate().isSelfSigned()) {
    chain.push_back(issuer->certificate());
    chain.insert(chain.end(), issuer->chain().begin(), issuer->chain().end());
  }
  return PrivateCertificate(Certificate(certificate), key, std::move(chain));
}

}  // namespace

PrivateCertificate selfSigned(const CertificateDetails& details) { return make(details, Kind::Leaf, nullptr); }

CertificateAuthority::CertificateAuthority(const std::string& commonName) : CertificateAuthority(CertificateDetails().commonName(commonName)) {}
CertificateAuthority::CertificateAuthority(const CertificateDetails& details) : own_(make(details, Kind::Authority, nullptr)) {}

PrivateCertificate CertificateAuthority::issue(const CertificateDetails& details) const { return make(details, Kind::Leaf, &own_); }

CertificateAuthority CertificateAuthority::intermediate(const CertificateDetails& details) const {
  return CertificateAuthority(make(details, Kind::Authority, &own_));
}

RevocationList CertificateAuthority::revoke(std::span<const Certificate> certificates, std::optional<TimePoint> nextUpdate) const {
  X509_CRL* const list = X509_CRL_new();
  if (!list) throw std::bad_alloc();
  RevocationList result({list, [](X509_CRL* old) { X509_CRL_free(old); }});
  const auto now = std::chrono::system_clock::now();
  const std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>> from(ASN1_TIME_set(nullptr, timeText(now - std::chrono::hours(1))));
  const std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>> until(ASN1_TIME_set(nullptr, timeText(nextUpdate.value_or(now + std::chrono::hours(24 * 7)))));
  check(from && until && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
            X509_CRL_set_issuer_name(list, X509_get_subject_name(own_.certificate().native())) == 1 &&
            X509_CRL_set1_lastUpdate(list, from.get()) == 1 && X509_CRL_set1_nextUpdate(list, until.get()) == 1,
        "making a revocation list");
  for (const Certificate& certificate : certificates) {
    std::unique_ptr<X509_REVOKED, FreeBy<X509_REVOKED_free>> entry(X509_REVOKED_new());
    check(entry && X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(certificate.native())) == 1 &&
              X509_REVOKED_set_revocationDate(entry.get(), from.get()) == 1 && X509_CRL_add0_revoked(list, entry.get()) == 1,
          "adding to a revocation list");
    static_cast<void>(entry.release());
  }
  check(X509_CRL_sort(list) == 1 && X509_CRL_sign(list, own_.key().native(), EVP_sha256()) > 0, "signing a revocation list");
  return result;
}

}  // namespace weft::net
