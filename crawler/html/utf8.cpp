#include <weft/crawler/html/utf8.hpp>

#include <weft/crawler/html/internal/scan.hpp>

namespace weft::html {
namespace {

/// The end of the ASCII run that starts at `p`.
const char* skipAscii(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const int mask = _mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    if (mask) return p + std::countr_zero(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  while (p != end && static_cast<unsigned char>(*p) < 0x80) ++p;
  return p;
}

/// Reads one non-ASCII sequence at `p`: its end, and whether it is whole and right. A wrong one ends where the
/// standard's decoder would put one U+FFFD and go on.
struct Sequence {
  const char* end;
  bool right;
};
Sequence readSequence(const char* p, const char* end) noexcept {
  const auto lead = static_cast<unsigned char>(*p++);
  int more = 0;
  unsigned char low = 0x80, high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    more = 1;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    more = 2;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;  // surrogates are not characters
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    more = 3;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {p, false};
  }
  for (; more; --more) {
    if (p == end || static_cast<unsigned char>(*p) < low || static_cast<unsigned char>(*p) > high) return {p, false};
    ++p;
    low = 0x80, high = 0xBF;
  }
  return {p, true};
}

/// The length of the white space character that `text` starts with; 0 if it starts with another.
std::size_t whiteSpaceAt(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0), second = byte(1), third = byte(2);
  if (first < 0x80) return first == ' ' || (first >= 9 && first <= 13) || (first >= 0x1C && first <= 0x1F);
  if (first == 0xC2) return second == 0x85 || second == 0xA0 ? 2 : 0;  // U+0085, U+00A0
  if (first == 0xE1) return second == 0x9A && third == 0x80 ? 3 : 0;   // U+1680
  if (first == 0xE3) return second == 0x80 && third == 0x80 ? 3 : 0;   // U+3000
  if (first != 0xE2) return 0;
  if (second == 0x80)
    return (third >= 0x80 && third <= 0x8A) || third == 0xA8 || third == 0xA9 || third == 0xAF ? 3 : 0;
  return second == 0x81 && third == 0x9F ? 3 : 0;  // U+205F
}

}  // namespace

void appendUtf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6)), tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0);
  }
}

bool isUtf8(std::string_view bytes) noexcept {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while ((p = skipAscii(p, end)) != end) {
    const Sequence s = readSequence(p, end);
    if (!s.right) return false;
    p = s.end;
  }
  return true;
}

void appendMended(std::string& out, std::string_view bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  const char* kept = p;  // everything from here to p is right and not yet copied
  while ((p = skipAscii(p, end)) != end) {
    const Sequence s = readSequence(p, end);
    if (!s.right) {
      out.append(kept, p);
      out += "\xEF\xBF\xBD";
      kept = s.end;
    }
    p = s.end;
  }
  out.append(kept, end);
}

std::string squeezed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  while (!text.empty()) {
    if (const std::size_t blank = whiteSpaceAt(text)) {
      gap = true;
      text.remove_prefix(blank);
    } else {
      if (gap && !out.empty()) out += ' ';
      gap = false;
      out += text[0];
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace weft::html
