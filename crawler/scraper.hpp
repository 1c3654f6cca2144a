// Scraper: what follows from a page.
#pragma once

#include <weft/core/outcome.hpp>
#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/middlewares/spider_middleware.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/spider_runner.hpp>
#include <weft/defer/deferred.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::crawler {

/// What a request led to.
struct Scraped {
  Fate fate = Fate::Done;
  int status = 0;                                      ///< of the response; 0 where there was none
  std::vector<Request> requests;
  std::vector<Item> items;
  std::string cause;                                   ///< of Failed and Dropped
  std::optional<std::string> closeReason;              ///< the callback threw CloseSpider
};

/// Takes each response, or the failure to get one, through the spider's middlewares and its callback; does what the downloader's middlewares ask for (RetryRequest, RequestInstead, Postponed).
/// Never fails: an exception in a callback costs the page, is logged with its URL, and is in the result. One thread, the engine's.
class Scraper {
 public:
  /// All are referred to; of the spider itself only what its constructor has set is looked at, its code runs where the runner runs it. Throws SettingError: SPIDER_MIDDLEWARES names what there
  /// is not.
  Scraper(const CrawlContext& crawl, SpiderRunner& runner);

  Deferred<Scraped> run(std::shared_ptr<Request> request, Outcome<Response> response);
  /// May a request go to the frontier that was yielded for `from`'s page, or, with null, is a start request or a redirect? The middlewares have their say, and may change it.
  bool accepts(Request& request, const Request* from);

 private:
  bool diverted(Scraped& scraped, Request& request, const Failure& failure);
  void take(Scraped& scraped, const Request& request, Called called);

  const CrawlContext crawl_;
  SpiderMiddlewares middlewares_;
  std::int64_t& receivedCount_;
};

}  // namespace weft::crawler
