#include "crawler/html/conformance.hpp"

#include <weft/crawler/robots/internal/pattern.hpp>
#include <weft/crawler/robots/robots_txt.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

using namespace weft;
using namespace weft::crawler;
using namespace std::chrono_literals;
using weft::testing::text;

namespace {

bool allowed(std::string_view file, std::string_view agent, std::string_view path) {
  const RobotsTxt robots = RobotsTxt::parse(file);
  const http::Url url = http::Url::parse(path, http::Url("https://e.com/"));
  // What is kept for one agent answers as the whole does.
  const bool answer = robots.allowed(url, agent);
  CHECK(robots.forAgent(agent).allowed(url, "someone") == answer);
  return answer;
}

struct Counts {
  int cases = 0;
  int passed = 0;
};

// Each case of a table's groups. `exceptions`: ids, with the number of the case in its group, that are answered otherwise; docs/conformance.md says why.
Counts runGroups(const std::string& table, const std::set<std::string>& exceptions = {}) {
  Counts counts;
  const auto document = weft::testing::conformanceTable("robots/" + table);
  for (const auto& group : document["groups"].GetArray()) {
    const std::string file = group.HasMember("file") ? weft::testing::conformanceFile("robots/realworld/" + text(group["file"])) : text(group["robots"]);
    const RobotsTxt robots = RobotsTxt::parse(file);
    int number = 0;
    for (const auto& expected : group["cases"].GetArray()) {
      const std::string id = text(group["id"]) + "/" + std::to_string(number++);
      const std::string agent = text(expected["agent"]);
      const http::Url url = http::Url::parse(text(expected["url"]), http::Url("https://www.site.local/"));
      CAPTURE(id);
      CAPTURE(agent);
      CAPTURE(url.href());
      const bool answer = robots.allowed(url, agent);
      CHECK(robots.forAgent(agent).allowed(url, "someone") == answer);
      const bool same = answer == expected["allowed"].GetBool();
      CHECK(same != exceptions.contains(id));
      ++counts.cases;
      counts.passed += same;
    }
  }
  MESSAGE(table << ": " << counts.passed << " of " << counts.cases);
  return counts;
}

}  // namespace

TEST_CASE("the examples and clauses of RFC 9309 hold") {
  const Counts counts = runGroups("rfc9309.json");
  CHECK(counts.cases == 25);
  CHECK(counts.passed == 25);
}

TEST_CASE("files are read as Google's parser reads them") {
  const Counts counts = runGroups("google.json", {"google-0014/1", "google-0030/1", "google-0032/0"});
  CHECK(counts.cases == 66);
  CHECK(counts.passed == 63);
}

TEST_CASE("files are read as Scrapy's parser reads them") {
  const Counts counts = runGroups("protego.json");
  CHECK(counts.cases == 159);
  CHECK(counts.passed == 159);
}

// Fault 22: byte order marks, CR alone, NULs, HTML, long lines.
TEST_CASE("robots.txt files of public sites are read as both parsers read them") {
  const Counts counts = runGroups("realworld.json");
  CHECK(counts.cases == 2373);
  CHECK(counts.passed == 2373);
}

TEST_CASE("paths, patterns and product tokens are what Google's parser takes them for") {
  const auto table = weft::testing::conformanceTable("robots/google_path_and_pattern.json");
  // Not URLs by themselves: without a scheme these are paths.
  const std::set<std::string> exceptions = {"google_path_and_pattern-0008", "google_path_and_pattern-0010", "google_path_and_pattern-0012", "google_path_and_pattern-0016"};
  int passed = 0;
  for (const auto& expected : table["cases"].GetArray()) {
    const std::string id = text(expected["id"]);
    const std::string kind = text(expected["kind"]);
    CAPTURE(id);
    bool same = false;
    if (kind == "path") {
      same = http::Url::parse(text(expected["url"]), http::Url("https://e.com/")).target() == text(expected["path_query"]);
    } else if (kind == "pattern") {
      std::string normalised;
      robots::appendNormalised(normalised, text(expected["pattern"]), true);
      same = normalised == text(expected["normalised"]);
    } else {
      const std::string agent = text(expected["agent"]);
      same = (!agent.empty() && robots::productToken(agent) == agent) == expected["valid"].GetBool();
    }
    CHECK(same != exceptions.contains(id));
    passed += same;
  }
  CHECK(passed == 13);
}

TEST_CASE("delays, rates, hours and sitemaps are read as Scrapy's parser reads them") {
  const auto table = weft::testing::conformanceTable("robots/protego_directives.json");
  int cases = 0;
  for (const auto& expected : table["cases"].GetArray()) {
    CAPTURE(text(expected["id"]));
    ++cases;
    const RobotsTxt robots = RobotsTxt::parse(text(expected["robots"]));
    const std::string kind = text(expected["kind"]);
    const auto& value = expected["expected"];
    if (kind == "sitemaps") {
      REQUIRE(robots.sitemaps().size() == value.Size());
      for (rapidjson::SizeType at = 0; at < value.Size(); ++at) CHECK(robots.sitemaps()[at] == text(value[at]));
      continue;
    }
    const std::string agent = text(expected["agent"]);
    for (const RobotsTxt& rules : {robots, robots.forAgent(agent)}) {
      if (kind == "crawl_delay") {
        const auto delay = rules.crawlDelay(agent);
        REQUIRE(delay.has_value() == !value.IsNull());
        if (delay) CHECK(std::chrono::duration<double>(*delay).count() == value.GetDouble());
      } else if (kind == "visit_time") {
        CHECK(rules.visitTime(agent).has_value() == !value.IsNull());
      } else {
        const auto rate = rules.requestRate(agent);
        REQUIRE(rate.has_value() == !value.IsNull());
        if (!rate) continue;
        CHECK(std::to_string(rate->requests) == text(value["requests"]));
        CHECK(std::to_string(rate->period.count()) == text(value["seconds"]));
        REQUIRE(rate->window.has_value() == (text(value["start_time"]) != "None"));
        if (rate->window) CHECK(*rate->window == DailyWindow{18h + 20min, 19h + 40min});
      }
    }
  }
  CHECK(cases == 12);
}

TEST_CASE("the robots.txt that Scrapy was asked about get Scrapy's answers") {
  std::istringstream lines(weft::testing::conformanceFile("scrapy/robots.jsonl"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    CAPTURE(line);
    rapidjson::Document expected;
    expected.Parse(line.c_str());
    REQUIRE(expected.IsObject());
    const std::string file = text(expected["robots"]);
    const std::string agent = text(expected["agent"]);
    for (const auto& path : expected["allowed"].GetArray()) CHECK(allowed(file, agent, text(path)));
    for (const auto& path : expected["denied"].GetArray()) CHECK_FALSE(allowed(file, agent, text(path)));
    const RobotsTxt robots = RobotsTxt::parse(file);
    const auto delay = robots.crawlDelay(agent);
    REQUIRE(delay.has_value() == !expected["crawl_delay"].IsNull());
    if (delay) CHECK(std::chrono::duration<double>(*delay).count() == expected["crawl_delay"].GetDouble());
    const auto rate = robots.requestRate(agent);
    REQUIRE(rate.has_value() == !expected["request_rate"].IsNull());
    if (rate) CHECK(*rate == RequestRate{expected["request_rate"][0].GetUint(), std::chrono::seconds(expected["request_rate"][1].GetInt()), std::nullopt});
    CHECK(robots.sitemaps().size() == expected["sitemaps"].Size());
  }
  CHECK(cases == 36);
}

TEST_CASE("no rules allow everything, and everything can be forbidden but /robots.txt") {
  const http::Url page("https://e.com/a"), robots("https://e.com/robots.txt");
  CHECK(RobotsTxt().allowed(page, "weftbot"));
  CHECK(RobotsTxt::parse("").allowed(page, "weftbot"));
  CHECK_FALSE(RobotsTxt::disallowAll().allowed(page, "weftbot"));
  CHECK_FALSE(RobotsTxt::disallowAll().allowed(page, ""));
  CHECK(RobotsTxt::disallowAll().allowed(robots, "weftbot"));
}

TEST_CASE("the longest name in the user agent wins, and all its groups count") {
  constexpr std::string_view kFile = "User-agent: bot\nDisallow: /bot\n\nUser-agent: WEFTbot\nDisallow: /one\n\nUser-agent: *\nDisallow: /all\n\nUser-agent: weftbot\nDisallow: /two\n";
  constexpr std::string_view kAgent = "weftbot/1.0 (+https://e.com)";
  CHECK_FALSE(allowed(kFile, kAgent, "/one"));
  CHECK_FALSE(allowed(kFile, kAgent, "/two"));
  CHECK(allowed(kFile, kAgent, "/bot"));
  CHECK(allowed(kFile, kAgent, "/all"));
  CHECK_FALSE(allowed(kFile, "otherbot", "/bot"));
  CHECK_FALSE(allowed(kFile, "curl", "/all"));
}

TEST_CASE("a name with a version is meant by its product token, a browser's is not") {
  CHECK_FALSE(allowed("User-agent: weftbot/1.0\nDisallow: /", "weftbot/2.0", "/a"));
  CHECK_FALSE(allowed("User-agent: weftbot v1 (old)\nDisallow: /", "weftbot", "/a"));
  CHECK(allowed("User-agent: weftbot-image/1.0\nDisallow: /", "weftbot/2.0", "/a"));
  CHECK(allowed("User-agent: Mozilla/4.0 (compatible; MSIE 4.0)\nDisallow: /", "Mozilla/5.0 (compatible; weftbot)", "/a"));
  CHECK_FALSE(allowed("User-agent: * all of them\nDisallow: /", "weftbot", "/a"));
}

TEST_CASE("only rules end a list of user agents") {
  constexpr std::string_view kFile = "User-agent: one\nCrawl-delay: 5\nSitemap: https://e.com/s.xml\nNonsense: 1\n\nUser-agent: two\nCrawl-delay: 7\nDisallow: /x\nUser-agent: three\nCrawl-delay: 9\n";
  CHECK_FALSE(allowed(kFile, "one", "/x"));
  CHECK_FALSE(allowed(kFile, "two", "/x"));
  CHECK(allowed(kFile, "three", "/x"));
  const RobotsTxt robots = RobotsTxt::parse(kFile);
  CHECK(robots.crawlDelay("one") == 5s);
  CHECK(robots.crawlDelay("two") == 7s);
  CHECK(robots.crawlDelay("three") == 9s);
  CHECK_FALSE(robots.crawlDelay("four"));
  CHECK_FALSE(allowed("User-agent: a\nUser-agent:\nDisallow: /x", "a", "/x"));
  CHECK(allowed("User-agent: a\nDisallow:\nUser-agent:\nDisallow: /x", "a", "/x"));
}

TEST_CASE("a dollar is the end of the URL, or itself; an escaped star or dollar is only itself") {
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /a$", "w", "/a"));
  CHECK(allowed("User-agent: *\nDisallow: /a$", "w", "/ab"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /a$", "w", "/a$b"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /a$b", "w", "/a%24b"));
  CHECK(allowed("User-agent: *\nDisallow: /a%24", "w", "/a"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /a%2A", "w", "/a*b"));
  CHECK(allowed("User-agent: *\nDisallow: /a%2a", "w", "/ab"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /*.gif*$", "w", "/x/a.gif?b"));
  CHECK(allowed("User-agent: *\nDisallow: /a*b*b$", "w", "/ab"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /a*b*b$", "w", "/acbcb"));
}

TEST_CASE("patterns and URLs are compared in one spelling") {
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /%7ejoe", "w", "/~joe"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /~joe", "w", "/%7Ejoe"));
  CHECK(allowed("User-agent: *\nDisallow: /a%2fb", "w", "/a/b"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /a%2fb", "w", "/a%2Fb"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /a b", "w", "/a b"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /?q='x'", "w", "/?q='x'"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /p'x'", "w", "/p'x'"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /r\xE9s", "w", "/r%E9s"));   // no UTF-8: the bytes as they are
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /100%", "w", "/100%"));
  CHECK_FALSE(allowed("User-agent: *\nDisallow: /100%25", "w", "/100%"));
}

TEST_CASE("lines end with LF, CR or both, and a mark before the first one is nothing") {
  for (std::string_view end : {"\n", "\r", "\r\n", "\r\r\n", "\n\n"})
    for (std::string_view mark : {"", "\xEF\xBB\xBF", "\xEF\xBB"}) {
      std::string file(mark);
      for (std::string_view line : {"User-agent: w", "Disallow: /a", "Allow: /a/b", " \t# a comment", "Crawl-delay:\t1.5 # soon"}) file.append(line).append(end);
      CAPTURE(file);
      CHECK_FALSE(allowed(file, "w", "/a"));
      CHECK(allowed(file, "w", "/a/b"));
      CHECK(RobotsTxt::parse(file).crawlDelay("w") == 1500ms);
    }
}

TEST_CASE("numbers that mean nothing are passed over, and a delay has a limit") {
  for (std::string_view value : {"", "x", "-1", "nan", "1s", "1e999", "0x10", "1,5"}) {
    CAPTURE(value);
    CHECK_FALSE(RobotsTxt::parse("User-agent: *\nCrawl-delay: " + std::string(value)).crawlDelay("w"));
  }
  CHECK(RobotsTxt::parse("User-agent: *\nCrawl-delay: 1e9").crawlDelay("w") == RobotsTxt::kMaxCrawlDelay);
  CHECK(RobotsTxt::parse("User-agent: *\nCrawl-delay: 0").crawlDelay("w") == 0s);
  CHECK(RobotsTxt::parse("User-agent: *\nCrawl-delay: 3\nCrawl-delay: x").crawlDelay("w") == 3s);
  for (std::string_view value : {"", "5", "0/10", "1/0", "1/", "/1", "99999999999/1", "1/1y", "a/b"}) {
    CAPTURE(value);
    CHECK_FALSE(RobotsTxt::parse("User-agent: *\nRequest-rate: " + std::string(value)).requestRate("w"));
  }
  CHECK(RobotsTxt::parse("User-agent: *\nRequest-rate: 1/4294967295d").requestRate("w")->period == std::chrono::seconds(4294967295LL * 86400));
  CHECK(RobotsTxt::parse("User-agent: *\nVisit-time: 2200-0600").visitTime("w") == DailyWindow{22h, 6h});
  for (std::string_view value : {"", "0600", "0600-08450", "0660-0700", "2500-0100", "06000700", "abcd-efgh"}) {
    CAPTURE(value);
    CHECK_FALSE(RobotsTxt::parse("User-agent: *\nVisit-time: " + std::string(value)).visitTime("w"));
  }
}

TEST_CASE("the first host counts, and sitemaps belong to no group") {
  const RobotsTxt robots = RobotsTxt::parse("Sitemap: https://e.com/1.xml\nHost: www.e.com\nUser-agent: a\nsite-map: /2.xml\nHost: other\nSitemap:\n");
  CHECK(robots.host() == "www.e.com");
  CHECK(robots.sitemaps() == std::vector<std::string>{"https://e.com/1.xml", "/2.xml"});
  CHECK(robots.forAgent("b").sitemaps().size() == 2);
  CHECK(robots.forAgent("b").host() == "www.e.com");
}

// Fault 22.
TEST_CASE("500 KiB are read, whole lines of them") {
  std::string file = "User-agent: *\nDisallow: /first\n#";
  file.append(RobotsTxt::kMaxSize - file.size() - 12, 'x');
  file += "\nDisallow: /abc\nDisallow: /behind\n";               // the limit is within "/abc"
  const RobotsTxt robots = RobotsTxt::parse(file);
  CHECK(robots.truncated());
  CHECK_FALSE(robots.allowed(http::Url("https://e.com/first"), "w"));
  CHECK(robots.allowed(http::Url("https://e.com/abc"), "w"));
  CHECK(robots.allowed(http::Url("https://e.com/other"), "w"));
  CHECK(RobotsTxt::parse(std::string(RobotsTxt::kMaxSize + 1, 'x')).truncated());
  CHECK_FALSE(RobotsTxt::parse(std::string(RobotsTxt::kMaxSize, 'x')).truncated());
}

// Fault 23.
TEST_CASE("a pattern of stars costs no more than its length and the URL's") {
  const std::string path = "/" + std::string(8000, 'a');
  for (std::string_view unit : {"*a", "*", "*aa", "*aab", "a*", "*aaaaaaaaaaaaaaaab"})
    for (bool anchored : {false, true}) {
      std::string pattern = "/";
      while (pattern.size() < 2048) pattern += unit;
      for (const std::string& whole : {pattern, pattern + "b"}) {
        CAPTURE(whole);
        std::size_t work = 0;
        const bool matched = robots::matches(whole, anchored, path, &work);
        CHECK(matched == (whole.find('b') == std::string::npos && (!anchored || whole.ends_with('*') || whole.find('*') < whole.rfind('a'))));
        CHECK(work <= whole.size() + path.size());
      }
    }
  std::string file = "User-agent: *\nDisallow: /";
  for (int stars = 0; stars < 1000; ++stars) file += "*a";
  CHECK(allowed(file + "*b", "w", path));
  CHECK_FALSE(allowed(file, "w", path));
}

// The obvious way, which tries everything.
bool matchesSlowly(std::string_view pattern, bool anchored, std::string_view target) {
  if (pattern.empty()) return !anchored || target.empty();
  if (pattern.front() != '*') return !target.empty() && target.front() == pattern.front() && matchesSlowly(pattern.substr(1), anchored, target.substr(1));
  for (std::size_t skip = 0; skip <= target.size(); ++skip)
    if (matchesSlowly(pattern.substr(1), anchored, target.substr(skip))) return true;
  return false;
}

TEST_CASE("any small pattern matches what trying everything matches") {
  std::mt19937 random(9309);
  const auto draw = [&random](std::string_view letters, std::size_t most) {
    std::string result;
    for (std::size_t size = random() % (most + 1); result.size() < size;) result += letters[random() % letters.size()];
    return result;
  };
  int matched = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string pattern = draw("ab*", 7), target = draw("ab", 9);
    const bool anchored = random() % 2;
    CAPTURE(pattern);
    CAPTURE(target);
    const bool expected = matchesSlowly(pattern, anchored, target);
    matched += expected;
    CHECK(robots::matches(pattern, anchored, target) == expected);
  }
  CHECK(matched > 2000);
}

TEST_CASE("any bytes give rules, and what is normalised stays as it is") {
  std::mt19937 random(9310);
  constexpr std::string_view kPieces[] = {"User-agent: *\n", "Disallow: /", "Allow: ", "%", "%4", "%2f", "$", "*", "\r", "\n", ":", "#", "\xEF\xBB\xBF", "\xFF", "Crawl-delay: ", "1/5 0600-0700", "a"};
  for (int round = 0; round < 3000; ++round) {
    std::string file;
    for (unsigned pieces = random() % 40; pieces; --pieces) random() % 8 ? void(file += kPieces[random() % std::size(kPieces)]) : file.push_back(static_cast<char>(random()));
    CAPTURE(file);
    (void)allowed(file, "weftbot", "/a/%2f%zz$*%");
    std::string once, twice;
    robots::appendNormalised(once, file, true);
    robots::appendNormalised(twice, once, true);
    CHECK(once == twice);
    std::string target;
    robots::appendNormalised(target, file, false);
    CHECK(robots::isNormalised(target));
    CHECK(robots::isNormalised(file) == (target == file));
  }
}
