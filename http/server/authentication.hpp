// Who may come in: layers that ask for a name and a password.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/http/server/handler.hpp>

#include <functional>
#include <optional>
#include <string>

namespace weft::http {

/// Whom an authentication layer has let in: request.attached<User>().
struct User {
  std::string name;
};

/// May this user come in with this password? An error is a 500. Compare with sameSecret(), and keep hashes made for passwords, not the passwords.
using PasswordCheck = std::function<Deferred<bool>(std::string user, std::string password)>;

/// Asks for Basic authentication (RFC 7617), in UTF-8. The password travels as it is: use it over TLS only.
///
///     router.use(basicAuthentication("the office", [](std::string user, std::string password) -> Deferred<bool> {
///       co_return user == "ann" && sameSecret(password, secretOf(user));
///     }));
Layer basicAuthentication(std::string realm, PasswordCheck check);

/// How long a nonce of digestAuthentication() is good: after that a client is told to ask with a new one, without asking its user.
class DigestOptions {
 public:
  Delay nonceLifetime = 300;
  bool offerMd5 = false;                                 ///< as well, for clients that do not know SHA-256
  DigestOptions& setNonceLifetime(Delay value) { return nonceLifetime = value, *this; }
  DigestOptions& setOfferMd5(bool value) { return offerMd5 = value, *this; }
};

/// Asks for Digest authentication (RFC 7616: SHA-256, qop=auth): the password does not travel, but the server has to know it. `passwordOf` gives it, or nothing for an unknown user. Each answer is
/// good once: a nonce's count that was seen is refused.
Layer digestAuthentication(std::string realm, std::function<std::optional<std::string>(const std::string& user)> passwordOf, Clock& clock, DigestOptions options = DigestOptions());

/// Are they equal? Takes as long wherever they differ.
bool sameSecret(std::string_view a, std::string_view b) noexcept;

}  // namespace weft::http
