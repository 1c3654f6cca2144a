// What bytes and segments mean to the URL parser. WHATWG URL sections 1.3, 4.1 and 4.2.
#pragma once

#include <weft/core/internal/text.hpp>
#include <weft/http/percent_encoding.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft::http::detail {

using weft::detail::isDigit, weft::detail::isLetter, weft::detail::lower;

enum ByteFlag : std::uint8_t {
  kTabOrNewline = 1,
  kNonAscii = 2,
  kScheme = 4,  // may stand in a scheme
  kPathStop = 8,  // / \ ? #
  kPathEncode = 16,
};

inline constexpr std::array<std::uint8_t, 256> kBytes = [] {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::string_view bytes, unsigned flag) {
    for (char c : bytes)
      table[static_cast<unsigned char>(c)] = static_cast<std::uint8_t>(table[static_cast<unsigned char>(c)] | flag);
  };
  mark("\t\n\r", kTabOrNewline);
  mark("/\\?#", kPathStop);
  mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.", kScheme);
  for (unsigned c = 0; c < 256; ++c) {
    if (c >= 0x80) table[c] = static_cast<std::uint8_t>(table[c] | kNonAscii);
    if (isIn(PercentEncodeSet::Path, static_cast<char>(c)))
      table[c] = static_cast<std::uint8_t>(table[c] | kPathEncode);
  }
  return table;
}();
constexpr unsigned flagsOf(char c) noexcept { return kBytes[static_cast<unsigned char>(c)]; }

struct SpecialScheme {
  std::string_view name;
  std::uint16_t port;
};
inline constexpr SpecialScheme kSpecialSchemes[] = {{"https", 443}, {"http", 80}, {"file", 0},
                                                    {"ftp", 21},    {"wss", 443}, {"ws", 80}};
/// 0 when the scheme has none.
inline std::uint16_t defaultPort(std::string_view scheme) noexcept {
  for (const SpecialScheme& special : kSpecialSchemes)
    if (special.name == scheme) return special.port;
  return 0;
}

inline bool isEncodedDot(std::string_view text) noexcept {
  return text.size() == 3 && text[0] == '%' && text[1] == '2' && lower(text[2]) == 'e';
}
inline bool isSingleDot(std::string_view segment) noexcept { return segment == "." || isEncodedDot(segment); }
inline bool isDoubleDot(std::string_view segment) noexcept {
  switch (segment.size()) {
    case 2: return segment == "..";
    case 4:
      return (segment[0] == '.' && isEncodedDot(segment.substr(1))) ||
             (segment[3] == '.' && isEncodedDot(segment.substr(0, 3)));
    case 6: return isEncodedDot(segment.substr(0, 3)) && isEncodedDot(segment.substr(3));
    default: return false;
  }
}

inline bool isWindowsDriveLetter(std::string_view text) noexcept {
  return text.size() == 2 && isLetter(text[0]) && (text[1] == ':' || text[1] == '|');
}
inline bool startsWithWindowsDriveLetter(std::string_view text) noexcept {
  return text.size() >= 2 && isWindowsDriveLetter(text.substr(0, 2)) &&
         (text.size() == 2 || (flagsOf(text[2]) & kPathStop));
}
// "/C:" at the start of a path, and nothing more before the next slash
inline bool startsWithNormalizedDrive(std::string_view path) noexcept {
  return path.size() >= 3 && path[0] == '/' && isLetter(path[1]) && path[2] == ':' &&
         (path.size() == 3 || path[3] == '/');
}

// kTabOrNewline and kNonAscii, if there are such bytes.
inline unsigned oddBytes(std::string_view text) noexcept {
  unsigned flags = 0;
  std::size_t i = 0;
#ifdef __SSE2__
  const __m128i tab = _mm_set1_epi8('\t'), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
  int high = 0;
  __m128i blank = _mm_setzero_si128();
  for (; i + 16 <= text.size(); i += 16) {  // sixteen bytes at a time
    const __m128i piece = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    high |= _mm_movemask_epi8(piece);
    blank = _mm_or_si128(blank, _mm_or_si128(_mm_cmpeq_epi8(piece, tab), _mm_or_si128(_mm_cmpeq_epi8(piece, lf), _mm_cmpeq_epi8(piece, cr))));
  }
  if (high) flags |= kNonAscii;
  if (_mm_movemask_epi8(blank)) flags |= kTabOrNewline;
#endif
  for (; i < text.size(); ++i) flags |= flagsOf(text[i]);
  return flags & (kTabOrNewline | kNonAscii);
}

}  // namespace weft::http::detail
