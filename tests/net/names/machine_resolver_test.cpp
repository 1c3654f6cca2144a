#include <weft/net/names/machine_resolver.hpp>

#include "../worlds.hpp"

#include <weft/defer/testing.hpp>
#include <weft/net/names/system_resolver.hpp>
#include <weft/net/testing/memory_resolver.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

/// What the DNS and the system know differs: so the answer tells who was asked.
struct World {
  explicit World(const std::string& nsswitch) : names(dns, system, nsswitch) {
    dns->add("both.example", "192.0.2.1");
    system->add("both.example", "192.0.2.2");
    system->add("ldap.example", "192.0.2.2");
    system->add("printer.local", "192.0.2.2");
  }
  std::string ask(const std::string& name) {
    const Outcome<std::vector<Address>> outcome = names.resolve(name, 80).result();
    return outcome ? const_cast<Outcome<std::vector<Address>>&>(outcome)->at(0).host() : outcome.failure().typeName();
  }
  ManualClock clock;
  std::shared_ptr<MemoryResolver> dns = std::make_shared<MemoryResolver>(clock);
  std::shared_ptr<MemoryResolver> system = std::make_shared<MemoryResolver>(clock);
  MachineResolver names;
};

}  // namespace

TEST_CASE("where nsswitch.conf names files and the DNS, the system is never asked") {
  for (const char* text : {"", "passwd: files\nhosts:\tfiles dns # or so\n", "hosts: resolve [!UNAVAIL=return] files dns", "#hosts: ldap\n"}) {
    World world(text);
    CHECK(world.ask("both.example") == "192.0.2.1");
    CHECK(world.ask("ldap.example") == "weft::net::NameNotFound");
    CHECK(world.ask("printer.local") == "weft::net::NameNotFound");
    CHECK(world.system->queries() == 0);
  }
}

TEST_CASE("where nsswitch.conf names mDNS, names under .local are the system's") {
  World world("hosts: files mdns4_minimal [NOTFOUND=return] dns");
  CHECK(world.ask("both.example") == "192.0.2.1");
  CHECK(world.ask("ldap.example") == "weft::net::NameNotFound");
  CHECK(world.ask("printer.local") == "192.0.2.2");
  CHECK(world.ask("printer.local.") == "weft::net::NameNotFound");      // as the memory knows it; it was the system's to say
  CHECK(world.system->queries() == 2);
  CHECK(world.dns->queries() == 2);
}

TEST_CASE("where nsswitch.conf names other sources, the system is asked for what the DNS does not know") {
  World world("hosts: files dns ldap");
  CHECK(world.ask("both.example") == "192.0.2.1");
  CHECK(world.system->queries() == 0);
  CHECK(world.ask("ldap.example") == "192.0.2.2");
  CHECK(world.ask("gone.example") == "weft::net::NameNotFound");
  world.dns->failWith("broken.example", ServerFailure("broken.example", "A", {}, "it refused"));
  CHECK(world.ask("broken.example") == "weft::net::ServerFailure");
  CHECK(world.system->queries("broken.example") == 0);
  failureResultOf<NoData>(world.names.lookup("both.example", RecordType::MX));
}

TEST_CASE("where nsswitch.conf does not name the DNS, all names are the system's") {
  World world("hosts: files nis");
  CHECK(world.ask("both.example") == "192.0.2.2");
  CHECK(world.dns->queries() == 0);
}

TEST_CASE("a record that the system cannot look up is as missing as the DNS said") {
  ManualClock clock;
  Reactor reactor;
  MachineResolver names(std::make_shared<MemoryResolver>(clock), std::make_shared<SystemResolver>(reactor), "hosts: dns ldap");
  failureResultOf<NameNotFound>(names.lookup("gone.example", RecordType::MX));
}

TEST_CASE("all networks of a reactor share one resolver, and localhost needs none") {
  TcpWorld world;
  TcpNetwork other(world.reactor);
  CHECK(&world.network.resolver() == &other.resolver());
  CHECK(resultOf(world, world.network.resolve("localhost", 80)).front().toString() == "127.0.0.1:80");
}

TEST_CASE("a reactor may end while its networks' resolver still looks names up") {
  auto reactor = std::make_unique<Reactor>();
  auto network = std::make_unique<TcpNetwork>(*reactor);
  auto asking = network->resolve("name.invalid", 80);                     // it is asked for; no turn of the loop can bring the answer
  assertNoResult(asking);
  network.reset();
  reactor.reset();
  CHECK(failureResultOf(asking).check<AbandonedError>());
}
