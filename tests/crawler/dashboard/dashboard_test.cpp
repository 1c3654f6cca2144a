#include <weft/crawler/dashboard/dashboard.hpp>

#include "../site_crawl.hpp"

#include <weft/crawler/dashboard/dashboard_page.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/crawler/politeness/politeness.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace weft;
using namespace weft::crawler;

namespace {

class Numbers : public Spider {
 public:
  Numbers() : Spider("numbers") {
    for (int i = 0; i < 40; ++i) startUrls.push_back("http://a/" + std::to_string(i));
  }
  Results parse(Response) override { co_return; }
};

// A crawl under way, and its dashboard without a network.
struct Steered {
  explicit Steered(const std::string& at = "") : address(DashboardAddress::parse(at)) {
    settings.robotstxtObey = false;
    settings.concurrentRequests = 2;
    settings.concurrentRequestsPerDomain = 8;
    politeness = std::make_unique<Politeness>(settings, clock);
    frontier = std::make_unique<MemoryFrontier>(settings, *politeness);
    engine = std::make_unique<Engine>(spider, settings, clock, site, *frontier);
    monitor = std::make_unique<CrawlMonitor>(*engine, *politeness, clock);
    dashboard = std::make_unique<Dashboard>(*monitor, *engine, *politeness, clock, address);
    handler = dashboard->handler();
    running = engine->run();
  }
  ~Steered() {
    if (!engine->closeReason().empty()) return;
    engine->abort();
    running.cancel();
    std::move(running).addErrback([](const Failure&) {}).detach();
  }
  // The answer of the dashboard; -1 for an error that a Site would make a page of.
  int ask(http::Request request, std::string* body = nullptr) {
    auto answering = handler(std::move(request));
    REQUIRE(answering.called());
    Outcome<http::Response> outcome = answering.result();
    if (!outcome) {
      const auto* status = outcome.failure().as<http::StatusError>();
      if (body) *body = outcome.failure().what();
      return status ? status->status : -1;
    }
    if (body) *body = outcome->body.take();
    return outcome->status;
  }
  http::Request post(const std::string& action, const std::string& body = "{}", bool token = true) {
    http::Request request("POST", "http://127.0.0.1:6000/control/" + action);
    request.setBody(body, "application/json");
    if (token) request.setHeader("X-Weft-Token", dashboard->token());
    return request;
  }

  DashboardAddress address;
  ManualClock clock;
  Settings settings;
  Numbers spider;
  testing::TableSite site{clock};
  LogCapture log;
  std::unique_ptr<Politeness> politeness;
  std::unique_ptr<MemoryFrontier> frontier;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<CrawlMonitor> monitor;
  std::unique_ptr<Dashboard> dashboard;
  http::Handler handler;
  Deferred<> running{nullptr};
};

}  // namespace

TEST_CASE("the dashboard's address is a port, an address with one, or nothing") {
  CHECK(DashboardAddress::parse("").port == 0);
  CHECK(DashboardAddress::parse("0").isLoopback());
  CHECK(DashboardAddress::parse("8080").port == 8080);
  CHECK(DashboardAddress::parse("localhost:80").interface == "127.0.0.1");
  CHECK(DashboardAddress::parse("[::1]:80").isLoopback());
  CHECK(!DashboardAddress::parse("0.0.0.0:80").isLoopback());
  CHECK(!DashboardAddress::parse("[::]:80").isLoopback());
  for (const char* bad : {"x", "80x", "65536", "-1", ":80", "::1", "a:b", "1.2.3.4:", "http://127.0.0.1:80/"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(DashboardAddress::parse(bad), DashboardError);
  }
}

TEST_CASE("a crawl is paused, resumed, changed and stopped by its dashboard") {
  Steered crawl;
  std::string body;
  crawl.clock.play(0.5);
  CHECK(crawl.site.inFlight == 2);
  CHECK(crawl.ask(crawl.post("pause"), &body) == 200);
  CHECK(http::Json::parse(body)["state"].string() == "paused");
  crawl.clock.play(10);
  CHECK(crawl.site.asked.size() == 2);
  CHECK(crawl.ask(crawl.post("settings", R"({"concurrency":5,"host_concurrency":3,"delay":0})")) == 200);
  CHECK(crawl.ask(crawl.post("resume")) == 200);
  CHECK(crawl.site.inFlight == 3);
  CHECK(crawl.ask(crawl.post("settings", R"({"host_concurrency":4})"), &body) == 200);
  CHECK(crawl.site.inFlight == 4);
  CHECK(http::Json::parse(body)["concurrency"].integer() == 5);
  CHECK(http::Json::parse(body)["host_concurrency"].integer() == 4);
  CHECK(crawl.ask(crawl.post("settings", R"({"delay":50})")) == 200);
  crawl.clock.play(5);
  CHECK(crawl.site.asked.size() == 6);
  CHECK(crawl.ask(crawl.post("stop")) == 200);
  crawl.clock.play(5);
  successResultOf(crawl.running);
  CHECK(crawl.engine->closeReason() == "shutdown");
  CHECK(crawl.ask(crawl.post("pause"), &body) == 409);
}

TEST_CASE("a setting out of its bounds is refused by its name, and nothing changes") {
  Steered crawl;
  std::string body;
  for (const char* bad : {R"({"concurrency":0})", R"({"concurrency":1.5})", R"({"concurrency":"4"})", R"({"concurrency":1001})", R"({"host_concurrency":0})", R"({"delay":-1})", R"({"delay":3601})", R"({"delay":null})"}) {
    CAPTURE(bad);
    CHECK(crawl.ask(crawl.post("settings", bad), &body) == 400);
    CHECK(body.find("must be a") != std::string::npos);
  }
  CHECK(crawl.ask(crawl.post("settings", R"({"concurrency":7,"delay":-1})"), &body) == 400);
  CHECK(crawl.engine->concurrency() == 2);
  CHECK(crawl.ask(crawl.post("dance")) == 404);
  CHECK(crawl.ask(crawl.post("pause", "no JSON")) == -1);
  CHECK(!crawl.engine->paused());
}

TEST_CASE("nobody steers a crawl without its token, or from another origin") {
  Steered crawl;
  const auto refused = [&](http::Request request) {
    CHECK(crawl.ask(std::move(request)) == 403);
    CHECK(!crawl.engine->paused());
  };
  refused(crawl.post("pause", "{}", false));
  refused(crawl.post("pause", "{}", false).setHeader("X-Weft-Token", std::string(32, '0')));
  refused(crawl.post("pause", "{}", false).setHeader("X-Weft-Token", crawl.dashboard->token().substr(1)));
  refused(crawl.post("pause").setHeader("Origin", "http://evil.example"));
  refused(crawl.post("pause").setHeader("Origin", "http://127.0.0.1:6001"));
  refused(crawl.post("pause").setHeader("Origin", "https://127.0.0.1:6000"));
  refused(crawl.post("pause").setHeader("Origin", "null"));
  refused(crawl.post("pause").setHeader("Sec-Fetch-Site", "cross-site"));
  refused(crawl.post("pause").setHeader("Sec-Fetch-Site", "same-site"));
  http::Request renamed = crawl.post("pause");
  renamed.url = http::Url("http://rebound.example:6000/control/pause");
  refused(renamed);
  CHECK(crawl.ask(http::Request("GET", "http://rebound.example:6000/")) == 403);
  CHECK(crawl.ask(http::Request("GET", "http://127.0.0.1:6000/control/pause")) == 405);
  CHECK(crawl.ask(crawl.post("pause").setHeader("Origin", "http://127.0.0.1:6000").setHeader("Sec-Fetch-Site", "same-origin")) == 200);
  CHECK(crawl.engine->paused());
}

TEST_CASE("on an address that others reach everything needs the token") {
  Steered crawl("0.0.0.0:6000");
  const std::string there = "http://192.0.2.1:6000";
  for (const char* path : {"/", "/events", "/snapshot.json", "/metrics", "/metrics?token=", "/?token=x"}) {
    CAPTURE(path);
    CHECK(crawl.ask(http::Request("GET", there + path)) == 401);
  }
  const std::string token = crawl.dashboard->token();
  CHECK(crawl.ask(http::Request("GET", there + "/?a=b&token=" + token)) == 200);
  CHECK(crawl.ask(http::Request("GET", there + "/metrics").setHeader("Authorization", "Bearer " + token)) == 200);
  CHECK(crawl.ask(http::Request("GET", there + "/snapshot.json").setHeader("Cookie", "a=b; weft_dashboard=" + token)) == 200);
  CHECK(crawl.ask(http::Request("GET", there + "/snapshot.json").setHeader("Cookie", "weft_dashboard=")) == 401);
  http::Request post = crawl.post("pause");
  post.url = http::Url(there + "/control/pause");
  CHECK(crawl.ask(post) == 401);
  CHECK(crawl.ask(post.setHeader("Cookie", "weft_dashboard=" + token)) == 200);
}

TEST_CASE("what strangers write cannot leave the data of a report") {
  CrawlSnapshot snapshot;
  snapshot.spider = "</script><script>alert(1)</script>";
  snapshot.errorsSeen.push_back({1, "http://a/<!--<script>", "\"&'\xE2\x80\xA8\n\\u003c", 1});
  const std::string page = reportPage(snapshot);
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = page.find(begin) + begin.size(), to = page.find("</script>", from);
  const std::string data = page.substr(from, to - from);
  CHECK(data.find('<') == std::string::npos);
  const http::Json read = http::Json::parse(data);
  CHECK(read["spider"].string() == snapshot.spider);
  CHECK(read["recent_errors"][0]["url"].string() == "http://a/<!--<script>");
  CHECK(read["recent_errors"][0]["cause"].string() == "\"&'\xE2\x80\xA8\n\\u003c");
  CHECK(page.find("alert(1)") > from);
  CHECK(page.find("alert(1)") < to);
  CHECK(page.find("http://", to) == page.find("http://www.w3.org/2000/svg", to));      // nothing from elsewhere
}
