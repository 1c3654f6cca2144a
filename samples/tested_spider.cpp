// tested_spider: a spider, and its test: on a network in memory that loses connections, in virtual time. Nothing leaves the process, and an hour of politeness takes no time at all.
//
//     build/samples/tested_spider --seed 7
#include "arguments.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/crawler.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>

using namespace weft;

struct Chapter { std::string url, title; };
WEFT_ITEM(Chapter, url, title)

// The spider: what a program of its own would run.
class Chapters : public Spider {
 public:
  Chapters() : Spider("chapters") { startUrls = {"http://book.test/1"}; }
  Results parse(Response response) override {
    Chapter chapter;
    chapter.url = response.url.path();
    chapter.title = response.css("h1::text").get();
    co_yield chapter;
    for (Request& next : response.followAll("a")) co_yield std::move(next);
  }
};

// The site: sixty chapters, each with a link to the next and one back.
// [test-site]
http::Response page(const http::Request& request) {
  const std::string path(request.url.path());
  const int number = std::atoi(path.c_str() + 1);
  if (number < 1 || number > 60) return http::errorResponse(404);
  return http::Response(200, "<h1>Chapter " + std::to_string(number) + "</h1><a href=/" + std::to_string(number % 60 + 1) + ">on</a> <a href=/" + std::to_string(number / 2 + 1) + ">back</a>", "text/html");
}
// [/test-site]

// The feed: titles, as they come.
class Titles : public crawler::Feed {
 public:
  explicit Titles(std::multiset<std::string>& titles) : titles_(titles) {}
  void write(const Item& item) override { titles_.insert(item.as<Chapter>()->title); }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "titles"; }
  std::uint64_t written() const noexcept override { return titles_.size(); }

 private:
  std::multiset<std::string>& titles_;
};

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "tested_spider [--seed N]\n\n"
                            "Tests a spider on a network in memory, and says what came of it. The same seed gives the same run.\n"
                            "  --seed N   which connections are lost; 1 unless given\n");
  // [test-network]
  ManualClock clock;
  net::MemoryNetwork network(clock, static_cast<std::uint64_t>(arguments.number("--seed", 1)));
  network.addHost("book.test");
  std::minstd_rand chance(static_cast<unsigned>(arguments.number("--seed", 1)));
  network.setLinks([&chance](const std::string&, std::uint16_t, std::uint64_t) -> std::optional<net::MemoryLink> {
    auto link = net::MemoryLink().latency(0.05);
    if (chance() % 4 == 0) link.resetAfter(chance() % 300);                  // one connection in four breaks, somewhere
    return link;
  });
  auto port = network.listen(80, std::make_shared<http::Site>([](http::Request request) { return succeed(page(request)); }));
  // [/test-network]

  // [test-crawl]
  crawler::Settings settings;
  settings.downloadDelay = 60;                         // seconds
  settings.retryTimes = 20;
  crawler::Politeness politeness(settings, clock);
  crawler::HttpDownloader http(network, settings);
  crawler::PoliteDownloader downloader(http, politeness);
  crawler::MemoryFrontier frontier(settings, politeness);
  Chapters spider;
  crawler::Engine engine(spider, settings, clock, downloader, frontier);
  std::multiset<std::string> titles;
  engine.addFeed(std::make_unique<Titles>(titles));
  auto crawl = engine.run();
  while (!crawl.called() && clock.seconds() < 86400) clock.play(60);         // until it is over, or a day has passed
  // [/test-crawl]

  std::multiset<std::string> expected;
  for (int number = 1; number <= 60; ++number) expected.insert("Chapter " + std::to_string(number));
  const bool passed = crawl.called() && engine.closeReason() == "finished" && titles == expected;
  std::printf("%s: %zu chapters, %lld connections lost, %.0f minutes of politeness\n", passed ? "passed" : "FAILED", titles.size(), static_cast<long long>(engine.stats().getValue("retry/count")),
              clock.seconds() / 60);
  return passed ? 0 : 1;
}
