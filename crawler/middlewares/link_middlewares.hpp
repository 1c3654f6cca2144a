// The middlewares that keep links out of a crawl which lead off the site, too deep, or on and on.
#pragma once

#include <weft/crawler/middlewares/spider_middleware.hpp>

#include <cstdint>
#include <optional>

namespace weft::http {
class Url;
}

namespace weft::crawler {

/// Refuses requests to hosts that are not among the spider's allowedDomains; those with `dontFilter` or the meta key allow_offsite may pass.
class OffsiteMiddleware final : public SpiderMiddleware {
 public:
  OffsiteMiddleware() : SpiderMiddleware("OffsiteMiddleware", 500) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  bool accepts(Request& request, const Request* from) override;

 private:
  bool onSite(const http::Url& url) const;

  std::optional<CrawlContext> crawl_;
};

/// Refuses URLs of more than URLLENGTH_LIMIT bytes.
class UrlLengthMiddleware final : public SpiderMiddleware {
 public:
  UrlLengthMiddleware() : SpiderMiddleware("UrlLengthMiddleware", 800) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  bool accepts(Request& request, const Request* from) override;

 private:
  std::optional<CrawlContext> crawl_;
};

/// Counts how many links a request is away from a start request (Request::depth), refuses those beyond DEPTH_LIMIT, and takes DEPTH_PRIORITY off its priority for each.
class DepthMiddleware final : public SpiderMiddleware {
 public:
  DepthMiddleware() : SpiderMiddleware("DepthMiddleware", 900) {}
  void open(const CrawlContext& crawl) override;
  bool accepts(Request& request, const Request* from) override;

 private:
  std::optional<CrawlContext> crawl_;
  std::int64_t* deepest_ = nullptr;                    // request_depth_max
  bool logged_ = false;
};

}  // namespace weft::crawler
