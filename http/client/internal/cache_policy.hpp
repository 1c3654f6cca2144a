// The rules of a private cache: RFC 9111 without I/O.
#pragma once

#include <weft/http/dates.hpp>
#include <weft/http/header_values/cache_control.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/request.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http::detail {

/// All that is known of a stored response but its body.
struct CachedHead {
  std::string url;                       // without fragment and credentials
  std::string session;                   // Request::cookieJar
  int status = 0;
  int minorVersion = 1;
  std::string reason;
  Date requested, received;              // when the request was sent, and when its response had come
  /// The request's fields that Vary names, in lower case and in order; nullopt for one that it did not have.
  std::vector<std::pair<std::string, std::optional<std::string>>> varied;
  Headers headers;
};

struct FreshnessRules {
  double heuristicShare = 0.1;                                  // of the time since Last-Modified
  std::chrono::seconds heuristicLimit = std::chrono::hours(24);
};

/// What of a response's fields is stored: not those of the connection, and no Set-Cookie, which is done with once it has come. RFC 9111 section 3.1.
Headers storedHeaders(const Headers& headers);
/// The request's side of Vary; nullopt for "*". RFC 9111 section 4.1.
std::optional<std::vector<std::pair<std::string, std::optional<std::string>>>> variedFields(const Headers& response, const Headers& request);
bool selects(const CachedHead& head, const Headers& request);

/// May the answer to this request come from a cache, or go into one?
bool mayUseCache(const Request& request);
/// May this response be stored, and is there any use in it? RFC 9111 section 3.
bool mayStore(const CacheControl& request, const CachedHead& head, const FreshnessRules& rules);

/// RFC 9111 section 4.2.1, and 4.2.2 where the response says nothing.
std::chrono::seconds freshnessLifetime(const CachedHead& head, const FreshnessRules& rules);
/// RFC 9111 section 4.2.3.
std::chrono::seconds currentAge(const CachedHead& head, Date now);

enum class Reuse : std::uint8_t { Fresh, Stale, Validate };
/// May it be given out without asking the server? RFC 9111 section 4.
Reuse reuse(const CacheControl& request, const CachedHead& head, Date now, const FreshnessRules& rules);
/// The Cache-Control of a request; Pragma where it has none. RFC 9111 section 5.4.
CacheControl requestControl(const Headers& headers);
/// May it be given out although it is too old, when the server cannot be asked? By `allowed` of the client's options, or RFC 5861 section 4.
bool mayServeOnError(const CacheControl& request, const CachedHead& head, Date now, const FreshnessRules& rules, std::chrono::seconds allowed);

/// Adds the conditions of a validation; false when the stored response has nothing to ask by. RFC 9111 section 4.3.1.
bool addConditions(Request& request, const CachedHead& head);
/// Is a 304 about this stored response? RFC 9111 section 4.3.4.
bool validates(const Headers& notModified, const CachedHead& head);
/// Takes over what the 304 says. RFC 9111 section 3.2.
void freshen(CachedHead& head, const Headers& notModified, Date requested, Date received);

bool isSafe(std::string_view method) noexcept;

}  // namespace weft::http::detail
