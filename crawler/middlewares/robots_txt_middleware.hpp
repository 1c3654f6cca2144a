// RobotsTxtMiddleware: pages that a site's robots.txt does not want fetched are not.
#pragma once

#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/crawler/robots/robots_gate.hpp>

#include <memory>
#include <optional>

namespace weft::crawler {

/// Asks the robots.txt of each origin before its first page (see RobotsGate), and fails with ForbiddenByRobots where it says no. When a robots.txt cannot be had, for the answer is a 5xx
/// or there is none after RETRY_TIMES more attempts, the page fails with that error: RFC 9309 takes such a site as forbidden. Sends the signal robots_parsed; when that made a pause between requests necessary, those that
/// waited for it go back to the frontier. Switched off by ROBOTSTXT_OBEY=false, and for a request by the meta key `dont_obey_robotstxt`. ROBOTSTXT_USER_AGENT, or else USER_AGENT, is whose
/// rules count.
class RobotsTxtMiddleware final : public DownloaderMiddleware {
 public:
  RobotsTxtMiddleware();
  ~RobotsTxtMiddleware() override;
  void open(const CrawlContext& crawl) override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  class CountingDownloader;
  void openGate(Downloader& next);
  Deferred<Response> fetchOnceKnown(std::shared_ptr<const Request> request, Downloader& next);
  Deferred<Response> judge(std::shared_ptr<const Request> request, Downloader& next, const RobotsTxt& rules);

  std::optional<CrawlContext> crawl_;
  std::unique_ptr<CountingDownloader> asking_;
  std::optional<RobotsGate> gate_;                     // from the first page on, as asking_
};

}  // namespace weft::crawler
