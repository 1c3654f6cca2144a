#include <weft/net/internal/resolv_conf.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace weft::net;
using detail::ResolvConf;
using detail::searchedNames;
using Texts = std::vector<std::string>;

TEST_CASE("resolv.conf tells the servers, the search list and the options") {      // J13
  const ResolvConf conf = ResolvConf::parse(
      "# comment\n; comment\n"
      "nameserver 192.0.2.1\n"
      "nameserver\t2001:db8::1\r\n"
      "nameserver nonsense\n"
      "domain old.example\n"
      "search Corp.example. other.example\n"
      "sortlist 10.0.0.0\n"
      "options ndots:2 timeout:3 attempts:4 rotate inet6 timeout:x\n");
  REQUIRE(conf.servers.size() == 2);
  CHECK(conf.servers[0].toString() == "192.0.2.1:53");
  CHECK(conf.servers[1].toString() == "[2001:db8::1]:53");
  CHECK(conf.search == Texts{"corp.example", "other.example"});
  CHECK(conf.ndots == 2);
  CHECK(conf.timeout == 3);
  CHECK(conf.attempts == 4);
  CHECK(conf.rotate);
}

TEST_CASE("an empty resolv.conf means the name server of this machine") {
  const ResolvConf conf = ResolvConf::parse("");
  REQUIRE(conf.servers.size() == 1);
  CHECK(conf.servers[0].toString() == "127.0.0.1:53");
  CHECK(conf.search.empty());
  CHECK(conf.ndots == 1);
  CHECK(!conf.timeout);
}

TEST_CASE("values of resolv.conf beyond reason are held back") {
  const ResolvConf conf = ResolvConf::parse("options ndots:99 timeout:99999 attempts:0\n");
  CHECK(conf.ndots == 15);
  CHECK(conf.timeout == 30);
  CHECK(conf.attempts == 1);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "nameserver 192.0.2." + std::to_string(i) + "\n";
  CHECK(ResolvConf::parse(many).servers.size() == 8);
}

TEST_CASE("a name with few dots is looked for in the search list first, one with many last") {
  const Texts domains{"a.example", "b.example"};
  CHECK(searchedNames("host", domains, 1) == Texts{"host.a.example", "host.b.example", "host"});
  CHECK(searchedNames("www.host", domains, 1) == Texts{"www.host", "www.host.a.example", "www.host.b.example"});
  CHECK(searchedNames("www.host", domains, 2) == Texts{"www.host.a.example", "www.host.b.example", "www.host"});
  CHECK(searchedNames("host.", domains, 1) == Texts{"host"});
  CHECK(searchedNames("host", {}, 1) == Texts{"host"});
  CHECK(searchedNames(std::string(250, 'x'), domains, 1).size() == 1);
}
