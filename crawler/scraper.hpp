// Scraper: runs the spider's callbacks, and decides what may follow from them.
#pragma once

#include <weft/core/outcome.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/referrer_policy.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/deferred.hpp>

#include <array>
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

/// Takes each response, or the failure to get one, through the rules that Scrapy keeps in middlewares (retry, redirect, HttpError, offsite, URL length, depth) and the
/// spider's callback. Never fails: an exception in a callback costs the page, is logged with its URL, and is in the result. It runs the callbacks on the calling thread; what it
/// gives is a Deferred all the same, so that spider threads fit behind it.
class Scraper {
 public:
  /// All three are referred to.
  Scraper(Spider& spider, const Settings& settings, Stats& stats);

  Deferred<Scraped> run(std::shared_ptr<Request> request, Outcome<Response> response);
  /// Spider middlewares' view of a request that the spider yielded: may it be enqueued? Sets its depth and priority.
  bool accepts(Request& request, std::uint32_t depth);

 private:
  Deferred<> callBack(Scraped& scraped, const Request& request, Results results, std::optional<PageReferrer> referrer);
  void refer(Request& request, PageReferrer& referrer) const;
  PageReferrer referrerOf(const Response& response, const Request& request) const;
  bool retries(Request& request, const std::string& reason, Scraped& scraped);
  void countStatus(int status);
  bool mayPass(const Request& request, int status) const noexcept;
  bool wants(const Request& request, int status) const noexcept;
  bool onSite(const http::Url& url) const;

  Spider& spider_;
  const Settings& settings_;
  Stats& stats_;
  const ReferrerPolicy referrerPolicy_;
  std::int64_t& responseCount_;
  std::int64_t& responseBytes_;
  std::int64_t& receivedCount_;
  std::array<std::int64_t*, 600> statusCounts_{};
  bool depthLogged_ = false;
};

}  // namespace weft::crawler
