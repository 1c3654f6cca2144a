// RedirectMiddleware, MetaRefreshMiddleware: follow redirects.
#pragma once

#include <weft/crawler/middlewares/downloader_middleware.hpp>

#include <optional>

namespace weft::crawler {

/// Has the request made that a redirect asks for, by the rules of redirected(); it passes the duplicates filter, and REDIRECT_MAX_TIMES in a row are the most. Switched off by
/// REDIRECT_ENABLED=false; a request that sets `dontRedirect`, or whose callback wants to see this status, gets the redirect itself.
class RedirectMiddleware final : public DownloaderMiddleware {
 public:
  RedirectMiddleware() : DownloaderMiddleware("RedirectMiddleware", 600) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  std::optional<CrawlContext> crawl_;
};

/// The same for a page's <meta http-equiv=refresh>, by the rules of metaRefreshed(). Switched off by METAREFRESH_ENABLED=false, by `dontRedirect`, and where callbacks see all statuses.
class MetaRefreshMiddleware final : public DownloaderMiddleware {
 public:
  MetaRefreshMiddleware() : DownloaderMiddleware("MetaRefreshMiddleware", 580) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  std::optional<CrawlContext> crawl_;
};

}  // namespace weft::crawler
