// Looking for a few bytes in many: the inner loops of the tokenizer, 16 bytes a step where SSE2 is there.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weft::html::internal {

/// What a byte is to the tokenizer; several may hold.
enum CharClass : std::uint8_t {
  kSpaceChar = 1,      // tab, line feed, form feed, carriage return, blank
  kUpperChar = 2,      // A to Z
  kLowerChar = 4,      // a to z
  kDigitChar = 8,      // 0 to 9
  kTagNameEnd = 16,    // white space, / and >
  kAttrNameEnd = 32,   // white space, /, > and =
  kNullChar = 64,      // NUL
  kValueSpecial = 128  // what an attribute value cannot be taken verbatim with: &, NUL, carriage return
};

inline constexpr std::array<std::uint8_t, 256> kCharClass = [] {
  std::array<std::uint8_t, 256> t{};
  for (unsigned char c : {'\t', '\n', '\f', '\r', ' '}) t[c] = kSpaceChar | kTagNameEnd | kAttrNameEnd;
  for (int c = 'A'; c <= 'Z'; ++c) t[c] = kUpperChar;
  for (int c = 'a'; c <= 'z'; ++c) t[c] = kLowerChar;
  for (int c = '0'; c <= '9'; ++c) t[c] = kDigitChar;
  for (unsigned char c : {'/', '>'}) t[c] = kTagNameEnd | kAttrNameEnd;
  t[static_cast<unsigned char>('=')] = kAttrNameEnd;
  t[0] = kNullChar | kValueSpecial;
  t[static_cast<unsigned char>('&')] |= kValueSpecial;
  t[static_cast<unsigned char>('\r')] |= kValueSpecial;
  return t;
}();

constexpr std::uint8_t classOf(char c) noexcept { return kCharClass[static_cast<unsigned char>(c)]; }
constexpr bool isSpace(char c) noexcept { return classOf(c) & kSpaceChar; }
constexpr bool isAlpha(char c) noexcept { return classOf(c) & (kUpperChar | kLowerChar); }
constexpr bool isAlnum(char c) noexcept { return classOf(c) & (kUpperChar | kLowerChar | kDigitChar); }
constexpr bool isDigit(char c) noexcept { return classOf(c) & kDigitChar; }
constexpr char toLower(char c) noexcept { return static_cast<char>(classOf(c) & kUpperChar ? c + 32 : c); }

namespace portable {
/// The first byte in [p, end) that is one of `kWanted`, or `end`.
template <char... kWanted>
inline const char* findAnyOf(const char* p, const char* end) noexcept {
  while (p != end && ((*p != kWanted) && ...)) ++p;
  return p;
}
}  // namespace portable

#if defined(__SSE2__)
namespace sse2 {
/// The same as portable::findAnyOf, 16 bytes at a time. Never reads outside of [p, end).
template <char... kWanted>
inline const char* findAnyOf(const char* p, const char* end) noexcept {
  while (end - p >= 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    __m128i hit = _mm_setzero_si128();
    ((hit = _mm_or_si128(hit, _mm_cmpeq_epi8(block, _mm_set1_epi8(kWanted)))), ...);
    if (const int mask = _mm_movemask_epi8(hit)) return p + std::countr_zero(static_cast<unsigned>(mask));
    p += 16;
  }
  return portable::findAnyOf<kWanted...>(p, end);
}
}  // namespace sse2
using sse2::findAnyOf;
#else
using portable::findAnyOf;
#endif

/// The first `wanted` in [p, end), or `end`. Text between tags is short more often than not, so the first 64 bytes are
/// looked at here, and only then the C library (which has wider registers, but costs a call: 4 ns) is asked.
inline const char* findByte(char wanted, const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  const __m128i pattern = _mm_set1_epi8(wanted);
  for (int i = 0; i < 4; ++i) {
    if (end - p < 16) break;
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(block, pattern)))
      return p + std::countr_zero(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  if (p == end) return end;
  const void* found = std::memchr(p, wanted, static_cast<std::size_t>(end - p));
  return found ? static_cast<const char*>(found) : end;
}

}  // namespace weft::html::internal
