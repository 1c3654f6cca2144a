// UTF-8: writing code points, and mending bytes that are not UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace weft::html {

/// Appends `codePoint` to `out`. Surrogates and numbers beyond U+10FFFF become U+FFFD.
void appendUtf8(std::string& out, char32_t codePoint);

/// Whether `bytes` is well-formed UTF-8. Plain ASCII is passed at about 16 bytes a cycle or two.
bool isUtf8(std::string_view bytes) noexcept;

/// Appends `bytes` to `out`, each maximal part of it that is not UTF-8 as one U+FFFD (the WHATWG Encoding standard's
/// "UTF-8 decoder").
void appendMended(std::string& out, std::string_view bytes);

/// `text` with its white space squeezed: each run becomes one blank, none is left at either end. White space in
/// Unicode's sense, the no-break space and the line separators included. `text` is UTF-8.
std::string squeezed(std::string_view text);

}  // namespace weft::html
