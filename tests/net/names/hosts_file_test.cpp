#include <weft/net/names/hosts_file.hpp>

#include <doctest/doctest.h>

#include <string>
#include <system_error>
#include <vector>

using namespace weft::net;

namespace {

std::vector<std::string> found(const HostsFile& hosts, std::string_view name) {
  std::vector<std::string> all;
  for (const Address& address : hosts.find(name)) all.push_back(address.host());
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a hosts file gives the addresses of its names, in its order and in any case") {
  const HostsFile hosts = HostsFile::parse(
      "# a comment\n"
      "127.0.0.1\tlocalhost\n"
      "  10.0.0.1   Db.Internal db  # the old one\r\n"
      "\n"
      "2001:db8::1 db.internal\n"
      "10.0.0.1 db.internal again\n"
      "fe80::1%1 link");
  CHECK(found(hosts, "DB.internal") == Texts{"10.0.0.1", "2001:db8::1"});
  CHECK(found(hosts, "db.internal.") == Texts{"10.0.0.1", "2001:db8::1"});
  CHECK(found(hosts, "db") == Texts{"10.0.0.1"});
  CHECK(found(hosts, "link") == Texts{"fe80::1%1"});
  CHECK(found(hosts, "comment").empty());
  CHECK(found(hosts, "").empty());
  CHECK(hosts.size() == 5);
  CHECK(hosts.namesOf(*Address::parse("10.0.0.1", 0)) == Texts{"db.internal", "db", "again"});
  CHECK(hosts.namesOf(*Address::parse("10.0.0.2", 0)).empty());
  CHECK(hosts.problems().empty());
}

TEST_CASE("a hosts file's senseless lines are told by number, and the others count") {
  const HostsFile hosts = HostsFile::parse("10.0.0 short\n0x7f.1 odd\n10.0.0.1\n10.0.0.2 good\n");
  CHECK(hosts.problems() == Texts{"line 1: \"10.0.0\" is not an address", "line 2: \"0x7f.1\" is not an address",
                                  "line 3: no name follows the address 10.0.0.1"});
  CHECK(found(hosts, "good") == Texts{"10.0.0.2"});
  CHECK(HostsFile::parse(std::string(1000, '\n') + "x y\n").problems() == Texts{"line 1001: \"x\" is not an address"});
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "x y\n";
  CHECK(HostsFile::parse(many).problems().size() == 100);
}

TEST_CASE("a hosts file that does not exist is empty; one that cannot be read is an error") {
  CHECK(HostsFile::read("/no/such/hosts").size() == 0);
  CHECK_THROWS_AS(HostsFile::read("/"), std::system_error);
}
