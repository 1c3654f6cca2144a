// Names to addresses and back, by asking the system.
#pragma once

#include <weft/net/address.hpp>

#include <string>
#include <vector>

namespace weft::net::detail {

/// getaddrinfo(): blocks, so call it on a thread of its own. The addresses of that family, or of both; with port 0, never none. Throws NameErrors.
std::vector<Address> resolveBlocking(const std::string& host, Address::Family family);

/// getnameinfo(): the same for the name of an address. Its error names the reverse name.
std::string nameOfBlocking(const Address& address);

}  // namespace weft::net::detail
