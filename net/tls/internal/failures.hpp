// What OpenSSL complains about, as our errors. For the .cpp files of net/tls: includes OpenSSL.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/net/tls/internal/openssl.hpp>

#include <string>
#include <string_view>

namespace weft::net::detail {

/// A CertificateError of X509_V_ERR_…; `host` is empty for a client's certificate, `certificate` may be null.
Failure certificateFailure(const std::string& host, int error, X509* certificate, int depth);

/// What is in OpenSSL's queue of errors, which is empty afterwards. `head`: the first bytes that came, in the handshake; `accepted`: the versions that this side takes.
Failure tlsFailure(const std::string& peer, const std::string& host, std::string_view head, const std::string& accepted);

}  // namespace weft::net::detail
