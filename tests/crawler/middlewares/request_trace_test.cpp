#include "crawler/site_crawl.hpp"
#include "support/temporary_folder.hpp"

#include <weft/crawler/feeds/output_file.hpp>
#include <weft/crawler/middlewares/request_trace.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using weft::testing::SiteCrawl;

namespace {

class Pages : public Spider {
 public:
  Pages() : Spider("pages") { startUrls = {"http://e.com/a?q=\"1\"", "http://e.com/missing", "http://e.com:81/refused"}; }
  Results parse(Response) override { co_return; }
};

std::string value(const http::Json& span, std::string_view key) {
  for (const http::Json& attribute : span["attributes"].array()) {
    if (attribute["key"].string() != key) continue;
    return (attribute["value"].has("intValue") ? attribute["value"]["intValue"] : attribute["value"]["stringValue"]).string();
  }
  return {};
}

// The spans of a file, the crawl's last.
std::vector<http::Json> spansOf(const std::string& path) {
  std::vector<http::Json> spans;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const http::Json data = http::Json::parse(line);
    const http::Json& resource = data["resourceSpans"][0];
    CHECK(resource["resource"]["attributes"][0]["value"]["stringValue"].string() == "pages");
    spans.push_back(resource["scopeSpans"][0]["spans"][0]);
  }
  return spans;
}

std::int64_t lasted(const http::Json& span) {
  return std::stoll(span["endTimeUnixNano"].string()) - std::stoll(span["startTimeUnixNano"].string());
}

}  // namespace

TEST_CASE("a trace has a span of each attempt, and one of the crawl, which is their parent") {
  const test::TemporaryFolder folder;
  SiteCrawl crawl;
  crawl.settings.traceFile = folder / "trace.jsonl";
  crawl.settings.retryTimes = 1;
  crawl.site.html("http://e.com/a?q=%221%22", "<p>hello</p>");
  crawl.site.html("http://e.com:81/refused", "").refused = true;
  Pages spider;
  crawl.run(spider);

  const auto spans = spansOf(crawl.settings.traceFile);
  REQUIRE(spans.size() == 5);                          // a page, a 404, two attempts, and the crawl
  const http::Json& root = spans.back();
  CHECK(root["name"].string() == "crawl pages");
  CHECK_FALSE(root.has("parentSpanId"));
  std::set<std::string> ids{root["spanId"].string()};
  std::size_t refused = 0;
  for (std::size_t at = 0; at < 4; ++at) {
    const http::Json& span = spans[at];
    CHECK(span["traceId"].string() == root["traceId"].string());
    CHECK(span["traceId"].string().size() == 32);
    CHECK(span["parentSpanId"].string() == root["spanId"].string());
    CHECK(span["spanId"].string().size() == 16);
    CHECK(ids.insert(span["spanId"].string()).second);
    CHECK(value(span, "http.request.method") == "GET");
    CHECK(value(span, "server.address") == "e.com");
    CHECK(lasted(span) == 1'000'000'000);              // as long as the site takes
    const std::string url = value(span, "url.full");
    if (url.ends_with("refused")) {
      CHECK(value(span, "weft.retry") == (refused++ ? "1" : ""));
      CHECK(value(span, "server.port") == "81");
      CHECK(value(span, "error.type") == "ConnectionRefused");
      CHECK(span["status"]["message"].string() == "connecting to e.com:80: connection refused");
    } else if (url.ends_with("missing")) {
      CHECK(value(span, "error.type") == "404");
      CHECK(value(span, "http.response.status_code") == "404");
    } else {
      CHECK(url == "http://e.com/a?q=%221%22");
      CHECK(value(span, "http.response.status_code") == "200");
      CHECK(value(span, "http.response.body.size") == "12");
      CHECK_FALSE(span["status"].has("code"));
    }
  }
  CHECK(refused == 2);
}

TEST_CASE("a second crawl is added to the trace") {
  const test::TemporaryFolder folder;
  std::set<std::string> traces;
  for (int run = 0; run < 2; ++run) {
    SiteCrawl crawl;
    crawl.settings.traceFile = folder / "trace.jsonl";
    Pages spider;
    spider.startUrls = {"http://e.com/missing"};
    crawl.run(spider);
  }
  const auto spans = spansOf(folder / "trace.jsonl");
  CHECK(spans.size() == 4);
  for (const http::Json& span : spans) traces.emplace(span["traceId"].string());
  CHECK(traces.size() == 2);
}

TEST_CASE("a trace that cannot be written ends with one clear line, and the crawl goes on") {
  SiteCrawl crawl;
  crawl.settings.traceFile = "/dev/full";
  Pages spider;
  crawl.run(spider);
  CHECK(crawl.stat("downloader/request_count") == 3);
  CHECK(crawl.log.contains("The trace ends here: cannot write to /dev/full: No space left on device; TRACE_FILE names another file"));
  CHECK(crawl.log.count(LogLevel::Error) == 1);
}

TEST_CASE("a trace in a folder that is not there is refused before anything is asked for") {
  SiteCrawl crawl;
  crawl.settings.traceFile = "/nonexistent/trace.jsonl";
  Pages spider;
  CHECK_THROWS_AS(crawl.start(spider).detach(), FeedError);
  CHECK(crawl.site.asked.empty());
}
