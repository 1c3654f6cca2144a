// A crawl of 300 pages over a network that fails, killed and resumed at random, in virtual time. WEFT_SIMULATION_SEEDS=N runs so many seeds (20 unless set); WEFT_SIMULATION_SEED=N runs that one, and
// prints the network's log.
#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/journal_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
namespace fs = std::filesystem;

namespace {

constexpr int kPages = 300;

struct Found {
  std::string url;
};
WEFT_ITEM(Found, url)

class NumbersSpider : public Spider {
 public:
  NumbersSpider() : Spider("numbers") { startUrls = {"http://site.test/0"}; }
  Results parse(Response response) override {
    Found found;
    found.url = response.url.href();
    co_yield found;
    for (std::size_t at = 0; at < response.body.size();) {
      const std::size_t end = std::min(response.body.find(' ', at), response.body.size());
      co_yield response.follow(response.body.substr(at, end - at));
      at = end + 1;
    }
  }
};

// Every page can be reached, by more than one way.
std::string bodyOf(int page) {
  std::string body;
  for (int next : {2 * page + 1, 2 * page + 2, page / 2, (page * 31 + 7) % kPages})
    if (next < kPages) body += (body.empty() ? "" : " ") + std::to_string(next);
  return body;
}

struct Simulated {
  std::vector<std::string> lines, log;
  int runs = 0;
  FrontierCounts counts;
};

// One process of the job: until it ends, or is killed after `killAfter` seconds. True when it ended.
bool run(ManualClock& clock, net::MemoryNetwork& network, const fs::path& folder, double killAfter, std::uint64_t seed, FrontierCounts& counts) {
  Settings settings;
  settings.concurrentRequests = 16;
  settings.retryTimes = 50;
  settings.downloadTimeout = 20;
  settings.logstatsInterval = 0;
  NumbersSpider spider;
  Politeness politeness(settings, clock, seed);
  HttpDownloader http(network, settings);
  PoliteDownloader downloader(http, politeness);
  JournalFrontier frontier((folder / "job").string(), spider, settings, politeness, clock);
  const std::string path = (folder / "feed.jsonl").string();
  auto feed = openFeed(path, OutputFile::Mode::Append);
  frontier.openFeeds({path});
  feed->hold();
  Engine engine(spider, settings, clock, downloader, frontier);
  engine.addFeed(std::move(feed));
  auto running = engine.run();
  for (double left = killAfter; left > 0 && !running.called(); left -= 1) clock.play(std::min(left, 1.0));
  if (running.called()) {
    counts = engine.counts();
    downloader.close();
    return true;
  }
  engine.abort();                                      // nothing is committed any more: as dead as kill -9 makes it
  running.cancel();
  downloader.close();
  return false;
}

Simulated simulate(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto chance = [&random](double most) { return static_cast<double>(random() % 1'000'000) / 1e6 * most; };
  std::string name = (fs::temp_directory_path() / "weft-sim-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const fs::path folder = name;

  ManualClock clock;
  net::MemoryNetwork network(clock, seed);
  network.logEvents();
  network.addHost("site.test");
  auto site = std::make_shared<http::Site>([&](http::Request request) -> Deferred<http::Response> {
    if (random() % 50 == 0) co_return http::Response(503);
    if (request.url.path() == "/robots.txt") co_return http::Response(200, "User-agent: *\nDisallow: /private\n", "text/plain");
    co_return http::Response(200, bodyOf(std::stoi(std::string(request.url.path().substr(1)))), "text/plain");
  });
  auto port = network.listen(80, site);
  network.setLinks([&](const std::string&, std::uint16_t, std::uint64_t) -> std::optional<net::MemoryLink> {
    auto link = net::MemoryLink().latency(0.02).jitter(0.02).chunks(1, 400);
    switch (random() % 8) {
      case 0: return link.resetAfter(random() % 2000);
      case 1: return link.truncateAfter(random() % 2000);
      case 2: return link.stallAfter(random() % 2000);
      case 3: return link.refused();
      default: return link;
    }
  });

  Simulated outcome;
  const int kills = static_cast<int>(random() % 5);
  for (outcome.runs = 1;; ++outcome.runs) {
    const bool last = outcome.runs > kills;
    if (run(clock, network, folder, last ? 24 * 3600 : 0.02 + chance(6), seed, outcome.counts)) break;
    REQUIRE_FALSE_MESSAGE(last, "seed " << seed << " does not end");
    // What a process that dies between its write and its commit leaves behind.
    if (random() % 2) std::ofstream(folder / "feed.jsonl", std::ios::app) << std::string("{\"url\":\"http://site.test/torn").substr(0, 1 + random() % 29);
  }
  std::ifstream feed(folder / "feed.jsonl");
  for (std::string line; std::getline(feed, line);) outcome.lines.push_back(line);
  // The server's dates come from the real clock, so the hash of what it sent is left out.
  for (const std::string& line : network.log()) outcome.log.push_back(line.find(" bytes ") == std::string::npos ? line : line.substr(0, line.find(" bytes ")));
  fs::remove_all(folder);
  return outcome;
}

std::uint64_t numberFrom(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

}  // namespace

TEST_CASE("a job over a network that fails, killed at random, ends with every item once") {
  LogCapture quiet(LogLevel::Critical);
  std::set<std::string> expected;
  for (int page = 0; page < kPages; ++page) expected.insert("{\"url\":\"http://site.test/" + std::to_string(page) + "\"}");
  const std::uint64_t one = numberFrom("WEFT_SIMULATION_SEED", 0), first = one ? one : 1, last = one ? one : numberFrom("WEFT_SIMULATION_SEEDS", 20);
  int kills = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Simulated outcome = simulate(seed);
    kills += outcome.runs - 1;
    const std::set<std::string> lines(outcome.lines.begin(), outcome.lines.end());
    CHECK_MESSAGE(outcome.lines.size() == lines.size(), "seed " << seed << ": an item came twice");
    CHECK_MESSAGE(lines == expected, "seed " << seed << ": " << lines.size() << " items; run it again with WEFT_SIMULATION_SEED=" << seed);
    CHECK(outcome.counts.done == kPages);
    CHECK(outcome.counts.enqueued == kPages);
    if (one)
      for (const std::string& line : outcome.log) MESSAGE(line);
  }
  const std::uint64_t seeds = last - first + 1;
  MESSAGE(seeds << " seeds, " << kills << " kills");
}

TEST_CASE("a seed replays the same log") {
  LogCapture quiet(LogLevel::Critical);
  const Simulated once = simulate(7), again = simulate(7);
  CHECK(once.log.size() > 300);
  CHECK(once.log == again.log);
  CHECK(once.lines == again.lines);
}
