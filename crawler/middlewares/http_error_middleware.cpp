#include <weft/crawler/middlewares/http_error_middleware.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/wanted_statuses.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/stats.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace weft::crawler {

void HttpErrorMiddleware::open(const CrawlContext& crawl) {
  crawl_.emplace(crawl);
  allowed_ = internal::parseStatuses(crawl.settings.httperrorAllowedCodes).value_or(std::vector<int>());
}

Deferred<Called> HttpErrorMiddleware::handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) {
  if (!page || mayPass(*request, page->status)) return next.handle(std::move(request), std::move(page));
  const int status = page->status;
  crawl_->stats.incValue("httperror/response_ignored_count");
  crawl_->stats.incValue("httperror/response_ignored_status_count/" + std::to_string(status));
  if (request->errback()) return next.handle(std::move(request), Failure(HttpError(status)));
  log::info("weft.crawler.scraper", "Ignoring response <", status, " ", request->url.href(), ">: HTTP status code is not handled or not allowed");
  return succeed(Called());
}

bool HttpErrorMiddleware::mayPass(const Request& request, int status) const noexcept {
  if ((status >= 200 && status < 300) || crawl_->settings.httperrorAllowAll || internal::wantsStatus(crawl_->spider, request, status)) return true;
  return request.handleHttpstatusList().empty() && std::find(allowed_.begin(), allowed_.end(), status) != allowed_.end();
}

}  // namespace weft::crawler
