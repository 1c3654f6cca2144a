#include <weft/crawler/middlewares/downloader_stats.hpp>

#include <weft/crawler/internal/error_name.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/errors.hpp>

#include <string>

namespace weft::crawler {

void DownloaderStats::open(const CrawlContext& crawl) {
  stats_ = &crawl.stats;
  signals_ = &crawl.signals;
  requests_ = &stats_->counter("downloader/request_count");
  responses_ = &stats_->counter("downloader/response_count");
  bytes_ = &stats_->counter("downloader/response_bytes");
}

Deferred<Response> DownloaderStats::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  ++*requests_;
  signals_->requestReachedDownloader.send(*request);
  std::shared_ptr<const Request> told = signals_->requestLeftDownloader.empty() ? nullptr : request;
  return next.fetch(std::move(request)).addBoth([this, told = std::move(told)](Outcome<Response> outcome) -> Outcome<Response> {
    if (outcome) {
      signals_->responseDownloaded.send(*outcome);
      ++*responses_;
      *bytes_ += static_cast<std::int64_t>(outcome->body.size());
      countStatus(outcome->status);
    } else if (!outcome.failure().check<CancelledError, IgnoreRequest, Postponed>()) {
      stats_->incValue("downloader/exception_count");
      stats_->incValue("downloader/exception_type_count/" + errorName(outcome.failure()));
    }
    if (told) signals_->requestLeftDownloader.send(*told);
    return outcome;
  });
}

void DownloaderStats::countStatus(int status) {
  const auto index = static_cast<std::size_t>(status >= 0 && status < 600 ? status : 0);
  if (!statuses_[index]) statuses_[index] = &stats_->counter("downloader/response_status_count/" + std::to_string(index));
  ++*statuses_[index];
}

}  // namespace weft::crawler
