// DownloaderMiddleware: a layer between the engine and the downloader.
#pragma once

#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/downloader.hpp>
#include <weft/crawler/error.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// What fetch() of a middleware fails with to have another request made in place of this one (Scrapy: a middleware that returns a Request): the page ends, and the request goes through the
/// duplicates filter to the frontier, with its own callback.
class RequestInstead : public Error {
 public:
  /// `status`: of the response that led to it; 0 when there was none.
  explicit RequestInstead(Request request, int status = 0) : Error("another request is made instead"), request(std::make_shared<Request>(std::move(request))), status(status) {}
  std::shared_ptr<Request> request;
  int status;
};

/// What fetch() of a middleware fails with to have this request made again: it goes back to the frontier, and the attempt counts (Scrapy's get_retry_request). Ask mayRetry() first.
class RetryRequest : public Error {
 public:
  using Error::Error;                                  // the reason
};

/// A layer around the fetching of pages. One function says what Scrapy needs three hooks for: what stands before `next.fetch()` sees the request, what stands behind it the response or the
/// failure. Layers with lower numbers are outside.
///
///     class ProxyRotation : public DownloaderMiddleware {
///      public:
///       ProxyRotation() : DownloaderMiddleware("ProxyRotation", 610) {}
///       Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override {
///         auto changed = std::make_shared<Request>(*request);
///         changed->setMeta("proxy", nextProxy());
///         auto fetching = next.fetch(std::move(changed));
///         Response response = co_await fetching;
///         if (response.body.empty()) co_return Failure(RetryRequest("empty page"));
///         co_return response;
///       }
///     };
///     MySpider() : Spider("mine") { downloaderMiddlewares = {std::make_shared<ProxyRotation>()}; }
///
/// The setting DOWNLOADER_MIDDLEWARES gives one another place, or takes it out, weft's own among them: {"ProxyRotation": 900, "RetryMiddleware": null}.
///
/// It may answer without asking `next`; fail with IgnoreRequest (the page is dropped), RequestInstead, RetryRequest or Postponed; or with any other error (the page fails). Layers outside
/// of it see that failure, and let it pass. One thread, that of the engine. Cancelling what fetch() gives must give the request up.
///
/// weft's own, with Scrapy's names and numbers: RobotsTxtMiddleware 100, RetryMiddleware 550, MetaRefreshMiddleware 580, RedirectMiddleware 600, DownloaderStats 850, HttpCacheMiddleware 900. The parts that Scrapy calls HttpAuthMiddleware, DownloadTimeoutMiddleware,
/// DefaultHeadersMiddleware, UserAgentMiddleware, HttpCompressionMiddleware, CookiesMiddleware and HttpProxyMiddleware belong to the downloader, inside of all layers: they have settings, not numbers.
class DownloaderMiddleware {
 public:
  explicit DownloaderMiddleware(std::string name, int order = 543) : name(std::move(name)), order(order) {}
  DownloaderMiddleware(const DownloaderMiddleware&) = delete;
  DownloaderMiddleware& operator=(const DownloaderMiddleware&) = delete;
  virtual ~DownloaderMiddleware() = default;

  const std::string name;
  const int order;

  /// The crawl that it stands in; before the first request. What the context refers to lives as long as requests come.
  virtual void open(const CrawlContext&) {}
  virtual Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) = 0;
};

/// Is there an attempt left for the request? If so, it is counted (retry/count, retry/reason_count/REASON) and logged, and the caller fails with RetryRequest; if not, that is counted
/// (retry/max_reached) and logged, and the caller goes on with what it has.
bool mayRetry(const CrawlContext& crawl, const Request& request, std::string_view reason);

/// The layers of a crawl: itself the downloader that the engine uses.
class DownloaderMiddlewares final : public Downloader {
 public:
  /// weft's own and the spider's, as DOWNLOADER_MIDDLEWARES places them, around `innermost`, which is referred to as the context's parts are. Throws SettingError: an unknown name, with a
  /// suggestion.
  DownloaderMiddlewares(const CrawlContext& crawl, Downloader& innermost);
  ~DownloaderMiddlewares() override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override { return outermost_->fetch(std::move(request)); }
  void listen(Signals* signals) override { innermost_.listen(signals); }
  void close() override { innermost_.close(); }
  /// Their names, outermost first.
  std::vector<std::string> names() const;

 private:
  struct Layer;
  Downloader& innermost_;
  Downloader* outermost_;
  std::vector<std::unique_ptr<Layer>> layers_;         // innermost first
};

}  // namespace weft::crawler

namespace weft {
using crawler::CrawlContext;
using crawler::Downloader;
using crawler::DownloaderMiddleware;
using crawler::RequestInstead;
using crawler::RetryRequest;
}  // namespace weft
