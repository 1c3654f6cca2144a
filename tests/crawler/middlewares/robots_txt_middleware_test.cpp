#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/robots_pace.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

// Asks for pages 0 to 9, and for /private.
class TenPages : public Spider {
 public:
  TenPages() : Spider("ten") {
    for (int i = 0; i < 10; ++i) startUrls.push_back("http://site.test/" + std::to_string(i));
  }
  Results startRequests() override {
    for (const std::string& url : startUrls) co_yield Request(url, &TenPages::parse).setErrback(&TenPages::failed);
    Request secret("http://site.test/private", &TenPages::parse);
    secret.setErrback(&TenPages::failed);
    if (ignores) secret.setMeta("dont_obey_robotstxt", "1");
    co_yield secret;
  }
  Results parse(Response response) override {
    got.emplace_back(response.url.path());
    co_return;
  }
  Results failed(Failure failure, Request request) {
    failures.push_back(std::string(request.url.path()) + ": " + failure.what());
    co_return;
  }
  bool ignores = false;
  std::vector<std::string> got, failures;
};

// A whole crawl of it over a network in memory, in virtual time.
struct World {
  ManualClock clock;
  net::MemoryNetwork network{clock, 3};
  Settings settings;
  LogCapture log;
  TenPages spider;
  std::string robots;
  int robotsStatus = 200, robotsFetched = 0;
  std::vector<double> arrivals;                        // of pages
  FrontierCounts counts;
  Stats stats;
  std::unique_ptr<net::Port> port;
  std::string why;                                     // the host waited, one second into the crawl

  World() {
    settings.logstatsInterval = 0;
    network.addHost("site.test");
  }
  void listen() {
    auto site = std::make_shared<http::Site>([this](http::Request request) -> Deferred<http::Response> {
      if (request.url.path() == "/robots.txt") {
        ++robotsFetched;
        return succeed(http::Response(robotsStatus, robots, "text/plain"));
      }
      arrivals.push_back(clock.seconds());
      return succeed(http::Response(200, "page", "text/plain"));
    });
    port = network.listen(80, site);
  }
  void crawl() {
    Politeness politeness(settings, clock);
    HttpDownloader http(network, settings);
    PoliteDownloader downloader(http, politeness);
    MemoryFrontier frontier(settings, politeness);
    Engine engine(spider, settings, clock, downloader, frontier);
    obeyRobotsPace(engine.signals(), politeness, settings);
    auto running = engine.run();
    clock.play(1);
    why = politeness.why("site.test");
    clock.play(3600);
    successResultOf(running);
    counts = engine.counts();
    stats = engine.stats();
    CHECK(counts.enqueued == counts.done + counts.failed + counts.dropped);
  }
};

}  // namespace

TEST_CASE("what robots.txt forbids is dropped, said and counted; the file is fetched once") {
  World world;
  world.robots = "User-agent: *\nDisallow: /private\n";
  world.listen();
  world.crawl();
  CHECK(world.spider.got.size() == 10);
  CHECK(world.spider.failures == std::vector<std::string>{"/private: forbidden by robots.txt"});
  CHECK(world.counts.dropped == 1);
  CHECK(world.robotsFetched == 1);
  CHECK(world.stats.getValue("robotstxt/forbidden") == 1);
  CHECK(world.stats.getValue("robotstxt/request_count") == 1);
  CHECK(world.stats.getValue("robotstxt/response_status_count/200") == 1);
  CHECK(world.stats.getValue("downloader/request_count") == 11);
}

TEST_CASE("a request may ignore robots.txt, and so may a crawl") {
  World one;
  one.robots = "User-agent: *\nDisallow: /private\n";
  one.spider.ignores = true;
  one.listen();
  one.crawl();
  CHECK(one.spider.got.size() == 11);

  World all;
  all.robots = "User-agent: *\nDisallow: /\n";
  all.settings.set("ROBOTSTXT_OBEY", "false");
  all.listen();
  all.crawl();
  CHECK(all.spider.got.size() == 11);
  CHECK(all.robotsFetched == 0);
}

TEST_CASE("the rules are those for ROBOTSTXT_USER_AGENT, or else for USER_AGENT") {
  for (const char* setting : {"ROBOTSTXT_USER_AGENT", "USER_AGENT"}) {
    World world;
    world.robots = "User-agent: polite\nDisallow: /private\n\nUser-agent: *\nDisallow: /\n";
    world.settings.set(setting, "polite/1.0");
    world.listen();
    world.crawl();
    CHECK(world.spider.got.size() == 10);
  }
}

TEST_CASE("a Crawl-delay is kept from the first page on, though requests were given out before it was known") {
  World world;
  world.robots = "User-agent: *\nCrawl-delay: 5\n";
  world.listen();
  world.crawl();
  REQUIRE(world.arrivals.size() == 11);
  CHECK(world.arrivals.front() >= 5);                  // the fetch of robots.txt was a request as well
  for (std::size_t i = 1; i < world.arrivals.size(); ++i) CHECK(world.arrivals[i] - world.arrivals[i - 1] >= 5 - 1e-6);
  CHECK(world.why.find("Crawl-delay of robots.txt") != std::string::npos);
  CHECK(world.stats.getValue("retry/count") == 0);     // that they came twice is no attempt
}

TEST_CASE("the slower of Crawl-delay and Request-rate counts, and neither beyond the limit of the settings") {
  World slow;
  slow.robots = "User-agent: *\nCrawl-delay: 2\nRequest-rate: 1/7\n";
  slow.listen();
  slow.crawl();
  CHECK(slow.arrivals.back() - slow.arrivals.front() >= 70 - 1e-6);

  World limited;
  limited.robots = "User-agent: *\nCrawl-delay: 3600\n";
  limited.settings.set("ROBOTSTXT_MAX_CRAWL_DELAY", "3");
  limited.listen();
  limited.crawl();
  CHECK(limited.arrivals.size() == 11);
  CHECK(limited.arrivals.back() < 60);
}

TEST_CASE("when robots.txt cannot be had the pages fail with what stood in the way") {
  World refused;                                       // nobody listens
  refused.crawl();
  CHECK(refused.counts.failed == 11);
  REQUIRE_FALSE(refused.spider.failures.empty());
  for (const std::string& failure : refused.spider.failures) CHECK(failure.find("refused") != std::string::npos);

  World broken;
  broken.robotsStatus = 500;
  broken.listen();
  broken.crawl();
  CHECK(broken.counts.failed == 11);
  CHECK(broken.robotsFetched == 3);                    // RETRY_TIMES more
  REQUIRE_FALSE(broken.spider.failures.empty());
  CHECK(broken.spider.failures.front() == "/0: http://site.test/robots.txt answered 500");
  CHECK(broken.arrivals.empty());
}

TEST_CASE("a robots.txt that never ends is read as far as it counts") {
  World world;
  world.robots = "User-agent: *\nDisallow: /private\n" + std::string(40 << 20, '#');
  world.settings.downloadMaxsize = 1 << 20;
  world.listen();
  world.crawl();
  CHECK(world.spider.got.size() == 10);
  CHECK(world.counts.dropped == 1);
}
