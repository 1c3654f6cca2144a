// Names to addresses, by asking the system.
#pragma once

#include <weft/net/address.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weft::net::detail {

/// getaddrinfo(): blocks, so call it on a thread of its own. Never empty. Throws DNSLookupError.
std::vector<Address> resolveBlocking(const std::string& host, std::uint16_t port);

}  // namespace weft::net::detail
