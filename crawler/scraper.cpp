#include <weft/crawler/scraper.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/redirect.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace weft::crawler {

namespace {

const Logger& logger() {
  static const Logger logger("weft.crawler.scraper");
  return logger;
}

std::string shortName(const Failure& failure) {
  std::string type = failure.typeName();
  const std::size_t colons = type.rfind("::");
  return colons == std::string::npos ? type : type.substr(colons + 2);
}

}  // namespace

Scraper::Scraper(Spider& spider, const Settings& settings, Stats& stats)
    : spider_(spider),
      settings_(settings),
      stats_(stats),
      referrerPolicy_(parseReferrerPolicy(settings.referrerPolicy).value_or(ReferrerPolicy::ScrapyDefault)),
      responseCount_(stats.counter("downloader/response_count")),
      responseBytes_(stats.counter("downloader/response_bytes")),
      receivedCount_(stats.counter("response_received_count")) {}

Deferred<Scraped> Scraper::run(std::shared_ptr<Request> request, Outcome<Response> outcome) {
  Scraped scraped;
  std::optional<Results> results;
  std::optional<PageReferrer> referrer;
  if (outcome) {
    Response& response = *outcome;
    ++responseCount_;
    responseBytes_ += static_cast<std::int64_t>(response.body.size());
    countStatus(response.status);
    scraped.status = response.status;
    if (logger().enabled(LogLevel::Debug)) logger().debug("Crawled (", response.status, ") ", request->describe());
    if (const std::string reason = retryReason(response); !reason.empty() && retries(*request, reason, scraped)) co_return scraped;
    ++receivedCount_;

    if (settings_.refererEnabled) referrer = referrerOf(response, *request);
    if (!request->dontRedirect && !request->handleHttpstatusAll && !spider_.handleHttpstatusAll) {
      try {
        std::optional<Request> next;
        if (settings_.redirectEnabled && !wants(*request, response.status)) next = redirected(response, settings_);
        if (!next && settings_.metarefreshEnabled) next = metaRefreshed(response, settings_);
        if (next) {
          next->setReferrer(nullptr);
          if (referrer) refer(*next, *referrer);
          if (logger().enabled(LogLevel::Debug)) logger().debug("Redirecting (", response.status, ") to ", next->describe(), " from ", request->describe());
          if (accepts(*next, next->depth)) scraped.requests.push_back(std::move(*next));
          co_return scraped;
        }
      } catch (const IgnoreRequest& error) {
        logger().info("Discarding ", request->describe(), ": ", error);
        scraped.fate = Fate::Dropped;
        scraped.cause = error.what();
        co_return scraped;
      }
    }
    if (mayPass(*request, response.status)) {
      try {
        results = request->callback(spider_, std::move(response));
      } catch (...) {
        scraped.cause = Failure().what();              // no memory for the coroutine
        scraped.fate = Fate::Failed;
      }
    } else {
      stats_.incValue("httperror/response_ignored_count");
      stats_.incValue("httperror/response_ignored_status_count/" + std::to_string(response.status));
      if (request->errback()) results = request->errback()(spider_, Failure(HttpError(response.status)), *request);
      else logger().info("Ignoring response <", response.status, " ", request->url.href(), ">: HTTP status code is not handled or not allowed");
    }
  } else {
    Failure& failure = outcome.failure();
    if (failure.check<HostDown>()) {                   // the breaker sees to it that this ends
      scraped.fate = Fate::Retry;
      co_return scraped;
    }
    if (failure.check<IgnoreRequest>()) {
      scraped.fate = Fate::Dropped;
    } else {
      stats_.incValue("downloader/exception_count");
      stats_.incValue("downloader/exception_type_count/" + shortName(failure));
      if (const std::string reason = retryReason(failure); !reason.empty() && retries(*request, reason, scraped)) co_return scraped;
      scraped.fate = Fate::Failed;
    }
    scraped.cause = failure.what();
    if (request->errback()) results = request->errback()(spider_, failure, *request);
    else if (scraped.fate == Fate::Failed) logger().error("Error downloading ", request->describe(), ": ", failure);
  }
  if (results) {
    auto called = callBack(scraped, *request, std::move(*results), std::move(referrer));
    co_await called;
  }
  co_return scraped;
}

Deferred<> Scraper::callBack(Scraped& scraped, const Request& request, Results results, std::optional<PageReferrer> referrer) {
  try {
    while (auto result = co_await results.next()) {
      if (result->isItem()) {
        scraped.items.push_back(std::move(result->item()));
      } else if (Request& next = result->request(); accepts(next, internal::metaFlag(next, "depth_reset") ? 0 : request.depth + 1)) {
        if (referrer) refer(next, *referrer);
        scraped.requests.push_back(std::move(next));
      }
    }
  } catch (...) {
    const Failure failure;
    stats_.incValue("spider_exceptions/count");
    stats_.incValue("spider_exceptions/" + shortName(failure));
    scraped.fate = Fate::Failed;
    scraped.cause = "the callback failed: " + failure.getErrorMessage();
    logger().error("Spider error processing ", request.describe(), ": ", failure.getTraceback());
  }
}

// By the page's Referrer-Policy, or else the setting.
PageReferrer Scraper::referrerOf(const Response& response, const Request& request) const {
  const auto field = response.headers.get("Referrer-Policy");
  const auto named = field ? lastReferrerPolicy(*field) : std::nullopt;
  return PageReferrer(request.url, named.value_or(referrerPolicy_));
}

void Scraper::refer(Request& request, PageReferrer& referrer) const {
  const auto own = parseReferrerPolicy(request.meta("referrer_policy"));
  request.setReferrer(own ? referrer.to(request.url, *own) : referrer.to(request.url));
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

bool Scraper::retries(Request& request, const std::string& reason, Scraped& scraped) {
  if (!settings_.retryEnabled || request.dontRetry) return false;
  if (request.retryTimes >= static_cast<int>(internal::metaNumber(request, "max_retry_times").value_or(settings_.retryTimes))) {
    stats_.incValue("retry/max_reached");
    const LogLevel level = logLevelFromName(request.meta("give_up_log_level")).value_or(LogLevel::Error);
    logger().log(level, "Gave up retrying ", request.describe(), " (failed ", request.retryTimes + 1, " times): ", reason);
    return false;
  }
  ++request.retryTimes;
  request.priority += static_cast<int>(internal::metaNumber(request, "priority_adjust").value_or(settings_.retryPriorityAdjust));
  stats_.incValue("retry/count");
  stats_.incValue("retry/reason_count/" + reason);
  logger().debug("Retrying ", request.describe(), " (failed ", request.retryTimes, " times): ", reason);
  scraped.fate = Fate::Retry;
  return true;
}

bool Scraper::mayPass(const Request& request, int status) const noexcept {
  return (status >= 200 && status < 300) || request.handleHttpstatusAll || spider_.handleHttpstatusAll || settings_.httperrorAllowAll || wants(request, status);
}

bool Scraper::wants(const Request& request, int status) const noexcept {
  const std::span<const int> own = request.handleHttpstatusList();
  const std::span<const int> statuses = own.empty() ? std::span<const int>(spider_.handleHttpstatusList) : own;
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

void Scraper::countStatus(int status) {
  const auto index = static_cast<std::size_t>(status >= 0 && status < 600 ? status : 0);
  if (!statusCounts_[index]) statusCounts_[index] = &stats_.counter("downloader/response_status_count/" + std::to_string(index));
  ++*statusCounts_[index];
}

}  // namespace weft::crawler
