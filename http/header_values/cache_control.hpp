// CacheControl: the directives of a Cache-Control field.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// What a Cache-Control field says, of a request or of a response. RFC 9111 section 5.2, and stale-while-revalidate and stale-if-error of RFC 5861, immutable of RFC 8246.
class CacheControl {
 public:
  bool noStore = false, noCache = false, noTransform = false, onlyIfCached = false;
  bool mustRevalidate = false, proxyRevalidate = false, mustUnderstand = false, isPublic = false, isPrivate = false, immutable = false;
  std::vector<std::string> noCacheFields, privateFields;       ///< of no-cache="…" and private="…": field names in lower case; then only these are meant
  std::optional<std::chrono::seconds> maxAge, sMaxAge, minFresh, staleWhileRevalidate, staleIfError;
  std::optional<std::chrono::seconds> maxStale;                ///< without a number: std::chrono::seconds::max()
  std::vector<std::pair<std::string, std::string>> extensions; ///< others, names in lower case

  /// Reads the field; of several fields after Headers::getCombined(). The first of repeated directives counts. An age over 2^31 is 2^31 seconds (RFC 9111 section 1.2.2);
  /// an age that is no number is 0: stale, the safe reading (section 4.2.1).
  static CacheControl parse(std::string_view text);
};

}  // namespace weft::http
