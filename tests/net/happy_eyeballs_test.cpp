#include <weft/net/happy_eyeballs.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/names/error.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/testing/memory_resolver.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

using Connected = std::shared_ptr<Transport>;

std::vector<Address> addresses(const std::vector<std::string>& hosts) {
  std::vector<Address> all;
  for (const std::string& host : hosts) all.push_back(Address::parse(host, 80).value());
  return all;
}

std::vector<std::string> hostsOf(const std::vector<Address>& addresses) {
  std::vector<std::string> all;
  for (const Address& address : addresses) all.push_back(address.host());
  return all;
}

/// Attempts that the test decides; it sees when each began and whether it was cancelled.
struct Scene {
  struct Attempt {
    std::string host;
    double at;
    Trigger<Connected> trigger;
    bool cancelled = false;
    std::shared_ptr<StringTransport> transport;

    void succeed() {
      transport = std::make_shared<StringTransport>();
      trigger.callback(Connected(transport));
    }
    void refuse() { trigger.errback(ConnectionRefused(host, 80, "connection refused", 111)); }
    void unreachable() { trigger.errback(HostUnreachable(host, 80, "network is unreachable", 101)); }
    void reset() { trigger.errback(ConnectError(host, 80, "connection reset by peer", 104)); }
  };
  ManualClock clock;
  std::vector<std::unique_ptr<Attempt>> attempts;
  std::function<void(Attempt&)> atOnce;

  Deferred<Connected> race(const std::vector<std::string>& hosts, const ConnectOptions& options = {}) {
    return happyEyeballs(
        clock, "example.com", 80, succeed(addresses(hosts)),
        [this](const Address& address) {
          attempts.push_back(std::make_unique<Attempt>());
          Attempt* const attempt = attempts.back().get();
          attempt->host = address.host();
          attempt->at = clock.seconds();
          Deferred<Connected> result([attempt] { attempt->cancelled = true; });
          attempt->trigger = result.takeTrigger();
          if (atOnce) atOnce(*attempt);
          return result;
        },
        options);
  }
  Attempt& operator[](std::size_t i) { return *attempts.at(i); }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("families take turns, beginning with the first address's, and keep their order") {
  CHECK(hostsOf(interleaveFamilies(addresses({"::1", "::2", "::3", "10.0.0.1", "10.0.0.2"}))) == Texts{"::1", "10.0.0.1", "::2", "10.0.0.2", "::3"});
  CHECK(hostsOf(interleaveFamilies(addresses({"10.0.0.1", "10.0.0.2", "::1"}))) == Texts{"10.0.0.1", "::1", "10.0.0.2"});
  CHECK(hostsOf(interleaveFamilies(addresses({"10.0.0.1", "10.0.0.2"}))) == Texts{"10.0.0.1", "10.0.0.2"});
  CHECK(interleaveFamilies({}).empty());
}

TEST_CASE("attempts begin a quarter of a second apart; the first to succeed wins and the others are cancelled") {      // J3
  Scene scene;
  auto connecting = scene.race({"::1", "::2", "10.0.0.1"});
  REQUIRE(scene.attempts.size() == 1);
  scene.clock.play(0.249);
  CHECK(scene.attempts.size() == 1);
  scene.clock.play(0.3);
  REQUIRE(scene.attempts.size() == 3);
  CHECK(scene[0].host == "::1");
  CHECK(scene[1].host == "10.0.0.1");
  CHECK(scene[1].at == doctest::Approx(0.25));
  CHECK(scene[2].host == "::2");
  CHECK(scene[2].at == doctest::Approx(0.5));
  scene[1].succeed();
  CHECK(successResultOf(connecting) == scene[1].transport);
  CHECK(scene[0].cancelled);
  CHECK(!scene[1].cancelled);
  CHECK(scene[2].cancelled);
  CHECK(scene.clock.getDelayedCalls().empty());
}

TEST_CASE("one address that answers is the only one that is tried") {
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1"});
  scene[0].succeed();
  successResultOf(connecting);
  scene.clock.play(10);
  CHECK(scene.attempts.size() == 1);
}

TEST_CASE("when an attempt fails the next begins at once, and the one after it a delay later") {      // J3
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1", "::2"});
  scene.clock.play(0.1);
  scene[0].refuse();
  REQUIRE(scene.attempts.size() == 2);
  CHECK(scene[1].at == doctest::Approx(0.1));
  scene.clock.play(0.24);
  CHECK(scene.attempts.size() == 2);
  scene.clock.play(0.02);
  REQUIRE(scene.attempts.size() == 3);
  CHECK(scene[2].at == doctest::Approx(0.35));
  scene[2].succeed();
  successResultOf(connecting);
  CHECK(scene[1].cancelled);
}

TEST_CASE("the delay between attempts is a setting") {
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1"}, ConnectOptions().attemptDelay(2));
  scene.clock.play(1.9);
  CHECK(scene.attempts.size() == 1);
  scene.clock.play(0.2);
  CHECK(scene.attempts.size() == 2);
  connecting.cancel();
}

TEST_CASE("attempts that fail as soon as they begin are passed over without recursion") {
  Scene scene;
  std::vector<std::string> hosts;
  for (int i = 0; i < 20'000; ++i) hosts.push_back("10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256));
  scene.atOnce = [](Scene::Attempt& attempt) { attempt.refuse(); };
  const Failure refused = failureResultOf<ConnectionRefused>(scene.race(hosts));
  CHECK(scene.attempts.size() == 20'000);
  CHECK(std::string(refused.what()).ends_with("; and 19992 more)"));
  CHECK(scene.clock.getDelayedCalls().empty());
}

TEST_CASE("when all were refused the error is a ConnectionRefused of the name, and lists who") {
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1"});
  scene[0].refuse();
  scene[1].refuse();
  const Failure failure = failureResultOf<ConnectionRefused>(connecting);
  const auto& error = *failure.as<ConnectionRefused>();
  CHECK(error.host == "example.com");
  CHECK(error.port == 80);
  CHECK(error.systemError == 111);
  CHECK(error.attempts == Texts{"::1: connection refused", "10.0.0.1: connection refused"});
  CHECK(std::string(error.what()) ==
        "connecting to example.com:80: connection refused (::1: connection refused; 10.0.0.1: connection refused)");
}

TEST_CASE("of a single address the error says only what was wrong") {
  Scene scene;
  auto connecting = scene.race({"10.0.0.1"});
  scene[0].refuse();
  CHECK(std::string(failureResultOf<ConnectionRefused>(connecting).what()) == "connecting to example.com:80: connection refused");
}

TEST_CASE("an address that cannot be reached from here does not hide what the others said") {
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1"});
  scene[0].unreachable();
  scene[1].refuse();
  CHECK(std::string(failureResultOf<ConnectionRefused>(connecting).what()) ==
        "connecting to example.com:80: connection refused (::1: network is unreachable; 10.0.0.1: connection refused)");
  Scene far;
  auto unreachable = far.race({"::1", "10.0.0.1"});
  far[0].unreachable();
  far[1].unreachable();
  failureResultOf<HostUnreachable>(unreachable);
}

TEST_CASE("when the addresses failed in different ways the error is a ConnectError that lists them") {
  Scene scene;
  auto connecting = scene.race({"10.0.0.1", "10.0.0.2"});
  scene[0].refuse();
  scene[1].reset();
  const Failure failure = failureResultOf<ConnectError>(connecting);
  CHECK(!failure.check<ConnectionRefused>());
  CHECK(std::string(failure.what()) ==
        "connecting to example.com:80: no address answered: 10.0.0.1: connection refused; 10.0.0.2: connection reset by peer");
}

TEST_CASE("an error that is none of connecting ends the race at once") {
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1"});
  scene.clock.play(0.3);
  scene[0].trigger.errback(std::runtime_error("a fault of ours"));
  CHECK(std::string(failureResultOf<std::runtime_error>(connecting).what()) == "a fault of ours");
  CHECK(scene[1].cancelled);
}

TEST_CASE("an attempt that throws counts as one that failed") {
  ManualClock clock;
  auto connecting = happyEyeballs(clock, "a", 80, succeed(addresses({"10.0.0.1"})),
                                  [](const Address&) -> Deferred<Connected> { throw ConnectionRefused("10.0.0.1", 80, "connection refused"); });
  failureResultOf<ConnectionRefused>(connecting);
}

TEST_CASE("the timeout covers the look-up and all attempts") {
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1"}, ConnectOptions().timeout(3));
  scene.clock.play(1);
  scene[0].refuse();
  scene.clock.play(1.9);
  assertNoResult(connecting);
  scene.clock.play(0.2);
  const Failure timeout = failureResultOf<ConnectTimeout>(connecting);
  CHECK(std::string(timeout.what()) ==
        "connecting to example.com:80: no connection after 3 seconds (::1: connection refused; 10.0.0.1: no answer)");
  CHECK(timeout.as<ConnectTimeout>()->attempts.size() == 2);
  CHECK(scene[1].cancelled);

  ManualClock clock;
  bool cancelled = false;
  Deferred<std::vector<Address>> lookup([&] { cancelled = true; });
  const auto held = lookup.takeTrigger();
  auto waiting = happyEyeballs(clock, "example.com", 80, std::move(lookup), [](const Address&) { return Deferred<Connected>(); }, ConnectOptions().timeout(3));
  clock.play(3);
  CHECK(cancelled);
  CHECK(std::string(failureResultOf<ConnectTimeout>(waiting).what()) ==
        "connecting to example.com:80: no connection after 3 seconds: the name is still being looked up");
}

TEST_CASE("the look-up may have a shorter time of its own, with an error of its own") {
  ManualClock clock;
  MemoryResolver names(clock);
  names.silence("silent.example");
  names.add("slow.example", "10.0.0.1");
  names.delay("slow.example", 1);
  std::vector<double> lookedUp;
  const ConnectOptions options = ConnectOptions().timeout(3).lookupTimeout(2).onLookedUp([&](const std::vector<Address>& found) {
    CHECK(hostsOf(found) == std::vector<std::string>{"10.0.0.1"});
    lookedUp.push_back(clock.seconds());
  });
  std::vector<Trigger<Connected>> attempts;            // that nobody answers
  const auto connect = [&](const std::string& host) {
    const auto attempt = [&](const Address&) {
      Deferred<Connected> connecting;
      attempts.push_back(connecting.takeTrigger());
      return connecting;
    };
    return happyEyeballs(clock, host, 80, names.resolve(host, 80), attempt, options);
  };
  auto silent = connect("silent.example");
  auto slow = connect("slow.example");
  clock.play(1.9);
  assertNoResult(silent);
  clock.play(0.1);
  const Failure failure = failureResultOf<DNSTimeout>(silent);
  CHECK(failure.as<DNSTimeout>()->host == "silent.example");
  CHECK(failure.as<DNSTimeout>()->port == 80);
  CHECK(names.cancelled() == 1);
  assertNoResult(slow);                                // its name was known in time, so it has all three seconds
  CHECK(lookedUp == std::vector<double>{1});
  clock.play(0.9);
  assertNoResult(slow);
  clock.play(0.1);
  failureResultOf<ConnectTimeout>(slow);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("cancelling gives the look-up, or all attempts, up at once") {
  Scene scene;
  auto connecting = scene.race({"::1", "10.0.0.1", "::2"});
  scene.clock.play(0.3);
  connecting.cancel();
  failureResultOf<CancelledError>(connecting);
  CHECK(scene[0].cancelled);
  CHECK(scene[1].cancelled);
  CHECK(scene.attempts.size() == 2);
  CHECK(scene.clock.getDelayedCalls().empty());

  ManualClock clock;
  MemoryResolver names(clock);
  names.silence("example.com");
  auto waiting = happyEyeballs(clock, "example.com", 80, names.resolve("example.com", 80), [](const Address&) { return Deferred<Connected>(); });
  waiting.cancel();
  failureResultOf<CancelledError>(waiting);
  CHECK(names.cancelled() == 1);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a name that cannot be looked up fails with what the resolver says") {
  ManualClock clock;
  MemoryResolver names(clock);
  auto connecting = happyEyeballs(clock, "gone.example", 80, names.resolve("gone.example", 80), [](const Address&) { return Deferred<Connected>(); });
  CHECK(failureResultOf<NameNotFound>(connecting).as<NameNotFound>()->port == 80);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("of two attempts that succeed in spite of being cancelled the later is closed") {
  ManualClock clock;
  std::vector<Trigger<Connected>> triggers;
  auto connecting = happyEyeballs(clock, "a", 80, succeed(addresses({"::1", "10.0.0.1"})), [&](const Address&) {
    Deferred<Connected> result([] { return true; });   // cannot be cancelled: it will still fire
    triggers.push_back(result.takeTrigger());
    return result;
  });
  clock.play(0.3);
  REQUIRE(triggers.size() == 2);
  const auto winner = std::make_shared<StringTransport>();
  const auto loser = std::make_shared<StringTransport>();
  triggers[1].callback(Connected(winner));
  CHECK(successResultOf(connecting) == winner);
  triggers[0].callback(Connected(loser));
  CHECK(loser->aborted());
  CHECK(!winner->aborted());
}

TEST_CASE("only addresses of the family to come from are tried") {
  Scene scene;
  ConnectOptions options;
  options.bindAddress(*Address::parse("10.0.0.9", 0));
  auto connecting = scene.race({"::1", "10.0.0.1"}, options);
  REQUIRE(scene.attempts.size() == 1);
  CHECK(scene[0].host == "10.0.0.1");
  scene[0].succeed();
  successResultOf(connecting);
  options.bindAddress(*Address::parse("::9", 0));
  failureResultOf<HostUnreachable>(scene.race({"10.0.0.1"}, options));
}
