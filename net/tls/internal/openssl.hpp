// OpenSSL's objects as owners, and its errors as text. For the .cpp files of net/tls: includes OpenSSL.
#pragma once

#include <weft/net/tls/error.hpp>

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace weft::net::detail {

template <auto Free> struct FreeBy {
  template <class T> void operator()(T* object) const noexcept { Free(object); }
};
using BioPointer = std::unique_ptr<BIO, FreeBy<BIO_free>>;
using ContextPointer = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using SessionPointer = std::unique_ptr<SSL_SESSION, FreeBy<SSL_SESSION_free>>;
using SslPointer = std::unique_ptr<SSL, FreeBy<SSL_free>>;
using StorePointer = std::unique_ptr<X509_STORE, FreeBy<X509_STORE_free>>;
using ExtensionPointer = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;

/// What OpenSSL's queue of errors says, the innermost first, in its words; the queue is empty afterwards. "unknown error" when it was empty.
std::string takeErrors();

/// Throws std::bad_alloc or TlsConfigurationError with `what` and the queue's text, unless `good`.
void check(bool good, std::string_view what);

/// "CN=example.com", in UTF-8, control characters escaped.
std::string nameText(const X509_NAME* name);

/// The text of a memory BIO.
std::string textOf(BIO* bio);
BioPointer memoryBio();
BioPointer memoryBio(std::string_view text);

/// A whole file. Throws TlsConfigurationError with its name.
std::string readFile(const std::string& path);

std::shared_ptr<X509> shared(X509* certificate);
/// One reference more.
std::shared_ptr<X509> sharedCopy(const X509* certificate);

}  // namespace weft::net::detail
