#include <weft/crawler/middlewares/spider_middleware.hpp>

#include <weft/crawler/component_orders.hpp>
#include <weft/crawler/middlewares/http_error_middleware.hpp>
#include <weft/crawler/middlewares/link_middlewares.hpp>
#include <weft/crawler/middlewares/referer_middleware.hpp>
#include <weft/crawler/middlewares/trap_guard_middleware.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>

#include <utility>

namespace weft::crawler {

struct SpiderMiddlewares::Innermost final : PageHandler {
  explicit Innermost(SpiderRunner& runner) : runner(runner) {}
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page) override {
    if (page) return runner.callback(std::move(request), std::move(*page));
    if (request->errback()) return runner.errback(std::move(request), page.failure());
    return succeed(Called());
  }

  SpiderRunner& runner;
};

struct SpiderMiddlewares::Layer final : PageHandler {
  Layer(std::shared_ptr<SpiderMiddleware> middleware, PageHandler& next) : middleware(std::move(middleware)), next(next) {}
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page) override {
    try {
      return middleware->handle(std::move(request), std::move(page), next);
    } catch (...) {                                    // of one that is no coroutine
      return fail<Called>(Failure());
    }
  }

  const std::shared_ptr<SpiderMiddleware> middleware;
  PageHandler& next;
};

SpiderMiddlewares::SpiderMiddlewares(const CrawlContext& crawl, SpiderRunner& runner) : innermost_(std::make_unique<Innermost>(runner)), outermost_(innermost_.get()) {
  std::vector<std::shared_ptr<SpiderMiddleware>> all{std::make_shared<HttpErrorMiddleware>(), std::make_shared<OffsiteMiddleware>(),   std::make_shared<TrapGuardMiddleware>(),
                                                     std::make_shared<RefererMiddleware>(),   std::make_shared<UrlLengthMiddleware>(), std::make_shared<DepthMiddleware>()};
  all.insert(all.end(), crawl.spider.spiderMiddlewares.begin(), crawl.spider.spiderMiddlewares.end());
  auto placed = inOrder("SPIDER_MIDDLEWARES", crawl.settings.spiderMiddlewares, all);
  for (auto one = placed.rbegin(); one != placed.rend(); ++one) {
    (*one)->open(crawl);
    layers_.push_back(std::make_unique<Layer>(std::move(*one), *outermost_));
    outermost_ = layers_.back().get();
  }
}

SpiderMiddlewares::~SpiderMiddlewares() {
  while (!layers_.empty()) layers_.pop_back();         // each before what it refers to
}

bool SpiderMiddlewares::accepts(Request& request, const Request* from) {
  for (const auto& layer : layers_)
    if (!layer->middleware->accepts(request, from)) return false;
  return true;
}

std::vector<std::string> SpiderMiddlewares::names() const {
  std::vector<std::string> all;
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) all.push_back((*layer)->middleware->name);
  return all;
}

}  // namespace weft::crawler
