// MachineResolver: finds names as this machine is set up to.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/names/caching_resolver.hpp>
#include <weft/net/names/dns_resolver.hpp>
#include <weft/net/names/resolver.hpp>

#include <memory>
#include <string>
#include <vector>

namespace weft::net {

/// What a TcpNetwork uses unless given something else: a DnsResolver behind a CachingResolver, and the system's getaddrinfo for what the DNS does not know, as far as nsswitch.conf
/// names such sources. So names cost no thread and a silent server holds nobody up, and yet no name is missed that other programs of this machine find:
///
/// - `hosts: files dns` (or no such line): getaddrinfo is never asked.
/// - with mDNS (`mdns4_minimal`, …): names that end in ".local" are left to getaddrinfo (RFC 6762 section 22).
/// - with other sources (`ldap`, `nis`, `myhostname`, …): names that the DNS does not find are asked of getaddrinfo too.
/// - without `dns` and `resolve`: all names are left to getaddrinfo.
///
/// The reactor must outlive it.
class MachineResolver final : public Resolver {
 public:
  explicit MachineResolver(Reactor& reactor, const DnsSettings& dns = {}, const CacheSettings& cache = {}, const std::string& nsswitch = "/etc/nsswitch.conf");
  /// The same over any two resolvers; `nsswitch` is the text of such a file.
  MachineResolver(std::shared_ptr<Resolver> dns, std::shared_ptr<Resolver> system, const std::string& nsswitchText);

  Deferred<HostAddresses> addressesOf(std::string host) override;
  Deferred<std::vector<Record>> recordsOf(std::string name, RecordType type) override;

 private:
  template <class Ask> auto firstFound(const std::string& name, Ask ask);

  std::shared_ptr<Resolver> dns_;
  std::shared_ptr<Resolver> system_;
  bool asksDns_ = true;
  bool leavesLocal_ = false;
  bool asksSystemToo_ = false;
};

}  // namespace weft::net
