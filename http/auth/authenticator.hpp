// Authenticator: credentials for several origins, and what their servers asked of them.
#pragma once

#include <weft/http/auth/credentials.hpp>
#include <weft/http/auth/digest_auth.hpp>
#include <weft/http/header_values/challenge.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// Keeps credentials and answers challenges with them: Digest with SHA-256 before Digest with MD5 before Basic. What it has learned of an origin serves all later requests
/// there at once, without another challenge. One thread at a time.
///
///     Authenticator auth;
///     auth.add(Credentials("https://example.com", "me", "secret"));
///     if (response.status == 401 && auth.challenged(url, parseChallenges(response.headers.getCombined("WWW-Authenticate")), hadAuthorization))
///       request.setHeader("Authorization", *auth.authorization(url, request.method(), url.target()));
class Authenticator {
 public:
  /// Replaces credentials for the same origin.
  Authenticator& add(Credentials credentials);
  bool has(const Url& url) const { return entries_.contains(url.origin()); }

  /// A server of `url`'s origin refused a request: is there an answer worth another try? False without credentials for the origin, when no scheme is known, and when
  /// the refused request was `answered` already (unless the server only says that its nonce had grown old): the credentials are wrong.
  bool challenged(const Url& url, const std::vector<Challenge>& challenges, bool answered);
  /// The value of the Authorization field for a request, once the origin has asked. nullopt before that.
  std::optional<std::string> authorization(const Url& url, std::string_view method, std::string_view target);

 private:
  struct Entry {
    explicit Entry(Credentials credentials) : credentials(std::move(credentials)) {}
    Credentials credentials;
    std::optional<DigestAuth> digest;
    bool basic = false;
  };
  std::map<std::string, Entry> entries_;   // by origin
};

}  // namespace weft::http
