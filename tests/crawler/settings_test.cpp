#include <weft/crawler/internal/project_file.hpp>
#include <weft/crawler/internal/setting_kind.hpp>
#include <weft/crawler/internal/settings_layers.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/stats.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using weft::crawler::Order;
using weft::crawler::ProjectFile;
using weft::crawler::SettingError;
using weft::crawler::SettingKind;
using weft::crawler::Settings;
using weft::crawler::SettingsLayers;

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

std::string projectRefusal(std::string_view text) {
  try {
    ProjectFile::parse("weft.toml", text);
  } catch (const SettingError& error) {
    return error.what();
  }
  return "accepted";
}

Settings project(std::string_view text) {
  SettingsLayers layers;
  layers.add(ProjectFile::parse("weft.toml", text));
  return layers.settings();
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

TEST_CASE("weft's own counters are known by their keys, and families by what they begin with") {
  using weft::crawler::allStats;
  using weft::crawler::statInfo;
  const auto all = allStats();
  CHECK(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.key < b.key; }));
  REQUIRE(statInfo("retry/count"));
  CHECK(statInfo("retry/count")->key == "retry/count");
  REQUIRE(statInfo("spider_exceptions/std::out_of_range"));
  CHECK(statInfo("spider_exceptions/std::out_of_range")->key == "spider_exceptions/TYPE");
  CHECK(statInfo("spider_exceptions/count")->key == "spider_exceptions/count");
  CHECK_FALSE(statInfo("spider_exceptions/"));
  CHECK_FALSE(statInfo("pages"));
}

TEST_CASE("a project file sets any setting, in TOML's own types") {
  const Settings settings = project(R"([settings]
CONCURRENT_REQUESTS = 32
DOWNLOAD_DELAY = 1            # a whole number is a number
DOWNLOAD_TIMEOUT = 2.5
ROBOTSTXT_OBEY = false
USER_AGENT = "bot \"x\" \u00e9"
FEED_EXPORT_FIELDS = ["url", "title"]
HTTPCACHE_IGNORE_HTTP_CODES = [500, 503]
ADDRESS_GUARD_ALLOW = "10.0.0.0/8, intranet"
SCHEDULER_ORDER = "lifo"
EXTENSIONS = { SlowPages = false, Other = 3 }
ITEM_PIPELINES = '{"Price": null}'

[settings.DOWNLOAD_SLOTS."example.com"]
concurrency = 1
delay = 2.5
randomize_delay = false
)");
  CHECK(settings.concurrentRequests == 32);
  CHECK(settings.downloadDelay == 1);
  CHECK(settings.downloadTimeout == 2.5);
  CHECK_FALSE(settings.robotstxtObey);
  CHECK(settings.userAgent == "bot \"x\" \u00e9");
  CHECK(settings.feedExportFields == "url,title");
  CHECK(settings.httpcacheIgnoreHttpCodes == "500,503");
  CHECK(settings.addressGuardAllow == "10.0.0.0/8, intranet");
  CHECK(settings.schedulerOrder == Order::Lifo);
  CHECK(settings.extensions == R"({"Other":3,"SlowPages":null})");
  CHECK(settings.itemPipelines == R"({"Price": null})");
  CHECK(settings.downloadSlots == R"({"example.com":{"concurrency":1,"delay":2.5,"randomize_delay":false}})");
  CHECK(project("").concurrentRequests == 16);
}

TEST_CASE("every setting's default can be written into a project file and read back") {
  const Settings defaults;
  std::string text = "[settings]\n";
  for (const auto& info : weft::crawler::allSettings()) {
    const std::string value = defaults.get(info.name);
    const SettingKind kind = weft::crawler::settingKind(info.name);
    const bool quoted = kind != SettingKind::Boolean && kind != SettingKind::Number && kind != SettingKind::WholeNumber;
    text += std::string(info.name) + " = " + (quoted ? '"' + value + '"' : value) + "\n";
  }
  const Settings read = project(text);
  for (const auto& info : weft::crawler::allSettings()) CHECK(read.get(info.name) == defaults.get(info.name));
}

TEST_CASE("a mistake in a project file is named with its line and column, and what was probably meant") {
  const std::pair<const char*, const char*> cases[] = {
      {"[settings]\nCONCURENT_REQUESTS = 1\n", "weft.toml:2:1: no setting is called CONCURENT_REQUESTS; did you mean CONCURRENT_REQUESTS?"},
      {"[settings]\n\n  RETRY_ENABLED = \"yes\"\n", "weft.toml:3:19: RETRY_ENABLED must be true or false, not a string"},
      {"[settings]\nRETRY_TIMES = 1.5\n", "weft.toml:2:15: RETRY_TIMES must be a whole number, not a number with a fraction"},
      {"[settings]\nRETRY_TIMES = \"1\"\n", "weft.toml:2:15: RETRY_TIMES must be a whole number, not a string"},
      {"[settings]\nDOWNLOAD_DELAY = true\n", "weft.toml:2:18: DOWNLOAD_DELAY must be a number, not true or false"},
      {"[settings]\nUSER_AGENT = 1979-05-27\n", "weft.toml:2:14: USER_AGENT must be a string, not a date or a time"},
      {"[settings]\nUSER_AGENT = [\"a\"]\n", "weft.toml:2:14: USER_AGENT must be a string, not an array"},
      {"[settings]\nCONCURRENT_REQUESTS = 0\n", "weft.toml:2:23: CONCURRENT_REQUESTS=0: must be at least 1"},
      {"[settings]\nDOWNLOAD_DELAY = inf\n", "weft.toml:2:18: DOWNLOAD_DELAY=nan: must be a number"},
      {"[settings]\nFEED_EXPORT_FIELDS = [\"a\", true]\n", "weft.toml:2:28: FEED_EXPORT_FIELDS takes an array of strings and whole numbers alone"},
      {"[settings]\nFEED_EXPORT_FIELDS = [\"a,b\"]\n", "weft.toml:2:23: an element of FEED_EXPORT_FIELDS must not hold a comma"},
      {"[settings]\nEXTENSIONS = 3\n", "weft.toml:2:14: EXTENSIONS must be a table, or a string of JSON, not a whole number"},
      {"[settngs]\nRETRY_TIMES = 1\n", "weft.toml:1:2: there is no table [settngs]; did you mean settings?"},
      {"RETRY_TIMES = 1\n", "weft.toml:1:1: RETRY_TIMES stands outside of a table; write [settings] above it"},
      {"colour = 1\n", "weft.toml:1:1: there is no key colour; settings stand below [settings]"},
      {"settings = 1\n", "weft.toml:1:1: settings must be a table: [settings]"},
  };
  for (const auto& [text, message] : cases) CHECK(projectRefusal(text) == message);
  CHECK(projectRefusal("[settings]\nRETRY_TIMES = \n").starts_with("weft.toml:2:"));
  CHECK(projectRefusal("[settings]\nRETRY_TIMES = 1\nRETRY_TIMES = 2\n").starts_with("weft.toml:3:"));
  CHECK(projectRefusal("[settings]\nUSER_AGENT = \"\xFF\"\n").starts_with("weft.toml:2:"));
  CHECK(projectRefusal("[settings]\nEXTENSIONS = { a = \"x\" }\n").find("the place of \"a\" must be a whole number") != std::string::npos);
}

TEST_CASE("a later layer of settings wins, and each value knows where it comes from") {
  SettingsLayers layers;
  layers.add(ProjectFile::parse("weft.toml", "[settings]\nRETRY_TIMES = 1\nDEPTH_LIMIT = 1\nURLLENGTH_LIMIT = 1\n"));
  layers.set("DEPTH_LIMIT", "2", "spider quotes");
  layers.set("URLLENGTH_LIMIT", "2", "spider quotes");
  const char* const variables[] = {"PATH=/bin", "WEFT_URLLENGTH_LIMIT=3", "WEFT_RETRY_TIME=9", "WEFT_CACHE=/x", "WEFT_DOWNLOAD_DELAY=", nullptr};
  layers.addEnvironment(variables);
  layers.set("USER_AGENT", "me", "command line");
  layers.set("HTTPAUTH_PASS", "secret", "command line");
  CHECK(layers.settings().retryTimes == 1);
  CHECK(layers.settings().depthLimit == 2);
  CHECK(layers.settings().urllengthLimit == 3);
  CHECK(layers.origin("RETRY_TIMES") == "weft.toml:2");
  CHECK(layers.origin("DEPTH_LIMIT") == "spider quotes");
  CHECK(layers.origin("URLLENGTH_LIMIT") == "environment");
  CHECK(layers.origin("USER_AGENT") == "command line");
  CHECK(layers.origin("DOWNLOAD_DELAY") == "default");
  CHECK(layers.warnings() == std::vector<std::string>{"the environment's WEFT_RETRY_TIME is no setting; did you mean RETRY_TIMES?"});
  const auto changed = layers.changed();
  REQUIRE(changed.size() == 5);
  CHECK(changed[0].name == "DEPTH_LIMIT");
  CHECK(changed[1].name == "HTTPAUTH_PASS");
  CHECK(changed[1].value == "***");                    // a password is not shown

  const char* const bad[] = {"WEFT_RETRY_TIMES=many", nullptr};
  CHECK_THROWS_WITH_AS(layers.addEnvironment(bad), "in the environment, WEFT_RETRY_TIMES=many: must be a whole number", SettingError);
}
