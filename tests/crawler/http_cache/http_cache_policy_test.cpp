#include <weft/crawler/http_cache/internal/http_cache_policy.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace weft::crawler;
using weft::crawler::internal::CachedHead;
using weft::crawler::internal::Date;
using weft::crawler::internal::makeHttpCachePolicy;
namespace http = weft::http;

namespace {

const Date kNow = *http::parseDate("Sun, 06 Nov 1994 08:49:37 GMT");
constexpr int kHour = 3600, kDay = 24 * kHour;

// What becomes of a response, and of the same request some time later.
enum class Then {
  NotKept,
  Fresh,                     // answered from the cache
  Asked,                     // the server is asked, and there is no answer without it
  StaleWillDo,               // the server is asked, and if it fails the old answer is given
};
std::string word(Then then) { return then == Then::NotKept ? "not kept" : then == Then::Fresh ? "fresh" : then == Then::Asked ? "asked" : "stale will do"; }

std::string date(int seconds) { return http::formatDate(kNow + std::chrono::seconds(seconds)); }

http::Headers headersOf(std::string_view lines) {
  http::Headers headers;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size()), colon = lines.find(':');
    headers.add(lines.substr(0, colon), lines.substr(colon + 1, end - colon - 1));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return headers;
}

struct Case {
  const char* name;
  std::string fields;        // of the response, a line each
  int later;                 // seconds
  Then then;
  int status = 200;
  std::string asks = {};     // the request's Cache-Control
  std::vector<std::pair<const char*, const char*>> settings = {};
};

Then fate(const Case& one, const char* policyName) {
  Settings settings;
  settings.set("HTTPCACHE_POLICY", policyName);
  for (const auto& [name, value] : one.settings) settings.set(name, value);
  const auto policy = makeHttpCachePolicy(settings);
  Request request("http://a/");
  if (!one.asks.empty()) request.setHeader("Cache-Control", one.asks);
  const auto head = policy->makeHead(request, one.status, headersOf(one.fields), kNow, kNow);
  if (!policy->mayCache(request) || !head || !policy->mayStore(request, *head)) return Then::NotKept;
  const Date later = kNow + std::chrono::seconds(one.later);
  if (policy->isFresh(request, *head, later)) return Then::Fresh;
  return policy->mayServeStale(request, *head, later) ? Then::StaleWillDo : Then::Asked;
}

}  // namespace

TEST_CASE("rfc9111: what is kept, for how long it is right, and what will do when the server fails") {
  const std::string tag = "ETag: \"a\"\n";
  const std::vector<Case> cases = {
      {"max-age is how long a response is fresh", "Cache-Control: max-age=60", 59, Then::Fresh},
      {"when max-age is over the server is asked", "Cache-Control: max-age=60", 60, Then::StaleWillDo},
      {"what is a year too old will still do when the server fails", "Cache-Control: max-age=60", 366 * kDay, Then::StaleWillDo},
      {"max-age goes before Expires", "Cache-Control: max-age=60\nExpires: " + date(kHour), 100, Then::StaleWillDo},
      {"s-maxage is for shared caches", "Cache-Control: max-age=10, s-maxage=1000", 20, Then::StaleWillDo},
      {"private is no obstacle to a cache of one user", "Cache-Control: private, max-age=60", 59, Then::Fresh},
      {"public adds nothing", "Cache-Control: public, max-age=60", 60, Then::StaleWillDo},
      {"a max-age that is no number is none at all", "Cache-Control: max-age=soon\n" + tag, 0, Then::StaleWillDo},
      {"the first of two max-age counts", "Cache-Control: max-age=60, max-age=10", 30, Then::Fresh},
      {"no-store is not kept", "Cache-Control: no-store, max-age=60", 0, Then::NotKept},
      {"no-cache is kept, and never given out unasked, not even when the server fails", "Cache-Control: no-cache, max-age=60\n" + tag, 1, Then::Asked},
      {"no-cache for some fields is taken as no-cache, which is safe", "Cache-Control: no-cache=\"Set-Cookie\", max-age=60", 59, Then::Asked},
      {"must-revalidate is fresh as long as it is", "Cache-Control: max-age=60, must-revalidate", 59, Then::Fresh},
      {"must-revalidate is not given out when it is too old", "Cache-Control: max-age=60, must-revalidate", 60, Then::Asked},
      {"proxy-revalidate is for shared caches", "Cache-Control: max-age=60, proxy-revalidate", 60, Then::StaleWillDo},
      {"Expires counts from Date", "Date: " + date(-100) + "\nExpires: " + date(100), 99, Then::Fresh},
      {"Expires ends at its time", "Date: " + date(-100) + "\nExpires: " + date(100), 100, Then::StaleWillDo},
      {"an Expires that is no date has passed", "Expires: 0\n" + tag, 0, Then::StaleWillDo},
      {"an Age counts", "Cache-Control: max-age=100\nAge: 90", 10, Then::StaleWillDo},
      {"an Age that is no number is none", "Cache-Control: max-age=100\nAge: old", 99, Then::Fresh},
      {"a Date that lies back counts as age", "Cache-Control: max-age=100\nDate: " + date(-90), 10, Then::StaleWillDo},
      {"a Date to come does not make it younger than it is", "Cache-Control: max-age=100\nDate: " + date(kHour), 100, Then::StaleWillDo},
      {"what says nothing is fresh for a tenth of the time since Last-Modified", "Date: " + date(0) + "\nLast-Modified: " + date(-100 * kDay), 10 * kDay - 1, Then::Fresh},
      {"a tenth and no more", "Date: " + date(0) + "\nLast-Modified: " + date(-100 * kDay), 10 * kDay, Then::StaleWillDo},
      {"a year at most", "Date: " + date(0) + "\nLast-Modified: Tue, 01 Jan 1901 00:00:00 GMT", 365 * kDay, Then::StaleWillDo},
      {"a Last-Modified to come says nothing", "Last-Modified: " + date(kHour), 0, Then::StaleWillDo},
      {"what has a tag and no lifetime is kept, to ask by", tag, 0, Then::StaleWillDo},
      {"what has neither is not kept", "Content-Type: text/html", 0, Then::NotKept},
      {"a 301 without a word is right for a year", "Location: /b", 365 * kDay - 1, Then::Fresh, 301},
      {"a year and no longer", "Location: /b", 365 * kDay, Then::StaleWillDo, 301},
      {"so is a 300", "X-A: b", kDay, Then::Fresh, 300},
      {"so is a 308", "Location: /b", kDay, Then::Fresh, 308},
      {"a 301 that says how long is right for so long", "Location: /b\nCache-Control: max-age=60", 60, Then::StaleWillDo, 301},
      {"a 301 may forbid it", "Location: /b\nCache-Control: no-store", 0, Then::NotKept, 301},
      {"a 302 without a word is not kept", "Location: /b", 0, Then::NotKept, 302},
      {"a 302 that says how long is", "Location: /b\nCache-Control: max-age=60", 59, Then::Fresh, 302},
      {"a 404 with a lifetime is kept", "Cache-Control: max-age=60", 59, Then::Fresh, 404},
      {"a 500 without one is not", "Last-Modified: " + date(-kDay), 0, Then::NotKept, 500},
      {"a part of a page is not kept", "Cache-Control: max-age=60", 0, Then::NotKept, 206},
      {"a 304 is no page", "Cache-Control: max-age=60", 0, Then::NotKept, 304},
      {"what varies by everything is not kept", "Cache-Control: max-age=60\nVary: Accept, *", 0, Then::NotKept},
      {"what varies by the request's fields is fresh for these", "Cache-Control: max-age=60\nVary: Accept-Encoding", 59, Then::Fresh},
      {"what varies by Cookie is never given out unasked, as cookies are not known yet", "Cache-Control: max-age=60\nVary: Accept, cookie", 0, Then::Asked},
      {"unless there are none", "Cache-Control: max-age=60\nVary: Accept, cookie", 59, Then::Fresh, 200, "", {{"COOKIES_ENABLED", "false"}}},

      {"a request with no-store goes by the cache", "Cache-Control: max-age=60", 0, Then::NotKept, 200, "no-store"},
      {"a request with no-cache wants the server's answer", "Cache-Control: max-age=60", 0, Then::Asked, 200, "no-cache"},
      {"a request may want a young answer", "Cache-Control: max-age=60", 11, Then::StaleWillDo, 200, "max-age=10"},
      {"and gets what is young enough", "Cache-Control: max-age=60", 10, Then::Fresh, 200, "max-age=10"},
      {"a request may take an old answer", "Cache-Control: max-age=60", 90, Then::Fresh, 200, "max-stale=30"},
      {"but none that is older than it said", "Cache-Control: max-age=60", 91, Then::StaleWillDo, 200, "max-stale=30"},
      {"or one of any age", "Cache-Control: max-age=60", 10 * kDay, Then::Fresh, 200, "max-stale"},
      {"but not where the response forbids it", "Cache-Control: max-age=60, must-revalidate", 61, Then::Asked, 200, "max-stale"},
      {"a request may want an answer that stays fresh for a while", "Cache-Control: max-age=60", 31, Then::StaleWillDo, 200, "min-fresh=30"},
      {"and gets one that does", "Cache-Control: max-age=60", 30, Then::Fresh, 200, "min-fresh=30"},

      {"HTTPCACHE_ALWAYS_STORE keeps what says nothing", "Content-Type: text/html", 0, Then::StaleWillDo, 200, "", {{"HTTPCACHE_ALWAYS_STORE", "true"}}},
      {"for requests that take old answers", "Content-Type: text/html", kDay, Then::Fresh, 200, "max-stale", {{"HTTPCACHE_ALWAYS_STORE", "true"}}},
      {"but not what forbids it", "Cache-Control: no-store", 0, Then::NotKept, 200, "", {{"HTTPCACHE_ALWAYS_STORE", "true"}}},
      {"an overlooked no-store does not forbid it", "Cache-Control: no-store, max-age=60", 59, Then::Fresh, 200, "", {{"HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS", "no-store"}}},
      {"an overlooked no-cache need not be asked about", "Cache-Control: No-Cache, max-age=60", 59, Then::Fresh, 200, "", {{"HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS", "no-store, no-cache"}}},
      {"overlooking ends where a directive ends", "Cache-Control: no-cache=\"a, b\", max-age=60", 60, Then::StaleWillDo, 200, "", {{"HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS", "no-cache"}}},
      {"a redirect whose only words are overlooked says nothing", "Cache-Control: no-store", kDay, Then::Fresh, 301, "", {{"HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS", "no-store"}}},
      {"statuses of HTTPCACHE_IGNORE_HTTP_CODES are not kept", "Cache-Control: max-age=60", 0, Then::NotKept, 404, "", {{"HTTPCACHE_IGNORE_HTTP_CODES", "404, 410"}}},
      {"schemes of HTTPCACHE_IGNORE_SCHEMES pass by", "Cache-Control: max-age=60", 0, Then::NotKept, 200, "", {{"HTTPCACHE_IGNORE_SCHEMES", "ftp, http"}}},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.name));
    CHECK(word(fate(one, "rfc9111")) == word(one.then));
  }
}

TEST_CASE("dummy: every answer is kept, and right for ever") {
  const std::vector<Case> cases = {
      {"whatever it says of caches", "Cache-Control: no-store, no-cache", 1000 * kDay, Then::Fresh},
      {"whatever the request says", "X-A: b", kDay, Then::Fresh, 200, "no-store, no-cache"},
      {"whatever it varies by", "Vary: *", kDay, Then::Fresh},
      {"whatever its status", "X-A: b", kDay, Then::Fresh, 500},
      {"but for those that are not to be kept", "X-A: b", 0, Then::NotKept, 500, "", {{"HTTPCACHE_IGNORE_HTTP_CODES", "500,503"}}},
      {"and schemes that pass by", "X-A: b", 0, Then::NotKept, 200, "", {{"HTTPCACHE_IGNORE_SCHEMES", "HTTP"}}},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.name));
    CHECK(word(fate(one, "dummy")) == word(one.then));
  }
}

TEST_CASE("rfc9111 has a part in plain GETs alone, dummy in everything") {
  Settings settings;
  const auto dummy = makeHttpCachePolicy(settings);
  settings.set("HTTPCACHE_POLICY", "rfc9111");
  const auto rfc = makeHttpCachePolicy(settings);
  const auto check = [&](const Request& request, bool plain) {
    CHECK(rfc->mayCache(request) == plain);
    CHECK(dummy->mayCache(request));
  };
  const Request get("http://a/");
  check(get, true);
  check(Request(get).setHeader("Accept", "x/y"), true);
  check(Request(get).setMethod("POST"), false);
  check(Request(get).setMethod("HEAD"), false);
  check(Request(get).setBody("q"), false);
  for (const char* name : {"Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"}) check(Request(get).setHeader(name, "x"), false);
}

TEST_CASE("rfc9111 asks by the tag and the date that the response came with") {
  Settings settings;
  settings.set("HTTPCACHE_POLICY", "rfc9111");
  const auto policy = makeHttpCachePolicy(settings);
  Request request("http://a/");
  request.setMeta("mine", "1");
  const auto asking = [&](std::string_view fields) {
    const auto head = policy->makeHead(request, 200, headersOf(fields), kNow, kNow);
    return policy->conditional(request, *head);
  };
  const auto both = asking("ETag: W/\"a\"\nLast-Modified: " + date(-5));
  REQUIRE(both);
  CHECK(both->headers().get("If-None-Match", "") == "W/\"a\"");
  CHECK(both->headers().get("If-Modified-Since", "") == date(-5));
  CHECK(both->meta("mine") == "1");
  CHECK_FALSE(asking("ETag: a"));                      // no tag: it has no quotes
  CHECK_FALSE(asking("Last-Modified: yesterday"));
}

TEST_CASE("rfc9111 keeps no fields of the connection, and no cookies; dummy keeps all") {
  Settings settings;
  const http::Headers headers = headersOf("Set-Cookie: a=1\nConnection: X-Hop\nX-Hop: 1\nETag: \"a\"");
  CHECK(makeHttpCachePolicy(settings)->makeHead(Request("http://a/"), 200, headers, kNow, kNow)->headers.size() == 4);
  settings.set("HTTPCACHE_POLICY", "rfc9111");
  const auto head = makeHttpCachePolicy(settings)->makeHead(Request("http://a/"), 200, headers, kNow, kNow);
  CHECK(head->headers.wire() == "ETag: \"a\"\r\n");
}

TEST_CASE("rfc9111 chooses among variants by the fields that are sent, USER_AGENT's among them") {
  Settings settings;
  settings.set("HTTPCACHE_POLICY", "rfc9111");
  settings.set("USER_AGENT", "one/1.0");
  const auto one = makeHttpCachePolicy(settings);
  settings.set("USER_AGENT", "two/1.0");
  const auto two = makeHttpCachePolicy(settings);
  const Request request("http://a/");
  const auto head = one->makeHead(request, 200, headersOf("Vary: user-agent\nETag: \"a\""), kNow, kNow);
  CHECK(http::detail::selects(*head, one->selectingFields(request)));
  CHECK_FALSE(http::detail::selects(*head, two->selectingFields(request)));
  CHECK(http::detail::selects(*head, two->selectingFields(Request(request).setHeader("User-Agent", "one/1.0"))));
}

TEST_CASE("rfc9111: what changes a page outdates what is kept of it") {
  Settings settings;
  settings.set("HTTPCACHE_POLICY", "rfc9111");
  const auto policy = makeHttpCachePolicy(settings);
  const auto outdated = [&](const char* method, int status, std::string_view fields) {
    std::vector<std::string> all;
    for (const http::Url& url : policy->outdatedBy(Request("http://a/list").setMethod(method), status, headersOf(fields))) all.push_back(url.href());
    return all;
  };
  using Urls = std::vector<std::string>;
  CHECK(outdated("POST", 200, "") == Urls{"http://a/list"});
  CHECK(outdated("DELETE", 204, "") == Urls{"http://a/list"});
  CHECK(outdated("POST", 201, "Location: /list/7\nContent-Location: ?page=1") == Urls{"http://a/list", "http://a/list/7", "http://a/list?page=1"});
  CHECK(outdated("POST", 201, "Location: http://b/x") == Urls{"http://a/list"});       // no site empties another's
  CHECK(outdated("POST", 403, "") == Urls{});
  CHECK(outdated("GET", 200, "") == Urls{});
  CHECK(outdated("HEAD", 200, "") == Urls{});
}
