// Credentials: a user's name and password, and whom they are for.
#pragma once

#include <weft/http/error.hpp>
#include <weft/http/url.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http {

/// Credentials that cannot be used: without an origin, or with a character that their scheme cannot carry. Never says the password.
class AuthError : public Error {
 public:
  using Error::Error;
};

/// A name and a password for one origin: scheme, host and port. They are never given to another one, wherever a server redirects to.
///
///     Credentials me("https://api.example.com", "me", "secret");
class Credentials {
 public:
  /// `origin` is a URL of that origin; its path does not matter. Throws UrlError when it is none, AuthError when it has no origin (`file:`, mailto:), or when name or
  /// password contain a control character. Both are UTF-8.
  Credentials(std::string_view origin, std::string username, std::string password);

  /// Only for this realm of the origin, as a challenge names it. Unless set: for all that have none of their own.
  Credentials& setRealm(std::string realm) { return realm_ = std::move(realm), *this; }
  /// Let them be sent, by the Basic scheme, before the server asks: saves a request, and shows the password to whoever answers there.
  Credentials& setBasicAtOnce(bool on = true) { return basicAtOnce_ = on, *this; }

  const std::string& origin() const noexcept { return origin_; }
  const std::string& username() const noexcept { return username_; }
  const std::string& password() const noexcept { return password_; }
  const std::optional<std::string>& realm() const noexcept { return realm_; }
  bool basicAtOnce() const noexcept { return basicAtOnce_; }
  /// Are they for this URL?
  bool areFor(const Url& url) const { return url.origin() == origin_; }

 private:
  std::string origin_, username_, password_;
  std::optional<std::string> realm_;
  bool basicAtOnce_ = false;
};

/// "Basic dXNlcjpwYXNz". Throws AuthError when the name contains a ':', which the scheme cannot carry. RFC 7617 section 2, in UTF-8.
std::string basicAuthorization(const Credentials& credentials);

}  // namespace weft::http
