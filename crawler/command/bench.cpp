#include <weft/crawler/command/command.hpp>

#include <weft/core/reactor.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/internal/number_text.hpp>
#include <weft/crawler/link_extractor.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/tcp_network.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

namespace weft::crawler::command {

namespace {

struct Options {
  double seconds = 10;
  std::vector<std::string> settings;                   // -s NAME=VALUE
};

// A page for every number, which links to two that nobody links to but it, and to 18 that are known: an endless site, whose queue grows by one a page.
std::string benchPage(std::uint64_t number) {
  std::string page = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Page " + std::to_string(number) + "</title></head>\n<body>\n<ul>\n";
  const auto link = [&page](std::uint64_t to) { page += "<li><a href=\"/" + std::to_string(to) + "\">Page " + std::to_string(to) + "</a>, which has more of the same</li>\n"; };
  for (std::uint64_t i = 0; i < 18; ++i) link(number > i ? number / (i + 1) : i);
  link(2 * number + 1);
  link(2 * number + 2);
  page += "</ul>\n</body></html>\n";
  return page;
}

Deferred<http::Response> answer(http::Request request) {
  const std::string path(request.url.path());
  std::uint64_t number = 0;
  std::from_chars(path.data() + 1, path.data() + path.size(), number);
  return succeed(http::Response(200, benchPage(number), "text/html; charset=utf-8"));
}

// The site, on a thread of its own.
class BenchServer {
 public:
  BenchServer() {
    std::promise<std::uint16_t> listening;
    auto port = listening.get_future();
    thread_ = std::thread([this, &listening] {
      Reactor reactor;
      reactor_ = &reactor;
      std::unique_ptr<net::Port> open;
      try {
        net::TcpNetwork network(reactor);
        open = network.listen(0, std::make_shared<http::Site>(&answer), net::ListenOptions().interface("127.0.0.1"));
        reactor.callWhenRunning([&] { listening.set_value(open->getHost().port()); });
        reactor.run(false);
      } catch (...) {
        listening.set_exception(std::current_exception());
      }
    });
    try {
      port_ = port.get();
    } catch (...) {
      thread_.join();
      throw;
    }
  }
  BenchServer(const BenchServer&) = delete;
  BenchServer& operator=(const BenchServer&) = delete;
  ~BenchServer() {
    reactor_->callFromThread([reactor = reactor_] { reactor->stop(); });
    thread_.join();
  }
  std::uint16_t port() const noexcept { return port_; }
  double cpuSeconds() {
    clockid_t clock{};
    timespec time{};
    if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

 private:
  Reactor* reactor_ = nullptr;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

double processCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class BenchSpider final : public Spider {
 public:
  BenchSpider(std::uint16_t port, std::uint64_t& pages) : Spider("bench"), pages_(pages) { startUrls = {"http://127.0.0.1:" + std::to_string(port) + "/0"}; }
  Results parse(Response response) override {
    ++pages_;
    const PageLinks found = links_.read(response, this);
    for (const http::Url& link : found.links) {
      Request request(link);
      co_yield std::move(request);
    }
  }

 private:
  LinkExtractor links_;
  std::uint64_t& pages_;
};

int bench(const Options& options) {
  std::optional<BenchServer> server;
  try {
    server.emplace();
  } catch (const weft::Error& error) {
    return complain(error.what(), kStartError);
  }
  std::uint64_t pages = 0;
  BenchSpider spider(server->port(), pages);
  spider.customSettings = {{"LOGSTATS_INTERVAL", "1"}, {"ROBOTSTXT_OBEY", "false"}};
  CrawlOptions crawl;
  char seconds[32];
  crawl.settings = options.settings;
  crawl.settings.push_back("CLOSESPIDER_TIMEOUT=" + std::string(seconds, std::to_chars(seconds, seconds + sizeof seconds, options.seconds).ptr));
  crawl.settings.emplace_back("PARSE_THREADS=0");      // the spider counts for itself
  crawl.noSummary = true;
  const auto begin = std::chrono::steady_clock::now();
  const double cpuBefore = processCpuSeconds() - server->cpuSeconds();
  const int code = runCrawl(spider, crawl);
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double cpu = processCpuSeconds() - server->cpuSeconds() - cpuBefore;
  if (!pages) return code ? code : kNothingFetched;
  const double count = static_cast<double>(pages);
  std::printf("%s pages in %.1f s: %s pages/min, %.1f µs of CPU a page (beside the server's)\n", grouped(pages).c_str(), elapsed,
              grouped(static_cast<std::uint64_t>(count / elapsed * 60)).c_str(), cpu / count * 1e6);
  return code == kStopped ? kComplete : code;          // it was meant to be stopped
}

}  // namespace

void addBench(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "bench", "Crawl an endless site in this program, and say how fast that was");
  command.option("--seconds", options->seconds, "For how long (10)").text("N").positive();
  command.option("-s,--set", options->settings, "Set a setting; may be repeated").text("NAME=VALUE");
  command.notes(R"(
Examples:
  weft bench
  weft bench --seconds 3 -s CONCURRENT_REQUESTS=64)");
  command.run([options, &code] { code = bench(*options); });
}

}  // namespace weft::crawler::command
