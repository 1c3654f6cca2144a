#include <weft/net/address.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>

using namespace weft::net;

TEST_CASE("numeric addresses are read and written") {      // H6
  for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::", "2001:db8::1:2", "::ffff:10.0.0.1"}) {
    const auto address = Address::parse(text, 80);
    REQUIRE(address);
    CHECK(address->host() == text);
    CHECK(address->port() == 80);
  }
  CHECK(Address::parse("127.0.0.1", 80)->toString() == "127.0.0.1:80");
  CHECK(Address::parse("::1", 80)->toString() == "[::1]:80");
  CHECK(Address::parse("[::1]", 80)->host() == "::1");
  CHECK(Address::parse("fe80::1%7", 80)->scope() == 7);
  CHECK(Address::parse("fe80::1%7", 80)->host() == "fe80::1%7");
}

TEST_CASE("names and near misses are not addresses") {
  for (const char* text : {"", "localhost", "127.0.0", "127.0.0.1.2", "127.0.0.256", "0x7f.1", "01.2.3.4 ", "[127.0.0.1]", "[::1", "::1]", ":::1",
                           "1:2:3:4:5:6:7:8:9", "fe80::1%", "fe80::1%no-such-interface", "127.0.0.1%1"})
    CHECK_MESSAGE(!Address::parse(text, 80), text);
  CHECK(!Address::parse(std::string(10'000, '1'), 80));
  CHECK(!Address::parse(std::string(10'000, ':'), 80));
}

TEST_CASE("an empty address is nothing, and addresses compare with their ports") {
  CHECK(!Address());
  CHECK(Address().host().empty());
  CHECK(Address() == Address());
  CHECK(Address::loopback(80) == *Address::parse("127.0.0.1", 80));
  CHECK(Address::loopback(80) != Address::loopback(81));
  CHECK(Address::loopback(80) < Address::loopback(81));
  CHECK(Address::loopback(80).withPort(81) == Address::loopback(81));
}

TEST_CASE("a UNIX socket's address is its name, shared by its copies") {
  const Address path = Address::unixPath("/run/x.sock");
  CHECK(path.family() == Address::Family::Unix);
  CHECK(path.path() == "/run/x.sock");
  CHECK(path.host() == "/run/x.sock");
  CHECK(path.toString() == "unix:/run/x.sock");
  CHECK(path.port() == 0);
  CHECK(path.bytes() == std::array<std::uint8_t, 16>{});
  CHECK(path.withPort(80) == path);
  CHECK(Address::unixPath("@name").toString() == "unix:@name");
  CHECK(Address::unixPath("").toString() == "unix:(unnamed)");
  CHECK(bool(Address::unixPath("")));
  CHECK(Address::loopback(80).path().empty());

  Address copy = path;
  CHECK(copy.path().data() == path.path().data());
  copy = Address::loopback(1);
  CHECK(copy == Address::loopback(1));
  copy = Address::unixPath("/run/x.sock");
  CHECK(copy == path);
  Address taken = std::move(copy);
  CHECK(taken == path);
  copy = taken;
  taken = Address();
  CHECK(copy == path);
  CHECK(Address::unixPath("/run/a") < path);
  CHECK(Address::unixPath("") != Address());
  CHECK(Address::loopback(80) < path);
}
