#include <weft/net/names/machine_resolver.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/internal/small_file.hpp>
#include <weft/net/names/system_resolver.hpp>

#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace weft::net {

namespace {

std::string readOrNothing(const std::string& path) {
  try {
    return detail::readSmallFile(path);
  } catch (const std::system_error& error) {
    kNamesLog.warning(error.what());
    return {};
  }
}

}  // namespace

MachineResolver::MachineResolver(Reactor& reactor, const DnsSettings& dns, const CacheSettings& cache, const std::string& nsswitch)
    : MachineResolver(std::make_shared<CachingResolver>(std::make_shared<DnsResolver>(reactor, dns), reactor, cache), std::make_shared<SystemResolver>(reactor),
                      readOrNothing(nsswitch)) {}

MachineResolver::MachineResolver(std::shared_ptr<Resolver> dns, std::shared_ptr<Resolver> system, const std::string& nsswitchText)
    : dns_(std::move(dns)), system_(std::move(system)) {
  std::istringstream lines(nsswitchText);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    if (!(words >> word) || word != "hosts:") continue;
    asksDns_ = false;
    while (words >> word) {
      if (word.starts_with('[')) {                     // "[NOTFOUND=return]", which may contain spaces
        while (!word.ends_with(']') && words >> word) {}
      } else if (word == "dns" || word == "resolve") {
        asksDns_ = true;
      } else if (word.starts_with("mdns")) {
        leavesLocal_ = true;
      } else if (word != "files") {
        asksSystemToo_ = true;
      }
    }
    return;
  }
}

template <class Ask> auto MachineResolver::firstFound(const std::string& name, Ask ask) {
  std::string_view bare = name;
  if (bare.ends_with('.')) bare.remove_suffix(1);
  if (!asksDns_ || (leavesLocal_ && bare.ends_with(".local"))) return ask(*system_);
  auto asking = ask(*dns_);
  if (!asksSystemToo_) return asking;
  using Asking = decltype(asking);
  using Result = Outcome<typename Asking::value_type>;
  return asking.addBoth([system = system_, ask = std::move(ask)](Result outcome) -> Asking {
    if (!outcome && outcome.failure().template check<NameNotFound, NoData>()) {
      return ask(*system).addErrback([dnsSaid = outcome.failure()](Failure failure) -> Failure {
        return failure.check<LookupNotSupported>() ? dnsSaid : failure;
      });
    }
    Asking given;
    given.takeTrigger().fire(std::move(outcome));
    return given;
  });
}

Deferred<HostAddresses> MachineResolver::addressesOf(std::string host) {
  return firstFound(host, [host](Resolver& resolver) { return resolver.addressesOf(host); });
}

Deferred<std::vector<Record>> MachineResolver::recordsOf(std::string name, RecordType type) {
  return firstFound(name, [name, type](Resolver& resolver) { return resolver.recordsOf(name, type); });
}

}  // namespace weft::net
