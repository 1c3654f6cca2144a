#include <weft/net/names/dns_resolver.hpp>

#include "../worlds.hpp"
#include "dns_server.hpp"

#include <weft/core/log.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <dirent.h>
#include <stdlib.h>

#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using std::chrono::seconds;

namespace {

using Messages = std::vector<std::string>;
using Texts = std::vector<std::string>;

int openDescriptors() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

/// A reactor with a resolver that asks one server of the test, and knows nothing else.
struct World : TcpWorld {
  explicit World(DnsServer::Handler handler) : server(std::move(handler)) { restart(DnsSettings()); }
  void restart(DnsSettings settings) {
    settings.server(server.address()).resolvConf("/no/such/file");
    if (settings.hostsFile() == "/etc/hosts") settings.hostsFile("");
    if (!settings.timeout()) settings.timeout(30);     // no question is repeated in a test unless it is about that
    names = std::make_unique<DnsResolver>(reactor, settings);
  }
  DnsServer server;
  std::unique_ptr<DnsResolver> names;
};

/// Answers A with 192.0.2.1 and AAAA with 2001:db8::1, names that begin with "silent" not at all.
Messages answerOrNot(const DnsQuery& query) {
  if (query.name.starts_with("silent")) return {};
  if (query.type == RecordType::A) return {query.answer().answer(query.name, "192.0.2.1").bytes};
  if (query.type == RecordType::AAAA) return {query.answer().answer(query.name, "2001:db8::1").bytes};
  return {query.answer(3).bytes};
}

Texts hostsOf(const std::vector<Address>& addresses) {
  Texts all;
  for (const Address& address : addresses) all.push_back(address.host());
  std::sort(all.begin(), all.end());                   // their order depends on the machine: see address_order_test.cpp
  return all;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    char name[] = "/tmp/weft-names-XXXXXX";
    const int file = ::mkstemp(name);
    REQUIRE(file >= 0);
    ::close(file);
    path = name;
    write(text);
  }
  ~TemporaryFile() { ::unlink(path.c_str()); }
  void write(const std::string& text) const { std::ofstream(path) << text; }
  std::string path;
};

}  // namespace

TEST_CASE("a name server's addresses of both families are found") {      // J13
  World world(answerOrNot);
  CHECK(hostsOf(resultOf(world, world.names->resolve("a.example", 80))) == Texts{"192.0.2.1", "2001:db8::1"});
  CHECK(world.server.udpQueries == 2);
  CHECK(resultOf(world, world.names->addressesOf("a.example")).ttl == seconds(60));
}

TEST_CASE("records of other types come from the name server, behind aliases") {
  World world([](const DnsQuery& query) -> Messages {
    if (query.type == RecordType::TXT)
      return {query.answer()
                  .answer(query.name, RecordType::CNAME, 9, DnsMessage::nameData("other.example"))
                  .answer("other.example", RecordType::TXT, 60, "\4text")
                  .bytes};
    return {query.answer().bytes};
  });
  const auto records = resultOf(world, world.names->lookup("A.example.", RecordType::TXT));
  REQUIRE(records.size() == 1);
  CHECK(records[0].toString() == "other.example 9 TXT \"text\"");
  const auto noData = errorOf<NoData>(world, world.names->lookup("a.example", RecordType::MX));
  CHECK(noData.servers == Texts{world.server.address()});
  CHECK(noData.question == "MX");
}

TEST_CASE("a hundred names whose server is silent hold up nobody") {      // fault 20
  World world(answerOrNot);
  std::vector<Deferred<std::vector<Address>>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(world.names->resolve("silent" + std::to_string(i) + ".example", 80));
  CHECK(resultOf(world, world.names->resolve("good.example", 80)).size() == 2);
  CHECK(world.names->pending() == 200);
  CHECK(world.server.udpQueries == 202);               // nothing had to be asked twice
  for (auto& one : silent) {
    CHECK(!one.called());
    one.cancel();
  }
  CHECK(world.names->pending() == 0);
}

TEST_CASE("a server that does not answer is asked again, and then the look-up times out") {
  World world(answerOrNot);
  world.restart(DnsSettings().timeout(0.01).tries(2));
  const auto timeout = errorOf<DNSTimeout>(world, world.names->lookup("silent.example", RecordType::A));
  CHECK(std::string(timeout.what()) == "looking up \"silent.example\" (A): no answer in time; asked " + world.server.address());
  CHECK(world.server.udpQueries == 2);
}

TEST_CASE("a question that was lost is asked again and answered") {
  std::atomic<int> seen{0};
  World world([&](const DnsQuery& query) { return seen++ == 0 ? Messages() : answerOrNot(query); });
  world.restart(DnsSettings().timeout(0.02).tries(5));
  CHECK(resultOf(world, world.names->lookup("a.example", RecordType::A)).size() == 1);
  CHECK(world.server.udpQueries >= 2);
}

TEST_CASE("no such name, and for how long") {      // fault 20: NXDOMAIN
  World world([](const DnsQuery& query) -> Messages { return {query.answer(3).soa("example", 300, 77).bytes}; });
  const auto missing = errorOf<NameNotFound>(world, world.names->resolve("gone.example", 443));
  CHECK(missing.host == "gone.example");
  CHECK(missing.port == 443);
  CHECK(missing.ttl == seconds(77));
  CHECK(missing.servers == Texts{world.server.address()});
}

TEST_CASE("a server that fails or refuses says so in the error") {      // fault 20: SERVFAIL
  World world([](const DnsQuery& query) -> Messages {
    return {query.answer(query.name == "refused.example" ? 5 : query.name == "format.example" ? 1 : 2).bytes};
  });
  world.restart(DnsSettings().tries(1));
  const auto text = [&](const char* name) { return std::string(errorOf<ServerFailure>(world, world.names->lookup(name, RecordType::A)).what()); };
  CHECK(text("failed.example").find("(SERVFAIL)") != std::string::npos);
  CHECK(text("refused.example").find("(REFUSED)") != std::string::npos);
  CHECK(text("format.example").find("(FORMERR)") != std::string::npos);
}

TEST_CASE("nobody at the server's port is a ServerFailure") {
  World world(answerOrNot);
  world.names = std::make_unique<DnsResolver>(world.reactor, DnsSettings().server("127.0.0.1:1").hostsFile("").resolvConf("").timeout(0.05).tries(1));
  const Outcome<std::vector<Address>> outcome = outcomeOf(world, world.names->resolve("a.example", 80));
  REQUIRE(!outcome);
  CHECK(outcome.failure().check<ServerFailure, DNSTimeout>());      // as the system reports it, or not
}

TEST_CASE("one family that fails does not hide the other, and the rest is remembered for a short time only") {
  World world([](const DnsQuery& query) -> Messages {
    if (query.type == RecordType::A) return {query.answer().answer(query.name, "192.0.2.1", 3600).bytes};
    return {query.answer(2).bytes};
  });
  world.restart(DnsSettings().tries(1));
  const HostAddresses found = resultOf(world, world.names->addressesOf("a.example"));
  CHECK(hostsOf(found.addresses) == Texts{"192.0.2.1"});
  CHECK(found.ttl == seconds(10));
}

TEST_CASE("IPv4 addresses do not wait for long for an IPv6 answer that does not come") {      // RFC 8305 section 3
  World world([](const DnsQuery& query) -> Messages {
    if (query.type == RecordType::A) return {query.answer().answer(query.name, "192.0.2.1").bytes};
    return {};
  });
  world.restart(DnsSettings().resolutionDelay(0.01));
  CHECK(hostsOf(resultOf(world, world.names->resolve("a.example", 80))) == Texts{"192.0.2.1"});
  CHECK(world.names->pending() == 0);
}

TEST_CASE("answers with another id, to another question, or of garbage before the true one are ignored") {      // fault 20
  World world([](const DnsQuery& query) -> Messages {
    const std::string truth = query.answer().answer(query.name, "192.0.2.1").bytes;
    DnsQuery otherId = query, otherName = query;
    otherId.id = static_cast<std::uint16_t>(~query.id);
    otherName.name = "evil.example";
    return {"", "x", std::string(11, '\xff'), otherId.answer().answer(query.name, "192.0.2.66").bytes, otherName.answer().answer(query.name, "192.0.2.67").bytes, truth};
  });
  const auto records = resultOf(world, world.names->lookup("a.example", RecordType::A));
  REQUIRE(records.size() == 1);
  CHECK(records[0].as<AddressRecord>()->address.host() == "192.0.2.1");
}

TEST_CASE("a malformed answer is an error") {      // fault 20: loops
  World world([](const DnsQuery& query) -> Messages {
    DnsMessage loop = query.answer();
    loop.bytes[7] = 1;
    const auto here = static_cast<char>(loop.bytes.size());
    loop.raw(std::string{'\xc0', here}).raw("1234567890");
    return {loop.bytes};
  });
  CHECK(errorOf<BadAnswer>(world, world.names->lookup("a.example", RecordType::A)).host == "a.example");
}

TEST_CASE("an answer that was cut short is asked for again by TCP") {      // J13
  World world([](const DnsQuery& query) -> Messages {
    if (!query.tcp) return {query.answer().truncated().bytes};
    DnsMessage all = query.answer();
    for (int i = 1; i <= 200; ++i) all.answer(query.name, ("192.0.2." + std::to_string(i)).c_str());
    return {all.bytes};
  });
  std::vector<Deferred<std::vector<Record>>> asking;
  for (int i = 0; i < 5; ++i) asking.push_back(world.names->lookup("a" + std::to_string(i) + ".example", RecordType::A));
  for (auto& one : asking) CHECK(resultOf(world, std::move(one)).size() == 200);
  CHECK(world.server.tcpQueries == 5);
}

TEST_CASE("a look-up that is cancelled ends at once, and its sockets with the last one") {
  World world(answerOrNot);
  world.settle();
  const int before = openDescriptors();
  auto first = world.names->resolve("silent1.example", 80);
  auto second = world.names->lookup("silent2.example", RecordType::A);
  CHECK(world.names->pending() == 3);
  first.cancel();
  errorOf<CancelledError>(world, std::move(first));
  CHECK(world.names->pending() == 1);
  CHECK(openDescriptors() > before);
  second.cancel();
  errorOf<CancelledError>(world, std::move(second));
  CHECK(world.names->pending() == 0);
  CHECK(openDescriptors() == before);
  CHECK(resultOf(world, world.names->resolve("a.example", 80)).size() == 2);
  world.settle();
  CHECK(openDescriptors() == before);
}

TEST_CASE("questions beyond the limit wait for their turn, and beyond the second limit are refused") {
  World world(answerOrNot);
  world.restart(DnsSettings().maxPending(2).maxQueued(2));
  auto silent1 = world.names->lookup("silent1.example", RecordType::A);
  auto silent2 = world.names->lookup("silent2.example", RecordType::A);
  auto waiting1 = world.names->lookup("a.example", RecordType::A);
  auto waiting2 = world.names->lookup("b.example", RecordType::A);
  CHECK(world.names->pending() == 2);
  CHECK(world.names->queued() == 2);
  CHECK(errorOf<TooManyLookups>(world, world.names->lookup("c.example", RecordType::A)).limit == 2);
  world.settle();
  CHECK(!waiting1.called());
  waiting2.cancel();
  errorOf<CancelledError>(world, std::move(waiting2));
  silent1.cancel();
  CHECK(world.names->queued() == 0);
  CHECK(resultOf(world, std::move(waiting1)).size() == 1);
  silent2.cancel();
}

TEST_CASE("a thousand names are found by several sockets after each other, and none is left open") {
  World world(answerOrNot);
  world.restart(DnsSettings().maxPending(100));
  world.settle();
  const int before = openDescriptors();
  std::vector<Deferred<std::vector<Record>>> asking;
  for (int i = 0; i < 1000; ++i) asking.push_back(world.names->lookup("n" + std::to_string(i) + ".example", RecordType::A));
  for (auto& one : asking) CHECK(resultOf(world, std::move(one)).size() == 1);
  world.settle();
  CHECK(openDescriptors() == before);
}

TEST_CASE("a resolver may be dropped with look-ups under way, also from inside one's result") {
  World world(answerOrNot);
  world.settle();
  const int before = openDescriptors();
  auto silent = world.names->resolve("silent.example", 80);
  auto other = world.names->lookup("silent.example", RecordType::A);
  bool dropped = false;
  auto good = world.names->lookup("a.example", RecordType::A).addCallback([&](std::vector<Record>) {
    world.names.reset();
    dropped = true;
  });
  CHECK(world.until([&] { return dropped; }));
  errorOf<AbandonedError>(world, std::move(silent));
  errorOf<AbandonedError>(world, std::move(other));
  world.settle();
  CHECK(openDescriptors() == before);
}

TEST_CASE("a reactor that ends first closes the sockets of a resolver's look-ups") {
  DnsServer server([](const DnsQuery&) { return Messages(); });
  const int before = openDescriptors();
  auto reactor = std::make_unique<Reactor>();
  auto names = std::make_unique<DnsResolver>(*reactor, DnsSettings().server(server.address()).hostsFile("").resolvConf(""));
  auto asking = names->resolve("silent.example", 80);
  reactor->iterate(0);
  names.reset();
  CHECK(asking.called());
  CHECK(failureResultOf<AbandonedError>(asking).check<AbandonedError>());
  reactor.reset();
  CHECK(openDescriptors() == before);
}

TEST_CASE("the hosts file is asked first, and read again when it has changed") {      // J14
  TemporaryFile hosts("192.0.2.9 db.internal db\n2001:db8::9 db.internal\n");
  World world(answerOrNot);
  world.restart(DnsSettings().hostsFile(hosts.path).lookAgainAfter(0));
  CHECK(hostsOf(resultOf(world, world.names->resolve("DB.internal", 80))) == Texts{"192.0.2.9", "2001:db8::9"});
  CHECK(resultOf(world, world.names->lookup("db.internal", RecordType::AAAA)).at(0).toString() == "db.internal 0 AAAA 2001:db8::9");
  const auto reverse = resultOf(world, world.names->lookup("9.2.0.192.in-addr.arpa", RecordType::PTR));
  REQUIRE(reverse.size() == 2);
  CHECK(reverse[0].as<PtrRecord>()->target == "db.internal");
  CHECK(world.server.udpQueries == 0);
  hosts.write("192.0.2.10 db.internal\n# longer than before, so that it has changed for certain\n");
  CHECK(hostsOf(resultOf(world, world.names->resolve("db.internal", 80))) == Texts{"192.0.2.10"});
  CHECK(resultOf(world, world.names->resolve("db", 80)).size() == 2);      // now the server's
  CHECK(world.server.udpQueries == 2);
}

TEST_CASE("resolv.conf tells the search list, and is read again when it has changed") {      // J13
  World world([](const DnsQuery& query) -> Messages {
    if (query.name == "host.b.example") return answerOrNot(query);
    return {query.answer(3).bytes};
  });
  world.names = nullptr;
  TemporaryFile conf("nameserver 127.0.0.1\nsearch a.example b.example\n");
  DnsResolver names(world.reactor, DnsSettings().server(world.server.address()).hostsFile("").resolvConf(conf.path).lookAgainAfter(0));
  CHECK(resultOf(world, names.resolve("host", 80)).size() == 2);
  CHECK(world.server.udpQueries == 4);
  CHECK(errorOf<NameNotFound>(world, names.resolve("other", 80)).host == "other");
  errorOf<NameNotFound>(world, names.resolve("host.", 80));
  conf.write("nameserver 127.0.0.1\n");
  errorOf<NameNotFound>(world, names.resolve("host", 80));

  DnsResolver byFile(world.reactor, DnsSettings().hostsFile("").resolvConf(conf.path).lookAgainAfter(0));
  REQUIRE(byFile.servers().size() == 1);
  CHECK(byFile.servers()[0].toString() == "127.0.0.1:53");
  conf.write("nameserver 192.0.2.53\nnameserver 192.0.2.54\n");
  CHECK(byFile.servers().size() == 2);
}

TEST_CASE("a file that cannot be read is warned of, and what was known before counts") {
  LogCapture log;
  World world(answerOrNot);
  world.restart(DnsSettings().hostsFile("/"));
  CHECK(resultOf(world, world.names->resolve("a.example", 80)).size() == 2);
  CHECK(log.count(LogLevel::Warning) == 1);
}

TEST_CASE("servers are given by address and port; anything else is refused by name") {
  CHECK(DnsSettings().server("192.0.2.53").servers().at(0).toString() == "192.0.2.53:53");
  CHECK(DnsSettings().server("192.0.2.53:5353").servers().at(0).toString() == "192.0.2.53:5353");
  CHECK(DnsSettings().server("2001:db8::53").servers().at(0).toString() == "[2001:db8::53]:53");
  CHECK(DnsSettings().server("[2001:db8::53]:5353").servers().at(0).toString() == "[2001:db8::53]:5353");
  for (const char* bad : {"", "dns.example", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:x", "[::1", "0x7f.1"})
    CHECK_THROWS_AS(DnsSettings().server(bad), std::invalid_argument);
}

TEST_CASE("odd notations never reach a name server") {      // fault 19
  World world(answerOrNot);
  for (const char* odd : {"0x7f.1", "2130706433", "017700000001", "127.1"}) errorOf<BadName>(world, world.names->resolve(odd, 80));
  CHECK(world.server.udpQueries == 0);
}

TEST_CASE("a network connects by the resolver that it was given") {
  class Greeter : public Protocol {
   public:
    void connectionMade() override { transport().write("hello"); }
    void dataReceived(std::string_view) override {}
  };
  World world([](const DnsQuery& query) -> Messages {
    if (query.type == RecordType::A) return {query.answer().answer(query.name, "127.0.0.1").bytes};
    return {query.answer().bytes};
  });
  TcpNetwork network(world.reactor, std::make_shared<DnsResolver>(world.reactor, DnsSettings().server(world.server.address()).hostsFile("").resolvConf("")));
  auto port = network.listen(0, factoryOf<Greeter>(), world.loopback());
  Stream stream(resultOf(world, network.connect("greeter.example", port->getHost().port())));
  CHECK(resultOf(world, stream.readExactly(5)) == "hello");
  const auto refused = errorOf<ConnectionRefused>(world, network.connect("greeter.example", 1));
  CHECK(std::string(refused.what()) == "connecting to greeter.example:1: connection refused");
}
