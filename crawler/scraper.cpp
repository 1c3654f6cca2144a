#include <weft/crawler/scraper.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/error_name.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/errors.hpp>

#include <utility>

namespace weft::crawler {

Scraper::Scraper(const CrawlContext& crawl, SpiderRunner& runner) : crawl_(crawl), middlewares_(crawl, runner), receivedCount_(crawl.stats.counter("response_received_count")) {}

Deferred<Scraped> Scraper::run(std::shared_ptr<Request> request, Outcome<Response> outcome) {
  Scraped scraped;
  if (outcome) {
    scraped.status = outcome->status;
    ++receivedCount_;
    if (kScraperLog.enabled(LogLevel::Debug)) kScraperLog.debug("Crawled (", outcome->status, ") ", request->describe());
    crawl_.signals.responseReceived.send(*outcome);
  } else {
    const Failure& failure = outcome.failure();
    if (diverted(scraped, *request, failure)) co_return scraped;
    scraped.fate = failure.check<IgnoreRequest>() ? Fate::Dropped : Fate::Failed;
    scraped.cause = failure.what();
    if (scraped.fate == Fate::Failed) crawl_.stats.incValue("failed_count/" + errorName(failure));
    if (!request->errback() && scraped.fate == Fate::Failed) kScraperLog.error("Error downloading ", request->describe(), ": ", failure);
  }
  auto handling = middlewares_.handle(request, std::move(outcome));
  auto handled = co_await handling.outcome();
  if (handled) {
    take(scraped, *request, std::move(*handled));
  } else if (handled.failure().check<CancelledError>()) {
    handled.failure().rethrow();
  } else {                                             // a middleware failed
    Called called;
    called.failure = handled.failure();
    take(scraped, *request, std::move(called));
  }
  co_return scraped;
}

// What middlewares ask for in place of a page.
bool Scraper::diverted(Scraped& scraped, Request& request, const Failure& failure) {
  if (failure.check<Postponed>()) {                    // it comes again when its host may be asked; the breaker sees to it that this ends
    scraped.fate = Fate::Retry;
    return true;
  }
  if (failure.check<RetryRequest>()) {
    ++request.retryTimes;
    request.priority += static_cast<int>(internal::metaNumber(request, "priority_adjust").value_or(crawl_.settings.retryPriorityAdjust));
    scraped.fate = Fate::Retry;
    return true;
  }
  if (const auto* instead = failure.as<RequestInstead>()) {
    Request next(*instead->request);
    scraped.status = instead->status;
    if (accepts(next, nullptr)) scraped.requests.push_back(std::move(next));
    return true;
  }
  return false;
}

void Scraper::take(Scraped& scraped, const Request& request, Called called) {
  for (Result& result : called.results) {
    if (result.isItem()) scraped.items.push_back(std::move(result.item()));
    else if (accepts(result.request(), &request)) scraped.requests.push_back(std::move(result.request()));
  }
  if (!called.failure.exception()) return;
  if (const auto* close = called.failure.as<CloseSpider>()) {
    scraped.closeReason = close->what();
    return;
  }
  crawl_.stats.incValue("spider_exceptions/count");
  crawl_.stats.incValue("spider_exceptions/" + errorName(called.failure));
  if (scraped.fate != Fate::Failed) crawl_.stats.incValue("failed_count/" + errorName(called.failure));   // each page once
  scraped.fate = Fate::Failed;
  scraped.cause = "the callback failed: " + called.failure.getErrorMessage();
  kScraperLog.error("Spider error processing ", request.describe(), ": ", called.failure.getTraceback());
  crawl_.signals.spiderError.send(called.failure, request);
}

bool Scraper::accepts(Request& request, const Request* from) {
  if (request.url.isHttp()) return middlewares_.accepts(request, from);
  crawl_.stats.incValue("scheme/request_ignored_count");
  kScraperLog.debug("Ignoring ", request.describe(), ": only http and https are crawled");
  return false;
}

}  // namespace weft::crawler
