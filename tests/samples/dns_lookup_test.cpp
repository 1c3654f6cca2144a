// dns_lookup finds what needs no name server, and says readably what it does not find.
#include "support/run_program.hpp"
#include "support/running_program.hpp"

#include <doctest/doctest.h>

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace {

ProgramRun dnsLookup(const std::string& line) { return runProgram(std::string(SAMPLES_FOLDER) + "/dns_lookup " + line); }

struct HostsFile {
  HostsFile() {
    REQUIRE(::mkdtemp(folder) != nullptr);
    std::ofstream(path()) << "192.0.2.7 printer.internal printer\n";
  }
  ~HostsFile() {
    ::unlink(path().c_str());
    ::rmdir(folder);
  }
  std::string path() const { return std::string(folder) + "/hosts"; }
  char folder[32] = "/tmp/weft-dns-lookup-XXXXXX";
};

/// A name that this machine's own /etc/hosts gives to a loopback address, with that; "localhost" where there is no other.
std::pair<std::string, std::string> ownName() {
  std::ifstream file("/etc/hosts");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address;
    words >> address;
    if (!address.starts_with("127.")) continue;
    for (std::string name; words >> name;)
      if (name.find("localhost") == std::string::npos) return {name, address};
  }
  return {"localhost", "127.0.0.1"};
}

}  // namespace

TEST_CASE("dns_lookup knows localhost, numeric addresses and the names of a hosts file without asking") {
  CHECK(dnsLookup("localhost").output == "127.0.0.1\n::1\n");
  CHECK(dnsLookup("192.0.2.1").output == "192.0.2.1\n");
  const HostsFile hosts;
  const ProgramRun run = dnsLookup("Printer.internal --hosts " + hosts.path());
  CHECK(run.status == 0);
  CHECK(run.output == "192.0.2.7\n");
  CHECK(dnsLookup("--hosts " + hosts.path() + " printer a").output == "printer 0 A 192.0.2.7\n");
  CHECK(dnsLookup("192.0.2.7 PTR --hosts " + hosts.path()).output ==
        "7.2.0.192.in-addr.arpa 0 PTR printer.internal\n7.2.0.192.in-addr.arpa 0 PTR printer\n");
}

TEST_CASE("names of this machine's /etc/hosts are looked up as dig would, and the samples call each other by them") {
  const auto [name, address] = ownName();
  CAPTURE(name);
  const ProgramRun found = dnsLookup(name);
  CHECK(found.status == 0);
  CHECK(("\n" + found.output).find("\n" + address + "\n") != std::string::npos);
  const std::string echo = std::string(SAMPLES_FOLDER) + "/echo";
  RunningProgram server({echo, "--listen", "tcp:0"});
  const std::string port = server.firstLine.substr(server.firstLine.rfind(':') + 1);
  for (const char* manner : {"", " --stream"}) {
    const ProgramRun call = runProgram(echo + " --connect tcp:" + name + ":" + port + " --say 'good morning'" + manner);
    CHECK(call.output == "echoed: good morning\n");
    CHECK(call.status == 0);
  }
  CHECK(server.stop() == 128 + SIGTERM);
}

TEST_CASE("dns_lookup says in one line what is wrong with a name") {
  const ProgramRun odd = dnsLookup("0x7f.1");
  CHECK(odd.status == 1);
  CHECK(odd.output ==
        "looking up \"0x7f.1\": it ends in a number, so it is not a name; if an address is meant, write it as four decimal numbers (127.0.0.1)\n");
}

TEST_CASE("dns_lookup explains itself, and refuses what it does not understand") {
  CHECK(dnsLookup("--help").status == 0);
  CHECK(dnsLookup("--help").output.starts_with("dns_lookup NAME"));
  for (const char* wrong : {"", "a b c", "a NONSENSE", "a --no-such-option", "a --server nonsense"}) CHECK_MESSAGE(dnsLookup(wrong).status == 2, wrong);
}
