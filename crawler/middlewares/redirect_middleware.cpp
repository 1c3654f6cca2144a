#include <weft/crawler/middlewares/redirect_middleware.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/internal/wanted_statuses.hpp>
#include <weft/crawler/redirect.hpp>
#include <weft/crawler/referrer_policy.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>

#include <utility>

namespace weft::crawler {

namespace {

using RedirectRule = std::optional<Request> (*)(const Response&, const Settings&);

// The request that the rule finds in the response, in its place.
Outcome<Response> followed(Response response, const Settings& settings, RedirectRule rule) {
  try {
    auto instead = rule(response, settings);
    if (!instead) return response;
    instead->setReferrer(nullptr);
    if (settings.refererEnabled) {
      auto page = referrerOf(response, response.request().url, settings);
      refer(*instead, page);
    }
    if (kRedirectLog.enabled(LogLevel::Debug)) kRedirectLog.debug("Redirecting (", response.status, ") to ", instead->describe(), " from ", response.request().describe());
    return Failure(RequestInstead(std::move(*instead), response.status));
  } catch (const IgnoreRequest& error) {
    kRedirectLog.info("Discarding ", response.request().describe(), ": ", error);
    return Failure();
  }
}

bool seesAll(const CrawlContext& crawl, const Request& request) noexcept { return request.dontRedirect || request.handleHttpstatusAll || crawl.spider.handleHttpstatusAll; }

}  // namespace

Deferred<Response> RedirectMiddleware::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  if (!crawl_->settings.redirectEnabled || seesAll(*crawl_, *request)) return next.fetch(std::move(request));
  return next.fetch(std::move(request)).addCallback([this](Response response) -> Outcome<Response> {
    if (response.status < 300 || response.status > 399 || internal::wantsStatus(crawl_->spider, response.request(), response.status)) return response;
    return followed(std::move(response), crawl_->settings, redirected);
  });
}

Deferred<Response> MetaRefreshMiddleware::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  if (!crawl_->settings.metarefreshEnabled || seesAll(*crawl_, *request)) return next.fetch(std::move(request));
  return next.fetch(std::move(request)).addCallback([this](Response response) { return followed(std::move(response), crawl_->settings, metaRefreshed); });
}

}  // namespace weft::crawler
