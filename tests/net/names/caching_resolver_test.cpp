#include <weft/net/names/caching_resolver.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/testing/memory_resolver.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using std::chrono::seconds;

namespace {

struct World {
  explicit World(const CacheSettings& settings = {}) : cache(std::make_unique<CachingResolver>(names, clock, settings)) {}
  ManualClock clock;
  std::shared_ptr<MemoryResolver> names = std::make_shared<MemoryResolver>(clock);
  std::unique_ptr<CachingResolver> cache;
};

}  // namespace

TEST_CASE("a name is asked for once in its TTL, and again after it") {      // J14
  World world;
  world.names->add("a.example", "192.0.2.1", seconds(60));
  for (int i = 0; i < 3; ++i) CHECK(successResultOf(world.cache->resolve("A.example", 80)).at(0).toString() == "192.0.2.1:80");
  CHECK(world.names->queries() == 1);
  CHECK(world.cache->hits() == 2);
  CHECK(world.cache->misses() == 1);
  world.clock.advance(59.5);
  world.names->remove("a.example");
  successResultOf(world.cache->resolve("a.example", 80));
  world.clock.advance(0.5);
  failureResultOf<NameNotFound>(world.cache->resolve("a.example", 80));
}

TEST_CASE("a kept answer says how long it still lives") {
  World world;
  world.names->add("a.example", MxRecord(10, "m.example"), seconds(60));
  world.names->add("a.example", "192.0.2.1", seconds(60));
  CHECK(successResultOf(world.cache->lookup("a.example", RecordType::MX)).at(0).ttl == seconds(60));
  successResultOf(world.cache->addressesOf("a.example"));
  world.clock.advance(25);
  CHECK(successResultOf(world.cache->lookup("a.example", RecordType::MX)).at(0).ttl == seconds(35));
  CHECK(successResultOf(world.cache->addressesOf("a.example")).ttl == seconds(35));
  CHECK(world.names->queries() == 2);
}

TEST_CASE("records are kept by name and type") {
  World world;
  world.names->add("a.example", MxRecord(10, "m.example"));
  world.names->add("a.example", TxtRecord("text"));
  CHECK(successResultOf(world.cache->lookup("a.example", RecordType::MX)).at(0).as<MxRecord>());
  CHECK(successResultOf(world.cache->lookup("a.example", RecordType::TXT)).at(0).as<TxtRecord>());
  failureResultOf<NoData>(world.cache->lookup("a.example", RecordType::SRV));
  failureResultOf<NoData>(world.cache->resolve("a.example", 80));
  CHECK(world.names->queries() == 4);
  successResultOf(world.cache->lookup("a.example", RecordType::MX));
  CHECK(world.names->queries() == 4);
  CHECK(world.cache->size() == 4);
}

TEST_CASE("TTLs are held between the least and the most that is allowed") {
  World world(CacheSettings().minTtl(5).maxTtl(100));
  world.names->add("short.example", "192.0.2.1", seconds(0));
  world.names->add("long.example", "192.0.2.1", seconds(1'000'000));
  successResultOf(world.cache->resolve("short.example", 80));
  successResultOf(world.cache->resolve("long.example", 80));
  world.clock.advance(4.9);
  successResultOf(world.cache->resolve("short.example", 80));
  CHECK(world.names->queries() == 2);
  world.clock.advance(0.2);
  successResultOf(world.cache->resolve("short.example", 80));
  CHECK(world.names->queries() == 3);
  world.clock.advance(94);
  successResultOf(world.cache->resolve("long.example", 80));
  CHECK(world.names->queries() == 3);
  world.clock.advance(1);
  successResultOf(world.cache->resolve("long.example", 80));
  CHECK(world.names->queries() == 4);
}

TEST_CASE("an answer with a TTL of 0 is not kept, nor a huge one") {
  World world;
  world.names->add("a.example", "192.0.2.1", seconds(0));
  world.names->add("huge.example", TxtRecord(std::string(10'000, 'x')), seconds(60));
  for (int i = 0; i < 2; ++i) {
    successResultOf(world.cache->resolve("a.example", 80));
    successResultOf(world.cache->lookup("huge.example", RecordType::TXT));
  }
  CHECK(world.names->queries() == 4);
  CHECK(world.cache->size() == 0);
}

TEST_CASE("that a name does not exist is remembered as long as the server said, but not too long") {      // fault 20
  World world(CacheSettings().negativeTtl(30, 300));
  const auto failing = [&](const std::string& name, std::optional<int> ttl) {
    NameNotFound error(name, "A, AAAA");
    if (ttl) error.ttl = seconds(*ttl);
    world.names->failWith(name, error);
  };
  failing("short.example", 10);
  failing("unsaid.example", {});
  failing("long.example", 100'000);
  const auto ask = [&] {
    for (const char* name : {"short.example", "unsaid.example", "long.example"}) failureResultOf<NameNotFound>(world.cache->resolve(name, 80));
    return world.names->queries();
  };
  CHECK(ask() == 3);
  CHECK(ask() == 3);
  world.clock.advance(10);
  CHECK(ask() == 4);
  world.clock.advance(20);
  CHECK(ask() == 6);
  world.clock.advance(270);
  CHECK(ask() == 9);
}

TEST_CASE("a failing server is left alone for a moment; other errors are not remembered") {
  World world;
  world.names->failWith("a.example", ServerFailure("a.example", "A, AAAA", {}, "it refused"));
  world.names->failWith("b.example", TooManyLookups("b.example", "A, AAAA", 1));
  const auto ask = [&] {
    failureResultOf<ServerFailure>(world.cache->resolve("a.example", 80));
    failureResultOf<TooManyLookups>(world.cache->resolve("b.example", 80));
    return world.names->queries();
  };
  CHECK(ask() == 2);
  CHECK(ask() == 3);
  world.clock.advance(1);
  CHECK(ask() == 5);
}

TEST_CASE("an error from memory is the error of who asks: with the port") {
  World world;
  failureResultOf<NameNotFound>(world.cache->resolve("a.example", 80));
  CHECK(failureResultOf<NameNotFound>(world.cache->resolve("a.example", 443)).as<NameNotFound>()->port == 443);
}

TEST_CASE("what was not used longest makes room for the new") {
  World world(CacheSettings().maxEntries(2));
  for (const char* name : {"a.example", "b.example", "c.example"}) world.names->add(name, "192.0.2.1");
  successResultOf(world.cache->resolve("a.example", 80));
  successResultOf(world.cache->resolve("b.example", 80));
  successResultOf(world.cache->resolve("a.example", 80));
  successResultOf(world.cache->resolve("c.example", 80));
  CHECK(world.cache->size() == 2);
  successResultOf(world.cache->resolve("a.example", 80));
  CHECK(world.names->queries() == 3);
  successResultOf(world.cache->resolve("b.example", 80));
  CHECK(world.names->queries() == 4);
  world.cache->clear();
  CHECK(world.cache->size() == 0);
}

TEST_CASE("a hundred thousand names leave no more than the limit behind") {
  World world(CacheSettings().maxEntries(100));
  for (int i = 0; i < 100'000; ++i) failureResultOf<NameNotFound>(world.cache->resolve("n" + std::to_string(i) + ".example", 80));
  CHECK(world.cache->size() == 100);
}

TEST_CASE("equal look-ups that wait together are one question") {      // J13
  World world;
  world.names->add("a.example", "192.0.2.1");
  world.names->delay("a.example", 1);
  std::vector<Deferred<std::vector<Address>>> waiting;
  for (std::uint16_t port = 1; port <= 3; ++port) waiting.push_back(world.cache->resolve("a.example", port));
  CHECK(world.names->queries() == 1);
  CHECK(world.cache->coalesced() == 2);
  world.clock.advance(1);
  for (std::uint16_t port = 1; port <= 3; ++port) CHECK(successResultOf(waiting[port - 1u]).at(0).port() == port);
}

TEST_CASE("an error reaches all who wait") {
  World world;
  world.names->delay("a.example", 1);
  auto first = world.cache->resolve("a.example", 1);
  auto second = world.cache->resolve("a.example", 2);
  world.clock.advance(1);
  CHECK(failureResultOf<NameNotFound>(first).as<NameNotFound>()->port == 1);
  CHECK(failureResultOf<NameNotFound>(second).as<NameNotFound>()->port == 2);
}

TEST_CASE("cancelling one look-up does not disturb the others; cancelling the last cancels the question") {
  World world;
  world.names->add("a.example", "192.0.2.1");
  world.names->delay("a.example", 1);
  auto first = world.cache->resolve("a.example", 80);
  auto second = world.cache->resolve("a.example", 80);
  first.cancel();
  failureResultOf<CancelledError>(first);
  CHECK(world.names->cancelled() == 0);
  auto third = world.cache->resolve("a.example", 80);
  second.cancel();
  third.cancel();
  failureResultOf<CancelledError>(second);
  failureResultOf<CancelledError>(third);
  CHECK(world.names->cancelled() == 1);

  auto again = world.cache->resolve("a.example", 80);
  CHECK(world.names->queries() == 2);
  world.clock.advance(1);
  successResultOf(again);
}

TEST_CASE("a look-up whose handle was dropped is still finished and remembered, also when the others are cancelled") {
  World world;
  world.names->add("a.example", "192.0.2.1");
  world.names->delay("a.example", 1);
  world.cache->resolve("a.example", 80).detach();
  auto other = world.cache->resolve("a.example", 80);
  other.cancel();
  failureResultOf<CancelledError>(other);
  CHECK(world.names->cancelled() == 0);
  world.clock.advance(1);
  successResultOf(world.cache->resolve("a.example", 80));
  CHECK(world.names->queries() == 1);
}

TEST_CASE("who gets an answer may ask again, or drop the cache, from inside") {
  World world;
  world.names->add("a.example", "192.0.2.1", seconds(0));
  world.names->delay("a.example", 1);
  std::optional<Deferred<std::vector<Address>>> again;
  auto first = world.cache->resolve("a.example", 80).addCallback([&](std::vector<Address>) { again = world.cache->resolve("a.example", 80); });
  auto second = world.cache->resolve("a.example", 80);
  world.clock.advance(1);
  CHECK(first.called());
  CHECK(second.called());
  REQUIRE(again);
  auto last = std::move(*again).addCallback([&](std::vector<Address>) { world.cache.reset(); });
  world.clock.advance(1);
  CHECK(last.called());
}

TEST_CASE("a cache that goes cancels its questions, and who waits is told") {
  World world;
  world.names->silence("a.example");
  auto waiting = world.cache->resolve("a.example", 80);
  world.cache.reset();
  failureResultOf<AbandonedError>(waiting);
  CHECK(world.names->cancelled() == 1);
}
