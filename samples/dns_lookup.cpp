// Looks a name up, as dig does: its addresses, or its records of one type.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace weft;

constexpr const char* kUsage =
    "dns_lookup NAME [TYPE] [--server ADDRESS] [--hosts FILE] [--timeout SECONDS]\n\n"
    "Prints the addresses of NAME, in the order in which to try them; or with a TYPE (A, AAAA, CNAME, MX, PTR, SRV,\n"
    "TXT) its records. With the type PTR, NAME may be an address.\n\n"
    "  --server ADDRESS    ask this name server instead of those of /etc/resolv.conf: 192.0.2.53 or 127.0.0.1:5353\n"
    "  --hosts FILE        names known without asking, instead of /etc/hosts\n"
    "  --timeout SECONDS   for the first try; 2 unless set\n";

Deferred<> lookUp(Reactor& reactor, std::string name, std::string type, net::DnsSettings settings) {
  net::DnsResolver names(reactor, settings);
  try {
    if (type.empty()) {
      std::vector<net::Address> addresses = co_await names.resolve(name, 0);
      for (const net::Address& address : addresses) std::printf("%s\n", address.host().c_str());
      co_return;
    }
    const auto recordType = net::recordTypeFromName(type).value();
    if (const auto numeric = net::Address::parse(name, 0); numeric && recordType == net::RecordType::PTR) name = net::reverseName(*numeric);
    std::vector<net::Record> records = co_await names.lookup(name, recordType);
    for (const net::Record& record : records) std::printf("%s\n", record.toString().c_str());
  } catch (const net::NameError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    throw SystemExit(1);
  }
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with("--")) ++i;        // and its value
    else words.emplace_back(argv[i]);
  }
  const std::string type = words.size() > 1 ? words[1] : "";
  if (words.empty() || words.size() > 2 || (!type.empty() && !net::recordTypeFromName(type))) {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  net::DnsSettings settings;
  const std::string server = arguments.text("--server", "");
  const long timeout = arguments.number("--timeout", 0);
  settings.hostsFile(arguments.text("--hosts", "/etc/hosts"));
  try {
    if (!server.empty()) settings.server(server);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  if (timeout > 0) settings.timeout(timeout);
  return react([&](Reactor& reactor) { return lookUp(reactor, words[0], type, settings); }, argc, argv);
}
