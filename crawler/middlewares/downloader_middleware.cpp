#include <weft/crawler/middlewares/downloader_middleware.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/component_orders.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/middlewares/downloader_stats.hpp>
#include <weft/crawler/middlewares/http_cache_middleware.hpp>
#include <weft/crawler/middlewares/redirect_middleware.hpp>
#include <weft/crawler/middlewares/request_trace.hpp>
#include <weft/crawler/middlewares/retry_middleware.hpp>
#include <weft/crawler/middlewares/robots_txt_middleware.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>


namespace weft::crawler {

namespace {

// Parts of the downloader: names that a Scrapy user tries.
struct Part {
  std::string_view name, setting;
};
constexpr Part kParts[] = {
    {"CookiesMiddleware", "COOKIES_ENABLED=false"},
    {"DefaultHeadersMiddleware", "the request's own headers, which go before them"},
    {"DownloadTimeoutMiddleware", "DOWNLOAD_TIMEOUT"},
    {"HttpAuthMiddleware", "HTTPAUTH_USER"},
    {"HttpCompressionMiddleware", "COMPRESSION_ENABLED=false"},
    {"HttpProxyMiddleware", "HTTPPROXY_ENABLED=false"},
    {"UserAgentMiddleware", "USER_AGENT"},
};

void refuseParts(const ComponentOrders& orders) {
  for (const Part& part : kParts)
    if (orders.contains(part.name)) throw SettingError("DOWNLOADER_MIDDLEWARES: " + std::string(part.name) + " is a part of the downloader, with no place among the layers; use " + std::string(part.setting));
}

const Logger& retryLogger() {
  static const Logger logger("weft.crawler.retry");
  return logger;
}

}  // namespace

struct DownloaderMiddlewares::Layer final : Downloader {
  Layer(std::shared_ptr<DownloaderMiddleware> middleware, Downloader& next) : middleware(std::move(middleware)), next(next) {}
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    try {
      return middleware->fetch(std::move(request), next);
    } catch (...) {                                    // of one that is no coroutine
      return fail<Response>(Failure());
    }
  }

  const std::shared_ptr<DownloaderMiddleware> middleware;
  Downloader& next;
};

DownloaderMiddlewares::DownloaderMiddlewares(const CrawlContext& crawl, Downloader& innermost) : innermost_(innermost), outermost_(&innermost) {
  std::vector<std::shared_ptr<DownloaderMiddleware>> all{std::make_shared<RobotsTxtMiddleware>(), std::make_shared<RetryMiddleware>(), std::make_shared<MetaRefreshMiddleware>(),
                                                         std::make_shared<RedirectMiddleware>(), std::make_shared<DownloaderStats>(), std::make_shared<HttpCacheMiddleware>()};
  if (!crawl.settings.traceFile.empty()) all.push_back(std::make_shared<RequestTrace>());
  all.insert(all.end(), crawl.spider.downloaderMiddlewares.begin(), crawl.spider.downloaderMiddlewares.end());
  refuseParts(parseComponentOrders("DOWNLOADER_MIDDLEWARES", crawl.settings.downloaderMiddlewares));
  auto placed = inOrder("DOWNLOADER_MIDDLEWARES", crawl.settings.downloaderMiddlewares, all);
  for (auto one = placed.rbegin(); one != placed.rend(); ++one) {
    (*one)->open(crawl);
    layers_.push_back(std::make_unique<Layer>(std::move(*one), *outermost_));
    outermost_ = layers_.back().get();
  }
}

DownloaderMiddlewares::~DownloaderMiddlewares() {
  while (!layers_.empty()) layers_.pop_back();         // each before what it refers to
}

std::vector<std::string> DownloaderMiddlewares::names() const {
  std::vector<std::string> all;
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) all.push_back((*layer)->middleware->name);
  return all;
}

bool mayRetry(const CrawlContext& crawl, const Request& request, std::string_view reason) {
  if (!crawl.settings.retryEnabled || request.dontRetry) return false;
  const int failed = request.retryTimes + 1;
  if (request.retryTimes >= static_cast<int>(internal::metaNumber(request, "max_retry_times").value_or(crawl.settings.retryTimes))) {
    crawl.stats.incValue("retry/max_reached");
    const LogLevel level = logLevelFromName(request.meta("give_up_log_level")).value_or(LogLevel::Error);
    retryLogger().log(level, "Gave up retrying ", request.describe(), " (failed ", failed, " times): ", reason);
    return false;
  }
  crawl.stats.incValue("retry/count");
  crawl.stats.incValue("retry/reason_count/" + std::string(reason));
  retryLogger().debug("Retrying ", request.describe(), " (failed ", failed, " times): ", reason);
  return true;
}

}  // namespace weft::crawler
