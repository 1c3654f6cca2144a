// Whole crawls with the HTTP cache between them and the network.
#include "support/temporary_folder.hpp"

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/command/demo_site.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/robots_pace.hpp>
#include <weft/crawler/spiders/site_spider.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using namespace weft::test;

namespace {

// Counts the connections that are asked for.
class CountingNetwork final : public net::Network {
 public:
  explicit CountingNetwork(net::Network& inner) : inner_(inner) {}
  Deferred<std::shared_ptr<net::Transport>> connect(std::string host, std::uint16_t port, const net::ConnectOptions& options = {}) override {
    ++connections;
    return inner_.connect(std::move(host), port, options);
  }
  std::unique_ptr<net::Port> listen(std::uint16_t port, std::shared_ptr<net::Factory> factory, const net::ListenOptions& options = {}) override { return inner_.listen(port, std::move(factory), options); }
  Deferred<std::vector<net::Address>> resolve(std::string host, std::uint16_t port) override { return inner_.resolve(std::move(host), port); }
  Clock& clock() noexcept override { return inner_.clock(); }
  int connections = 0;

 private:
  net::Network& inner_;
};

class Lines final : public Feed {
 public:
  explicit Lines(std::vector<std::string>& lines) : lines_(lines) {}
  void write(const Item& item) override {
    auto page = *item.as<SitePage>();
    page.depth = 0;                                    // which of two pages that link to it came first is chance
    lines_.push_back(toJson(Item(page)));
  }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "memory"; }
  std::uint64_t written() const noexcept override { return lines_.size(); }

 private:
  std::vector<std::string>& lines_;
};

// What a crawl of a site came to.
struct Crawled {
  std::vector<std::string> items;                      // sorted
  Stats stats;
  FrontierCounts counts;
  int connections = 0;
  double seconds = 0;                                  // of the clock

  std::int64_t stat(const char* name) const { return stats.getValue(std::string("httpcache/") + name); }
};

// Crawls url on a network. `drive` runs what it is given to its end.
template <class Drive> Crawled crawl(const std::string& url, const Settings& settings, net::Network& network, Clock& clock, Drive drive) {
  Crawled crawled;
  SiteSpider spider{http::Url(url)};
  CountingNetwork counting(network);
  Politeness politeness(settings, clock);
  HttpDownloader http(counting, settings);
  PoliteDownloader downloader(http, politeness);
  MemoryFrontier frontier(settings, politeness);
  Engine engine(spider, settings, clock, downloader, frontier);
  obeyRobotsPace(engine.signals(), politeness, settings);
  engine.addFeed(std::make_unique<Lines>(crawled.items));
  const double begin = clock.seconds();
  double end = begin;
  drive([&] {
    return engine.run().addCallback([&] {
      end = clock.seconds();
      downloader.close();
    });
  });
  std::sort(crawled.items.begin(), crawled.items.end());
  crawled.stats = engine.stats();
  crawled.counts = engine.counts();
  crawled.connections = counting.connections;
  crawled.seconds = end - begin;
  return crawled;
}

Settings cached(const std::string& folder, const char* policy = "dummy") {
  Settings settings;
  settings.logstatsInterval = 0;
  settings.set("HTTPCACHE_ENABLED", "true");
  settings.set("HTTPCACHE_DIR", folder);
  settings.set("HTTPCACHE_POLICY", policy);
  return settings;
}

// Ten pages, each with a tag, and a robots.txt.
struct TenPages {
  TenPages() {
    network.addHost("site.test");
    port = network.listen(80, std::make_shared<http::Site>([this](http::Request request) -> Deferred<http::Response> {
      ++requests;
      if (request.url.path() == "/robots.txt") {
        ++robots;
        return succeed(http::Response(200, robotsTxt, "text/plain"));
      }
      const std::string tag = "\"" + std::to_string(edition) + std::string(request.url.path()) + "\"";
      if (request.headers.get("If-None-Match", "") == tag) {
        ++notModified;
        http::Response response(304);
        response.setHeader("ETag", tag);
        return succeed(std::move(response));
      }
      std::string body = "<title>edition " + std::to_string(edition) + "</title>";
      for (int i = 0; i < 10; ++i) body += "<a href=/" + std::to_string(i) + ">";
      http::Response response(200, std::move(body), "text/html");
      response.setHeader("ETag", tag);
      return succeed(std::move(response));
    }));
  }
  Crawled crawl(const Settings& settings) {
    return ::crawl("http://site.test/0", settings, network, clock, [this](auto run) {
      auto running = run();
      clock.playAll(3600);
      successResultOf(running);
    });
  }

  ManualClock clock;
  net::MemoryNetwork network{clock, 1};
  LogCapture log;
  std::unique_ptr<net::Port> port;
  std::string robotsTxt = "User-agent: *\nDisallow:\n";
  int edition = 1, requests = 0, robots = 0, notModified = 0;
};

}  // namespace

TEST_CASE("a site is crawled over sockets, and again when the server is gone: the same items, and no connection is asked for") {
  TemporaryFolder folder;
  LogCapture log;
  Settings settings = cached(folder / "cache");
  std::string url;
  const auto overTcp = [&](bool serve) {
    Reactor reactor;
    net::TcpNetwork network(reactor);
    std::unique_ptr<net::Port> port;
    if (serve) {
      port = network.listen(0, command::demoSite(), net::ListenOptions().interface("127.0.0.1"));
      url = "http://127.0.0.1:" + std::to_string(port->getHost().port()) + "/";
    }
    return crawl(url, settings, network, reactor, [&reactor](auto run) {
      Failure failure{std::exception_ptr()};
      Deferred<> running(nullptr);
      reactor.callWhenRunning([&] { running = run().addErrback([&](Failure error) { failure = std::move(error); }).addBoth([&] { reactor.stop(); }); });
      reactor.run();
      if (failure.exception()) FAIL(failure.getTraceback());
    });
  };
  const Crawled first = overTcp(true);
  CHECK(first.items.size() > 50);
  CHECK(first.connections > 0);
  CHECK(first.stat("store") == static_cast<std::int64_t>(first.counts.done) + 1);      // and robots.txt
  CHECK(first.stat("hit") == 0);

  settings.set("HTTPCACHE_IGNORE_MISSING", "true");
  const Crawled second = overTcp(false);
  CHECK(second.items == first.items);
  CHECK(second.connections == 0);
  CHECK(second.counts.done == first.counts.done);
  CHECK(second.stat("hit") == first.stat("store"));
  CHECK(second.stat("miss") == 0);
  CHECK(second.stats.getValue("downloader/response_status_count/404") == first.stats.getValue("downloader/response_status_count/404"));
}

TEST_CASE("a crawl of a cached site asks about each page, and a 304 is the whole answer") {
  TemporaryFolder folder;
  TenPages site;
  const Settings settings = cached(folder / "cache", "rfc9111");
  const Crawled first = site.crawl(settings);
  CHECK(first.items.size() == 10);
  CHECK(first.stat("firsthand") == 11);
  CHECK(site.notModified == 0);
  const Crawled second = site.crawl(settings);
  CHECK(second.items == first.items);
  CHECK(site.notModified == 10);
  CHECK(second.stat("revalidate") == 10);
  CHECK(second.stat("store") == 0);

  site.edition = 2;
  const Crawled third = site.crawl(settings);
  CHECK(third.items != first.items);
  CHECK(third.stat("invalidate") == 10);
  CHECK(third.stat("store") == 10);
}

TEST_CASE("a page out of the cache takes no turn of its host: a cached crawl keeps no delay") {
  TemporaryFolder folder;
  TenPages site;
  Settings settings = cached(folder / "cache");
  settings.set("DOWNLOAD_DELAY", "10");
  settings.set("RANDOMIZE_DOWNLOAD_DELAY", "false");
  const Crawled first = site.crawl(settings);
  CHECK(first.seconds >= 90);
  const int before = site.requests;
  const Crawled second = site.crawl(settings);
  CHECK(second.items == first.items);
  CHECK(second.seconds < 1);
  CHECK(site.requests == before);
}

TEST_CASE("robots.txt comes out of the cache as well, and its Crawl-delay is kept for what does not") {
  TemporaryFolder folder;
  TenPages site;
  site.robotsTxt = "User-agent: *\nCrawl-delay: 7\nDisallow: /9\n";
  Settings settings = cached(folder / "cache");
  const Crawled first = site.crawl(settings);
  CHECK(first.items.size() == 9);
  CHECK(first.seconds >= 7 * 9 - 1);
  CHECK(site.robots == 1);
  const Crawled second = site.crawl(settings);
  CHECK(second.items == first.items);
  CHECK(second.stats.getValue("robotstxt/forbidden") == 1);
  CHECK(second.connections == 0);
  CHECK(second.seconds < 1);
  CHECK(site.robots == 1);
}

TEST_CASE("offline a robots.txt that is not in the cache forbids nothing") {
  TemporaryFolder folder;
  TenPages site;
  Settings settings = cached(folder / "cache");
  settings.robotstxtObey = false;
  const Crawled first = site.crawl(settings);
  settings.robotstxtObey = true;
  settings.set("HTTPCACHE_IGNORE_MISSING", "true");
  const Crawled second = site.crawl(settings);
  CHECK(second.items == first.items);
  CHECK(second.connections == 0);
}

TEST_CASE("offline, what is not in the cache is dropped, and the rest of the crawl goes on") {
  TemporaryFolder folder;
  TenPages site;
  Settings settings = cached(folder / "cache");
  settings.set("CLOSESPIDER_PAGECOUNT", "4");
  settings.set("CONCURRENT_REQUESTS", "1");
  const Crawled first = site.crawl(settings);
  settings.set("CLOSESPIDER_PAGECOUNT", "0");
  settings.set("HTTPCACHE_IGNORE_MISSING", "true");
  const Crawled second = site.crawl(settings);
  CHECK(second.items == first.items);
  CHECK(second.connections == 0);
  CHECK(second.counts.done == 4);
  CHECK(second.counts.dropped == 6);
  CHECK(second.stat("ignore") == 6);
}
