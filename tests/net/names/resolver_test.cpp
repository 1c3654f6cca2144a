#include <weft/net/names/resolver.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/testing/memory_resolver.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using std::chrono::seconds;

namespace {

struct World {
  ManualClock clock;
  MemoryResolver names{clock};
};

std::vector<std::string> texts(const std::vector<Address>& addresses) {
  std::vector<std::string> all;
  for (const Address& address : addresses) all.push_back(address.toString());
  return all;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a name resolves to its addresses with the port, in order") {      // G7
  World world;
  world.names.add("example.com", "2001:db8::1");
  world.names.add("example.com", "192.0.2.1");
  CHECK(texts(successResultOf(world.names.resolve("EXAMPLE.com", 443))) == Texts{"[2001:db8::1]:443", "192.0.2.1:443"});
  CHECK(world.names.queries("example.com") == 1);
}

TEST_CASE("a numeric address and localhost are known without asking") {
  World world;
  CHECK(texts(successResultOf(world.names.resolve("192.0.2.7", 1))) == Texts{"192.0.2.7:1"});
  CHECK(texts(successResultOf(world.names.resolve("[::1]", 2))) == Texts{"[::1]:2"});
  for (const char* name : {"localhost", "LocalHost.", "a.b.localhost"})
    CHECK(texts(successResultOf(world.names.resolve(name, 80))) == Texts{"127.0.0.1:80", "[::1]:80"});
  const auto records = successResultOf(world.names.lookup("localhost", RecordType::AAAA));
  REQUIRE(records.size() == 1);
  CHECK(records[0].toString() == "localhost 0 AAAA ::1");
  CHECK(world.names.queries() == 0);
  CHECK(!isLocalhost("notlocalhost"));
  CHECK(!isLocalhost("localhost.example"));
}

TEST_CASE("what cannot be a name is refused without asking, and the error says why") {
  World world;
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "the name is empty"},
      {std::string("a\0b", 3), "a name does not contain the byte 0x00"},
      {"a b", "a name does not contain ' '"},
      {"a/b", "a name does not contain '/'"},
      {"a\xc3\xbc.example", "the name is not ASCII: convert it to its xn-- form (IDNA) first"},
      {"a..b", "a part of the name is empty"},
      {".a", "a part of the name is empty"},
      {".", "a part of the name is empty"},
      {std::string(64, 'x') + ".com", "a part of the name has 64 bytes, and none has more than 63"},
      {std::string(63, 'x') + '.' + std::string(63, 'y') + '.' + std::string(63, 'z') + '.' + std::string(62, 'w'),
       "the name has 254 bytes, and none has more than 253"}};
  for (const auto& [name, why] : bad) {
    const Failure failure = failureResultOf<BadName>(world.names.resolve(name, 80));
    CHECK(failure.as<BadName>()->host == name);
    CHECK(failure.as<BadName>()->port == 80);
    CHECK(std::string(failure.what()).ends_with(": " + why));
    CHECK(failureResultOf<BadName>(world.names.lookup(name, RecordType::A)).check<DNSLookupError>());
  }
  CHECK(world.names.queries() == 0);
  CHECK(!problemOfHostName(std::string(63, 'x') + ".example."));
  CHECK(!problemOfHostName("_dmarc.3com.com"));
}

TEST_CASE("odd notations of addresses are not names, so that nobody takes them for 127.0.0.1") {      // fault 19
  World world;
  for (const char* odd : {"0x7f.1", "2130706433", "017700000001", "127.1", "127.0.0.1.", "0x7f000001", "0x", "1.2.3.4.5", "256.1.1.1", "example.0x7f"}) {
    CAPTURE(odd);
    const Failure failure = failureResultOf<BadName>(world.names.resolve(odd, 80));
    CHECK(std::string(failure.what()).find("ends in a number") != std::string::npos);
    CHECK(failureResultOf<BadName>(world.names.lookup(odd, RecordType::A)).check<BadName>());
  }
  CHECK(world.names.queries() == 0);
}

TEST_CASE("records are looked up by type, behind aliases, and never live longer than those") {      // J14
  World world;
  world.names.add("www.example", CnameRecord("web.example"), seconds(20));
  world.names.add("web.example", AddressRecord(*Address::parse("192.0.2.1", 0)), seconds(300));
  world.names.add("_sip._tcp.example", SrvRecord(1, 2, 5060, "sip.example"), seconds(300));
  const auto addresses = successResultOf(world.names.lookup("WWW.example", RecordType::A));
  REQUIRE(addresses.size() == 1);
  CHECK(addresses[0].toString() == "web.example 20 A 192.0.2.1");
  const auto aliases = successResultOf(world.names.lookup("www.example", RecordType::CNAME));
  REQUIRE(aliases.size() == 1);
  CHECK(aliases[0].as<CnameRecord>()->target == "web.example");
  const auto services = successResultOf(world.names.lookup("_sip._tcp.example", RecordType::SRV));
  REQUIRE(services.size() == 1);
  CHECK(services[0].as<SrvRecord>()->port == 5060);
  CHECK(!services[0].as<MxRecord>());
}

TEST_CASE("there is no such name, or no such record: the error tells which, for what was asked") {
  World world;
  world.names.add("example.com", "192.0.2.1");
  const Failure missing = failureResultOf<NameNotFound>(world.names.resolve("gone.example", 80));
  CHECK(missing.as<NameNotFound>()->host == "gone.example");
  CHECK(missing.as<NameNotFound>()->port == 80);
  CHECK(missing.as<NameNotFound>()->question == "A, AAAA");
  CHECK(std::string(missing.what()) == "looking up \"gone.example\" (A, AAAA): there is no such name");
  const Failure noData = failureResultOf<NoData>(world.names.lookup("example.com", RecordType::MX));
  CHECK(std::string(noData.what()) == "looking up \"example.com\" (MX): the name has no record of type MX");
}

TEST_CASE("an error names the servers that were asked, and a name's strange bytes do no harm") {
  CHECK(std::string(DNSTimeout("a.example", "A", {"192.0.2.1:53", "[2001:db8::1]:53"}).what()) ==
        "looking up \"a.example\" (A): no answer in time; asked 192.0.2.1:53, [2001:db8::1]:53");
  CHECK(std::string(BadName("a\n\x1b" + std::string(300, 'x'), "why").what()) == "looking up \"a??" + std::string(252, 'x') + "…\": why");
  CHECK(std::string(TooManyLookups("a", "A", 5).what()) == "looking up \"a\" (A): 5 look-ups wait already; DnsSettings::maxQueued() allows more");
  const Failure withPort = ServerFailure("a", "A", {}, "it refused").withPort(53);
  CHECK(withPort.as<ServerFailure>()->port == 53);
}

TEST_CASE("a MemoryResolver answers late, or never, or with an error, as it is told") {
  World world;
  world.names.add("slow.example", "192.0.2.1");
  world.names.delay("slow.example", 3);
  world.names.add("silent.example", "192.0.2.1");
  world.names.silence("silent.example");
  world.names.failWith("bad.example", ServerFailure("bad.example", "A", {}, "it refused"));
  auto slow = world.names.resolve("slow.example", 80);
  auto silent = world.names.resolve("silent.example", 80);
  failureResultOf<ServerFailure>(world.names.resolve("bad.example", 80));
  world.clock.advance(2.9);
  assertNoResult(slow);
  CHECK(world.names.pending() == 2);
  world.clock.advance(0.2);
  CHECK(successResultOf(slow).size() == 1);
  world.clock.advance(1e6);
  assertNoResult(silent);
  silent.cancel();
  failureResultOf<CancelledError>(silent);
  CHECK(world.names.cancelled() == 1);
  CHECK(world.names.pending() == 0);
}

TEST_CASE("look-ups of a MemoryResolver that is gone are abandoned") {
  ManualClock clock;
  auto names = std::make_unique<MemoryResolver>(clock);
  names->silence("a.example");
  names->delay("b.example", 1);
  auto silent = names->resolve("a.example", 1);
  auto slow = names->resolve("b.example", 1);
  names.reset();
  failureResultOf<AbandonedError>(silent);
  clock.advance(2);
  failureResultOf<AbandonedError>(slow);
}
