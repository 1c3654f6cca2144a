// CookieJar: the cookies of a client.
#pragma once

#include <weft/http/cookies/cookie.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::http {

class Request;
class Response;

/// How much a jar holds, and what time it is there.
class CookieJarOptions {
 public:
  std::size_t maxCookies = 3000;         ///< in all
  std::size_t maxPerDomain = 50;         ///< of one domain
  std::size_t maxPerSite = 180;          ///< of all hosts below one registrable domain: whoever owns it cannot push others out by inventing hosts
  std::size_t maxCookieBytes = 4096;     ///< name and value; longer cookies are refused
  std::size_t maxHeaderBytes = 8192;     ///< of one request's Cookie field; cookies that no longer fit stay at home, those of the longest paths go first
  std::chrono::seconds maxLifetime = std::chrono::hours(24 * 400);   ///< a later expiry becomes this one (RFC 6265bis section 5.5)
  /// The date; the system's unless something else is given, for tests and simulations.
  std::function<std::chrono::system_clock::time_point()> now;

  CookieJarOptions& setMaxCookies(std::size_t value) { return maxCookies = value, *this; }
  CookieJarOptions& setMaxPerDomain(std::size_t value) { return maxPerDomain = value, *this; }
  CookieJarOptions& setMaxPerSite(std::size_t value) { return maxPerSite = value, *this; }
  CookieJarOptions& setMaxCookieBytes(std::size_t value) { return maxCookieBytes = value, *this; }
  CookieJarOptions& setMaxHeaderBytes(std::size_t value) { return maxHeaderBytes = value, *this; }
  CookieJarOptions& setMaxLifetime(std::chrono::seconds value) { return maxLifetime = value, *this; }
  CookieJarOptions& setNow(std::function<std::chrono::system_clock::time_point()> value) { return now = std::move(value), *this; }
};

/// Who causes a request. A program that asks on its own behalf is SameSite; a browser that follows a link to another site navigates. RFC 6265bis section 5.2.
enum class CookieContext : std::uint8_t {
  SameSite,
  CrossSiteNavigation,   ///< of a whole page, by a safe method: Strict cookies stay at home
  CrossSite,             ///< only SameSite=None cookies go along, and only such are taken
};

/// What became of a Set-Cookie field.
enum class CookieVerdict : std::uint8_t {
  Stored,
  Removed,               ///< it had expired: the cookie of that name is gone now
  Unreadable,            ///< a control character, or neither name nor value
  TooLong,
  OtherDomain,           ///< its domain is not the host's
  PublicSuffix,          ///< its domain is a public suffix
  NotSecure,             ///< Secure from a connection that is not; SameSite=None without Secure
  ShadowsSecure,         ///< from a connection that is not secure, where there is a Secure cookie of that name
  BadPrefix,             ///< __Secure- or __Host- without what they promise
  CrossSite,             ///< not for a request that another site caused
};
std::string_view describe(CookieVerdict verdict) noexcept;

/// Cookies as RFC 6265bis has them: kept by domain and path, never for a public suffix, given to the requests that they belong to.
///
/// A value; it belongs to one thread at a time. What a request costs depends on the cookies of its own site, not on how many there are.
///
///     CookieJar jar;
///     jar.extractCookies(response);            // its Set-Cookie fields
///     jar.addCookieHeader(request);            // Cookie: a=1; b=2
///
/// A program keeps as many jars as it has sessions; see CookieJars. Files: saveCookies() and loadCookies() in cookie_file.hpp.
class CookieJar {
 public:
  explicit CookieJar(CookieJarOptions options = CookieJarOptions()) : options_(std::move(options)) {}

  const CookieJarOptions& options() const noexcept { return options_; }

  /// Takes all Set-Cookie fields of a response to `url`; how many were stored.
  std::size_t extractCookies(const Headers& headers, const Url& url, CookieContext context = CookieContext::SameSite);
  std::size_t extractCookies(const Response& response);
  /// Takes one Set-Cookie field that came from `url`. RFC 6265bis section 5.7.
  CookieVerdict setCookie(std::string_view field, const Url& url, CookieContext context = CookieContext::SameSite);
  /// Puts a cookie in, in place of one of the same name, domain and path; false when it has expired, is too long or is for a public suffix and everything below it.
  /// Throws CookieError: no host name as its domain, a path that does not begin with '/', a control character, a ';', or a '=' in its name.
  bool setCookie(Cookie cookie);

  /// The value of the Cookie field for a request to `url`: longest paths first, then the oldest. Empty when there is none. RFC 6265bis section 5.8.
  std::string cookieHeader(const Url& url, CookieContext context = CookieContext::SameSite);
  /// Sets it, unless the request has a Cookie field already: what was said explicitly counts.
  void addCookieHeader(Request& request, CookieContext context = CookieContext::SameSite);

  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// All that have not expired, oldest first.
  std::vector<Cookie> cookies() const;
  void clear() noexcept;
  /// Removes the cookie of this name, domain and path; was there one?
  bool remove(std::string_view domain, std::string_view path, std::string_view name);
  /// Removes what is kept for this domain and all below it; how many.
  std::size_t removeDomain(std::string_view domain);
  /// Removes those that end with the session / that have expired; how many.
  std::size_t clearSessionCookies();
  std::size_t clearExpiredCookies();

 private:
  struct Entry {
    Cookie cookie;
    std::uint64_t created;             // counts up: the order of creation
    std::uint64_t used;                // likewise, of the last request that took it
  };
  using Site = std::vector<Entry>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using Sites = std::unordered_map<std::string, Site, Hash, std::equal_to<>>;

  Date now() const;
  CookieVerdict store(Cookie cookie, Date now);
  void evict(Site& site, std::string_view domain, Date now);
  void evictAnywhere(Date now);
  template <class F> std::size_t removeIf(F&& unwanted);

  CookieJarOptions options_;
  Sites sites_;                        // by registrable domain, or by host where there is none
  std::vector<Entry*> matches_;        // of the request at hand; empty in between
  std::size_t count_ = 0;
  std::uint64_t counter_ = 0;
};

}  // namespace weft::http
