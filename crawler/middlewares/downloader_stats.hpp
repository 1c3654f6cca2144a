// DownloaderStats: counts what goes over the network, and tells of it.
#pragma once

#include <weft/crawler/middlewares/downloader_middleware.hpp>

#include <array>
#include <cstdint>

namespace weft::crawler {

/// Keeps Scrapy's downloader/ stats: request_count, response_count, response_status_count/N, response_bytes, exception_count, exception_type_count/TYPE. Retries, redirects and each
/// robots.txt are among them, and pages out of the cache, as in Scrapy. Sends request_reached_downloader, response_downloaded and request_left_downloader.
class DownloaderStats final : public DownloaderMiddleware {
 public:
  DownloaderStats() : DownloaderMiddleware("DownloaderStats", 850) {}
  void open(const CrawlContext& crawl) override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  void countStatus(int status);

  Stats* stats_ = nullptr;
  Signals* signals_ = nullptr;
  std::int64_t* requests_ = nullptr;
  std::int64_t* responses_ = nullptr;
  std::int64_t* bytes_ = nullptr;
  std::array<std::int64_t*, 600> statuses_{};
};

}  // namespace weft::crawler
