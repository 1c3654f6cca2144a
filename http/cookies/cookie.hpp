// Cookie: one cookie, and the Set-Cookie field that brings it.
#pragma once

#include <weft/http/dates.hpp>
#include <weft/http/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// A cookie that no jar may hold: a control character in it, or no domain. The text names the cookie.
class CookieError : public Error {
 public:
  using Error::Error;
};

/// To which requests a cookie goes when another site caused them. RFC 6265bis section 5.6.7. Unset counts as Lax.
enum class SameSite : std::uint8_t { Unset, None, Lax, Strict };
std::string_view describe(SameSite value) noexcept;        ///< "None", "Lax", "Strict"; empty for Unset

/// A cookie as a jar keeps it. RFC 6265bis section 5.7. A value.
class Cookie {
 public:
  Cookie() = default;
  /// A session cookie for this host and path "/". `domain` without a leading dot.
  Cookie(std::string name, std::string value, std::string domain) : name(std::move(name)), value(std::move(value)), domain(std::move(domain)) {}

  Cookie& setPath(std::string text) { return path = std::move(text), *this; }
  Cookie& setHostOnly(bool value) { return hostOnly = value, *this; }
  Cookie& setSecure(bool value) { return secure = value, *this; }
  Cookie& setHttpOnly(bool value) { return httpOnly = value, *this; }
  Cookie& setSameSite(SameSite value) { return sameSite = value, *this; }
  Cookie& setExpires(std::optional<Date> date) { return expires = date, *this; }

  std::string name;                  ///< may be empty: "Set-Cookie: x" is a cookie without a name
  std::string value;                 ///< with its quotes, if it has any
  std::string domain;                ///< in lower case, international names as `xn--…`
  std::string path = "/";
  bool hostOnly = true;              ///< for this host alone, not for those below it
  bool secure = false;               ///< over https and wss alone
  bool httpOnly = false;             ///< not for scripts
  SameSite sameSite = SameSite::Unset;
  std::optional<Date> expires;       ///< none: when the session ends

  bool isSession() const noexcept { return !expires; }
  bool expired(Date now) const noexcept { return expires && *expires <= now; }

  friend bool operator==(const Cookie&, const Cookie&) = default;
};

/// What a Set-Cookie field says, before it is known whether a jar takes it.
class SetCookie {
 public:
  std::string name;
  std::string value;
  std::optional<Date> expires;                   ///< of the last Expires attribute that is a date
  std::optional<std::chrono::seconds> maxAge;    ///< of the last Max-Age that is a number; it goes before Expires. Zero and less: at once
  std::string domain;                            ///< without its leading dot, in lower case; empty: the host's own
  std::string path;                              ///< empty: the default path
  bool secure = false;
  bool httpOnly = false;
  SameSite sameSite = SameSite::Unset;

  /// Reads the value of a Set-Cookie field. nullopt when it is to be ignored: a control character other than a tab, neither name nor value. Unknown attributes and
  /// those with impossible values are ignored, as are values of attributes over 1024 bytes; Partitioned is one of them: a jar has no partitions.
  /// RFC 6265bis section 5.6.
  static std::optional<SetCookie> parse(std::string_view field);
};

/// Does a cookie for `domain` go to `host`? Both in lower case. RFC 6265bis section 5.1.3.
bool domainMatches(std::string_view host, std::string_view domain) noexcept;
/// Does a cookie of `cookiePath` go to a request for `path`? RFC 6265bis section 5.1.4.
bool pathMatches(std::string_view path, std::string_view cookiePath) noexcept;
/// The path of a cookie that names none, when it comes from `path`. RFC 6265bis section 5.1.4.
std::string_view defaultCookiePath(std::string_view path) noexcept;

}  // namespace weft::http
