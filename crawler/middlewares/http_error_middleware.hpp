// HttpErrorMiddleware: which statuses callbacks see.
#pragma once

#include <weft/crawler/middlewares/spider_middleware.hpp>

#include <optional>
#include <vector>

namespace weft::crawler {

/// Keeps responses that are not 200 to 299 from callbacks, unless the request, the spider or a setting (HTTPERROR_ALLOW_ALL, HTTPERROR_ALLOWED_CODES) wants them: the request's errback is told of an
/// HttpError, or the response is logged and counted.
class HttpErrorMiddleware final : public SpiderMiddleware {
 public:
  HttpErrorMiddleware() : SpiderMiddleware("HttpErrorMiddleware", 50) {}
  void open(const CrawlContext& crawl) override;
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override;

 private:
  bool mayPass(const Request& request, int status) const noexcept;

  std::optional<CrawlContext> crawl_;
  std::vector<int> allowed_;
};

}  // namespace weft::crawler
