#include <weft/net/address_range.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::net;

namespace {

bool contains(std::string_view range, std::string_view address) { return AddressRange::parse(range).contains(Address::parse(address, 80).value()); }

std::string problemOf(std::string_view text) {
  try {
    return AddressRange::parse(text).toString();
  } catch (const BadAddressRange& error) {
    CHECK(error.text == text);
    return error.what();
  }
}

}  // namespace

TEST_CASE("a range contains the addresses that begin with its bits") {
  CHECK(contains("10.0.0.0/8", "10.255.255.255"));
  CHECK(!contains("10.0.0.0/8", "11.0.0.0"));
  CHECK(contains("172.16.0.0/12", "172.31.255.255"));
  CHECK(!contains("172.16.0.0/12", "172.32.0.0"));
  CHECK(contains("0.0.0.0/0", "255.1.2.3"));
  CHECK(contains("192.0.2.1", "192.0.2.1"));
  CHECK(!contains("192.0.2.1", "192.0.2.2"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK(!contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("::/0", "ff02::1"));
  CHECK(contains("fe80::/10", "fe80::1%1"));
}

TEST_CASE("a range contains only addresses of its own family") {
  CHECK(!contains("0.0.0.0/0", "::1"));
  CHECK(!contains("::/0", "127.0.0.1"));
  CHECK(!contains("10.0.0.0/8", "::ffff:10.0.0.1"));
}

TEST_CASE("a range is written as it is read") {
  for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/32", "::/0"}) CHECK(AddressRange::parse(text).toString() == text);
  CHECK(AddressRange::parse("::1").toString() == "::1/128");
}

TEST_CASE("what is no range is an error that says why") {
  const std::string begin = "it must begin with an address, as in 10.0.0.0/8 or 2001:db8::/32";
  for (const std::string text : {"", "/8", "10/8", "10.0.0/8", "example.com/8", "0x7f.1/8", "[::1]/128", "fe80::1%1/64"})
    CHECK(problemOf(text) == '"' + text + "\" is not a range of addresses: " + begin);
  for (const std::string text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8", "10.0.0.0/99999999999"})
    CHECK(problemOf(text) == '"' + text + "\" is not a range of addresses: after the '/' comes the number of bits that are the same, 0 to 32");
  CHECK(problemOf("::/129").ends_with("0 to 128"));
  CHECK(problemOf("10.0.0.1/8") == "\"10.0.0.1/8\" is not a range of addresses: it has bits set beyond its prefix; the range is 10.0.0.0/8");
}
