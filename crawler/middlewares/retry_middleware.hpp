// RetryMiddleware: another attempt where one failed in a way that may pass.
#pragma once

#include <weft/crawler/middlewares/downloader_middleware.hpp>

#include <optional>

namespace weft::crawler {

/// Sends requests back to the frontier that came to nothing, RETRY_TIMES at most: errors of connections, timeouts, answers cut short, and the statuses of retryReason(). When no attempt is
/// left, the response or the failure is passed on. Switched off by RETRY_ENABLED=false, and for a request by `dontRetry`.
class RetryMiddleware final : public DownloaderMiddleware {
 public:
  RetryMiddleware() : DownloaderMiddleware("RetryMiddleware", 550) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  std::optional<CrawlContext> crawl_;
};

}  // namespace weft::crawler
