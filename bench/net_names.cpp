// What a name costs that was looked up before: hits of the CachingResolver.
#include "harness.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/net/names/caching_resolver.hpp>
#include <weft/net/testing/memory_resolver.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr int kHits = 200'000;
constexpr int kNames = 1000;

struct Names {
  Names() {
    for (int i = 0; i < kNames; ++i) {
      hosts.push_back("host" + std::to_string(i) + ".example");
      memory->add(hosts.back(), "192.0.2.1");
      memory->add(hosts.back(), "2001:db8::1");
      memory->add(hosts.back(), weft::net::MxRecord(10, "mail.example"));
      ask(hosts.back());
      askMail(hosts.back());
      plain[hosts.back()] = {*weft::net::Address::parse("192.0.2.1", 0), *weft::net::Address::parse("2001:db8::1", 0)};
    }
  }
  void ask(const std::string& host) {
    auto answer = cache.resolve(host, 443);
    if (!answer.called() || answer.result()->size() != 2) std::abort();
  }
  void askMail(const std::string& host) {
    auto answer = cache.lookup(host, weft::net::RecordType::MX);
    if (!answer.called() || answer.result()->size() != 1) std::abort();
  }
  weft::ManualClock clock;
  std::shared_ptr<weft::net::MemoryResolver> memory = std::make_shared<weft::net::MemoryResolver>(clock);
  weft::net::CachingResolver cache{memory, clock};
  std::vector<std::string> hosts;
  std::unordered_map<std::string, std::vector<weft::net::Address>> plain;
};
Names& names() {
  static Names* const instance = new Names;
  return *instance;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Suite suite("net_names", "Names that are remembered: see docs/performance.md.");
  suite.section("cache of names");
  const auto all = [](auto ask) {
    for (int i = 0; i < kHits; ++i) ask(names().hosts[static_cast<std::size_t>(i % kNames)]);
  };
  suite.time("resolve() from memory, 1000 names", kHits, [&] { all([](const std::string& host) { names().ask(host); }); },
             bench::Limit([&] {                         // a map and a copy of what it holds
               all([](const std::string& host) {
                 std::vector<weft::net::Address> copy = names().plain.find(host)->second;
                 bench::keep(copy.data());
               });
             }));
  suite.time("lookup(MX) from memory, 1000 names", kHits, [&] { all([](const std::string& host) { names().askMail(host); }); });
  return suite.run(argc, argv);
}
