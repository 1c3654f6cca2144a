// UTF-8: writing code points, telling it from other bytes, and mending what is not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::http {

/// Appends `codePoint` to `out`. Surrogates and numbers beyond U+10FFFF become U+FFFD.
void appendUtf8(std::string& out, char32_t codePoint);

/// Whether `bytes` is well-formed UTF-8 (Unicode, table 3-7).
bool isUtf8(std::string_view bytes) noexcept;

/// Appends `bytes` to `out`, each maximal part of it that is not UTF-8 as one U+FFFD (the WHATWG Encoding standard's "UTF-8 decoder").
void appendMended(std::string& out, std::string_view bytes);

/// How many bytes at the end of `bytes` (0 to 3) begin a sequence that more bytes could complete.
std::size_t cutSequence(std::string_view bytes) noexcept;

/// Only bytes below 0x80, and no escape that could switch encodings? Such bytes are the same text in every encoding but UTF-16.
bool isPlainAscii(std::string_view bytes) noexcept;

/// The number of bytes below 0x80 that `bytes` begins with.
std::size_t asciiPrefix(std::string_view bytes) noexcept;

}  // namespace weft::http
