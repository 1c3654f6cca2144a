// SystemResolver: asks the system's getaddrinfo.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/names/resolver.hpp>

#include <string>
#include <vector>

namespace weft::net {

/// Looks names up by getaddrinfo, on the reactor's thread pool: by whatever sources nsswitch.conf names, mDNS, LDAP and the like too. A look-up occupies a thread until the system
/// gives up, so a few names whose servers are silent hold up all others: for few names only. TTLs are not known: a CachingResolver keeps nothing of it for longer than CacheSettings::minTtl().
///
/// lookup() knows A, AAAA and PTR; the others are LookupNotSupported. Cancelled, a look-up ends at once; its thread goes on.
///
/// The reactor must outlive it.
class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(Reactor& reactor) noexcept : reactor_(reactor) {}

  Deferred<HostAddresses> addressesOf(std::string host) override;
  Deferred<std::vector<Record>> recordsOf(std::string name, RecordType type) override;

 private:
  Reactor& reactor_;
};

}  // namespace weft::net
