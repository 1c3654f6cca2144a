// What a rule of robots.txt is made of: normalised paths, and patterns that are matched against them. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::crawler::robots {

/// Appends `path` in the one spelling that patterns and URLs are compared in (RFC 9309 section 2.2.2): an escaped unreserved byte is written plainly (%7E: ~), an escaped reserved one
/// stays escaped (%2F), in upper case, and what is neither is escaped (é: %C3%A9; a '%' that begins no escape: %25). '$' is escaped, and '*' too unless it is a wildcard: in
/// a pattern these two are literal only as %24 and %2A. So is ', which URLs escape in queries only.
void appendNormalised(std::string& out, std::string_view path, bool starIsWildcard);
/// Whether appendNormalised() would write `path` as it is.
bool isNormalised(std::string_view path) noexcept;

/// Does `pattern` match at the beginning of `target`, or, when anchored, the whole of it? Both normalised; '*' is any run of bytes. Each piece between stars is looked for once, from
/// where the piece before it ended: nothing is ever tried again, whatever the pattern. `work`, if given, grows by the bytes that were gone over, which is never more than both
/// lengths together.
bool matches(std::string_view pattern, bool anchored, std::string_view target, std::size_t* work = nullptr) noexcept;

/// The product token that `text` begins with: letters, '-' and '_' (RFC 9309 section 2.2.1). "weftbot" of "weftbot/1.0 (+https://example.com)".
std::string_view productToken(std::string_view text) noexcept;

}  // namespace weft::crawler::robots
