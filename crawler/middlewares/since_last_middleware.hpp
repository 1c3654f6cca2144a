// SinceLastMiddleware: a crawl that comes again, and gives only what is new.
#pragma once

#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/http_cache/http_cache_error.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/crawler/middlewares/spider_middleware.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace weft::crawler {

/// The runs of a job that is crawled again and again: each is a job of its own, which can be resumed until it is finished; then the next begins with an empty journal. Their number is in the file `since_last` of
/// the job's folder.
class SinceLastRun {
 public:
  /// Goes on with the run that is not finished, or begins the next one; before the job's frontier is made. Throws JournalError: the folder cannot be used, or holds a job that was begun without this.
  explicit SinceLastRun(std::string folder);
  std::uint64_t number() const noexcept { return number_; }
  /// The run is complete; once its frontier is closed. Throws JournalError.
  void finish();

 private:
  void write(const char* state);

  std::string folder_;
  std::uint64_t number_ = 0;
};

/// Asks for pages that an earlier run has seen with their ETag or Last-Modified, and tells those that have not changed by the flag "unchanged": a 304, or the same body once more. They are answered out of the job's
/// `pages.sqlite`, where every page is kept compressed, so that the spider follows their links as ever.
///
/// GETs that are answered by 200 are looked at. The meta keys `dont_cache`, `save_to` and `truncate_body`, and a condition of the request's own, let a request pass by: what it gives counts as changed.
/// Counts since_last/new, since_last/changed and since_last/unchanged.
class SinceLastMiddleware final : public DownloaderMiddleware {
 public:
  SinceLastMiddleware(std::string folder, std::uint64_t run);
  ~SinceLastMiddleware() override;
  /// Throws HttpCacheError: the file cannot be used.
  void open(const CrawlContext& crawl) override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  struct State;
  Deferred<Response> compare(std::shared_ptr<const Request> request, Downloader& next);

  const std::string folder_;
  const std::uint64_t run_;
  std::unique_ptr<State> state_;
};

/// Drops the items of pages that are flagged "unchanged", and lets their requests pass. Counts since_last/items_dropped.
class ChangedItemsMiddleware final : public SpiderMiddleware {
 public:
  ChangedItemsMiddleware() : SpiderMiddleware("ChangedItemsMiddleware", 10) {}
  void open(const CrawlContext& crawl) override { stats_ = &crawl.stats; }
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override;

 private:
  Stats* stats_ = nullptr;
};

}  // namespace weft::crawler
