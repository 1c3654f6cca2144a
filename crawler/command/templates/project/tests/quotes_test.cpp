// The spider "quotes" on a network in memory, in virtual time: no socket, no waiting, the same each time.
#include "../items.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/crawler.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

using namespace weft;

// Two pages, and on the second a quote that nobody said.
http::Response page(const http::Request& request) {
  if (request.url.path() == "/") {
    return http::Response(200,
                          "<div class=quote><span class=text>Measure twice.</span><small class=author>Ada</small><a class=tag>work</a><a class=tag>care</a></div>"
                          "<ul><li class=next><a href=/page/2/>Next</a></ul>",
                          "text/html");
  }
  if (request.url.path() == "/page/2/") {
    return http::Response(200,
                          "<div class=quote><span class=text>Cut once.</span><small class=author>Grace</small></div>"
                          "<div class=quote><span class=text>Who said this?</span></div>",
                          "text/html");
  }
  return http::errorResponse(404);
}

// Where the items go.
class Lines : public crawler::Feed {
 public:
  explicit Lines(std::vector<std::string>& lines) : lines_(lines) {}
  void write(const Item& item) override {
    const Quote* quote = item.as<Quote>();
    lines_.push_back(quote ? quote->author + ": " + quote->text + " (" + std::to_string(quote->tags.size()) + " tags)" : "another item");
  }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "lines"; }
  std::uint64_t written() const noexcept override { return lines_.size(); }

 private:
  std::vector<std::string>& lines_;
};

int main() {
  ManualClock clock;
  net::MemoryNetwork network(clock);
  network.addHost("quotes.test");
  auto port = network.listen(80, std::make_shared<http::Site>([](http::Request request) { return succeed(page(request)); }));

  const auto spider = crawler::SpiderRegistry::create("quotes");
  spider->startUrls = {"http://quotes.test/"};
  crawler::Settings settings;
  settings.downloadDelay = 60;                         // seconds; here they cost nothing
  crawler::Politeness politeness(settings, clock);
  crawler::HttpDownloader http(network, settings);
  crawler::PoliteDownloader downloader(http, politeness);
  crawler::MemoryFrontier frontier(settings, politeness);
  crawler::Engine engine(*spider, settings, clock, downloader, frontier);
  std::vector<std::string> lines;
  engine.addFeed(std::make_unique<Lines>(lines));
  auto crawl = engine.run();
  while (!crawl.called() && clock.seconds() < 86400) clock.play(60);         // until it is over, or a day has passed

  const std::vector<std::string> expected{"Ada: Measure twice. (2 tags)", "Grace: Cut once. (0 tags)"};
  const bool passed = crawl.called() && engine.closeReason() == "finished" && lines == expected;
  for (const std::string& line : lines) std::puts(line.c_str());
  std::puts(passed ? "passed" : "FAILED");
  return passed ? 0 : 1;
}
