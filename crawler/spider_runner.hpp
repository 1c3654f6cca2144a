// SpiderRunner: where a spider's code runs.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/defer/deferred.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::crawler {

/// What a callback gave: all that it yielded, and the exception that ended it, if one did.
struct Called {
  std::vector<Result> results;
  Failure failure{std::exception_ptr()};
};

/// Calls a spider for the engine. InlineSpider does so on the engine's thread, SpiderThreads on others. All functions are called on the engine's thread, and fire there; none fails but with
/// CancelledError: that the spider failed is in what they fire with.
class SpiderRunner {
 public:
  virtual ~SpiderRunner() = default;
  /// Spider::setSeenUrls(), while nothing of the spider runs.
  virtual void setSeenUrls(const Spider::SeenUrls* seen) noexcept = 0;
  /// Spider::setFetcher(), while nothing of the spider runs; null when the crawl has ended. The fetcher is called on the engine's thread.
  virtual void setFetcher(Spider::Fetcher* fetcher) noexcept = 0;
  /// Runs the request's callback to its end.
  virtual Deferred<Called> callback(std::shared_ptr<const Request> request, Response response) = 0;
  /// Runs the request's errback, which it must have.
  virtual Deferred<Called> errback(std::shared_ptr<const Request> request, Failure failure) = 0;
  /// The next results of startRequests(): at least one, or none when there are no more. One call at a time.
  virtual Deferred<Called> start() = 0;
  /// Spider::closed().
  virtual Deferred<Called> closed(std::string reason) = 0;
};

/// The spider on the engine's thread. It is referred to.
class InlineSpider final : public SpiderRunner {
 public:
  explicit InlineSpider(Spider& spider) : spider_(spider) {}
  void setSeenUrls(const Spider::SeenUrls* seen) noexcept override { spider_.setSeenUrls(seen); }
  void setFetcher(Spider::Fetcher* fetcher) noexcept override { spider_.setFetcher(fetcher); }
  Deferred<Called> callback(std::shared_ptr<const Request> request, Response response) override;
  Deferred<Called> errback(std::shared_ptr<const Request> request, Failure failure) override;
  Deferred<Called> start() override;
  Deferred<Called> closed(std::string reason) override;

 private:
  Spider& spider_;
  std::optional<Results> starts_;
};

}  // namespace weft::crawler
