// Public suffixes: under which names anybody may register a domain.
#pragma once

#include <string_view>

namespace weft::http {

/// The public suffix and one label more: "example.co.uk" of "www.example.co.uk". Empty when `host` is an IP address or itself a public suffix ("com",
/// "co.uk", "github.io"), or has an empty label there. A view into `host`.
///
/// By the public suffix list, its private part included, as it was when libpsl was built; a top-level domain that is not on the list is a public suffix. ASCII
/// in any case, or UTF-8 in lower case; a final dot stays. About 20 ns for a host that this thread asked for lately, a microsecond for others.
/// WHATWG URL section 3.2, "host registrable domain".
std::string_view registrableDomain(std::string_view host) noexcept;

/// May anybody register a name under this one? A cookie for it would go to strangers. An IP address is none.
bool isPublicSuffix(std::string_view domain) noexcept;

}  // namespace weft::http
