#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/command/demo_site.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/spiders/site_spider.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

class PageFeed final : public Feed {
 public:
  explicit PageFeed(std::vector<SitePage>& pages) : pages_(pages) {}
  void write(const Item& item) override { pages_.push_back(*item.as<SitePage>()); }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "memory"; }
  std::uint64_t written() const noexcept override { return pages_.size(); }

 private:
  std::vector<SitePage>& pages_;
};

struct Answer {
  int status = 200;
  std::string body;
  std::string location;
};

std::shared_ptr<http::Site> siteOf(std::map<std::string, Answer> pages) {
  return std::make_shared<http::Site>([pages = std::move(pages)](http::Request request) -> Deferred<http::Response> {
    const auto found = pages.find(std::string(request.url.target()));
    http::Response response(404, "<title>none</title><a href=/x>", "text/html");
    if (found != pages.end()) {
      response = http::Response(found->second.status, found->second.body, "text/html");
      if (!found->second.location.empty()) response.setHeader("Location", found->second.location);
    }
    return succeed(std::move(response));
  });
}

// A whole crawl over a network in memory, in virtual time.
struct World {
  ManualClock clock;
  net::MemoryNetwork network;
  Settings settings;
  std::shared_ptr<http::Site> site;
  std::unique_ptr<net::Port> port;
  LogCapture log;
  std::vector<SitePage> pages;
  FrontierCounts counts;
  std::string closeReason;
  std::map<int, std::uint64_t> statuses;

  explicit World(std::shared_ptr<http::Site> served, std::uint64_t seed = 1) : network(clock, seed), site(std::move(served)) {
    network.addHost("site.test");
    port = network.listen(80, site);
  }
  void crawl(std::string_view url = "http://site.test/", std::map<std::string, std::string> arguments = {}) {
    SiteSpider spider{http::Url(url)};
    spider.setArguments(std::move(arguments));
    HttpDownloader downloader(network, settings);
    MemoryFrontier frontier(settings);
    Engine engine(spider, settings, clock, downloader, frontier);
    engine.addFeed(std::make_unique<PageFeed>(pages));
    auto running = engine.run();
    clock.playAll(24 * 3600);
    successResultOf(running);
    counts = engine.counts();
    statuses = engine.pageStatuses();
    closeReason = engine.closeReason();
    CHECK(counts.enqueued == counts.done + counts.failed + counts.dropped);
    CHECK(counts.pending + counts.leased == 0);
  }
  std::set<std::string> urls() const {
    std::set<std::string> all;
    for (const SitePage& page : pages) CHECK_MESSAGE(all.insert(page.url).second, page.url << " came twice");
    return all;
  }
};

}  // namespace

TEST_CASE("every page of the host is fetched once, and told of whatever its status") {
  World world(siteOf({{"/", {200, "<title>Home &amp; away</title><a href=a.html>a</a><a href='/b#x'>b</a><a href=http://other.test/>o</a><a href=p.png>p</a><a>", ""}},
                      {"/a.html", {200, "<a href=/><a href=b><a href=gone>", ""}},
                      {"/b", {500, "<title>broken</title><a href=/never>", ""}}}));
  world.crawl();
  CHECK(world.urls() == std::set<std::string>{"http://site.test/", "http://site.test/a.html", "http://site.test/b", "http://site.test/gone"});
  CHECK(world.pages[0].title == "Home & away");
  CHECK(world.pages[0].links == 4);
  CHECK(world.pages[0].depth == 0);
  for (const SitePage& page : world.pages) {
    if (page.url == "http://site.test/b") {
      CHECK(page.status == 500);                       // after two more attempts
      CHECK(page.title.empty());
      CHECK(page.links == 0);
      CHECK(page.bytes == 36);
    }
    if (page.url == "http://site.test/gone") CHECK(page.depth == 2);
  }
  CHECK(world.counts.retried == 2);
  CHECK(world.statuses == std::map<int, std::uint64_t>{{200, 2}, {404, 1}, {500, 1}});
}

TEST_CASE("a redirect is a page, and so is its target when it is on the host") {
  World world(siteOf({{"/", {301, "", "/start#there"}}, {"/start", {200, "<a href=/away><a href=/round>", ""}}, {"/away", {302, "", "http://other.test/"}},
                      {"/round", {302, "", "/round"}}}));
  world.crawl("http://site.test/#here");
  CHECK(world.urls() == std::set<std::string>{"http://site.test/", "http://site.test/start", "http://site.test/away", "http://site.test/round"});
  CHECK(world.statuses == std::map<int, std::uint64_t>{{200, 1}, {301, 1}, {302, 2}});
}

TEST_CASE("a start page that leads to another site is said to do so") {
  World world(siteOf({{"/", {301, "", "http://www.site.test/"}}}));
  world.crawl();
  CHECK(world.pages.size() == 1);
  CHECK(world.log.contains("redirects to another site, which is not crawled: http://www.site.test/"));
}

TEST_CASE("allow and deny choose the links") {
  const std::map<std::string, Answer> pages{{"/", {200, "<a href=a.html><a href=a.html?x><a href=b.htm><a href=c.txt><a href=d/><a href=secret/><a href=e.pdf>", ""}}};
  World allowed(siteOf(pages));
  allowed.crawl("http://site.test/", {{"allow", R"((/|\.html?)$)"}, {"deny", "secret"}});
  CHECK(allowed.urls() == std::set<std::string>{"http://site.test/", "http://site.test/a.html", "http://site.test/b.htm", "http://site.test/d/"});
  World pdf(siteOf(pages));
  pdf.crawl("http://site.test/", {{"allow", "pdf"}});
  CHECK(pdf.urls() == std::set<std::string>{"http://site.test/", "http://site.test/e.pdf"});
  World plain(siteOf(pages));
  plain.crawl();
  CHECK(plain.urls().size() == 7);
}

TEST_CASE("arguments that it does not know are refused with a suggestion") {
  SiteSpider spider{http::Url("http://site.test/")};
  CHECK_THROWS_WITH_AS(spider.setArguments({{"alow", "x"}}), "crawling a URL takes the arguments allow and deny, not alow; did you mean allow?", SpiderError);
  CHECK_THROWS_AS(spider.setArguments({{"allow", "("}}), SpiderError);
}

TEST_CASE("what is no HTML is told of, and not searched for links") {
  auto site = std::make_shared<http::Site>([](http::Request request) -> Deferred<http::Response> {
    if (request.url.path() == "/") return succeed(http::Response(200, "<a href=notes>", "text/html"));
    return succeed(http::Response(200, "<title>x</title><a href=/more>", "text/plain"));
  });
  World world(site);
  world.crawl();
  REQUIRE(world.pages.size() == 2);
  CHECK(world.pages[1].title.empty());
  CHECK(world.pages[1].links == 0);
  CHECK(world.pages[1].bytes == 30);
}

TEST_CASE("the demo site is crawled whole: every page of quotes, author and tag") {
  World world(command::demoSite());
  world.crawl();
  const auto urls = world.urls();
  CHECK(urls.contains("http://site.test/page/11/"));
  CHECK(urls.contains("http://site.test/author/Jane-Austen/"));
  CHECK(urls.contains("http://site.test/tag/hope/"));
  CHECK(world.statuses[404] == 1);
  CHECK(world.statuses[302] == 1);
  CHECK(world.statuses[200] + 2 == world.pages.size());
}

TEST_CASE("the same pages come whatever the network does to the connections") {
  World calm(command::demoSite());
  calm.crawl();
  const auto expected = calm.urls();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    World rough(command::demoSite(), seed);
    rough.settings.retryTimes = 10;
    rough.settings.downloadTimeout = 5;
    rough.network.setLinks([seed](const std::string&, std::uint16_t, std::uint64_t number) -> std::optional<net::MemoryLink> {
      net::MemoryLink link;
      link.latency(0.01).jitter(0.02).chunks(1, 700);
      switch ((number * 7 + seed) % 6) {
        case 0: link.resetAfter(1000 + number * 100 % 5000); break;
        case 1: link.truncateAfter(500 + number * 333 % 9000); break;
        case 2: link.stallAfter(2000 + number * 77 % 3000); break;
        case 3: link.refused(); break;
        default: break;
      }
      return link;
    });
    rough.crawl();
    CHECK(rough.urls() == expected);
    CHECK(rough.counts.failed == 0);
    CHECK(rough.counts.done == calm.counts.done);
  }
}

TEST_CASE("a server that never answers costs its pages, not the crawl") {
  World world(siteOf({{"/", {200, "<a href=1><a href=2>", ""}}}));
  world.settings.robotstxtObey = false;                // or it would be what is answered
  world.settings.downloadTimeout = 10;
  world.settings.concurrentRequests = 1;
  world.settings.concurrentRequestsPerDomain = 1;
  world.network.setLinks([](const std::string&, std::uint16_t, std::uint64_t number) -> std::optional<net::MemoryLink> {
    net::MemoryLink link;
    if (number) link.silent();
    else link.stallAfter(150);                          // the first page, and nothing after it
    return link;
  });
  world.crawl();
  CHECK(world.pages.size() == 1);
  CHECK(world.counts.failed == 2);
}

TEST_CASE("a body over DOWNLOAD_MAXSIZE fails without being read, and is not tried again") {
  World world(siteOf({{"/", {200, "<a href=big>", ""}}, {"/big", {200, std::string(5000, 'x'), ""}}}));
  world.settings.downloadMaxsize = 4000;
  world.crawl();
  CHECK(world.pages.size() == 1);
  CHECK(world.counts.failed == 1);
  CHECK(world.counts.retried == 0);
}
