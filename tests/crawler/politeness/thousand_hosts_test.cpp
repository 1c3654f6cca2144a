// A thousand hosts at once, in virtual time; the server's own log is the witness.
#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/politeness/robots_pace.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

constexpr int kHosts = 1000, kPages = 10;

// Page 0 of a host leads to the others.
class PagesSpider : public Spider {
 public:
  PagesSpider() : Spider("pages") {
    for (int host = 0; host < kHosts; ++host) startUrls.push_back("http://h" + std::to_string(host) + "/0");
  }
  Results parse(Response response) override {
    if (response.url.path() != "/0") co_return;
    for (int page = 1; page < kPages; ++page) co_yield response.follow("/" + std::to_string(page));
  }
};

// What hosts of a kind do, by their number modulo 5.
enum Kind { Plain, CrawlDelay, RetryAfter, BackOff, Delayed };
constexpr double kCrawlDelay = 5, kRetryAfter = 30, kDelay = 2, kThinks = 0.05;

struct HostLog {
  std::vector<double> arrivals;                        // of requests, in seconds
  std::vector<std::pair<double, double>> forbidden;    // from, to: exclusive
  int refusals = 0;
  int good = 0;
};

}  // namespace

TEST_CASE("no request reaches a host inside a forbidden window, for a thousand hosts at once") {
  ManualClock clock;
  net::MemoryNetwork network(clock, 11);
  LogCapture log;
  std::map<std::string, HostLog> hosts;
  auto site = std::make_shared<http::Site>([&](http::Request request) -> Deferred<http::Response> {
    const std::string name(*request.headers.get("Host"));
    HostLog& host = hosts[name];
    const bool delays = std::stoi(name.substr(1)) % 5 == CrawlDelay;
    if (request.url.path() == "/robots.txt") {
      if (delays) co_return http::Response(200, "User-agent: *\nCrawl-delay: 5\n", "text/plain");
      co_return http::Response(404);
    }
    host.arrivals.push_back(clock.seconds());
    auto thinking = deferLater(clock, kThinks);
    co_await thinking;
    const int kind = std::stoi(name.substr(1)) % 5;
    if (kind == RetryAfter && host.good % 4 == 3 && host.refusals <= host.good / 4) {
      ++host.refusals;
      host.forbidden.emplace_back(clock.seconds(), clock.seconds() + kRetryAfter);
      http::Response response(429);
      response.headers.set("Retry-After", std::to_string(static_cast<int>(kRetryAfter)));
      co_return response;
    }
    if (kind == BackOff && host.refusals < 3) {
      host.forbidden.emplace_back(clock.seconds(), clock.seconds() + (1 << host.refusals++));
      co_return http::Response(503);
    }
    ++host.good;
    co_return http::Response(200, "page\n", "text/plain");
  });
  for (int i = 0; i < kHosts; ++i) network.addHost("h" + std::to_string(i));
  auto port = network.listen(80, site);

  Settings settings;
  settings.concurrentRequests = 3000;
  settings.concurrentRequestsPerDomain = 3;
  settings.retryTimes = 10;
  settings.logstatsInterval = 0;
  std::string slots = "{";
  for (int i = Delayed; i < kHosts; i += 5) slots += (i == Delayed ? "\"h" : ",\"h") + std::to_string(i) + "\":{\"delay\":2}";
  settings.set("DOWNLOAD_SLOTS", slots + "}");
  PagesSpider spider;
  Politeness politeness(settings, clock);
  HttpDownloader http(network, settings);
  PoliteDownloader downloader(http, politeness);
  MemoryFrontier frontier(settings, politeness);
  Engine engine(spider, settings, clock, downloader, frontier);
  obeyRobotsPace(engine.signals(), politeness, settings);
  auto running = engine.run();
  clock.play(3600);
  successResultOf(running);
  CHECK(engine.closeReason() == "finished");
  CHECK(engine.counts().done == kHosts * kPages);

  double lastOfPlain = 0;
  for (int i = 0; i < kHosts; ++i) {
    const HostLog& host = hosts["h" + std::to_string(i)];
    CHECK(host.good == kPages);
    for (const auto& [from, to] : host.forbidden)
      for (double at : host.arrivals) REQUIRE_FALSE_MESSAGE((at > from + 1e-6 && at < to - 1e-6), "h" << i << " was asked at " << at << ", between " << from << " and " << to);
    const double least = i % 5 == CrawlDelay ? kCrawlDelay : i % 5 == Delayed ? kDelay / 2 : 0;
    for (std::size_t n = 1; n < host.arrivals.size(); ++n) REQUIRE(host.arrivals[n] - host.arrivals[n - 1] >= least - 1e-6);
    if (i % 5 == Plain) lastOfPlain = std::max(lastOfPlain, host.arrivals.back());
    if (i % 5 == RetryAfter) CHECK(host.forbidden.size() >= 2);
    if (i % 5 == BackOff) CHECK(host.forbidden.size() == 3);
  }
  CHECK(lastOfPlain < 1);                              // those who ask for nothing never waited for the others
}
