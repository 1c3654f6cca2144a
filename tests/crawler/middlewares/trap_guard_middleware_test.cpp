#include "crawler/site_crawl.hpp"

#include <weft/crawler/middlewares/trap_guard_middleware.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using weft::testing::SiteCrawl;

namespace {

std::string shape(const char* url) {
  std::string text;
  return (trap::shapeOf(http::Url::parse(url), text) ? "" : "fixed ") + text;
}

// Follows every link.
class Following : public Spider {
 public:
  Following() : Spider("following") { startUrls = {"http://e.com/"}; }
  Results parse(Response response) override {
    for (Request& request : response.followAll("a")) co_yield std::move(request);
  }
};

// A site that makes its pages up when it is asked for them.
class MadeUp final : public Downloader {
 public:
  explicit MadeUp(std::function<std::string(const http::Url&)> page) : page_(std::move(page)) {}
  std::set<std::string> asked;
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    asked.insert(request->url.href());
    http::Headers headers;
    headers.set("Content-Type", "text/html");
    Response response(request->url, 200, std::move(headers), page_(request->url));
    response.setRequest(std::move(request));
    return succeed(std::move(response));
  }

 private:
  std::function<std::string(const http::Url&)> page_;
};

struct Crawl {
  ManualClock clock;
  Settings settings;
  LogCapture log;
  std::int64_t refused = 0, traps = 0;
  std::string reason;

  std::set<std::string> run(std::function<std::string(const http::Url&)> page) {
    settings.robotstxtObey = false;
    settings.closespiderPagecount = 20'000;            // so that a test of a trap that is not found ends as well
    Following spider;
    MadeUp site(std::move(page));
    MemoryFrontier frontier(settings);
    Engine engine(spider, settings, clock, site, frontier);
    auto running = engine.run();
    clock.playAll(3600);
    successResultOf(running);
    refused = engine.stats().getValue("trap/request_ignored_count");
    traps = engine.stats().getValue("trap/count");
    reason = engine.closeReason();
    return site.asked;
  }
};

std::string link(const std::string& to) { return "<a href=\"" + to + "\">go</a>\n"; }

std::string articles(int first, int end, const std::string& suffix = "") {
  std::string links;
  for (int i = first; i < end; ++i) links += link("/article/" + std::to_string(i) + suffix);
  return links;
}

// Words that no other number gives.
std::string wordsOf(int number) {
  std::string words;
  for (; number; number /= 26) words += static_cast<char>('a' + number % 26);
  return words;
}

}  // namespace

TEST_CASE("URLs that differ in numbers and ids are of one shape") {
  CHECK(shape("http://e.com/a/b.html") == "fixed e.com/a/b.html");
  CHECK(shape("http://e.com/2026/07/a-3.html?page=12&sid=9fE3a") == "e.com/#/#/a-#.html?page=#&sid=#");
  CHECK(shape("http://e2.com/caf%C3%A920x") == "e2.com/caf%C3%A9#");
  CHECK(shape("http://e.com/a%20b") == "fixed e.com/a%20b");
}

TEST_CASE("a path that repeats its segments more than three times is told from one that does not") {
  CHECK(trap::repeatsItself("/a/b/a/b/a/b/a/b/c"));
  CHECK(trap::repeatsItself("/x/y/a/a/a/a/b/c"));
  CHECK(trap::repeatsItself("/1/2/3/4/1/2/3/4/1/2/3/4/1/2/3/4"));
  CHECK_FALSE(trap::repeatsItself("/a/a/a/a"));
  CHECK_FALSE(trap::repeatsItself("/a/b/a/b/a/b/c/d/e"));
  CHECK_FALSE(trap::repeatsItself("/1/2/3/4/5/6/7/8/9"));
  CHECK_FALSE(trap::repeatsItself("//////////"));
  CHECK_FALSE(trap::repeatsItself("/a/b/c/a/b/d/a/b/e/a/b/f"));
  std::string longest;
  for (int i = 0; i < 10000; ++i) longest += "/" + std::to_string(i);
  CHECK_FALSE(trap::repeatsItself(longest));
}

TEST_CASE("what a page shows is its words, large numbers and pictures; not its tags, dates, scripts and spaces") {
  const auto print = trap::printOf("<h1>July 2026</h1> <td>31</td> price 4711 <img src='a.png'>");
  CHECK(print == trap::printOf("<h2 class=x>July  2031</h2><td>1</td>price 4711<img src='a.png'>"));
  CHECK(print == trap::printOf("<script>var t = 1699;</script><h1>July 1999</h1> <td>30</td> price 4711 <img src='a.png'>"));
  CHECK(print != trap::printOf("<h1>May 2026</h1> <td>31</td> price 4711 <img src='a.png'>"));
  CHECK(print != trap::printOf("<h1>July 2026</h1> <td>31</td> price 4712 <img src='a.png'>"));
  CHECK(print != trap::printOf("<h1>July 2026</h1> <td>31</td> price 4711 <img src='b.png'>"));
  for (const char* odd : {"", "<", "<img src=", "<script>", "<style><", "123", "<>"}) trap::printOf(odd);
}

TEST_CASE("an endless calendar ends, and all real pages are reached") {
  Crawl crawl;
  const auto asked = crawl.run([](const http::Url& url) -> std::string {
    const std::string path(url.path());
    if (path == "/") return link("/calendar/2026/1") + articles(0, 300);
    if (path.starts_with("/article/")) {
      const int number = std::stoi(path.substr(9));
      return "<p>Article about " + wordsOf(number) + "</p>" + (number % 10 || number >= 300 ? "" : articles(number + 300, number + 310));
    }
    const int year = std::stoi(path.substr(10, 4)), month = std::stoi(path.substr(15));
    std::string days;
    for (int day = 1; day <= 28; ++day) days += "<td>" + std::to_string(day) + "</td>";
    return "<h1>Events of " + std::to_string(month) + "/" + std::to_string(year) + "</h1>" + days +
           link("/calendar/" + std::to_string(month == 12 ? year + 1 : year) + "/" + std::to_string(month == 12 ? 1 : month + 1));
  });
  CHECK(crawl.reason == "finished");
  CHECK(crawl.traps == 1);
  CHECK(crawl.refused == 1);
  CHECK(crawl.log.contains("the last 400 pages like e.com/calendar/#/# said nothing new"));
  const auto count = [&](const std::string& start) { return std::count_if(asked.begin(), asked.end(), [&](const std::string& url) { return url.starts_with("http://e.com" + start); }); };
  CHECK(count("/article/") == 600);
  CHECK(count("/calendar/") < 450);
  for (int i = 0; i < 600; ++i) CHECK(asked.contains("http://e.com/article/" + std::to_string(i)));
}

TEST_CASE("links with a new session id each time end") {
  Crawl crawl;
  int session = 0;
  const auto asked = crawl.run([&session](const http::Url& url) -> std::string {
    const auto next = [&session](int page) { return link("/page/" + std::to_string(page) + "?sid=a" + std::to_string(++session)); };
    if (url.path() == "/") return next(0);
    const int page = std::stoi(std::string(url.path().substr(6)));
    return "<p>Page " + wordsOf(page) + "</p>" + next((page + 1) % 50) + next((page * 7 + 3) % 50);
  });
  CHECK(crawl.reason == "finished");
  std::set<std::string> pages;
  for (const std::string& url : asked) pages.insert(url.substr(0, url.find('?')));
  CHECK(pages.size() == 51);
}

TEST_CASE("a path that grows with each page ends, and it is said where it was found") {
  Crawl crawl;
  const auto asked = crawl.run([](const http::Url& url) { return "<p>Text</p>" + link(std::string(url.path()) + "news/today/"); });
  CHECK(crawl.reason == "finished");
  CHECK(asked.size() == 4);
  CHECK(crawl.log.contains("Ignoring a path that repeats itself"));
  CHECK(crawl.log.contains("found on http://e.com/news/today/news/today/news/today/"));
}

TEST_CASE("pages that only look alike are not held back: other words, pictures or numbers on each") {
  for (int kind = 0; kind < 3; ++kind) {
    Crawl crawl;
    const auto asked = crawl.run([kind](const http::Url& url) -> std::string {
      const int page = url.path() == "/" ? 0 : std::stoi(std::string(url.path().substr(1)));
      const std::string own = kind == 0 ? wordsOf(page) : kind == 1 ? "<img src=\"/p/" + std::to_string(page) + ".jpg\">" : "reading " + std::to_string(10000 + page * 17);
      return own + (page < 2000 ? link("/" + std::to_string(page + 1)) : "");
    });
    CHECK(crawl.traps == 0);
    CHECK(asked.size() == 2001);
  }
}

TEST_CASE("the guard can be switched off") {
  Crawl crawl;
  crawl.settings.set("TRAP_GUARD_ENABLED", "false");
  CHECK(crawl.run([](const http::Url& url) -> std::string {
    const int page = url.path() == "/" ? 0 : std::stoi(std::string(url.path().substr(1)));
    return "same" + (page < 2000 ? link("/" + std::to_string(page + 1)) : "");
  }).size() == 2001);
  Crawl early;
  early.settings.set("TRAP_GUARD_PAGES", "40");
  CHECK(early.run([](const http::Url& url) -> std::string {
    const int page = url.path() == "/" ? 0 : std::stoi(std::string(url.path().substr(1)));
    return "same" + (page < 2000 ? link("/" + std::to_string(page + 1)) : "");
  }).size() < 100);
}
