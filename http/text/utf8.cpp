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

#ifdef __SSE2__
// Sixteen bytes at once: three tables, looked up by the halves of a byte and of the one before it, say which pairs of bytes are wrong together; what is left to see is whether a
// third and a fourth byte stand where a lead byte asks for them. After Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte" (2021). 2 to 5 GB/s, where one
// by one takes 0.2 to 0.5 of letters.
namespace pairs {
constexpr char kShort = 1, kLong = 2, kOverlong3 = 4, kTooLarge = 8, kSurrogate = 16, kOverlong2 = 32, kTooLarge1000 = 64, kOverlong4 = 64;
constexpr char kTwoTrails = static_cast<char>(128);
constexpr char kAny = static_cast<char>(kShort | kLong | kTwoTrails);
constexpr char kFrom5 = static_cast<char>(kAny | kTooLarge | kTooLarge1000);
constexpr char both(int bits) { return static_cast<char>(bits); }
}  // namespace pairs

[[gnu::target("ssse3")]] bool isUtf8BySixteen(const char* p, const char* end) noexcept {
  using namespace pairs;
  const __m128i leadHigh = _mm_setr_epi8(kLong, kLong, kLong, kLong, kLong, kLong, kLong, kLong, kTwoTrails, kTwoTrails, kTwoTrails, kTwoTrails, both(kShort | kOverlong2), kShort,
                                         both(kShort | kOverlong3 | kSurrogate), both(kShort | kTooLarge | kTooLarge1000 | kOverlong4));
  const __m128i leadLow = _mm_setr_epi8(both(kAny | kOverlong3 | kOverlong2 | kOverlong4), both(kAny | kOverlong2), kAny, kAny, both(kAny | kTooLarge), kFrom5, kFrom5, kFrom5, kFrom5,
                                        kFrom5, kFrom5, kFrom5, kFrom5, both(kFrom5 | kSurrogate), kFrom5, kFrom5);
  const char trail8 = both(kLong | kOverlong2 | kTwoTrails | kOverlong3 | kTooLarge1000 | kOverlong4), trail9 = both(kLong | kOverlong2 | kTwoTrails | kOverlong3 | kTooLarge),
             trailA = both(kLong | kOverlong2 | kTwoTrails | kSurrogate | kTooLarge);
  const __m128i trailHigh =
      _mm_setr_epi8(kShort, kShort, kShort, kShort, kShort, kShort, kShort, kShort, trail8, trail9, trailA, trailA, kShort, kShort, kShort, kShort);
  const __m128i low = _mm_set1_epi8(15);
  __m128i before = _mm_setzero_si128(), wrong = _mm_setzero_si128();
  const auto look = [&](__m128i now) __attribute__((target("ssse3"))) {
    const __m128i first = _mm_alignr_epi8(now, before, 15), second = _mm_alignr_epi8(now, before, 14), third = _mm_alignr_epi8(now, before, 13);
    const auto high = [low](__m128i bytes) __attribute__((target("ssse3"))) { return _mm_and_si128(_mm_srli_epi16(bytes, 4), low); };
    const __m128i together = _mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(leadHigh, high(first)), _mm_shuffle_epi8(leadLow, _mm_and_si128(first, low))),
                                           _mm_shuffle_epi8(trailHigh, high(now)));
    const __m128i more = _mm_or_si128(_mm_subs_epu8(second, _mm_set1_epi8(0xE0 - 0x80)), _mm_subs_epu8(third, _mm_set1_epi8(0xF0 - 0x80)));
    wrong = _mm_or_si128(wrong, _mm_xor_si128(_mm_and_si128(more, _mm_set1_epi8(static_cast<char>(0x80))), together));
    before = now;
  };
  while (end - p >= 16) {
    look(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    p += 16;
  }
  alignas(16) char rest[32] = {};                      // and zeros behind the end: a sequence that is cut is wrong
  std::memcpy(rest, p, static_cast<std::size_t>(end - p));
  look(_mm_load_si128(reinterpret_cast<const __m128i*>(rest)));
  look(_mm_load_si128(reinterpret_cast<const __m128i*>(rest + 16)));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xFFFF;
}
#endif

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

bool isUtf8(std::string_view bytes) noexcept {
  const char* const end = bytes.data() + bytes.size();
  const char* const p = skipAscii(bytes.data(), end);
#ifdef __SSE2__
  static const bool bySixteen = __builtin_cpu_supports("ssse3");
  if (end - p >= 64 && bySixteen) {
    // A piece at a time, cut where no sequence is: what is wrong at the beginning is found there, and the ASCII between is skipped at its own speed.
    constexpr std::ptrdiff_t kPiece = 4096;
    for (const char* from = p; (from = skipAscii(from, end)) != end;) {
      const char* to = end - from > kPiece ? from + kPiece : end;
      if (to != end) to -= cutSequence({from, static_cast<std::size_t>(to - from)});
      if (!isUtf8BySixteen(from, to)) return false;
      from = to;
    }
    return true;
  }
#endif
  return isUtf8OneByOne(p, end);
}

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
