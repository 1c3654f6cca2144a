#include <weft/net/names/system_resolver.hpp>

#include "../worlds.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace weft;
using namespace weft::net;

namespace {

struct World : TcpWorld {
  SystemResolver names{reactor};
};

}  // namespace

TEST_CASE("the system's resolver finds what getaddrinfo finds, on a thread") {      // G7
  World world;
  const HostAddresses found = resultOf(world, world.names.addressesOf("localhost"));
  REQUIRE(!found.addresses.empty());
  CHECK(found.ttl == std::chrono::seconds(0));
  for (const Address& address : found.addresses) CHECK(address.port() == 0);
  const auto records = resultOf(world, world.names.recordsOf("localhost", RecordType::A));
  REQUIRE(!records.empty());
  CHECK(records[0].toString() == "localhost 0 A 127.0.0.1");
}

TEST_CASE("the system's resolver never sees an odd notation, which it would take for 127.0.0.1") {      // fault 19
  World world;
  for (const char* odd : {"0x7f.1", "2130706433", "017700000001", "127.1"}) {
    CHECK(errorOf<BadName>(world, world.names.resolve(odd, 80)).port == 80);
    errorOf<BadName>(world, world.names.lookup(odd, RecordType::A));
  }
}

TEST_CASE("what the system cannot ask for is said") {
  World world;
  const auto error = errorOf<LookupNotSupported>(world, world.names.lookup("a.example", RecordType::MX));
  CHECK(std::string(error.what()) == "looking up \"a.example\" (MX): the system's resolver knows A, AAAA and PTR; ask a DnsResolver");
  errorOf<NameNotFound>(world, world.names.lookup("not.reverse", RecordType::PTR));
}

TEST_CASE("a look-up by the system is cancelled at once; its thread goes on by itself") {
  World world;
  auto looking = world.names.addressesOf("localhost");
  looking.cancel();
  errorOf<CancelledError>(world, std::move(looking));
}
