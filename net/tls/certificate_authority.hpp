// CertificateAuthority: certificates of one's own making, for tests, samples and closed networks.
#pragma once

#include <weft/net/tls/certificate.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// What a new certificate says. `ca.issue(CertificateDetails("example.com").name("*.example.com"))`.
class CertificateDetails {
 public:
  using TimePoint = Certificate::TimePoint;
  enum class Purpose : std::uint8_t { Server, Client, Both };

  /// `name`: a host name, wildcard name or numeric address that it is for; also its common name.
  explicit CertificateDetails(std::string name) : commonName_(name) { this->name(std::move(name)); }
  /// Without a name to be for: a client's.
  CertificateDetails() = default;

  /// One more host name, wildcard name or numeric address.
  CertificateDetails& name(std::string name) {
    names_.push_back(std::move(name));
    return *this;
  }
  CertificateDetails& commonName(std::string name) {
    commonName_ = std::move(name);
    return *this;
  }
  /// From an hour ago until a year from now unless set.
  CertificateDetails& validFrom(TimePoint time) {
    validFrom_ = time;
    return *this;
  }
  CertificateDetails& validUntil(TimePoint time) {
    validUntil_ = time;
    return *this;
  }
  /// Both unless set.
  CertificateDetails& purpose(Purpose purpose) {
    purpose_ = purpose;
    return *this;
  }
  /// A key that is there already; else a new one is made on P-256.
  CertificateDetails& key(PrivateKey key) {
    key_ = std::move(key);
    return *this;
  }
  /// What it is signed with: "SHA256" unless set.
  CertificateDetails& digest(std::string name) {
    digest_ = std::move(name);
    return *this;
  }

  const std::vector<std::string>& names() const noexcept { return names_; }
  const std::string& commonName() const noexcept { return commonName_; }
  const std::optional<TimePoint>& validFrom() const noexcept { return validFrom_; }
  const std::optional<TimePoint>& validUntil() const noexcept { return validUntil_; }
  Purpose purpose() const noexcept { return purpose_; }
  const std::optional<PrivateKey>& key() const noexcept { return key_; }
  const std::string& digest() const noexcept { return digest_; }

 private:
  std::vector<std::string> names_;
  std::string commonName_;
  std::optional<TimePoint> validFrom_, validUntil_;
  std::optional<PrivateKey> key_;
  std::string digest_ = "SHA256";
  Purpose purpose_ = Purpose::Both;
};

/// A certificate signed by its own key. Throws TlsConfigurationError for a name or digest that OpenSSL does not take, as do the functions below.
PrivateCertificate selfSigned(const CertificateDetails& details);

/// Signs certificates. Whoever trusts certificate() (trustRootFromCertificates) accepts them.
///
///     CertificateAuthority authority("Our tests");
///     CertificateOptions server(authority.issue(CertificateDetails("localhost")));
///     TlsClientOptions client;
///     client.trustRoot(trustRootFromCertificates({authority.certificate()}));
///
/// Serial numbers are random. To go on with it in another run, keep privateCertificate() in a file.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& commonName = "weft's own authority");
  explicit CertificateAuthority(const CertificateDetails& details);
  explicit CertificateAuthority(PrivateCertificate certificate) : own_(std::move(certificate)) {}

  const Certificate& certificate() const noexcept { return own_.certificate(); }
  const PrivateCertificate& privateCertificate() const noexcept { return own_; }

  /// A certificate for a server or client; its chain holds the authorities between this one and the root.
  PrivateCertificate issue(const CertificateDetails& details) const;
  /// An authority below this one.
  CertificateAuthority intermediate(const CertificateDetails& details) const;
  /// The list of what it has withdrawn, good until `nextUpdate` (a week from now unless given).
  RevocationList revoke(std::span<const Certificate> certificates, std::optional<Certificate::TimePoint> nextUpdate = {}) const;

 private:
  PrivateCertificate own_;
};

}  // namespace weft::net
