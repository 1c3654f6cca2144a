// DnsResolver: asks name servers.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/core/reactor.hpp>
#include <weft/net/names/resolver.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

/// Whom a DnsResolver asks, and how patiently. What is not set here comes from /etc/resolv.conf.
class DnsSettings {
 public:
  DnsSettings() = default;
  /// Adds a name server: "192.0.2.53", "127.0.0.1:5353", "[2001:db8::53]:53". Those of resolv.conf are not asked then. Throws std::invalid_argument.
  DnsSettings& server(std::string_view address);
  DnsSettings& server(const Address& address) {
    servers_.push_back(address.port() ? address : address.withPort(53));
    return *this;
  }
  const std::vector<Address>& servers() const noexcept { return servers_; }
  /// How long the first try waits for an answer; each further round waits twice as long. 2 s, unless resolv.conf says otherwise.
  DnsSettings& timeout(Delay delay) {
    timeout_ = delay;
    return *this;
  }
  const std::optional<Delay>& timeout() const noexcept { return timeout_; }
  /// How often each server is asked. 3, unless resolv.conf says otherwise.
  DnsSettings& tries(int number) {
    tries_ = number;
    return *this;
  }
  const std::optional<int>& tries() const noexcept { return tries_; }
  /// The domains in which resolve() looks for a name with fewer than `ndots` dots, before the name itself.
  DnsSettings& search(std::vector<std::string> domains, int ndots = 1) {
    search_ = std::move(domains);
    ndots_ = ndots;
    return *this;
  }
  const std::optional<std::vector<std::string>>& search() const noexcept { return search_; }
  int ndots() const noexcept { return ndots_; }
  /// Where the machine's own names stand. "/etc/hosts" unless set; "" for none.
  DnsSettings& hostsFile(std::string path) {
    hostsFile_ = std::move(path);
    return *this;
  }
  const std::string& hostsFile() const noexcept { return hostsFile_; }
  /// Where the servers stand. "/etc/resolv.conf" unless set.
  DnsSettings& resolvConf(std::string path) {
    resolvConf_ = std::move(path);
    return *this;
  }
  const std::string& resolvConf() const noexcept { return resolvConf_; }
  /// How often, at most, it is looked whether those two files have changed. 1 s unless set.
  DnsSettings& lookAgainAfter(Delay delay) {
    lookAgainAfter_ = delay;
    return *this;
  }
  Delay lookAgainAfter() const noexcept { return lookAgainAfter_; }
  /// How many questions may be on their way (resolve() asks two); more wait for their turn. 4096 unless set.
  DnsSettings& maxPending(std::size_t questions) {
    maxPending_ = questions ? questions : 1;
    return *this;
  }
  std::size_t maxPending() const noexcept { return maxPending_; }
  /// How many may wait for their turn; more fail with TooManyLookups. 65,536 unless set.
  DnsSettings& maxQueued(std::size_t questions) {
    maxQueued_ = questions;
    return *this;
  }
  std::size_t maxQueued() const noexcept { return maxQueued_; }
  /// When the IPv4 addresses have come: how much longer resolve() waits for the IPv6 ones (RFC 8305 section 3). 50 ms unless set.
  DnsSettings& resolutionDelay(Delay delay) {
    resolutionDelay_ = delay;
    return *this;
  }
  Delay resolutionDelay() const noexcept { return resolutionDelay_; }

 private:
  std::vector<Address> servers_;
  std::optional<Delay> timeout_;
  std::optional<int> tries_;
  std::optional<std::vector<std::string>> search_;
  int ndots_ = 1;
  std::string hostsFile_ = "/etc/hosts";
  std::string resolvConf_ = "/etc/resolv.conf";
  Delay lookAgainAfter_ = 1;
  std::size_t maxPending_ = 4096;
  std::size_t maxQueued_ = 65'536;
  Delay resolutionDelay_ = 0.05;
};

/// Asks name servers without a thread (by c-ares), after looking into /etc/hosts. Any number of look-ups go on at once, and a silent server holds up nobody else's.
///
///     DnsResolver names(reactor, DnsSettings().server("192.0.2.53").timeout(1));
///
/// resolve() asks for A and AAAA at the same time, uses the search list of resolv.conf, and sorts as getaddrinfo does (RFC 6724). /etc/hosts and /etc/resolv.conf are read again when
/// they have changed. An answer that was cut short is asked for again by TCP; one with another id or from elsewhere is ignored.
///
/// It remembers nothing: put a CachingResolver in front. Other sources of the system's names (mDNS, LDAP, …) it does not know: see MachineResolver.
///
/// The reactor must outlive it.
class DnsResolver final : public Resolver {
 public:
  explicit DnsResolver(Reactor& reactor, const DnsSettings& settings = {});
  ~DnsResolver() override;

  Deferred<HostAddresses> addressesOf(std::string host) override;
  Deferred<std::vector<Record>> recordsOf(std::string name, RecordType type) override;

  /// The servers that are asked now.
  std::vector<Address> servers();
  /// Questions on their way, and waiting for their turn.
  std::size_t pending() const noexcept;
  std::size_t queued() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft::net
