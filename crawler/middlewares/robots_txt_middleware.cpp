#include <weft/crawler/middlewares/robots_txt_middleware.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/error_name.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/stats.hpp>

#include <string>

namespace weft::crawler {

namespace {

constexpr double kRetryDelay = 0.25;                   // seconds: who mistyped a port waits for two of these

}  // namespace

// What the gate fetches with: keeps the stats.
class RobotsTxtMiddleware::CountingDownloader final : public Downloader {
 public:
  CountingDownloader(Downloader& next, Stats& stats) : next_(next), stats_(stats) {}
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    stats_.incValue("robotstxt/request_count");
    return next_.fetch(std::move(request)).addBoth([&stats = stats_](Outcome<Response> outcome) -> Outcome<Response> {
      if (outcome) {
        stats.incValue("robotstxt/response_count");
        stats.incValue("robotstxt/response_status_count/" + std::to_string(outcome->status));
      } else {
        stats.incValue("robotstxt/exception_count/" + errorName(outcome.failure()));
      }
      return outcome;
    });
  }

 private:
  Downloader& next_;
  Stats& stats_;
};

RobotsTxtMiddleware::RobotsTxtMiddleware() : DownloaderMiddleware("RobotsTxtMiddleware", 100) {}
RobotsTxtMiddleware::~RobotsTxtMiddleware() = default;

void RobotsTxtMiddleware::open(const CrawlContext& crawl) { crawl_.emplace(crawl); }

Deferred<Response> RobotsTxtMiddleware::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  const Settings& settings = crawl_->settings;
  if (!settings.robotstxtObey || internal::metaFlag(*request, "dont_obey_robotstxt") || request->url.target() == "/robots.txt") return next.fetch(std::move(request));
  if (!gate_) openGate(next);
  if (const auto rules = gate_->known(request->url)) return judge(std::move(request), next, *rules);
  return fetchOnceKnown(std::move(request), next);
}

void RobotsTxtMiddleware::openGate(Downloader& next) {
  const Settings& settings = crawl_->settings;
  const std::string& agent = settings.robotstxtUserAgent.empty() ? settings.userAgent : settings.robotstxtUserAgent;
  asking_ = std::make_unique<CountingDownloader>(next, crawl_->stats);
  auto options = RobotsGateOptions().setUserAgent(agent.empty() ? "weft" : agent).setRetryDelay(kRetryDelay).setRetries(settings.retryEnabled ? settings.retryTimes : 0);
  options.setOnRules([&signals = crawl_->signals](const http::Url& site, const RobotsTxt& rules) { signals.robotsParsed.send(site, rules); });
  gate_.emplace(*asking_, crawl_->clock, std::move(options));
}

Deferred<Response> RobotsTxtMiddleware::fetchOnceKnown(std::shared_ptr<const Request> request, Downloader& next) {
  auto asking = gate_->rules(request->url);
  const auto rules = co_await asking;
  // Requests were given out before the pause between them was known: they go back, and come again one by one.
  if (rules->crawlDelay({}) || rules->requestRate({})) co_return Failure(Postponed("robots.txt wants a pause between requests"));
  auto judged = judge(std::move(request), next, *rules);
  co_return co_await judged;
}

Deferred<Response> RobotsTxtMiddleware::judge(std::shared_ptr<const Request> request, Downloader& next, const RobotsTxt& rules) {
  if (rules.allowed(request->url, {})) return next.fetch(std::move(request));
  crawl_->stats.incValue("robotstxt/forbidden");
  if (kRobotsLog.enabled(LogLevel::Debug)) kRobotsLog.debug("Forbidden by robots.txt: ", request->describe());
  return fail<Response>(ForbiddenByRobots());
}

}  // namespace weft::crawler
