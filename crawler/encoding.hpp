// Encodings: which one a page is in, and its text in UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace weft::crawler {

/// The encoding that a label of the web means, by its usual name in lower case: "latin1" and "ISO-8859-1" give "windows-1252", as browsers read them. Empty when the label is
/// unknown. WHATWG Encoding section 4.2.
std::string_view encodingForLabel(std::string_view label) noexcept;

/// The charset parameter of a Content-Type value, as an encoding's name; empty when there is none that is known.
std::string_view encodingOfContentType(std::string_view contentType) noexcept;

/// The encoding of a page: by its byte order mark, else its Content-Type, else what its first 4096 bytes declare (<meta charset>, http-equiv, an XML declaration), else
/// "utf-8" where the bytes are UTF-8, else "windows-1252".
std::string_view encodingOf(std::string_view body, std::string_view contentType) noexcept;

/// Appends `bytes`, which are in `encoding`, to `out` in UTF-8. A byte order mark is dropped; what means nothing becomes U+FFFD. Never fails: what this machine has no
/// converter for is read as windows-1252.
void appendDecoded(std::string& out, std::string_view bytes, std::string_view encoding);

/// Only bytes below 0x80, and no escape that could switch encodings?
bool isPlainAscii(std::string_view bytes) noexcept;

}  // namespace weft::crawler
