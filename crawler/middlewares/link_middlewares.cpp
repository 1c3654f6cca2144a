#include <weft/crawler/middlewares/link_middlewares.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>

#include <string_view>
#include <utility>

namespace weft::crawler {

bool OffsiteMiddleware::accepts(Request& request, const Request* /*from*/) {
  if (crawl_->spider.allowedDomains.empty() || request.dontFilter || onSite(request.url) || internal::metaFlag(request, "allow_offsite")) return true;
  crawl_->stats.incValue("offsite/filtered");
  kScraperLog.debug("Filtered offsite request to '", request.url.host(), "': ", request.describe());
  crawl_->signals.requestDropped.send(request);
  return false;
}

bool OffsiteMiddleware::onSite(const http::Url& url) const {
  const std::string_view host = url.host();
  for (const std::string& domain : crawl_->spider.allowedDomains) {
    if (host.size() < domain.size() || !http::equalIgnoringCase(host.substr(host.size() - domain.size()), domain)) continue;
    if (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.') return true;
  }
  return false;
}

bool UrlLengthMiddleware::accepts(Request& request, const Request* /*from*/) {
  const auto limit = static_cast<std::size_t>(crawl_->settings.urllengthLimit);
  if (!limit || request.url.withoutFragment().size() <= limit) return true;
  crawl_->stats.incValue("urllength/request_ignored_count");
  kScraperLog.info("Ignoring link of ", request.url.href().size(), " bytes (URLLENGTH_LIMIT): ", request.url.href().substr(0, 100), "...");
  return false;
}

void DepthMiddleware::open(const CrawlContext& crawl) {
  crawl_.emplace(crawl);
  deepest_ = &crawl.stats.counter("request_depth_max");
}

bool DepthMiddleware::accepts(Request& request, const Request* from) {
  if (from) request.depth = internal::metaFlag(request, "depth_reset") ? 0 : from->depth + 1;
  const int limit = crawl_->settings.depthLimit;
  if (limit && request.depth > static_cast<std::uint32_t>(limit)) {
    if (!std::exchange(logged_, true)) kScraperLog.info("Ignoring links deeper than ", limit, " (DEPTH_LIMIT): ", request.url.href());
    crawl_->stats.incValue("depth/request_ignored_count");
    return false;
  }
  if (request.depth > *deepest_) *deepest_ = request.depth;
  request.priority -= static_cast<int>(request.depth) * crawl_->settings.depthPriority;
  return true;
}

}  // namespace weft::crawler
