// Real documents over a network in memory that fails: the crawl finds what it finds over one that does not. WEFT_DOCUMENTS names pairs of a folder and its first page,
// "/usr/share/doc/python3.11/html index.html", with ':' between the pairs.
#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/spiders/site_spider.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>

using namespace weft;
using namespace weft::crawler;
namespace fs = std::filesystem;

namespace {

// What a web server gives for a folder of documents.
http::Response serve(const fs::path& folder, const http::Url& url) {
  std::string path;
  const std::string_view encoded = url.path();
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%') {
      const std::string digits(encoded.substr(i + 1, 2));
      if (digits.size() < 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return http::Response(400, "<title>400 Bad Request</title>", "text/html");
      path += static_cast<char>(std::strtol(digits.c_str(), nullptr, 16));
      i += 2;
    } else {
      path += encoded[i];
    }
  }
  fs::path file = folder / path.substr(1);
  if (path.ends_with('/')) file /= "index.html";
  else if (fs::is_directory(file)) return http::Response(301, "").setHeader("Location", std::string(url.path()) + "/");
  std::ifstream in(file, std::ios::binary);
  if (!in) return http::Response(404, "<title>404 Not Found</title>", "text/html");
  const std::string extension = file.extension().string();
  return http::Response(200, std::string(std::istreambuf_iterator<char>(in), {}), extension == ".html" || extension == ".htm" ? "text/html" : "application/octet-stream");
}

struct Found {
  std::map<std::string, std::string> pages;            // each page's item as JSON, by URL
  std::size_t items = 0;
  std::int64_t retries = 0, requests = 0;
};

class Keeping final : public Feed {
 public:
  explicit Keeping(Found& found) : found_(found) {}
  void write(const Item& item) override {
    auto page = *item.as<SitePage>();
    page.depth = 0;                                    // which of two pages came first is the network's choice
    found_.pages[page.url] = toJson(Item(page));
    ++found_.items;
  }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "memory"; }
  std::uint64_t written() const noexcept override { return found_.items; }

 private:
  Found& found_;
};

Found crawl(const fs::path& folder, const std::string& first, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  ManualClock clock;
  net::MemoryNetwork network(clock, seed + 1);
  network.addHost("docs.test");
  auto site = std::make_shared<http::Site>([&](http::Request request) -> Deferred<http::Response> {
    if (seed && random() % 40 == 0) co_return http::Response(503);
    co_return serve(folder, request.url);
  });
  auto port = network.listen(80, site);
  if (seed) {
    network.setLinks([&](const std::string&, std::uint16_t, std::uint64_t) -> std::optional<net::MemoryLink> {
      auto link = net::MemoryLink().latency(0.02).jitter(0.02).chunks(1, 20'000);
      switch (random() % 12) {                         // a connection carries many pages
        case 0: return link.resetAfter(random() % 500'000);
        case 1: return link.truncateAfter(random() % 500'000);
        case 2: return link.stallAfter(random() % 500'000);
        case 3: return link.refused();
        default: return link;
      }
    });
  }
  Settings settings;
  settings.concurrentRequests = settings.concurrentRequestsPerDomain = 16;
  settings.retryTimes = 50;
  settings.downloadTimeout = 20;
  settings.logstatsInterval = 0;
  SiteSpider spider(http::Url::parse("http://docs.test/" + first));
  spider.setArguments({{"allow", R"((/|\.html?)$)"}});
  Politeness politeness(settings, clock, seed + 1);
  HttpDownloader http(network, settings);
  PoliteDownloader downloader(http, politeness);
  MemoryFrontier frontier(settings, politeness);
  Engine engine(spider, settings, clock, downloader, frontier);
  Found found;
  engine.addFeed(std::make_unique<Keeping>(found));
  auto running = engine.run();
  for (int hours = 0; hours < 24 * 30 && !running.called(); ++hours) clock.play(3600);
  REQUIRE(running.called());
  successResultOf(running);
  const FrontierCounts counts = engine.counts();
  CHECK(counts.done == counts.enqueued);
  CHECK(counts.done == found.items);
  found.retries = engine.stats().getValue("retry/count");
  found.requests = engine.stats().getValue("downloader/request_count");
  downloader.close();
  return found;
}

}  // namespace

TEST_CASE("documents over a network that resets, cuts, stalls and refuses: the same pages, each once") {
  LogCapture quiet(LogLevel::Critical);
  const char* given = std::getenv("WEFT_DOCUMENTS");
  REQUIRE_MESSAGE(given, "WEFT_DOCUMENTS is not set");
  std::istringstream sets(given);
  for (std::string set; std::getline(sets, set, ':');) {
    const std::string folder = set.substr(0, set.find(' ')), first = set.substr(set.find(' ') + 1);
    REQUIRE_MESSAGE(fs::exists(fs::path(folder) / first), "there is no " << folder << "/" << first);
    const Found whole = crawl(folder, first, 0);
    CHECK(whole.retries == 0);
    CHECK(whole.pages.size() == whole.items);
    CHECK(whole.pages.size() > 500);
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const Found faulty = crawl(folder, first, seed);
      CHECK(faulty.retries > 10);
      CHECK(faulty.items == whole.items);
      CHECK_MESSAGE(faulty.pages == whole.pages, folder << " with seed " << seed);
      MESSAGE(folder << ": " << faulty.pages.size() << " pages, " << faulty.requests << " requests, of which " << faulty.retries << " were tried again");
    }
  }
}
