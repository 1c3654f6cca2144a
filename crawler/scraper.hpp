// Scraper: runs the spider's callbacks, and decides what may follow from them.
#pragma once

#include <weft/core/outcome.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/referrer_policy.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/spider_runner.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/deferred.hpp>

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
};

/// Takes each response, or the failure to get one, through the rules that Scrapy keeps in spider middlewares (HttpError, offsite, URL length, depth) and the spider's callback;
/// does what the downloader's middlewares ask for (RetryRequest, RequestInstead, Postponed). Never fails: an exception in a callback costs the page, is logged with its URL, and is in the result. One thread, the engine's.
class Scraper {
 public:
  /// All are referred to; of the spider itself only what its constructor has set is looked at, its code runs where the runner runs it.
  Scraper(Spider& spider, SpiderRunner& runner, const Settings& settings, Stats& stats, Signals& signals);

  Deferred<Scraped> run(std::shared_ptr<Request> request, Outcome<Response> response);
  /// Spider middlewares' view of a request that the spider yielded: may it be enqueued? Sets its depth and priority.
  bool accepts(Request& request, std::uint32_t depth);

 private:
  bool diverted(Scraped& scraped, Request& request, const Failure& failure);
  void take(Scraped& scraped, const Request& request, Called called, std::optional<PageReferrer> referrer);
  bool mayPass(const Request& request, int status) const noexcept;
  bool onSite(const http::Url& url) const;

  Spider& spider_;
  SpiderRunner& runner_;
  const Settings& settings_;
  Stats& stats_;
  Signals& signals_;
  std::int64_t& receivedCount_;
  bool depthLogged_ = false;
};

}  // namespace weft::crawler
