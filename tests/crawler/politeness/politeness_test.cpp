#include <weft/crawler/politeness/politeness.hpp>

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/http/dates.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace weft;
using namespace weft::crawler;

namespace {

struct World {
  Settings settings;
  ManualClock clock;
  LogCapture log;
  std::unique_ptr<Politeness> made;

  Politeness& politeness() {
    if (!made) made = std::make_unique<Politeness>(settings, clock);
    return *made;
  }
  Slot& slot(std::string_view name = "a") { return politeness().slot(name); }
  // Seconds until the next request may start; negative: never, as things stand.
  double wait(std::string_view name = "a") {
    const Slot::Time at = politeness().readyAt(slot(name));
    if (at == Politeness::kNever) return -1;
    return at <= clock.now() ? 0 : static_cast<double>((at - clock.now()).count()) / 1e9;
  }
  // One request that is answered at once.
  void ask(int status = 200, std::string_view retryAfter = "", std::string_view date = "", std::string_view name = "a") {
    Slot& host = slot(name);
    politeness().started(host);
    Politeness::Answer answer;
    answer.status = status;
    answer.retryAfter = retryAfter;
    answer.date = date;
    politeness().answered(host, clock.now(), answer);
    politeness().ended(host);
  }
  bool fail(std::string_view name = "a") {
    Slot& host = slot(name);
    politeness().started(host);
    const bool down = politeness().failed(host, clock.now(), "connection refused");
    politeness().ended(host);
    return down;
  }
};

}  // namespace

TEST_CASE("a turn in which the host was not asked does not count, once it is known when it is") {
  World world;
  world.settings.downloadDelay = 10;
  world.settings.randomizeDownloadDelay = false;
  Politeness& politeness = world.politeness();
  const auto turn = [&](bool asks) {
    politeness.started(world.slot());
    if (asks) politeness.asked(world.slot());
    CHECK(world.wait() == 10);                         // it may still ask
    politeness.ended(world.slot());
  };
  politeness.followAsking();
  for (int i = 0; i < 3; ++i) {
    turn(false);
    CHECK(world.wait() == 0);
  }
  turn(true);
  CHECK(world.wait() == 10);
  world.clock.advance(10);
  turn(false);
  CHECK(world.wait() == 0);                            // since the request there were ten seconds

  politeness.started(world.slot());
  politeness.started(world.slot());
  politeness.ended(world.slot());
  CHECK(world.wait() == 10);                           // the other one has not said
  politeness.ended(world.slot());
  CHECK(world.wait() == 0);

  World other;                                         // nobody says when the host is asked
  other.settings.downloadDelay = 10;
  other.settings.randomizeDownloadDelay = false;
  other.politeness().started(other.slot());
  other.politeness().ended(other.slot());
  CHECK(other.wait() == 10);
}

TEST_CASE("a host gets so many requests at once, and says why it waits") {
  World world;
  world.settings.concurrentRequestsPerDomain = 2;
  CHECK(world.wait() == 0);
  world.politeness().started(world.slot());
  world.politeness().started(world.slot());
  CHECK(world.wait() == -1);
  CHECK(world.politeness().why("a") == "a waits: 2 of 2 requests are in flight (CONCURRENT_REQUESTS_PER_DOMAIN)");
  world.politeness().ended(world.slot());
  CHECK(world.wait() == 0);
  CHECK(world.politeness().why("a") == "a may be asked now: 1 of 2 requests are in flight");
  CHECK(world.politeness().why("z") == "z has not been asked yet, or has nothing to wait for");
}

TEST_CASE("the delay counts from start to start, and is 0.5 to 1.5 times the setting") {
  World world;
  world.settings.downloadDelay = 2;
  double least = 9, most = 0;
  for (int i = 0; i < 500; ++i) {
    world.ask();
    const double wait = world.wait();
    least = std::min(least, wait);
    most = std::max(most, wait);
    world.clock.advance(3);
  }
  CHECK(least >= 1);
  CHECK(least < 1.05);
  CHECK(most <= 3);
  CHECK(most > 2.95);
}

TEST_CASE("DOWNLOAD_SLOTS sets single hosts apart, and is checked") {
  World world;
  world.settings.set("DOWNLOAD_SLOTS", R"({"slow": {"concurrency": 1, "delay": 7, "randomize_delay": false}})");
  world.ask(200, "", "", "slow");
  CHECK(world.wait("slow") == 7);
  CHECK(world.politeness().why("slow") == "slow waits 7 s: 7 s between requests (DOWNLOAD_DELAY)");
  world.ask(200, "", "", "other");
  CHECK(world.wait("other") == 0);
  Request request("http://x.test/");
  CHECK(Politeness::slotName(request) == "x.test");
  request.setMeta("download_slot", "slow");
  CHECK(Politeness::slotName(request) == "slow");
  Settings settings;
  for (const char* bad : {"[1]", "{", R"({"a": 1})", R"({"a": {"concurrency": 0}})", R"({"a": {"delay": -1}})", R"({"a": {"speed": 1}})", R"({"a": {"randomize_delay": 1}})"})
    CHECK_THROWS_AS(settings.set("DOWNLOAD_SLOTS", bad), SettingError);
}

TEST_CASE("a rule of robots.txt is never shortened, and the stricter of rule and setting counts") {
  World world;
  world.settings.downloadDelay = 1;
  world.politeness().setRule("a", HostRule::crawlDelay(10));
  for (int i = 0; i < 50; ++i) {
    world.ask();
    REQUIRE(world.wait() == 10);
    world.clock.advance(10);
  }
  world.ask();
  CHECK(world.politeness().why("a") == "a waits 10 s: 10 s between requests (Crawl-delay of robots.txt)");
  world.politeness().setRule("a", HostRule::requestRate(2, 60));
  CHECK(world.wait() == 30);                           // from the request that was made before the rule was known
  world.politeness().setRule("a", HostRule());
  CHECK(world.wait() <= 1.5);
}

TEST_CASE("Retry-After is kept to, in seconds and as a date, and cut at RETRY_AFTER_MAX") {
  World world;
  world.ask(429, "120");
  CHECK(world.wait() == 120);
  CHECK(world.politeness().why("a") == "a waits 120 s: Retry-After of 120 s with status 429");
  world.clock.advance(120);
  CHECK(world.wait() == 0);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - std::chrono::hours(5);   // the server's clock is wrong
  world.ask(503, http::formatDate(now + std::chrono::seconds(90)), http::formatDate(now));
  CHECK(world.wait() == 90);
  world.clock.advance(90);
  world.ask(503, "86400");
  CHECK(world.wait() == 600);
  CHECK(world.log.contains("asks to be left alone for 86400 s (Retry-After); it is for 600 s (RETRY_AFTER_MAX)"));
}

TEST_CASE("without Retry-After the wait doubles, with a random part, and an answer ends it") {
  World world;
  for (double base : {1, 2, 4, 8, 16, 32, 60, 60}) {
    world.ask(429);
    CHECK(world.wait() >= base);
    CHECK(world.wait() <= base * 1.5);
    world.clock.advance(world.wait());
  }
  world.ask(503);
  CHECK(world.politeness().why("a").find("it answered 503 without a Retry-After, 9 times in a row") != std::string::npos);
  world.clock.advance(100);
  world.ask(200);
  CHECK(world.wait() == 0);
  world.ask(503);
  CHECK(world.wait() <= 1.5);                          // from the beginning
}

TEST_CASE("answers to requests that were in flight when the host asked for a pause count once") {
  World world;
  Slot& host = world.slot();
  const auto begun = world.clock.now();
  for (int i = 0; i < 8; ++i) world.politeness().started(host);
  world.clock.advance(1);
  Politeness::Answer busy;
  busy.status = 503;
  for (int i = 0; i < 8; ++i) world.politeness().answered(host, begun, busy);
  CHECK(world.wait("a") == -1);
  for (int i = 0; i < 8; ++i) world.politeness().ended(host);
  CHECK(world.wait() >= 1);
  CHECK(world.wait() <= 1.5);
  Politeness::Answer good;
  good.status = 200;
  world.politeness().answered(host, begun, good);      // this one was in flight too: it says nothing about now
  CHECK(world.wait() >= 1);
}

TEST_CASE("a host that reaches nobody is tried alone and ever less often, then given up") {
  World world;
  for (int i = 0; i < 4; ++i) CHECK_FALSE(world.fail());
  CHECK(world.wait() == 0);                            // it may be a bad moment
  CHECK_FALSE(world.fail());                           // it has never answered: attempts count
  CHECK(world.wait() >= 1);
  CHECK(world.politeness().why("a").find("a is down: 5 attempts in a row failed (connection refused); the next one is made in 1") == 0);
  double last = 0;
  int probes = 0;
  while (!world.politeness().givenUp(world.slot()) && ++probes < 100) {
    last = world.wait();
    world.clock.advance(last);
    world.politeness().started(world.slot());
    CHECK(world.wait() == -1);                         // one at a time
    world.politeness().ended(world.slot());
    world.fail();
  }
  CHECK(probes > 6);
  CHECK(probes < 15);
  CHECK(last >= 60);
  CHECK(world.wait() == 0);                            // so that what waits can fail
  CHECK(world.politeness().why("a").find("a was given up: ") == 0);
}

TEST_CASE("a host that has answered before is down after two failures, its attempts do not count, and it comes back") {
  World world;
  world.ask();
  CHECK_FALSE(world.fail());
  CHECK(world.fail());
  CHECK(world.wait() >= 1);
  world.clock.advance(2);
  CHECK(world.fail());
  world.clock.advance(10);
  world.ask();
  CHECK(world.wait() == 0);
  CHECK(world.politeness().why("a").find("a may be asked now") == 0);
  CHECK(world.log.contains("a answers again"));
}

TEST_CASE("hosts that have nothing to say are forgotten once there are many") {
  World world;
  world.politeness().setRule("rule", HostRule::crawlDelay(3));
  for (int i = 0; i < 100'000; ++i) world.ask(200, "", "", "h" + std::to_string(i));
  CHECK(world.politeness().size() <= 20'000);
  world.ask(200, "", "", "rule");
  CHECK(world.wait("rule") == 3);
}
