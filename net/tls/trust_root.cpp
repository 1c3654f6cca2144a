#include <weft/net/tls/trust_root.hpp>

#include <weft/net/tls/internal/openssl.hpp>

#include <cstdlib>

#include <unistd.h>

namespace weft::net {

using namespace detail;

namespace {

std::shared_ptr<X509_STORE> newStore() {
  X509_STORE* const store = X509_STORE_new();
  if (!store) throw std::bad_alloc();
  return {store, [](X509_STORE* old) { X509_STORE_free(old); }};
}

void add(X509_STORE* store, const std::vector<Certificate>& certificates) {
  for (const Certificate& certificate : certificates) check(X509_STORE_add_cert(store, certificate.native()) == 1, "trusting a certificate");
}

// One file is read at once; OpenSSL's folder of single files would be read in the middle of handshakes.
std::shared_ptr<X509_STORE> loadPlatform() {
  const auto store = newStore();
  std::string tried;
  if (const char* const file = std::getenv(X509_get_default_cert_file_env())) {
    ERR_clear_error();
    check(X509_STORE_load_file(store.get(), file) == 1, "the file of trusted authorities that " + std::string(X509_get_default_cert_file_env()) + " names, " + file);
    if (const char* const folder = std::getenv(X509_get_default_cert_dir_env())) X509_STORE_load_path(store.get(), folder);
    return store;
  }
  if (const char* const folder = std::getenv(X509_get_default_cert_dir_env())) {
    check(X509_STORE_load_path(store.get(), folder) == 1, "the folder of trusted authorities that " + std::string(X509_get_default_cert_dir_env()) + " names, " + folder);
    return store;
  }
  for (const char* const file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
                                 "/etc/ssl/cert.pem", X509_get_default_cert_file()}) {
    if (::access(file, R_OK) == 0) {
      ERR_clear_error();
      check(X509_STORE_load_file(store.get(), file) == 1, std::string("the system's trusted authorities, ") + file);
      return store;
    }
    tried += tried.empty() ? file : std::string(", ") + file;
  }
  throw TlsConfigurationError("this system has no list of trusted authorities (" + tried +
                              "): install ca-certificates, name a file by SSL_CERT_FILE, or trust your own with trustRootFromCertificates()");
}

}  // namespace

TrustRoot TrustRoot::with(const std::vector<Certificate>& certificates) const {
  const auto store = newStore();
  X509_STORE_lock(native());
  const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(native());
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i)
    if (X509* const certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i))) X509_STORE_add_cert(store.get(), certificate);
  X509_STORE_unlock(native());
  add(store.get(), certificates);
  return TrustRoot(store);
}

TrustRoot platformTrust() {
  static const TrustRoot root(loadPlatform());
  return root;
}

TrustRoot trustRootFromCertificates(const std::vector<Certificate>& certificates) {
  const auto store = newStore();
  add(store.get(), certificates);
  return TrustRoot(store);
}

}  // namespace weft::net
