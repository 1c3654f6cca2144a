#include "support/unhandled_errors.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/crawler/robots/robots_gate.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/error.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

struct Answer {
  int status = 200;                                    // 0: the connection is refused
  std::string body;
  std::string location;
};

// Answers from a script: for each URL its answers in turn, the last one again and again, 404 where there is none. At once, or after `delay` of the clock.
class ScriptedDownloader final : public Downloader {
 public:
  explicit ScriptedDownloader(Clock& clock) : clock_(clock) {}

  std::map<std::string, std::deque<Answer>> script;
  std::vector<std::string> fetched;
  double delay = 0;
  int cancelled = 0;

  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    fetched.push_back(request->url.href());
    Deferred<Response> deferred([this] { ++cancelled; });
    auto trigger = deferred.takeTrigger();
    if (delay == 0) answer(trigger, request);
    else clock_.callLater(delay, [this, request, trigger = std::move(trigger)]() mutable {
      if (trigger.active()) answer(trigger, request);
    });
    return deferred;
  }

 private:
  void answer(Trigger<Response>& trigger, const std::shared_ptr<const Request>& request) {
    auto& answers = script[request->url.href()];
    const Answer given = answers.empty() ? Answer{404, "", ""} : answers.front();
    if (answers.size() > 1) answers.pop_front();
    if (given.status == 0) return trigger.errback(net::ConnectionRefused(std::string(request->url.host()), 80, "connection refused"));
    http::Headers headers;
    if (!given.location.empty()) headers.set("Location", given.location);
    Response response(request->url, given.status, std::move(headers), given.body);
    response.setRequest(request);
    trigger.callback(std::move(response));
  }
  Clock& clock_;
};

constexpr std::string_view kNotPrivate = "User-agent: weftbot\nDisallow: /private\nCrawl-delay: 2\n\nUser-agent: *\nDisallow: /\n";

struct Site {
  test::UnhandledErrors errors;
  ManualClock clock;
  ScriptedDownloader downloader{clock};
  RobotsGate gate;

  explicit Site(RobotsGateOptions options = {}) : gate(downloader, clock, options.setUserAgent("weftbot/1.0")) {}
  bool allowed(std::string_view url) { return successResultOf(gate.allowed(http::Url(url))); }
};

}  // namespace

TEST_CASE("a robots.txt is fetched once for its origin, and its rules are for this user agent") {
  Site site;
  site.downloader.script["http://a/robots.txt"] = {{200, std::string(kNotPrivate), ""}};
  CHECK(site.allowed("http://a/x?y"));
  CHECK_FALSE(site.allowed("http://a/private/1"));
  CHECK(site.allowed("http://user:secret@a:80/robots.txt"));
  CHECK(site.downloader.fetched == std::vector<std::string>{"http://a/robots.txt"});
  CHECK(site.allowed("https://a/private"));            // other origins, without rules
  CHECK(site.allowed("http://a:81/private"));
  CHECK(site.downloader.fetched.size() == 3);
  CHECK(successResultOf(site.gate.rules(http::Url("http://a/")))->crawlDelay("") == std::chrono::seconds(2));
  CHECK(site.gate.counts().requests == 3);
  CHECK(site.gate.counts().responses == 3);
  CHECK(site.gate.counts().forbidden == 1);
  CHECK(site.gate.siteCount() == 3);
}

TEST_CASE("what is no http has no robots.txt") {
  Site site;
  CHECK(site.allowed("data:text/html,x"));
  CHECK(site.allowed("ftp://a/private"));
  CHECK(site.downloader.fetched.empty());
}

TEST_CASE("all who ask while the rules are on their way wait for one fetch") {
  Site site;
  site.downloader.delay = 1;
  site.downloader.script["http://a/robots.txt"] = {{200, std::string(kNotPrivate), ""}};
  std::vector<Deferred<bool>> answers;
  for (int page = 0; page < 100; ++page) answers.push_back(site.gate.allowed(http::Url(page % 2 ? "http://a/private" : "http://a/public")));
  for (auto& answer : answers) assertNoResult(answer);
  site.clock.advance(1);
  for (int page = 0; page < 100; ++page) CHECK(successResultOf(answers[static_cast<std::size_t>(page)]) == (page % 2 == 0));
  CHECK(site.downloader.fetched.size() == 1);
}

// rfc9309.json, fetch_rules.
TEST_CASE("a status of 4xx allows everything, and so does any other that brings no rules") {
  for (int status : {400, 401, 403, 404, 410, 429, 451, 499, 304, 300}) {
    CAPTURE(status);
    Site site;
    site.downloader.script["http://a/robots.txt"] = {{status, "User-agent: *\nDisallow: /", ""}};
    CHECK(site.allowed("http://a/x"));
    CHECK(site.downloader.fetched.size() == 1);
    CHECK(site.gate.counts().unreachable == 0);
  }
}

// Fault 21.
TEST_CASE("5xx and errors of connecting forbid everything once the retries are over, until the site can be asked again") {
  for (int status : {500, 503, 599, 0}) {
    CAPTURE(status);
    Site site;
    site.downloader.script["http://a/robots.txt"] = {{status, "", ""}, {status, "", ""}, {status, "", ""}, {200, std::string(kNotPrivate), ""}};
    auto answer = site.gate.allowed(http::Url("http://a/x"));
    assertNoResult(answer);
    site.clock.pump({1, 1.5});
    assertNoResult(answer);                            // the third attempt comes 2 s after the second
    site.clock.advance(0.5);
    CHECK_FALSE(successResultOf(answer));
    CHECK(site.downloader.fetched.size() == 3);
    CHECK(site.gate.counts().unreachable == 1);
    site.clock.advance(599);
    CHECK_FALSE(site.allowed("http://a/x"));
    CHECK(site.downloader.fetched.size() == 3);
    site.clock.advance(1);
    CHECK(site.allowed("http://a/x"));
    CHECK(site.downloader.fetched.size() == 4);
  }
}

TEST_CASE("one bad answer between good ones is made up for by a retry") {
  Site site;
  site.downloader.script["http://a/robots.txt"] = {{0, "", ""}, {200, std::string(kNotPrivate), ""}};
  auto answer = site.gate.allowed(http::Url("http://a/x"));
  site.clock.advance(1);
  CHECK(successResultOf(answer));
  CHECK(site.gate.counts().unreachable == 0);
}

TEST_CASE("rules are fetched anew after a day, and go on where that fails") {
  Site site(RobotsGateOptions().setRetries(0));
  site.downloader.script["http://a/robots.txt"] = {{200, std::string(kNotPrivate), ""}, {503, "", ""}, {200, "", ""}};
  CHECK_FALSE(site.allowed("http://a/private"));
  site.clock.advance(24 * 3600 - 1);
  CHECK_FALSE(site.allowed("http://a/private"));
  CHECK(site.downloader.fetched.size() == 1);
  site.clock.advance(1);
  CHECK_FALSE(site.allowed("http://a/private"));
  CHECK(site.allowed("http://a/public"));              // by the rules that were known
  CHECK(site.downloader.fetched.size() == 2);
  site.clock.advance(600);
  CHECK(site.allowed("http://a/private"));
  CHECK(site.downloader.fetched.size() == 3);
}

TEST_CASE("five redirects are followed, to other hosts too, and the sixth means that there are no rules") {
  for (int redirects : {1, 5, 6, 7}) {
    CAPTURE(redirects);
    Site site;
    std::string url = "http://a/robots.txt";
    for (int hop = 0; hop < redirects; ++hop) {
      const std::string next = "http://h" + std::to_string(hop) + "/r";
      site.downloader.script[url] = {{hop % 2 ? 301 : 308, "", next}};
      url = next;
    }
    site.downloader.script[url] = {{200, std::string(kNotPrivate), ""}};
    CHECK(site.allowed("http://a/private") == (redirects > 5));
    CHECK(site.downloader.fetched.size() == static_cast<std::size_t>(std::min(redirects, 5)) + 1);
    CHECK(site.allowed("http://h0/private"));          // the rules are for the first origin
  }
}

TEST_CASE("a redirect to nowhere means that there are no rules, one in a circle ends") {
  for (std::string_view location : {"", "file:///etc/passwd", "javascript:x", "http://["}) {
    CAPTURE(location);
    Site site;
    site.downloader.script["http://a/robots.txt"] = {{302, "", std::string(location)}};
    CHECK(site.allowed("http://a/x"));
    CHECK(site.downloader.fetched.size() == 1);
  }
  Site site;
  site.downloader.script["http://a/robots.txt"] = {{302, "", "/robots.txt"}};
  CHECK(site.allowed("http://a/x"));
  CHECK(site.downloader.fetched.size() == 6);
}

// Fault 22.
TEST_CASE("a robots.txt that is a page of HTML, or 100 MB long, gives what rules it has") {
  Site site;
  site.downloader.script["http://a/robots.txt"] = {{200, "<!DOCTYPE html><html><body>User-agent: *\nDisallow: /</body></html>", ""}};
  site.downloader.script["http://b/robots.txt"] = {{200, "User-agent: *\nDisallow: /private\n" + std::string(100'000'000, 'x'), ""}};
  CHECK(site.allowed("http://a/x"));
  CHECK(site.allowed("http://b/x"));
  CHECK_FALSE(site.allowed("http://b/private"));
}

TEST_CASE("one who waits is cancelled and hurts no other; the fetch ends with the last, and the next one asks again") {
  Site site;
  site.downloader.delay = 1;
  site.downloader.script["http://a/robots.txt"] = {{200, std::string(kNotPrivate), ""}};
  auto first = site.gate.allowed(http::Url("http://a/x")), second = site.gate.allowed(http::Url("http://a/x"));
  first.cancel();
  failureResultOf<CancelledError>(first);
  CHECK(site.downloader.cancelled == 0);
  assertNoResult(second);
  second.cancel();
  failureResultOf<CancelledError>(second);
  CHECK(site.downloader.cancelled == 1);
  auto third = site.gate.allowed(http::Url("http://a/private"));
  site.clock.advance(1);
  CHECK_FALSE(successResultOf(third));
  CHECK(site.downloader.fetched.size() == 2);
}

TEST_CASE("between two attempts a gate can be cancelled too") {
  Site site;
  site.downloader.script["http://a/robots.txt"] = {{503, "", ""}};
  auto answer = site.gate.allowed(http::Url("http://a/x"));
  answer.cancel();
  failureResultOf<CancelledError>(answer);
  site.clock.advance(100);
  CHECK(site.downloader.fetched.size() == 1);
}

TEST_CASE("a gate that goes leaves those who wait their answer") {
  test::UnhandledErrors errors;
  ManualClock clock;
  ScriptedDownloader downloader(clock);
  downloader.delay = 1;
  downloader.script["http://a/robots.txt"] = {{200, std::string(kNotPrivate), ""}};
  auto gate = std::make_unique<RobotsGate>(downloader, clock, RobotsGateOptions().setUserAgent("weftbot"));
  auto waiting = gate->allowed(http::Url("http://a/private"));
  gate->allowed(http::Url("http://b/x")).detach();
  gate.reset();
  assertNoResult(waiting);
  clock.advance(1);
  CHECK_FALSE(successResultOf(waiting));
  CHECK(downloader.fetched.size() == 2);
}

TEST_CASE("no more sites are kept than allowed; those go that were not asked for longest") {
  Site site(RobotsGateOptions().setMaxSites(3));
  for (int host = 0; host < 3; ++host) CHECK(site.allowed("http://h" + std::to_string(host) + "/"));
  CHECK(site.allowed("http://h0/"));
  CHECK(site.allowed("http://new/"));                  // h1 goes
  CHECK(site.gate.siteCount() == 3);
  CHECK(site.downloader.fetched.size() == 4);
  CHECK(site.allowed("http://h0/"));
  CHECK(site.downloader.fetched.size() == 4);
  CHECK(site.allowed("http://h1/"));
  CHECK(site.downloader.fetched.size() == 5);
}

TEST_CASE("sites that are being asked are never forgotten") {
  Site site(RobotsGateOptions().setMaxSites(2));
  site.downloader.delay = 1;
  std::vector<Deferred<bool>> answers;
  for (int host = 0; host < 50; ++host)
    for (int page = 0; page < 2; ++page) answers.push_back(site.gate.allowed(http::Url("http://h" + std::to_string(host) + "/")));
  CHECK(site.gate.siteCount() == 50);
  CHECK(site.downloader.fetched.size() == 50);
  site.clock.advance(1);
  for (auto& answer : answers) CHECK(successResultOf(answer));
  for (int host = 0; host < 20; ++host) {
    auto answer = site.gate.allowed(http::Url("http://later" + std::to_string(host) + "/"));
    site.clock.advance(1);
    CHECK(successResultOf(answer));
  }
  CHECK(site.gate.siteCount() <= 3);
}
