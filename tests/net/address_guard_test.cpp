#include <weft/net/address_guard.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace weft::net;

namespace {

/// The rule that refuses an address, or "".
std::string ruleFor(const AddressGuard& guard, std::string_view address, std::string_view host = "evil.example") {
  const auto refusal = guard.check(host, Address::parse(address, 80).value());
  return refusal ? refusal->rule : "";
}

}  // namespace

TEST_CASE("the guard refuses every kind of special address, and the edges of each") {      // fault 19
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"0.0.0.0", "unspecified"},         {"0.255.255.255", "unspecified"},
      {"10.0.0.0", "private"},            {"10.255.255.255", "private"},
      {"100.64.0.0", "shared"},           {"100.127.255.255", "shared"},
      {"100.100.100.200", "metadata"},    {"168.63.129.16", "metadata"},
      {"127.0.0.1", "loopback"},          {"127.255.255.255", "loopback"},
      {"169.254.0.1", "link-local"},      {"169.254.169.254", "metadata"},
      {"172.16.0.0", "private"},          {"172.31.255.255", "private"},
      {"192.0.0.1", "reserved"},          {"192.0.2.1", "documentation"},
      {"192.88.99.1", "reserved"},        {"192.168.0.0", "private"},
      {"192.168.255.255", "private"},     {"198.18.0.0", "benchmarking"},
      {"198.19.255.255", "benchmarking"}, {"198.51.100.7", "documentation"},
      {"203.0.113.255", "documentation"}, {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},   {"240.0.0.0", "reserved"},
      {"255.255.255.255", "broadcast"},   {"::", "unspecified"},
      {"::1", "loopback"},                {"::7f00:1", "IPv4-compatible"},
      {"::ffff:127.0.0.1", "IPv4-mapped"}, {"::ffff:8.8.8.8", "IPv4-mapped"},
      {"64:ff9b::7f00:1", "IPv4-translated"}, {"64:ff9b:1::1", "IPv4-translated"},
      {"100::1", "discarded"},            {"2001::1", "Teredo"},
      {"2001:2::1", "reserved"},          {"2001:db8::1", "documentation"},
      {"2002:7f00:1::1", "6to4"},         {"3fff:fff::1", "documentation"},
      {"4000::1", "reserved"},            {"5f00::1", "reserved"},
      {"9000::1", "reserved"},            {"fc00::1", "private"},
      {"fdff::1", "private"},             {"fd00:ec2::254", "metadata"},
      {"fe80::1%1", "link-local"},        {"febf::1", "link-local"},
      {"fec0::1", "private"},             {"ff02::1", "multicast"},
      {"200::1", "reserved"}};
  const AddressGuard guard;
  for (const auto& [address, rule] : refused) CHECK_MESSAGE(ruleFor(guard, address) == rule, address);
}

TEST_CASE("the guard lets ordinary addresses pass, close to the special ones too") {
  const AddressGuard guard;
  for (const char* address : {"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255",
                              "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
                              "198.20.0.0", "223.255.255.255", "2001:4860:4860::8888", "2001:200::1", "2003::1", "2a00:1450:4001::1", "3ffe::1"})
    CHECK_MESSAGE(ruleFor(guard, address) == "", address);
}

TEST_CASE("a range that is allowed passes, and nothing beside it") {
  AddressGuard guard;
  guard.allow("127.0.0.1").allow("10.1.0.0/16").allow("fd00::/16");
  CHECK(ruleFor(guard, "127.0.0.1") == "");
  CHECK(ruleFor(guard, "127.0.0.2") == "loopback");
  CHECK(ruleFor(guard, "10.1.255.255") == "");
  CHECK(ruleFor(guard, "10.2.0.0") == "private");
  CHECK(ruleFor(guard, "fd00:ec2::254") == "");
  CHECK(ruleFor(guard, "fd01::1") == "private");
  CHECK_THROWS_AS(guard.allow("10.0.0.1/8"), BadAddressRange);
}

TEST_CASE("an allowed translation still does not lead to an IPv4 address that is refused") {
  AddressGuard guard;
  guard.allow("64:ff9b::/96").allow("::ffff:0.0.0.0/96").allow("2002::/16").allow("2001::/32").allow("64:ff9b:1::/48");
  CHECK(ruleFor(guard, "64:ff9b::808:808") == "");
  CHECK(ruleFor(guard, "64:ff9b::a9fe:a9fe") == "metadata");
  CHECK(ruleFor(guard, "::ffff:8.8.8.8") == "");
  CHECK(ruleFor(guard, "::ffff:127.0.0.1") == "loopback");
  CHECK(ruleFor(guard, "2002:808:808::1") == "");
  CHECK(ruleFor(guard, "2002:7f00:1::1") == "loopback");
  CHECK(ruleFor(guard, "2001::f7f7:f7f7") == "");      // 8.8.8.8
  CHECK(ruleFor(guard, "2001::80ff:fffe") == "loopback");
  CHECK(ruleFor(guard, "64:ff9b:1:808:8:800::") == "");
  CHECK(ruleFor(guard, "64:ff9b:1:a00:0:100::") == "private");      // 10.0.0.1
  guard.allow("127.0.0.0/8");
  CHECK(ruleFor(guard, "::ffff:127.0.0.1") == "");
}

TEST_CASE("a host that is allowed may be anywhere; others at the same address may not") {
  AddressGuard guard;
  guard.allowHost("Intranet.example.").allowHost("::1");
  CHECK(ruleFor(guard, "10.0.0.1", "intranet.EXAMPLE") == "");
  CHECK(ruleFor(guard, "10.0.0.1", "intranet.example.") == "");
  CHECK(ruleFor(guard, "10.0.0.1", "sub.intranet.example") == "private");
  CHECK(ruleFor(guard, "10.0.0.1", "evil.example") == "private");
  CHECK(ruleFor(guard, "::1", "0:0::1") == "");
}

TEST_CASE("what is refused by a rule of one's own is refused whatever is allowed") {
  AddressGuard guard;
  guard.refuse("8.8.8.0/24", "ours").allow("8.8.0.0/16").allowHost("dns.example").allow("::ffff:0.0.0.0/96");
  CHECK(ruleFor(guard, "8.8.8.8", "dns.example") == "ours");
  CHECK(ruleFor(guard, "::ffff:8.8.8.8") == "ours");
  CHECK(ruleFor(guard, "8.8.4.4") == "");
}

TEST_CASE("the error names the host, the address, the rule and what would allow it") {
  const AddressRefused error("evil.example", 80, *Address::parse("169.254.169.254", 80), "metadata", AddressRange::parse("169.254.169.254"));
  CHECK(std::string(error.what()) ==
        "connecting to evil.example:80: refused, since 169.254.169.254 is a special address (metadata, 169.254.169.254/32); "
        "AddressGuard::allow(\"169.254.169.254/32\") or allowHost(\"evil.example\") would allow it");
  CHECK(error.address.host() == "169.254.169.254");
  CHECK(error.rule == "metadata");
}
