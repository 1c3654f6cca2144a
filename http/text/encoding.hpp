// Encodings: which one a page is in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace weft::http {

/// The encoding that a label of the web means, by its name in lower case: "latin1" and "ISO-8859-1" give "windows-1252", as browsers read them. All 228 labels; empty for
/// any other. White space around it does not count. WHATWG Encoding section 4.2.
std::string_view encodingForLabel(std::string_view label) noexcept;

/// The encoding that a byte order mark names: "utf-8", "utf-16le", "utf-16be", or empty. WHATWG Encoding section 6.
std::string_view encodingOfByteOrderMark(std::string_view body) noexcept;

/// The encoding of the charset parameter of a Content-Type value, of several fields joined by commas; empty when there is none that is known. WHATWG Fetch, "legacy
/// extract an encoding".
std::string_view encodingOfContentType(std::string_view contentType) noexcept;

/// What the first `limit` bytes of a page declare: <meta charset>, <meta http-equiv>, or an XML declaration; comments and the values of other attributes do not count.
/// Empty when nothing is declared. WHATWG HTML, "prescan a byte stream to determine its encoding", which asks for 1024 bytes; Scrapy looks at 4096.
std::string_view declaredEncoding(std::string_view body, std::size_t limit = 4096) noexcept;

/// How an encoding was found.
enum class EncodingSource : std::uint8_t {
  ByteOrderMark,
  Header,                            ///< Content-Type
  Declaration,                       ///< in the page
  Utf8,                              ///< nobody said, and the bytes are UTF-8
  Guess,                             ///< nobody said, and they are not
};
/// An encoding, and how it was found.
struct DetectedEncoding {
  std::string_view name;             ///< "windows-1252"; of static lifetime
  EncodingSource source;
};

/// The encoding of a page, by the first of these that says something: its byte order mark; its Content-Type; what its first 4096 bytes declare; UTF-8, where all of it is UTF-8;
/// a declaration further down or in broken markup; the letters' statistics, where there are enough of them; else windows-1252.
DetectedEncoding detectEncoding(std::string_view body, std::string_view contentType);

}  // namespace weft::http
