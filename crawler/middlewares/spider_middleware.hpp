// SpiderMiddleware: a layer between the engine and the spider.
#pragma once

#include <weft/core/outcome.hpp>
#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/spider_runner.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Takes a page, or the failure to get it, to the spider's callback or errback: the next layer, and at last the spider itself.
class PageHandler {
 public:
  virtual ~PageHandler() = default;
  /// What the spider made of it. Never fails but with CancelledError: an exception of the callback is in what it fires with. A failure for which the request has no errback gives nothing.
  virtual Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> outcome) = 0;
};

/// A layer around the spider. One function says what Scrapy needs four hooks for: what stands before `next.handle()` sees the response or the failure, what stands behind it all that the
/// callback yielded, and the exception that ended it, if one did. Layers with lower numbers are outside. A spider lists its own.
///
///     class NoDrafts : public SpiderMiddleware {
///      public:
///       NoDrafts() : SpiderMiddleware("NoDrafts", 600) {}
///       Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override {
///         auto handling = next.handle(std::move(request), std::move(page));
///         Called called = co_await handling;
///         std::erase_if(called.results, [](Result& result) { return result.isItem() && result.item().as<Article>()->draft; });
///         co_return called;
///       }
///     };
///     MySpider() : Spider("mine") { spiderMiddlewares = {std::make_shared<NoDrafts>()}; }
///
/// The setting SPIDER_MIDDLEWARES gives one another place, or takes it out, weft's own among them: {"NoDrafts": 200, "DepthMiddleware": null}.
///
/// weft's own, with Scrapy's names and numbers: HttpErrorMiddleware 50, OffsiteMiddleware 500, TrapGuardMiddleware 650, RefererMiddleware 700, UrlLengthMiddleware 800, DepthMiddleware 900. One thread, that of the engine; the
/// spider's code may run on others.
class SpiderMiddleware {
 public:
  explicit SpiderMiddleware(std::string name, int order = 543) : name(std::move(name)), order(order) {}
  SpiderMiddleware(const SpiderMiddleware&) = delete;
  SpiderMiddleware& operator=(const SpiderMiddleware&) = delete;
  virtual ~SpiderMiddleware() = default;

  const std::string name;
  const int order;

  /// The crawl that it stands in; before the first request. What the context refers to lives as long as pages come.
  virtual void open(const CrawlContext&) {}
  /// May answer without asking `next`; hand a Failure inward in place of the page, which is told to the errback; or wait. A Deferred that fails counts as an exception of the callback.
  virtual Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) { return next.handle(std::move(request), std::move(page)); }
  /// May this request go to the frontier? Asked of every one, behind handle(), by the layers from inside to outside: those that the callback of `from` yielded, start requests and redirects (`from` is
  /// null). It may be changed. The layer counts and logs what it refuses.
  virtual bool accepts(Request& /*request*/, const Request* /*from*/) { return true; }
};

/// The layers of a crawl around its spider.
class SpiderMiddlewares final {
 public:
  /// weft's own and the spider's, as SPIDER_MIDDLEWARES places them, around `runner`, which is referred to as the context's parts are. Throws SettingError: an unknown name, with a suggestion.
  SpiderMiddlewares(const CrawlContext& crawl, SpiderRunner& runner);
  ~SpiderMiddlewares();
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page) { return outermost_->handle(std::move(request), std::move(page)); }
  bool accepts(Request& request, const Request* from);
  /// Their names, outermost first.
  std::vector<std::string> names() const;

 private:
  struct Layer;
  struct Innermost;
  std::unique_ptr<PageHandler> innermost_;
  PageHandler* outermost_;
  std::vector<std::unique_ptr<Layer>> layers_;         // innermost first
};

}  // namespace weft::crawler

namespace weft {
using crawler::Called;
using crawler::PageHandler;
using crawler::SpiderMiddleware;
}  // namespace weft
