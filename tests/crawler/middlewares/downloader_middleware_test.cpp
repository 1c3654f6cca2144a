#include "crawler/no_control.hpp"

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/error.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

std::vector<std::string>& passed() {
  static std::vector<std::string> all;
  return all;
}

// Notes what passes, before and after.
class OuterNote : public DownloaderMiddleware {
 public:
  OuterNote() : DownloaderMiddleware("OuterNote", 543) {}
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override {
    passed().push_back("outer asks");
    auto fetching = next.fetch(std::move(request));
    auto outcome = co_await fetching.outcome();
    passed().push_back(outcome ? "outer sees " + std::to_string(outcome->status) : std::string("outer sees ") + outcome.failure().what());
    co_return outcome;
  }
};

// Changes the request, and does not like empty pages. Wants to know its crawl.
class InnerChange : public DownloaderMiddleware {
 public:
  InnerChange() : DownloaderMiddleware("InnerChange", 610) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override {
    auto changed = std::make_shared<Request>(*request);
    changed->setHeader("X-Spider", crawl_->spider.name);
    auto fetching = next.fetch(std::move(changed));
    Response response = co_await fetching;
    passed().push_back("inner sees " + std::to_string(response.status));
    if (response.body == "moved") co_return Failure(RequestInstead(Request("http://b/"), response.status));
    if (response.body.empty() && mayRetry(*crawl_, *request, "empty page")) co_return Failure(RetryRequest("empty page"));
    co_return response;
  }

 private:
  std::optional<CrawlContext> crawl_;
};

class OneAnswer final : public Downloader {
 public:
  int status = 200;
  std::string body = "page";
  std::shared_ptr<const Request> asked;
  int times = 0;

  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    asked = request;
    ++times;
    if (!status) return fail<Response>(net::ConnectionRefused("a", 80, "connection refused"));
    Response response(request->url, status, {}, body);
    response.setRequest(std::move(request));
    return succeed(std::move(response));
  }
};

struct Chain {
  ManualClock clock;
  Settings settings;
  Stats stats;
  Signals signals;
  Spider spider{"tested"};
  OneAnswer answer;
  LogCapture log;
  weft::testing::NoControl control;
  std::unique_ptr<DownloaderMiddlewares> middlewares;

  Chain() { spider.downloaderMiddlewares = {std::make_shared<InnerChange>(), std::make_shared<OuterNote>()}; }
  DownloaderMiddlewares& open(std::string_view setting) {
    settings.robotstxtObey = false;
    settings.set("DOWNLOADER_MIDDLEWARES", setting);
    passed().clear();
    middlewares = std::make_unique<DownloaderMiddlewares>(CrawlContext{spider, settings, stats, signals, clock, control}, answer);
    return *middlewares;
  }
  Deferred<Response> fetch(Request request = Request("http://a/")) { return middlewares->fetch(std::make_shared<Request>(std::move(request))); }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("weft's own middlewares stand in Scrapy's order, and a crawl's own ones among them by number") {
  Chain chain;
  CHECK(chain.open(R"({"InnerChange": null, "OuterNote": null})").names() == Names{"RobotsTxtMiddleware", "RetryMiddleware", "MetaRefreshMiddleware", "RedirectMiddleware", "DownloaderStats", "HttpCacheMiddleware"});
  CHECK(chain.open("").names() ==
        Names{"RobotsTxtMiddleware", "OuterNote", "RetryMiddleware", "MetaRefreshMiddleware", "RedirectMiddleware", "InnerChange", "DownloaderStats", "HttpCacheMiddleware"});
  CHECK(chain.open(R"({"RetryMiddleware": null, "DownloaderStats": 1})").names() == Names{"DownloaderStats", "RobotsTxtMiddleware", "OuterNote", "MetaRefreshMiddleware", "RedirectMiddleware", "InnerChange", "HttpCacheMiddleware"});
}

TEST_CASE("a request goes through the middlewares from outside to inside, and its response back") {
  Chain chain;
  chain.open("");
  CHECK(successResultOf(chain.fetch()).body == "page");
  CHECK(passed() == Names{"outer asks", "inner sees 200", "outer sees 200"});
  CHECK(chain.answer.asked->headers().get("X-Spider", "") == "tested");
  CHECK(chain.stats.getValue("downloader/request_count") == 1);
  CHECK(chain.stats.getValue("downloader/response_status_count/200") == 1);
  CHECK(chain.stats.getValue("downloader/response_bytes") == 4);
}

TEST_CASE("a middleware may have another request made, or the same one again") {
  Chain chain;
  chain.open("");
  chain.answer.body = "moved";
  const Failure instead = failureResultOf(chain.fetch());
  REQUIRE(instead.as<RequestInstead>());
  CHECK(instead.as<RequestInstead>()->request->url.href() == "http://b/");
  CHECK(instead.as<RequestInstead>()->status == 200);
  CHECK(passed().back() == "outer sees another request is made instead");

  chain.answer.body = "";
  CHECK(failureResultOf(chain.fetch()).check<RetryRequest>());
  CHECK(chain.stats.getValue("retry/reason_count/empty page") == 1);
  Request tired("http://a/");
  tired.retryTimes = 2;
  CHECK(successResultOf(chain.fetch(std::move(tired))).status == 200);          // no attempt is left: the page as it is
  CHECK(chain.stats.getValue("retry/max_reached") == 1);
}

TEST_CASE("a layer outside RetryMiddleware does not see what is tried again, one inside does") {
  Chain chain;
  chain.open(R"({"InnerChange": null})");
  chain.answer.status = 503;
  CHECK(failureResultOf(chain.fetch()).check<RetryRequest>());
  CHECK(passed().back() == "outer sees 503 Service Unavailable");               // the reason, as a failure
  chain.open(R"({"OuterNote": 560, "InnerChange": null})");
  CHECK(failureResultOf(chain.fetch()).check<RetryRequest>());
  CHECK(passed().back() == "outer sees 503");
  chain.open(R"({"RetryMiddleware": null})");
  CHECK(successResultOf(chain.fetch()).status == 503);
}

TEST_CASE("errors of the network are counted by type") {
  Chain chain;
  chain.open(R"({"RetryMiddleware": null})");
  chain.answer.status = 0;
  CHECK(failureResultOf(chain.fetch()).check<net::ConnectionRefused>());
  CHECK(chain.stats.getValue("downloader/exception_count") == 1);
  CHECK(chain.stats.getValue("downloader/exception_type_count/ConnectionRefused") == 1);
}

TEST_CASE("a middleware that is not known, or has no place, is refused by name") {
  Chain chain;
  CHECK_THROWS_WITH_AS(chain.open(R"({"OuterNotes": 1})"),
                       "DOWNLOADER_MIDDLEWARES: this crawl has none called OuterNotes; did you mean OuterNote?", SettingError);
  CHECK_THROWS_WITH_AS(chain.open(R"({"CookiesMiddleware": null})"),
                       "DOWNLOADER_MIDDLEWARES: CookiesMiddleware is a part of the downloader, with no place among the layers; use COOKIES_ENABLED=false", SettingError);
  CHECK_THROWS_AS(chain.open(R"({"OuterNote": "first"})"), SettingError);
  CHECK_THROWS_AS(chain.open("[1]"), SettingError);
}
