// HttpCachePolicy: what a cache keeps, and for how long it is right.
#pragma once

#include <weft/crawler/request.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/http/client/internal/cache_policy.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::crawler::internal {

using http::Date;
using http::detail::CachedHead;

/// The decisions of HttpCacheMiddleware, without I/O. HTTPCACHE_IGNORE_SCHEMES and HTTPCACHE_IGNORE_HTTP_CODES hold for both policies; the rest is the policy's.
class HttpCachePolicy {
 public:
  virtual ~HttpCachePolicy() = default;

  /// May the answer to this request come from the cache, or go into it?
  bool mayCache(const Request& request) const;
  /// May this response be kept? Its head is as makeHead() has made it.
  bool mayStore(const Request& request, const CachedHead& head) const;
  /// What is kept of a response; nullopt when it cannot be told which requests it answers (Vary: *).
  virtual std::optional<CachedHead> makeHead(const Request& request, int status, const http::Headers& headers, Date requested, Date received) const = 0;
  /// The fields of the request by which a variant is chosen (Vary).
  virtual http::Headers selectingFields(const Request& request) const = 0;

  /// May it be given out without asking the server?
  virtual bool isFresh(const Request& request, const CachedHead& head, Date now) const = 0;
  /// May it be given out though it is not fresh, when the server cannot be asked or fails?
  virtual bool mayServeStale(const Request& request, const CachedHead& head, Date now) const = 0;
  /// The request with which to ask whether it is still right; nullopt when it has nothing to ask by.
  virtual std::optional<Request> conditional(const Request& request, const CachedHead& head) const = 0;
  /// Must nothing but the cache be asked (only-if-cached)?
  virtual bool onlyIfCached(const Request& request) const = 0;
  /// The URLs whose GET is not right any more, now that this request was answered so.
  virtual std::vector<http::Url> outdatedBy(const Request& request, int status, const http::Headers& headers) const = 0;

 protected:
  explicit HttpCachePolicy(const Settings& settings);

 private:
  virtual bool mayCacheRequest(const Request& request) const = 0;
  virtual bool mayStoreResponse(const Request& request, const CachedHead& head) const = 0;

  std::vector<std::string> ignoredSchemes_;
  std::vector<int> ignoredStatuses_;
};

/// By HTTPCACHE_POLICY. The settings are copied.
///
/// - dummy: Scrapy's. Every answer to every request is kept as it came, and is right for ever: for replaying a crawl.
/// - rfc9111: a private cache. Beyond RFC 9111, as in Scrapy: a tenth of the time since Last-Modified is the lifetime of what says nothing, a year that of 300, 301 and 308; what is too old
///   is given out when the server fails. HTTPCACHE_ALWAYS_STORE keeps what could not be used again; HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS overlooks directives.
std::unique_ptr<const HttpCachePolicy> makeHttpCachePolicy(const Settings& settings);

}  // namespace weft::crawler::internal
