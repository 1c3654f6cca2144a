// DigestAuth: answers to the challenges of the Digest scheme.
#pragma once

#include <weft/http/auth/credentials.hpp>
#include <weft/http/header_values/challenge.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// The client's side of Digest authentication: proves that it knows the password without sending it. RFC 7616: MD5, MD5-sess, SHA-256, SHA-256-sess, qop=auth (and servers
/// without qop, as in RFC 2069), userhash. A server that offers qop=auth-int alone cannot be answered.
///
/// One challenge serves many requests: each answer counts its nonce up. A value; one thread at a time.
///
///     auto digest = DigestAuth::answering(challenge, credentials);
///     request.setHeader("Authorization", digest->authorization("GET", request.url.target()));
class DigestAuth {
 public:
  /// nullopt when the challenge is not of this scheme, lacks a nonce, or wants an algorithm or a quality of protection that is unknown here.
  static std::optional<DigestAuth> answering(const Challenge& challenge, Credentials credentials);

  /// The value of the Authorization (or Proxy-Authorization) field of the next request. `target` as in its request line.
  std::string authorization(std::string_view method, std::string_view target);

  const std::string& realm() const noexcept { return realm_; }
  const std::string& nonce() const noexcept { return nonce_; }
  /// Is it SHA-256, not MD5?
  bool isStrong() const noexcept { return strong_; }
  std::uint32_t nonceCount() const noexcept { return nonceCount_; }
  /// In place of the random one: for tests.
  DigestAuth& setClientNonce(std::string value);

 private:
  explicit DigestAuth(Credentials credentials) : credentials_(std::move(credentials)) {}
  std::string hash(std::string_view text) const;

  Credentials credentials_;
  std::string realm_, nonce_, clientNonce_, algorithm_;
  std::optional<std::string> opaque_;
  std::string secret_;                   // H(A1), once it is computed
  std::uint32_t nonceCount_ = 0;
  bool strong_ = false, session_ = false, qop_ = false, userhash_ = false;
};

/// Does the server say that only the nonce was too old, so that the same credentials may be tried again? RFC 7616 section 3.3.
bool isStale(const Challenge& challenge) noexcept;

}  // namespace weft::http
