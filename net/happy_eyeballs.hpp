// Happy Eyeballs: connecting to a name that has several addresses.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/net/address.hpp>
#include <weft/net/network.hpp>
#include <weft/net/transport.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::net {

/// The order in which to try them: the families take turns, beginning with that of the first address; within a family the order stays (RFC 8305 section 4).
std::vector<Address> interleaveFamilies(std::vector<Address> addresses);

/// Connects to one address.
using ConnectAttempt = UniqueFunction<Deferred<std::shared_ptr<Transport>>(const Address& address)>;

/// Connects to the first of the addresses that answers (RFC 8305 section 5): tries them in the order of interleaveFamilies(), the next one ConnectOptions::attemptDelay()
/// after the one before, or at once when one has failed. The first success wins; the other attempts are cancelled. With bindAddress() only addresses of its
/// family are tried. `host` and `port` are for the errors; `addresses` may still be looked up, which the timeout includes.
///
/// Errors: what `addresses` says; DNSTimeout when that takes longer than ConnectOptions::lookupTimeout(); ConnectTimeout when the time is over; when every attempt failed
/// ConnectionRefused, HostUnreachable or what else they have in common (addresses that cannot be reached count only where no other failed otherwise), else ConnectError. The text and ConnectError::attempts say what each address said.
/// cancel: all attempts are given up at once, CancelledError.
///
///     auto transport = co_await happyEyeballs(clock, "example.com", 443, names.resolve("example.com", 443), [&](const Address& address) {
///       return network.connect(address.host(), address.port());
///     });
Deferred<std::shared_ptr<Transport>> happyEyeballs(Clock& clock, std::string host, std::uint16_t port, Deferred<std::vector<Address>> addresses,
                                                   ConnectAttempt connect, const ConnectOptions& options = {});

}  // namespace weft::net
