#include <weft/crawler/scraper.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/error_name.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/internal/wanted_statuses.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>

#include <optional>
#include <utility>

namespace weft::crawler {

namespace {

const Logger& logger() {
  static const Logger logger("weft.crawler.scraper");
  return logger;
}

}  // namespace

Scraper::Scraper(Spider& spider, SpiderRunner& runner, const Settings& settings, Stats& stats, Signals& signals)
    : spider_(spider), runner_(runner), settings_(settings), stats_(stats), signals_(signals), receivedCount_(stats.counter("response_received_count")) {}

Deferred<Scraped> Scraper::run(std::shared_ptr<Request> request, Outcome<Response> outcome) {
  Scraped scraped;
  Deferred<Called> calling(nullptr);
  std::optional<PageReferrer> referrer;
  if (outcome) {
    Response& response = *outcome;
    scraped.status = response.status;
    ++receivedCount_;
    if (logger().enabled(LogLevel::Debug)) logger().debug("Crawled (", response.status, ") ", request->describe());
    signals_.responseReceived.send(response);
    if (settings_.refererEnabled) referrer = referrerOf(response, request->url, settings_);
    if (mayPass(*request, response.status)) {
      calling = runner_.callback(request, std::move(response));
    } else {
      stats_.incValue("httperror/response_ignored_count");
      stats_.incValue("httperror/response_ignored_status_count/" + std::to_string(response.status));
      if (request->errback()) calling = runner_.errback(request, Failure(HttpError(response.status)));
      else logger().info("Ignoring response <", response.status, " ", request->url.href(), ">: HTTP status code is not handled or not allowed");
    }
  } else {
    const Failure& failure = outcome.failure();
    if (diverted(scraped, *request, failure)) co_return scraped;
    scraped.fate = failure.check<IgnoreRequest>() ? Fate::Dropped : Fate::Failed;
    scraped.cause = failure.what();
    if (request->errback()) calling = runner_.errback(request, failure);
    else if (scraped.fate == Fate::Failed) logger().error("Error downloading ", request->describe(), ": ", failure);
  }
  if (calling) {
    Called called = co_await calling;
    take(scraped, *request, std::move(called), std::move(referrer));
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
    request.priority += static_cast<int>(internal::metaNumber(request, "priority_adjust").value_or(settings_.retryPriorityAdjust));
    scraped.fate = Fate::Retry;
    return true;
  }
  if (const auto* instead = failure.as<RequestInstead>()) {
    Request next(*instead->request);
    const std::uint32_t depth = next.depth;
    scraped.status = instead->status;
    if (accepts(next, depth)) scraped.requests.push_back(std::move(next));
    return true;
  }
  return false;
}

void Scraper::take(Scraped& scraped, const Request& request, Called called, std::optional<PageReferrer> referrer) {
  for (Result& result : called.results) {
    if (result.isItem()) {
      scraped.items.push_back(std::move(result.item()));
    } else if (Request& next = result.request(); accepts(next, internal::metaFlag(next, "depth_reset") ? 0 : request.depth + 1)) {
      if (referrer) refer(next, *referrer);
      scraped.requests.push_back(std::move(next));
    }
  }
  if (!called.failure.exception()) return;
  stats_.incValue("spider_exceptions/count");
  stats_.incValue("spider_exceptions/" + errorName(called.failure));
  scraped.fate = Fate::Failed;
  scraped.cause = "the callback failed: " + called.failure.getErrorMessage();
  logger().error("Spider error processing ", request.describe(), ": ", called.failure.getTraceback());
  signals_.spiderError.send(called.failure, request);
}

bool Scraper::accepts(Request& request, std::uint32_t depth) {
  request.depth = depth;
  if (!request.url.isHttp()) {
    stats_.incValue("scheme/request_ignored_count");
    logger().debug("Ignoring ", request.describe(), ": only http and https are crawled");
    return false;
  }
  if (settings_.depthLimit && depth > static_cast<std::uint32_t>(settings_.depthLimit)) {
    if (!std::exchange(depthLogged_, true)) logger().info("Ignoring links deeper than ", settings_.depthLimit, " (DEPTH_LIMIT): ", request.url.href());
    stats_.incValue("depth/request_ignored_count");
    return false;
  }
  if (settings_.urllengthLimit && request.url.withoutFragment().size() > static_cast<std::size_t>(settings_.urllengthLimit)) {
    stats_.incValue("urllength/request_ignored_count");
    logger().info("Ignoring link of ", request.url.href().size(), " bytes (URLLENGTH_LIMIT): ", request.url.href().substr(0, 100), "...");
    return false;
  }
  if (!spider_.allowedDomains.empty() && !request.dontFilter && !onSite(request.url) && !internal::metaFlag(request, "allow_offsite")) {
    stats_.incValue("offsite/filtered");
    logger().debug("Filtered offsite request to '", request.url.host(), "': ", request.describe());
    return false;
  }
  stats_.maxValue("request_depth_max", depth);
  request.priority -= static_cast<int>(depth) * settings_.depthPriority;
  return true;
}

bool Scraper::onSite(const http::Url& url) const {
  const std::string_view host = url.host();
  for (const std::string& domain : spider_.allowedDomains) {
    if (host.size() < domain.size() || !http::equalIgnoringCase(host.substr(host.size() - domain.size()), domain)) continue;
    if (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.') return true;
  }
  return false;
}

bool Scraper::mayPass(const Request& request, int status) const noexcept {
  return (status >= 200 && status < 300) || settings_.httperrorAllowAll || internal::wantsStatus(spider_, request, status);
}

}  // namespace weft::crawler
