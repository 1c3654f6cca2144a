// Hosts of URLs: domains, IPv4, IPv6 and opaque hosts. WHATWG URL section 3.
#pragma once

#include <weft/http/url.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace weft::http::detail {

/// Parses `host` (section 3.5) and appends it serialised. The text is valid UTF-8. On failure `out` may have grown.
std::optional<UrlProblem> appendHost(std::string& out, std::string_view host, bool special);

/// Without the brackets of an IPv6 address, as connecting wants it.
inline std::string_view withoutBrackets(std::string_view host) noexcept { return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host; }

/// `text` with each invalid UTF-8 sequence replaced by U+FFFD, as the standard's decoder does it; nullopt when there is none.
std::optional<std::string> repairedUtf8(std::string_view text);

}  // namespace weft::http::detail
