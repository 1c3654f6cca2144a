// The order in which to try the addresses of a host.
#pragma once

#include <weft/net/address.hpp>

#include <functional>
#include <vector>

namespace weft::net::detail {

/// Sorts by RFC 6724 section 6, with its default table: rules 1, 2, 5, 6, 8 and, between IPv6 addresses, 9. `sourceFor` says from which address this machine would connect there;
/// an empty one: not at all. What the rules do not tell apart stays in the name server's order.
void sortAddresses(std::vector<Address>& addresses, const std::function<Address(const Address&)>& sourceFor);

/// The address from which the system would connect there; empty if it would not. Sends nothing.
Address sourceAddressFor(const Address& destination) noexcept;

}  // namespace weft::net::detail
