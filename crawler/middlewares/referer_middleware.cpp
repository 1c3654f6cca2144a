#include <weft/crawler/middlewares/referer_middleware.hpp>

#include <weft/crawler/referrer_policy.hpp>
#include <weft/crawler/settings.hpp>

#include <utility>

namespace weft::crawler {

Deferred<Called> RefererMiddleware::handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) {
  if (!page || !crawl_->settings.refererEnabled) return next.handle(std::move(request), std::move(page));
  PageReferrer referrer = referrerOf(*page, request->url, crawl_->settings);
  auto handling = next.handle(request, std::move(page));
  return std::move(handling).addCallback([request = std::move(request), referrer = std::move(referrer)](Called called) mutable {
    for (Result& result : called.results)
      if (!result.isItem()) refer(result.request(), referrer);
    return called;
  });
}

}  // namespace weft::crawler
