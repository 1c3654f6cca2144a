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
  /// Replaces credentials for the same origin and realm.
  Authenticator& add(Credentials credentials);
  bool has(const Url& url) const { return entries_.contains(url.origin()); }
  /// The credentials that a challenge of this realm would be answered with; null for none. Valid until the next add().
  const Credentials* find(const Url& url, std::string_view realm = {}) const;
  /// Forgets what it keeps for that origin.
  void remove(const Url& url) { entries_.erase(url.origin()); }
  std::size_t size() const noexcept { return entries_.size(); }        ///< origins

  /// A server of `url`'s origin refused a request: is there an answer worth another try? False without credentials for the origin and realm, when no scheme is known, and when
  /// the refused request was `answered` already (unless the server only says that its nonce had grown old, or asks for another realm): the credentials are wrong.
  bool challenged(const Url& url, const std::vector<Challenge>& challenges, bool answered);
  /// The value of the Authorization field for a request, once the origin has asked; before that, for Credentials::setBasicAtOnce(). Else nullopt.
  std::optional<std::string> authorization(const Url& url, std::string_view method, std::string_view target);

 private:
  // What an origin has, and the answer that it took last.
  struct Entry {
    const Credentials* forRealm(std::string_view realm) const noexcept;
    std::vector<Credentials> credentials;
    std::optional<DigestAuth> digest;
    std::string basic;                   // the answer, ready to be sent
    std::string realm;                   // that it was for
    bool asked = false;
  };
  std::map<std::string, Entry> entries_;   // by origin
};

}  // namespace weft::http
