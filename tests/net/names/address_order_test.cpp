#include <weft/net/internal/address_order.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace weft::net;
using Texts = std::vector<std::string>;

namespace {

/// The order of the addresses, where the machine would connect to them from these; an address without a source cannot be reached.
Texts sorted(const Texts& hosts, const std::map<std::string, std::string>& sources) {
  std::vector<Address> addresses;
  for (const std::string& host : hosts) addresses.push_back(Address::parse(host, 0).value());
  detail::sortAddresses(addresses, [&](const Address& address) {
    const auto found = sources.find(address.host());
    return found == sources.end() ? Address() : Address::parse(found->second, 0).value();
  });
  Texts all;
  for (const Address& address : addresses) all.push_back(address.host());
  return all;
}

}  // namespace

TEST_CASE("addresses that cannot be reached come last") {
  CHECK(sorted({"2001:db8::1", "192.0.2.1"}, {{"192.0.2.1", "192.0.2.9"}}) == Texts{"192.0.2.1", "2001:db8::1"});
}

// The examples of RFC 6724 section 10.2.
TEST_CASE("the examples of RFC 6724 come out as it says") {
  CHECK(sorted({"2001:db8:1::1", "198.51.100.121"}, {{"2001:db8:1::1", "2001:db8:1::2"}, {"198.51.100.121", "169.254.13.78"}}) ==
        Texts{"2001:db8:1::1", "198.51.100.121"});
  CHECK(sorted({"2001:db8:1::1", "198.51.100.121"}, {{"2001:db8:1::1", "fe80::1"}, {"198.51.100.121", "198.51.100.117"}}) ==
        Texts{"198.51.100.121", "2001:db8:1::1"});
  CHECK(sorted({"10.1.2.3", "2001:db8:1::1"}, {{"2001:db8:1::1", "2001:db8:1::2"}, {"10.1.2.3", "10.1.2.4"}}) == Texts{"2001:db8:1::1", "10.1.2.3"});
  CHECK(sorted({"2001:db8:1::1", "fe80::1"}, {{"2001:db8:1::1", "2001:db8:1::2"}, {"fe80::1", "fe80::2"}}) == Texts{"fe80::1", "2001:db8:1::1"});
  CHECK(sorted({"2001:db8:1::1", "2002:c633:6401::1"}, {{"2001:db8:1::1", "2002:c633:6401::2"}, {"2002:c633:6401::1", "2002:c633:6401::2"}}) ==
        Texts{"2002:c633:6401::1", "2001:db8:1::1"});
  CHECK(sorted({"2001:db8:3ffe::1", "2001:db8:1::1"}, {{"2001:db8:1::1", "2001:db8:1::2"}, {"2001:db8:3ffe::1", "2001:db8:1::2"}}) ==
        Texts{"2001:db8:1::1", "2001:db8:3ffe::1"});
}

TEST_CASE("IPv4 addresses that are alike keep the name server's order, so that it can share the load") {
  const std::map<std::string, std::string> sources{{"192.0.2.200", "192.0.2.1"}, {"192.0.2.2", "192.0.2.1"}, {"198.51.100.1", "192.0.2.1"}};
  CHECK(sorted({"192.0.2.200", "198.51.100.1", "192.0.2.2"}, sources) == Texts{"192.0.2.200", "198.51.100.1", "192.0.2.2"});
}

TEST_CASE("the system knows from which address it would connect to loopback") {
  CHECK(detail::sourceAddressFor(Address::loopback(0)).host() == "127.0.0.1");
}
