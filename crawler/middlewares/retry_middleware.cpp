#include <weft/crawler/middlewares/retry_middleware.hpp>

#include <weft/crawler/redirect.hpp>
#include <weft/crawler/settings.hpp>

namespace weft::crawler {

Deferred<Response> RetryMiddleware::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  if (!crawl_->settings.retryEnabled || request->dontRetry) return next.fetch(std::move(request));
  return next.fetch(request).addBoth([this, request = std::move(request)](Outcome<Response> outcome) -> Outcome<Response> {
    const std::string reason = outcome ? retryReason(*outcome) : retryReason(outcome.failure());
    if (!reason.empty() && mayRetry(*crawl_, *request, reason)) return Failure(RetryRequest(reason));
    return outcome;
  });
}

}  // namespace weft::crawler
