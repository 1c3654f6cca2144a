// RefererMiddleware: tells servers which page a link was found on.
#pragma once

#include <weft/crawler/middlewares/spider_middleware.hpp>

#include <optional>

namespace weft::crawler {

/// Gives the requests that a page led to their Referer, as its Referrer-Policy or REFERRER_POLICY wants; see PageReferrer. Switched off by REFERER_ENABLED=false.
class RefererMiddleware final : public SpiderMiddleware {
 public:
  RefererMiddleware() : SpiderMiddleware("RefererMiddleware", 700) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override;

 private:
  std::optional<CrawlContext> crawl_;
};

}  // namespace weft::crawler
