#include <weft/crawler/dashboard/crawl_monitor.hpp>

#include "../site_crawl.hpp"

#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/politeness.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace weft;
using namespace weft::crawler;
using State = CrawlSnapshot::State;

namespace {

struct Word {
  std::string url;
};
WEFT_ITEM(Word, url)

class Walker : public Spider {
 public:
  explicit Walker(std::vector<std::string> starts) : Spider("walker") { startUrls = std::move(starts); }
  Results parse(Response response) override {
    Word word;
    word.url = response.url.href();
    co_yield word;
    for (const auto& link : response.css("a::attr(href)").getall()) co_yield response.follow(link);
  }
};

// A crawl of a table of pages through Politeness, in virtual time, that is watched.
struct Watched {
  explicit Watched(std::vector<std::string> starts) : spider(std::move(starts)) {
    settings.robotstxtObey = false;
    settings.randomizeDownloadDelay = false;
    settings.retryEnabled = false;
  }
  ManualClock clock;
  Settings settings;
  Walker spider;
  testing::TableSite site{clock};
  LogCapture log;
  std::unique_ptr<Politeness> politeness;
  std::unique_ptr<PoliteDownloader> downloader;
  std::unique_ptr<MemoryFrontier> frontier;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<CrawlMonitor> monitor;

  Deferred<> start() {
    politeness = std::make_unique<Politeness>(settings, clock);
    downloader = std::make_unique<PoliteDownloader>(site, *politeness);
    frontier = std::make_unique<MemoryFrontier>(settings, *politeness);
    engine = std::make_unique<Engine>(spider, settings, clock, *downloader, *frontier);
    monitor = std::make_unique<CrawlMonitor>(*engine, *politeness, clock);
    monitor->describe(spider.name, "http://a/", "2026-03-01T12:00:00.000Z", {{"DOWNLOAD_DELAY", "2", "command line"}});
    return engine->run();
  }
  // `hosts` hosts with `pages` pages each, all linked from the first.
  void fill(int hosts, int pages) {
    std::string links;
    for (int host = 0; host < hosts; ++host) {
      for (int page = 0; page < pages; ++page) {
        const std::string url = "http://h" + std::to_string(host) + "/" + std::to_string(page);
        links += "<a href='" + url + "'>x</a>";
        site.html(url, "<p>page");
      }
    }
    site.html("http://a/", links);
  }
};

}  // namespace

TEST_CASE("a snapshot tells of hosts, statuses, items, errors and why a host waits") {
  Watched crawl({"http://a/"});
  crawl.settings.downloadDelay = 2;
  crawl.site.html("http://a/", "<a href='/1'>1</a><a href='/2'>2</a><a href='http://b/'>b</a><a href='http://c/'>c</a>");
  crawl.site.html("http://a/1", "one");
  crawl.site.pages["http://b/"].status = 500;
  crawl.site.pages["http://c/"].refused = true;
  auto running = crawl.start();
  CHECK(crawl.monitor->snapshot().counts.leased == 1);
  crawl.clock.play(2.5);                               // the first page is there, /1 in flight
  CrawlSnapshot seen = crawl.monitor->snapshot();
  CHECK(seen.state == State::Running);
  CHECK(seen.spider == "walker");
  CHECK(seen.elapsed == 2.5);
  CHECK(seen.concurrency == 16);
  CHECK(seen.delay == 2);
  CHECK(seen.settings.at(0).name == "DOWNLOAD_DELAY");
  REQUIRE(seen.hosts.size() == 3);
  CHECK(seen.hosts[0].name == "a");                    // the one in flight first
  CHECK(seen.hosts[0].active == 1);
  CHECK(seen.hosts[0].waiting == 1);
  CHECK(seen.hosts[0].requests == 2);
  CHECK(seen.hosts[0].responses == 1);
  CHECK(seen.hosts[0].why == "a waits 1.5 s: 2 s between requests (DOWNLOAD_DELAY)");
  crawl.engine->pause();
  CHECK(crawl.monitor->snapshot().state == State::Paused);
  crawl.engine->resume();
  crawl.clock.play(20);
  successResultOf(running);
  seen = crawl.monitor->snapshot();
  CHECK(seen.state == State::Ended);
  CHECK(seen.closeReason == "finished");
  CHECK(seen.pages() == 5);
  CHECK(seen.statuses == std::map<int, std::uint64_t>{{200, 2}, {404, 1}, {500, 1}});
  CHECK(seen.requests == 5);
  CHECK(seen.responses == 4);
  CHECK(seen.errors == 2);                             // the 500, and the connection that was refused
  CHECK(seen.items == 2);
  REQUIRE(seen.itemsSeen.size() == 2);
  CHECK(seen.itemsSeen[0].json == R"({"url":"http://a/1"})");
  CHECK(seen.errorsSeen.size() == 3);                  // pages that failed: 404, 500, refused
  CHECK(seen.errorsSeen.back().at == 2);
  std::uint64_t pages = 0, items = 0, errors = 0;
  for (const SeriesPoint& point : seen.series) {
    pages += point.pages;
    items += point.items;
    errors += point.errors;
  }
  CHECK(pages == 5);
  CHECK(items == 2);
  CHECK(errors == 2);
}

TEST_CASE("the points of time, the hosts and the items of a snapshot are bounded, and nothing of them is lost") {
  Watched crawl({"http://a/"});
  crawl.settings.concurrentRequestsPerDomain = 1;
  crawl.settings.downloadDelay = 2;
  const int hosts = static_cast<int>(CrawlMonitor::kMostHosts) + 50;
  crawl.fill(hosts, 1);
  for (int page = 1; page < 800; ++page) {
    const std::string url = "http://h0/" + std::to_string(page);
    crawl.site.pages["http://a/"].body += "<a href='" + url + "'>x</a>";
    crawl.site.html(url, std::string(2000, 'x'));
  }
  auto running = crawl.start();
  crawl.clock.play(2000);
  successResultOf(running);
  const CrawlSnapshot seen = crawl.monitor->snapshot();
  CHECK(seen.series.size() < CrawlMonitor::kMostPoints);
  CHECK(seen.series.size() >= CrawlMonitor::kMostPoints / 2 - 1);
  CHECK(seen.step == 4);
  std::uint64_t pages = 0, bytes = 0;
  for (const SeriesPoint& point : seen.series) {
    pages += point.pages;
    bytes += point.bytes;
  }
  CHECK(pages == seen.pages());
  CHECK(bytes == seen.bytes);
  CHECK(seen.itemsSeen.size() == CrawlMonitor::kMostItems);
  CHECK(seen.hosts.back().name.empty());               // all others
  CHECK(seen.hosts.back().responses == 51);            // of 1051 with the first page's
  CHECK(crawl.monitor->snapshot(10).hosts.size() == 11);
  CHECK(toJson(crawl.monitor->snapshot(10)).dump().size() < 60'000);
}

TEST_CASE("another delay and another concurrency of a host hold at once") {
  Watched crawl({"http://h0/0"});
  crawl.fill(1, 40);
  crawl.settings.downloadDelay = 100;
  std::string links;
  for (int page = 1; page < 40; ++page) links += "<a href='/" + std::to_string(page) + "'>x</a>";
  crawl.site.html("http://h0/0", links);
  auto running = crawl.start();
  crawl.clock.play(10);
  CHECK(crawl.site.asked.size() == 1);
  crawl.politeness->setDelay(1);
  crawl.engine->politenessChanged();
  CHECK(crawl.site.asked.size() == 2);                 // it has waited for long enough
  crawl.clock.play(4.5);
  CHECK(crawl.site.asked.size() == 6);
  crawl.politeness->setDelay(0);
  crawl.politeness->setConcurrency(3);
  crawl.engine->politenessChanged();
  CHECK(crawl.site.inFlight == 3);
  crawl.politeness->setConcurrency(5);
  crawl.engine->politenessChanged();
  CHECK(crawl.site.inFlight == 5);
  crawl.clock.play(100);
  successResultOf(running);
  CHECK(crawl.site.most == 5);
}

TEST_CASE("a long item is cut between characters") {
  Watched crawl({"http://a/" + std::string(470, 'x') + "%C3%BC"});
  crawl.site.pages["http://a/" + std::string(470, 'x') + "%C3%BC"].status = 200;
  auto running = crawl.start();
  crawl.clock.play(10);
  successResultOf(running);
  CHECK(crawl.monitor->snapshot().itemsSeen.at(0).json.size() <= 503);
}

TEST_CASE("quantiles are read off the buckets") {
  LatencyHistogram latency;
  CHECK(latency.quantile(0.5) == 0);
  for (int i = 0; i < 10; ++i) latency.add(0.04);
  CHECK(latency.quantile(0.5) == doctest::Approx(0.0375));
  CHECK(latency.mean() == doctest::Approx(0.04));
  latency.add(0.025);                                  // a bound belongs to its bucket
  CHECK(latency.counts[2] == 1);
  latency.add(1000);
  CHECK(latency.quantile(1) == 10);
}

TEST_CASE("what SIGUSR1 logs names the crawl, its hosts and the errors") {
  CrawlSnapshot snapshot;
  snapshot.spider = "quotes";
  snapshot.elapsed = 12;
  snapshot.counts.done = 1234;
  snapshot.counts.pending = 5;
  snapshot.concurrency = 16;
  HostSnapshot host;
  host.name = "example.com";
  host.responses = 1000;
  host.why = "example.com may be asked now: 0 of 8 requests are in flight";
  snapshot.hosts.push_back(host);
  snapshot.errorsSeen.push_back({3, "http://example.com/x", "404 Not Found", 1});
  const auto lines = stateLines(snapshot);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "quotes is running after 12.0 s: 1,234 pages, 0 items, 0 bytes, 0 errors; 5 pending, 0 of 16 in flight; latency 0.000 s (median), 0.000 s (95 %)");
  CHECK(lines[1] == "example.com: 1,000 responses, 0 errors, 0 pending; example.com may be asked now: 0 of 8 requests are in flight");
  CHECK(lines[2] == "failed after 3.0 s: http://example.com/x: 404 Not Found");
}
