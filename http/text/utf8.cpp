#include <weft/http/text/utf8.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace weft::http {
namespace {

// The end of the ASCII run that starts at `p`.
const char* skipAscii(const char* p, const char* end) noexcept {
#ifdef __SSE2__
  for (; end - p >= 64; p += 64) {
    const auto* at = reinterpret_cast<const __m128i*>(p);
    const __m128i a = _mm_or_si128(_mm_loadu_si128(at), _mm_loadu_si128(at + 1));
    const __m128i b = _mm_or_si128(_mm_loadu_si128(at + 2), _mm_loadu_si128(at + 3));
    if (_mm_movemask_epi8(_mm_or_si128(a, b))) break;
  }
  while (end - p >= 16) {
    const int mask = _mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    if (mask) return p + std::countr_zero(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  while (p != end && static_cast<unsigned char>(*p) < 0x80) ++p;
  return p;
}

// One sequence that is not ASCII: its end, and what it is. A wrong one ends where the standard's decoder puts one U+FFFD and goes on.
struct Sequence {
  const char* end;
  enum { Right, Wrong, Cut } is;
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
    return {p, Sequence::Wrong};
  }
  for (; more; --more) {
    if (p == end) return {p, Sequence::Cut};
    if (static_cast<unsigned char>(*p) < low || static_cast<unsigned char>(*p) > high) return {p, Sequence::Wrong};
    ++p;
    low = 0x80, high = 0xBF;
  }
  return {p, Sequence::Right};
}

bool isUtf8OneByOne(const char* p, const char* end) noexcept {
  while ((p = skipAscii(p, end)) != end) {
    const Sequence s = readSequence(p, end);
    if (s.is != Sequence::Right) return false;
    p = s.end;
  }
  return true;
}

}  // namespace

void appendUtf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    const char text[] = {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
    out.append(text, sizeof text);
  } else if (c < 0x10000) {
    const char text[] = {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
    out.append(text, sizeof text);
  } else {
    const char text[] = {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
    out.append(text, sizeof text);
  }
}

bool isUtf8(std::string_view bytes) noexcept { return isUtf8OneByOne(bytes.data(), bytes.data() + bytes.size()); }

void appendMended(std::string& out, std::string_view bytes) {
  if (isUtf8(bytes)) [[likely]] {
    out.append(bytes);
    return;
  }
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  const char* kept = p;  // everything from here to p is right and not yet copied
  while ((p = skipAscii(p, end)) != end) {
    const Sequence s = readSequence(p, end);
    if (s.is != Sequence::Right) {
      out.append(kept, p);
      out += "\xEF\xBF\xBD";
      kept = s.end;
    }
    p = s.end;
  }
  out.append(kept, end);
}

std::size_t cutSequence(std::string_view bytes) noexcept {
  const char* const end = bytes.data() + bytes.size();
  for (std::size_t size = 1; size <= 3 && size <= bytes.size(); ++size) {
    const char* const p = end - size;
    const auto byte = static_cast<unsigned char>(*p);
    if (byte < 0x80) return 0;
    if (byte >= 0xC0) return readSequence(p, end).is == Sequence::Cut ? size : 0;
  }
  return 0;
}

bool isPlainAscii(std::string_view bytes) noexcept {
  return asciiPrefix(bytes) == bytes.size() && (bytes.empty() || !std::memchr(bytes.data(), 0x1B, bytes.size()));
}

std::size_t asciiPrefix(std::string_view bytes) noexcept {
  return static_cast<std::size_t>(skipAscii(bytes.data(), bytes.data() + bytes.size()) - bytes.data());
}

}  // namespace weft::http
