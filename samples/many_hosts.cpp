// many_hosts: a polite crawl of many hosts at once. One request at a time to each and a second between them, and each robots.txt obeyed; a hundred hosts in turn keep the line busy all the same.
// At the end it says how each host was treated.
//
//     build/samples/many_hosts --url http://example.com/ --url http://example.org/ -o pages.jsonl
#include <weft/core/clock.hpp>
#include <weft/crawler.hpp>

#include <algorithm>
#include <cstdio>
#include <map>

using namespace weft;

struct Page { std::string host, url, title; };
WEFT_ITEM(Page, host, url, title)

// Listens to what goes out, and prints a line for each host when the crawl has ended.
class HostTimes : public Extension {
 public:
  HostTimes() : Extension("HostTimes") {}
  void open(const CrawlContext& crawl) override {
    crawl.signals.requestReachedDownloader.connect([this, &clock = crawl.clock](const Request& request) {
      const double now = std::chrono::duration<double>(clock.now()).count();
      Host& host = hosts_[std::string(request.url.host())];
      if (request.url.path() == "/robots.txt") return;
      if (host.requests++) host.shortest = std::min(host.shortest, now - host.last);
      host.last = now;
    });
    crawl.signals.spiderClosed.connect([this](const std::string&) {
      for (const auto& [name, host] : hosts_) {
        std::fprintf(stderr, "  %-30s %4d requests", name.c_str(), host.requests);
        std::fprintf(stderr, host.requests > 1 ? ", at least %.2f s apart\n" : "\n", host.shortest);
      }
    });
  }

 private:
  struct Host {
    int requests = 0;
    double last = 0, shortest = 1e9;
  };
  std::map<std::string, Host> hosts_;
};

class ManyHosts : public Spider {
 public:
  ManyHosts() : Spider("many_hosts") {
    startUrls = {"http://127.0.0.1:8000/", "http://localhost:8000/"};
    customSettings = {{"CONCURRENT_REQUESTS", "100"}, {"CONCURRENT_REQUESTS_PER_DOMAIN", "1"}, {"DOWNLOAD_DELAY", "1"}, {"DEPTH_LIMIT", "2"}};
    extensions = {std::make_shared<HostTimes>()};
  }
  Results parse(Response response) override {
    Page page;
    page.host = response.url.host();
    page.url = response.url.href();
    page.title = response.css("title::text").get();
    co_yield page;
    for (Request& next : response.followAll("a"))
      if (next.url.host() == response.url.host()) co_yield std::move(next);
  }
};

int main(int argc, char** argv) { return runSpider<ManyHosts>(argc, argv); }
