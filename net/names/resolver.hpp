// Resolver: who knows what a name stands for.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/net/address.hpp>
#include <weft/net/names/error.hpp>
#include <weft/net/names/record.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

/// The addresses of a host, with port 0, in the order in which to try them, and for how long they may be remembered.
struct HostAddresses {
  HostAddresses(std::vector<Address> addresses, std::chrono::seconds ttl) : addresses(std::move(addresses)), ttl(ttl) {}
  std::vector<Address> addresses;
  std::chrono::seconds ttl;                            // 0: ask again next time
};

/// Looks names up. DnsResolver asks name servers, SystemResolver the system's getaddrinfo, MemoryResolver (testing/) knows what a test tells it; CachingResolver
/// remembers what any of them said.
///
///     DnsResolver names(reactor);
///     std::vector<Address> addresses = co_await names.resolve("example.com", 443);
///     std::vector<Record> mail = co_await names.lookup("example.com", RecordType::MX);
///
/// Thread: its reactor's (its clock's). Every look-up can be cancelled, and then ends at once with CancelledError. Dropping a resolver ends its look-ups: AbandonedError.
class Resolver {
 public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  virtual ~Resolver() = default;

  /// The addresses of a host, with `port`, in the order in which to try them; never none. A numeric address is its own answer; "localhost" and the names under it are
  /// 127.0.0.1 and ::1, and nobody is asked (RFC 6761 section 6.3). Errors: those of names/error.hpp, all of them DNSLookupErrors; BadName for what problemOfHostName()
  /// objects to.
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port);

  /// The records of one type, following aliases; never none. The name is taken as it is: no search list. Errors: as above; NoData where there is no record of that type.
  Deferred<std::vector<Record>> lookup(std::string name, RecordType type);

  // ---- what a resolver implements: for layers, and for the two above. The names have been checked and are in lower case.

  virtual Deferred<HostAddresses> addressesOf(std::string host) = 0;
  virtual Deferred<std::vector<Record>> recordsOf(std::string name, RecordType type) = 0;
};

/// Why this cannot be the name of a host, in words; nothing if it can. A name is of letters, digits, '-' and '_', in labels of 1 to 63 bytes, 253 in all; a dot may end it.
/// It must not end in a number ("0x7f.1", "2130706433", "127.1"): what is meant is an address in an odd notation, which some systems would take for 127.0.0.1.
std::optional<std::string> problemOfHostName(std::string_view host);

/// Is it "localhost", or under it? (RFC 6761.) In any case, with or without a dot at its end.
bool isLocalhost(std::string_view host) noexcept;

}  // namespace weft::net
