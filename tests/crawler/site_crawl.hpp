// A site in memory, and a crawl of it in virtual time. For tests only.
#pragma once

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/json.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::testing {

/// Answers each URL from a table, a second of the clock after it was asked for; 404 for others. Counts what is in flight.
class TableSite final : public crawler::Downloader {
 public:
  struct Page {
    int status = 200;
    std::string body;
    http::Headers headers;
    bool refused = false;              // no answer: the connection is refused
  };
  explicit TableSite(Clock& clock) : clock_(clock) {}

  Page& html(const std::string& url, std::string body) {
    Page page;
    page.body = std::move(body);
    page.headers.set("Content-Type", "text/html; charset=utf-8");
    return pages[url] = std::move(page);
  }
  Page& text(const std::string& url, std::string body, std::string_view contentType = {}) {
    Page page;
    page.body = std::move(body);
    if (!contentType.empty()) page.headers.set("Content-Type", contentType);
    return pages[url] = std::move(page);
  }

  std::map<std::string, Page> pages;
  std::vector<crawler::Request> asked;
  int inFlight = 0, most = 0, cancelled = 0;

  std::vector<std::string> urls() const {
    std::vector<std::string> all;
    for (const crawler::Request& request : asked) all.push_back(request.url.href());
    return all;
  }
  const crawler::Request* request(std::string_view url) const {
    for (const crawler::Request& request : asked)
      if (request.url.href() == url) return &request;
    return nullptr;
  }

  Deferred<crawler::Response> fetch(std::shared_ptr<const crawler::Request> request) override {
    asked.push_back(*request);
    most = std::max(most, ++inFlight);
    Deferred<crawler::Response> deferred([this] { --inFlight, ++cancelled; });
    clock_.callLater(1, [this, request, trigger = deferred.takeTrigger()]() mutable {
      if (!trigger.active()) return;
      --inFlight;
      const auto found = pages.find(std::string(request->url.withoutFragment()));
      if (found != pages.end() && found->second.refused) return trigger.errback(net::ConnectionRefused(std::string(request->url.host()), 80, "connection refused"));
      crawler::Response response(request->url, 404, {}, "");
      if (found != pages.end()) response = crawler::Response(request->url, found->second.status, found->second.headers, found->second.body);
      response.setRequest(std::move(request));
      trigger.callback(std::move(response));
    });
    return deferred;
  }

 private:
  Clock& clock_;
};

/// Runs a spider on a TableSite; its items are JSON texts, sorted.
struct SiteCrawl {
  SiteCrawl() { settings.robotstxtObey = false; }      // or it would be among what is asked for
  ManualClock clock;
  crawler::Settings settings;
  TableSite site{clock};
  LogCapture log;
  std::vector<std::string> items;
  std::unique_ptr<crawler::MemoryFrontier> frontier;
  std::unique_ptr<crawler::Engine> engine;
  std::function<void(crawler::Engine&)> beforeRun = [](crawler::Engine&) {};

  Deferred<> start(crawler::Spider& spider) {
    class Texts final : public crawler::Feed {
     public:
      explicit Texts(std::vector<std::string>& items) : items_(items) {}
      void write(const crawler::Item& item) override {
        items_.push_back(crawler::toJson(item));
      }
      void flush() override {}
      void close() override {}
      std::string_view name() const noexcept override { return "memory"; }
      std::uint64_t written() const noexcept override { return items_.size(); }

     private:
      std::vector<std::string>& items_;
    };
    frontier = std::make_unique<crawler::MemoryFrontier>(settings);
    engine = std::make_unique<crawler::Engine>(spider, settings, clock, site, *frontier);
    engine->addFeed(std::make_unique<Texts>(items));
    beforeRun(*engine);
    return engine->run();
  }
  void run(crawler::Spider& spider) {
    auto running = start(spider);
    clock.playAll(3600);
    successResultOf(running);
    std::sort(items.begin(), items.end());
    const crawler::FrontierCounts counts = engine->counts();
    CHECK(counts.enqueued == counts.done + counts.failed + counts.dropped + counts.pending + counts.leased);
    CHECK(site.inFlight == 0);
    for (const auto& [key, value] : engine->stats().getStats())
      if (!key.starts_with("own/")) CHECK_MESSAGE(crawler::statInfo(key), key, " is not in crawler/stats.cpp");
    CHECK(clock.getDelayedCalls().empty());
  }
  std::int64_t stat(std::string_view name) const { return engine->stats().getValue(name); }
};

}  // namespace weft::testing
