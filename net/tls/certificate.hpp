// Certificate, PrivateKey, PrivateCertificate: who one is, and the proof of it.
#pragma once

#include <weft/net/tls/error.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;
struct X509_crl_st;

namespace weft::net {

/// An X.509 certificate. An immutable value of one shared pointer; may be used on any thread.
///
/// What cannot be read throws TlsConfigurationError, which names the file, the line and the reason. The functions that read a file block: call them at the
/// start of a program, or by deferToThread.
class Certificate {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  /// The first certificate of a PEM text ("-----BEGIN CERTIFICATE-----"); what stands before and between is skipped.
  static Certificate fromPEM(std::string_view text);
  static Certificate fromFile(const std::string& path);
  /// All certificates of a PEM text, at least one.
  static std::vector<Certificate> allFromPEM(std::string_view text);
  static std::vector<Certificate> allFromFile(const std::string& path);
  /// The binary form.
  static Certificate fromDER(std::string_view bytes);

  std::string toPEM() const;
  std::string toDER() const;

  /// "C=DE,O=Example,CN=example.com"; control characters are escaped.
  std::string subject() const;
  std::string issuer() const;
  /// The common name alone, or nothing.
  std::string commonName() const;
  /// The names that it is for, of its subjectAltName extension: "example.com", "*.example.org".
  std::vector<std::string> dnsNames() const;
  /// The addresses that it is for: "127.0.0.1", "::1".
  std::vector<std::string> ipAddresses() const;
  TimePoint notBefore() const;
  TimePoint notAfter() const;
  /// In hexadecimal digits.
  std::string serialNumber() const;
  /// SHA-256 of the binary form, as browsers show it: "AB:CD:…".
  std::string fingerprint() const;
  /// May it sign other certificates?
  bool isAuthority() const;
  bool isSelfSigned() const;
  /// Is it for this host name or numeric address? Wildcards as in RFC 6125, section 6.4.3; the common name does not count.
  bool matches(const std::string& host) const;

  bool operator==(const Certificate& other) const;

  explicit Certificate(std::shared_ptr<x509_st> native) noexcept : native_(std::move(native)) {}      // the library's own
  x509_st* native() const noexcept { return native_.get(); }

 private:
  std::shared_ptr<x509_st> native_;
};

/// A private key. An immutable value of one shared pointer.
class PrivateKey {
 public:
  /// A new key on the curve P-256: small, fast, and understood by everybody.
  static PrivateKey generate();
  /// A new RSA key, for peers that know nothing else.
  static PrivateKey generateRSA(int bits = 2048);
  /// `passphrase`: of an encrypted key; nobody is asked for it.
  static PrivateKey fromPEM(std::string_view text, const std::string& passphrase = {});
  static PrivateKey fromFile(const std::string& path, const std::string& passphrase = {});
  /// PKCS #8, not encrypted.
  std::string toPEM() const;

  explicit PrivateKey(std::shared_ptr<evp_pkey_st> native) noexcept : native_(std::move(native)) {}   // the library's own
  evp_pkey_st* native() const noexcept { return native_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> native_;
};

/// A list of the certificates that an authority has withdrawn (RFC 5280, section 5).
class RevocationList {
 public:
  static RevocationList fromPEM(std::string_view text);
  static RevocationList fromFile(const std::string& path);
  std::string toPEM() const;
  std::string issuer() const;

  explicit RevocationList(std::shared_ptr<X509_crl_st> native) noexcept : native_(std::move(native)) {}   // the library's own
  X509_crl_st* native() const noexcept { return native_.get(); }

 private:
  std::shared_ptr<X509_crl_st> native_;
};

/// A certificate with its private key, and the certificates that lead to an authority: what a server shows, or a client that has to prove who it is.
class PrivateCertificate {
 public:
  /// Throws TlsConfigurationError when the key is not the certificate's.
  PrivateCertificate(Certificate certificate, PrivateKey key, std::vector<Certificate> chain = {});
  /// `certificates`: the own one first, then its chain.
  static PrivateCertificate fromPEM(std::string_view certificates, std::string_view key, const std::string& passphrase = {});
  static PrivateCertificate fromFiles(const std::string& certificates, const std::string& key, const std::string& passphrase = {});
  /// Both in one file.
  static PrivateCertificate fromFile(const std::string& path, const std::string& passphrase = {});

  const Certificate& certificate() const noexcept { return certificate_; }
  const PrivateKey& key() const noexcept { return key_; }
  /// Without the own one, and without the root.
  const std::vector<Certificate>& chain() const noexcept { return chain_; }

 private:
  Certificate certificate_;
  PrivateKey key_;
  std::vector<Certificate> chain_;
};

}  // namespace weft::net
