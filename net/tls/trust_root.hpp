// TrustRoot: whose signatures are believed.
#pragma once

#include <weft/net/tls/certificate.hpp>

#include <memory>
#include <utility>
#include <vector>

struct x509_store_st;

namespace weft::net {

/// The authorities that are trusted. An immutable value of one shared pointer; any thread.
class TrustRoot {
 public:
  /// These as well.
  TrustRoot with(const std::vector<Certificate>& certificates) const;

  explicit TrustRoot(std::shared_ptr<x509_store_st> native) noexcept : native_(std::move(native)) {}      // the library's own
  x509_store_st* native() const noexcept { return native_.get(); }

 private:
  std::shared_ptr<x509_store_st> native_;
};

/// The authorities that this system trusts: the files that the environment's SSL_CERT_FILE and SSL_CERT_DIR name, else those of the distribution. They are read once in
/// the life of the process, at the first call, which takes about 20 ms. Throws TlsConfigurationError when there are none.
TrustRoot platformTrust();

/// These authorities and nobody else; or, for a self-signed certificate, this very certificate.
TrustRoot trustRootFromCertificates(const std::vector<Certificate>& certificates);

}  // namespace weft::net
