// The final lock: Twisted's worker pool. Five workers take addresses from one queue, fetch them over HTTP, and hand the pages to a spider.
#include "arguments.hpp"

#include <weft/core/generator.hpp>
#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

using namespace weft;

class Spider {
 public:
  Spider(std::string site, int pages) : site_(std::move(site)), pages_(pages) {}
  Generator<std::string> startRequests() {
    for (int page = 1; page <= pages_; ++page) co_yield site_ + "page/" + std::to_string(page);
  }
  void parse(const std::string& url, const std::string& body) { lines_.push_back(url.substr(site_.size()) + ": " + body); }
  std::vector<std::string> lines() {
    std::sort(lines_.begin(), lines_.end());
    return lines_;
  }

 private:
  std::string site_;
  int pages_;
  std::vector<std::string> lines_;
};

class Engine {
 public:
  explicit Engine(http::Agent& agent) : agent_(agent) {}
  Deferred<> run(Spider& spider) {
    std::vector<Deferred<int>> workers;
    for (int i = 0; i < 5; ++i) workers.push_back(worker(spider));       // all five wait for the queue
    for (const std::string& url : spider.startRequests()) queue_.put(url);
    queue_.close();
    int all = 0;
    for (int fetched : co_await gatherResults(std::move(workers))) {
      all += fetched;
      busy_ += fetched > 0;
    }
    std::printf("%d pages by %d workers\n", all, busy_);
  }

 private:
  Deferred<int> worker(Spider& spider) {
    int fetched = 0;
    while (auto url = co_await queue_.next()) {
      const std::string body = co_await fetch(*url);
      spider.parse(*url, body);
      ++fetched;
    }
    co_return fetched;
  }
  Deferred<std::string> fetch(std::string url) {
    http::Response response = co_await agent_.get(url);
    if (!response.ok()) throw Error(url + ": status " + std::to_string(response.status));
    co_return co_await response.text();
  }
  http::Agent& agent_;
  DeferredQueue<std::string> queue_;
  int busy_ = 0;
};

Deferred<> run(Reactor& reactor, std::string site, int pages) {
  net::TcpNetwork network(reactor);
  std::unique_ptr<net::Port> server;
  if (site.empty()) {                                  // a site of our own, on a free port of this machine
    auto handler = [](http::Request request) -> Deferred<http::Response> {
      co_return http::Response(200, "you asked for " + std::string(request.url.path()), "text/plain");
    };
    server = network.listen(0, std::make_shared<http::Site>(handler), net::ListenOptions().interface("127.0.0.1"));
    site = "http://127.0.0.1:" + std::to_string(server->getHost().port()) + "/";
  }
  http::Agent agent(network);
  Spider spider(site, pages);
  Engine engine(agent);
  co_await engine.run(spider);
  for (const std::string& line : spider.lines()) std::puts(line.c_str());
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "final_lock [--url URL/] [--pages N]\n\n"
                            "Fetches page/1 to page/N (12) of a site with five workers on one queue. Without --url it serves the site itself.\n");
  return react([&](Reactor& reactor) { return run(reactor, arguments.text("--url", ""), static_cast<int>(arguments.number("--pages", 12))); }, argc, argv);
}
