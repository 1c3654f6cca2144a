#include <weft/net/guarded_network.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/testing/memory_resolver.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

namespace {

class Quiet : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
};

/// A network in memory whose names a MemoryResolver knows; it notes where connections go.
class NamedNetwork final : public Network {
 public:
  NamedNetwork() { port_ = memory.listen(80, factoryOf<Quiet>()); }
  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options) override {
    connected.push_back(host);
    return memory.connect(std::move(host), port, options);
  }
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options) override {
    return memory.listen(port, std::move(factory), options);
  }
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override { return names.resolve(std::move(host), port); }
  Clock& clock() noexcept override { return time; }

  ManualClock time;
  MemoryNetwork memory{time};
  MemoryResolver names{time};
  std::vector<std::string> connected;

 private:
  std::unique_ptr<Port> port_;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a guarded network connects to the address that it checked, and looks the name up once") {      // fault 19: DNS rebinding
  NamedNetwork inner;
  inner.names.add("example.com", "8.8.8.8");
  GuardedNetwork network(inner);
  auto connecting = network.connect("example.com", 80);
  inner.names.remove("example.com");
  inner.names.add("example.com", "127.0.0.1");         // what it would mean a moment later
  inner.time.play(1);
  CHECK(successResultOf(connecting)->getPeer().host() == "8.8.8.8");
  CHECK(inner.connected == Texts{"8.8.8.8"});
  const Failure failure = failureResultOf<AddressRefused>(network.connect("example.com", 80));
  CHECK(failure.as<AddressRefused>()->host == "example.com");
  CHECK(failure.as<AddressRefused>()->port == 80);
  CHECK(failure.as<AddressRefused>()->rule == "loopback");
  CHECK(inner.connected.size() == 1);
}

TEST_CASE("a guarded network refuses special addresses without connecting, in every notation") {      // fault 19
  NamedNetwork inner;
  GuardedNetwork network(inner);
  for (const char* host : {"127.0.0.1", "[::1]", "::ffff:127.0.0.1", "169.254.169.254", "fd00:ec2::254", "0.0.0.0", "10.0.0.1", "localhost", "a.localhost"})
    CHECK_MESSAGE(failureResultOf(network.connect(host, 80)).check<AddressRefused>(), host);
  for (const char* host : {"0x7f.1", "2130706433", "017700000001", "127.1", "127.0.0.1."})
    CHECK_MESSAGE(failureResultOf(network.connect(host, 80)).check<BadName>(), host);
  CHECK(inner.connected.empty());
  CHECK(inner.names.queries() == 0);
}

TEST_CASE("of a name's addresses only those that are allowed are tried") {
  NamedNetwork inner;
  for (const char* address : {"10.0.0.1", "8.8.8.8", "::1", "2001:4860::8888"}) inner.names.add("mixed.example", address);
  inner.memory.setLink("8.8.8.8", MemoryLink().refused());
  GuardedNetwork network(inner);
  auto connecting = network.connect("mixed.example", 80);
  inner.time.play(1);
  CHECK(successResultOf(connecting)->getPeer().host() == "2001:4860::8888");
  CHECK(inner.connected == Texts{"8.8.8.8", "2001:4860::8888"});
}

TEST_CASE("a guarded network lets pass what its rules allow, by range or by host") {
  NamedNetwork inner;
  inner.names.add("intranet.example", "10.0.0.1");
  inner.names.add("evil.example", "10.0.0.1");
  inner.names.add("test.example", "127.0.0.1");
  GuardedNetwork network(inner, AddressGuard().allowHost("intranet.example").allow("127.0.0.0/8"));
  auto byHost = network.connect("intranet.example", 80);
  auto byRange = network.connect("test.example", 80);
  inner.time.play(1);
  CHECK(successResultOf(byHost)->getPeer().host() == "10.0.0.1");
  CHECK(successResultOf(byRange)->getPeer().host() == "127.0.0.1");
  failureResultOf<AddressRefused>(network.connect("evil.example", 80));
  CHECK(!network.guard().check("x", *Address::parse("127.0.0.1", 0)));
}

TEST_CASE("a guarded network passes on what the look-up and the attempts say") {
  NamedNetwork inner;
  inner.names.add("example.com", "8.8.8.8");
  GuardedNetwork network(inner);
  failureResultOf<NameNotFound>(network.connect("gone.example", 80));
  auto refused = network.connect("example.com", 81);
  inner.time.play(1);
  CHECK(failureResultOf<ConnectionRefused>(refused).as<ConnectionRefused>()->host == "example.com");
  inner.memory.setLink(MemoryLink().silent());
  auto silent = network.connect("example.com", 80, ConnectOptions().timeout(2));
  inner.time.play(2);
  failureResultOf<ConnectTimeout>(silent);
  auto cancelled = network.connect("example.com", 80);
  cancelled.cancel();
  failureResultOf<CancelledError>(cancelled);
}

TEST_CASE("listening and looking up go through a guarded network unchanged") {
  NamedNetwork inner;
  inner.names.add("example.com", "10.0.0.1");
  GuardedNetwork network(inner);
  CHECK(successResultOf(network.resolve("example.com", 80)).at(0).host() == "10.0.0.1");
  CHECK(network.listen(0, factoryOf<Quiet>())->getHost().port() != 0);
  CHECK(&network.clock() == &inner.time);
}
