#include <weft/crawler/settings.hpp>
#include <weft/crawler/stats.hpp>

#include <doctest/doctest.h>

#include <string>

using weft::crawler::Order;
using weft::crawler::SettingError;
using weft::crawler::Settings;

namespace {

std::string refusal(std::string_view name, std::string_view value) {
  Settings settings;
  try {
    settings.set(name, value);
  } catch (const SettingError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("settings are set by Scrapy's names") {
  Settings settings;
  CHECK(settings.concurrentRequests == 16);
  CHECK(settings.concurrentRequestsPerDomain == 8);
  settings.set("CONCURRENT_REQUESTS", "100");
  settings.set("DOWNLOAD_TIMEOUT", " 2.5 ");
  settings.set("RETRY_ENABLED", "False");
  settings.set("SCHEDULER_ORDER", "lifo");
  settings.set("USER_AGENT", "me/1.0");
  settings.set("DEPTH_PRIORITY", "-1");
  CHECK(settings.concurrentRequests == 100);
  CHECK(settings.downloadTimeout == 2.5);
  CHECK_FALSE(settings.retryEnabled);
  CHECK(settings.schedulerOrder == Order::Lifo);
  CHECK(settings.userAgent == "me/1.0");
  CHECK(settings.depthPriority == -1);
  CHECK(settings.get("CONCURRENT_REQUESTS") == "100");
  CHECK(settings.get("RETRY_ENABLED") == "false");
}

TEST_CASE("a mistyped setting is refused, with the name that was probably meant") {
  CHECK(refusal("CONCURENT_REQUESTS", "1") == "no setting is called CONCURENT_REQUESTS; did you mean CONCURRENT_REQUESTS?");
  CHECK(refusal("concurrent_requests", "1").find("did you mean CONCURRENT_REQUESTS?") != std::string::npos);
  CHECK(refusal("CONCURENT_REQ", "1") == "no setting is called CONCURENT_REQ; did you mean CONCURRENT_REQUESTS?");
  CHECK(refusal("XYZZY", "1") == "no setting is called XYZZY");
  CHECK(refusal("", "1") == "no setting is called ");
}

TEST_CASE("the settings of the cache say what they take") {
  CHECK(refusal("HTTPCACHE_POLICY", "rfc2616") == "HTTPCACHE_POLICY=rfc2616: must be dummy or rfc9111");
  CHECK(refusal("HTTPCACHE_IGNORE_HTTP_CODES", "500, 5xx") == "HTTPCACHE_IGNORE_HTTP_CODES=500, 5xx: must be statuses with commas between: 500,503");
  CHECK(refusal("HTTPCACHE_IGNORE_HTTP_CODES", "500, 503") == "accepted");
  CHECK(refusal("HTTPCACHE_MAX_BYTES", "0") == "HTTPCACHE_MAX_BYTES=0: must be at least 1");
  CHECK_FALSE(Settings().httpcacheEnabled);
}

TEST_CASE("a value of the wrong kind is refused, and says what it should be") {
  CHECK(refusal("CONCURRENT_REQUESTS", "many") == "CONCURRENT_REQUESTS=many: must be a whole number");
  CHECK(refusal("CONCURRENT_REQUESTS", "1.5") == "CONCURRENT_REQUESTS=1.5: must be a whole number");
  CHECK(refusal("CONCURRENT_REQUESTS", "0") == "CONCURRENT_REQUESTS=0: must be at least 1");
  CHECK(refusal("CONCURRENT_REQUESTS", "99999999999999") == "CONCURRENT_REQUESTS=99999999999999: must be a whole number");
  CHECK(refusal("DOWNLOAD_TIMEOUT", "nan") == "DOWNLOAD_TIMEOUT=nan: must be a number");
  CHECK(refusal("DOWNLOAD_TIMEOUT", "0") == "DOWNLOAD_TIMEOUT=0: must be more than 0");
  CHECK(refusal("DEPTH_LIMIT", "-1") == "DEPTH_LIMIT=-1: must not be negative");
  CHECK(refusal("RETRY_ENABLED", "maybe") == "RETRY_ENABLED=maybe: must be true or false");
  CHECK(refusal("LOG_LEVEL", "INFOO").find("did you mean INFO?") != std::string::npos);
  CHECK(refusal("USER_AGENT", "a\r\nX: b").find("control characters") != std::string::npos);
}

TEST_CASE("a counter of the stats keeps its address while others come") {
  weft::crawler::Stats stats;
  auto& pages = stats.counter("pages");
  for (int i = 0; i < 100; ++i) stats.incValue("other/" + std::to_string(i));
  ++pages;
  CHECK(stats.getValue("pages") == 1);
  CHECK(stats.getValue("none") == 0);
  stats.maxValue("depth", 3);
  stats.maxValue("depth", 2);
  CHECK(stats.getValue("depth") == 3);
}
