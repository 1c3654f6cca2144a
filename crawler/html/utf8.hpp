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

/// `text` with its white space squeezed: runs of blanks, tabs, line breaks and form feeds become one blank, none at
/// either end. No-break spaces (U+00A0) stay unless `alsoNoBreak`.
std::string squeezed(std::string_view text, bool alsoNoBreak = false);

}  // namespace weft::html
