// HttpCacheMiddleware: answers that are on the disk already.
#pragma once

#include <weft/crawler/http_cache/http_cache_error.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/http/dates.hpp>

#include <memory>
#include <optional>

namespace weft::crawler {

/// Keeps responses in a file, and answers with them, so that a site is not asked twice for the same page. Does nothing unless HTTPCACHE_ENABLED is set; see docs/http_cache.md for its settings.
///
/// - HTTPCACHE_POLICY=dummy: every answer is kept and right for ever, or for HTTPCACHE_EXPIRATION_SECS. For developing a spider, and for replaying a crawl.
/// - HTTPCACHE_POLICY=rfc9111: as a browser does. What is too old is asked for with its ETag or Last-Modified, and given out all the same when the server fails.
/// - HTTPCACHE_IGNORE_MISSING: nothing goes over the network; what is not in the cache is dropped (NotInCache).
///
/// The file is `HTTPCACHE_DIR/SPIDER.sqlite`. A response out of it has "cached" among its flags, no downloadLatency, and takes no turn of its host: no delay is kept. The meta key `dont_cache` lets a request
/// pass by. Counts httpcache/hit, miss, store, firsthand, revalidate, invalidate, uncacheable, ignore, errorrecovery and retrieve_error as Scrapy does, and store_error and evicted.
///
/// Nearest to the network, but for the downloader itself: cookies, logins and codings are inside of it. So a Set-Cookie that comes out of the cache does not go to the jar; and with rfc9111 a
/// response that varies by Cookie is never given out unasked, unless COOKIES_ENABLED is off.
class HttpCacheMiddleware final : public DownloaderMiddleware {
 public:
  /// `now`: the date at which the crawl begins, for tests; the system's unless given. From then on it goes by the crawl's clock.
  explicit HttpCacheMiddleware(std::optional<http::Date> now = {});
  ~HttpCacheMiddleware() override;
  /// Throws HttpCacheError: the file cannot be used.
  void open(const CrawlContext& crawl) override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;
  /// Writes what is still to be written, and blocks until it is. Done by itself when the crawl ends.
  void close();

 private:
  struct State;
  Deferred<Response> fetchCached(std::shared_ptr<const Request> request, Downloader& next);
  Deferred<Response> fetchAround(std::shared_ptr<const Request> request, Downloader& next);

  std::optional<http::Date> start_;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
