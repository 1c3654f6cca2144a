// Looking for a few bytes in many: the inner loops of the tokenizer.
//
// Most runs are short: a tag's value, the text between two tags. So a search begins inline, 16 bytes a step with SSE2,
// and only a run that goes on beyond 64 bytes (a script, a comment, a page of plain text) is worth a call, of a loop
// that takes 32 bytes a step where the processor has AVX2. Without SSE2 all is portable. The ways are policies of the
// tokenizer, so that a test can run each of them over the same input.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
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

/// One byte at a time: for any processor, and what the others are compared with.
struct PortableScan {
  /// The first byte in [p, end) that is one of `kWanted`, or `end`.
  template <char... kWanted>
  static const char* findAnyOf(const char* p, const char* end) noexcept {
    while (p != end && ((*p != kWanted) && ...)) ++p;
    return p;
  }
  /// The first `wanted` in [p, end), or `end`.
  static const char* findByte(char wanted, const char* p, const char* end) noexcept {
    while (p != end && *p != wanted) ++p;
    return p;
  }
};

#if defined(__SSE2__)

/// Whether this processor has AVX2; asked once.
inline const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;

/// How far a search goes inline before it calls the loop for long runs.
inline constexpr int kShortSteps = 4;

/// Sixteen bytes at a time. No search reads outside of [p, end).
struct Sse2Scan {
  template <char... kWanted>
  static const char* findAnyOf(const char* p, const char* end) noexcept {
    while (end - p >= 16) {
      if (const unsigned hits = hitsAt<kWanted...>(p)) return p + std::countr_zero(hits);
      p += 16;
    }
    return PortableScan::findAnyOf<kWanted...>(p, end);
  }
  /// The C library's memchr has wide registers of its own, but costs a call (4 ns).
  static const char* findByte(char wanted, const char* p, const char* end) noexcept {
    const __m128i pattern = _mm_set1_epi8(wanted);
    for (int i = 0; i < kShortSteps; ++i) {
      if (end - p < 16) break;
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      if (const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(block, pattern)))
        return p + std::countr_zero(static_cast<unsigned>(hits));
      p += 16;
    }
    if (p == end) return end;
    const void* found = std::memchr(p, wanted, static_cast<std::size_t>(end - p));
    return found ? static_cast<const char*>(found) : end;
  }

  /// A bit for each of the 16 bytes at `p` that is one of `kWanted`.
  template <char... kWanted>
  static unsigned hitsAt(const char* p) noexcept {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    __m128i hit = _mm_setzero_si128();
    ((hit = _mm_or_si128(hit, _mm_cmpeq_epi8(block, _mm_set1_epi8(kWanted)))), ...);
    return static_cast<unsigned>(_mm_movemask_epi8(hit));
  }
};

/// Thirty-two bytes at a time, where kHasAvx2.
template <char... kWanted>
__attribute__((target("avx2"), noinline)) const char* findAnyOfAvx2(const char* p, const char* end) noexcept {
  while (end - p >= 32) {
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    __m256i hit = _mm256_setzero_si256();
    ((hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(block, _mm256_set1_epi8(kWanted)))), ...);
    if (const int hits = _mm256_movemask_epi8(hit)) return p + std::countr_zero(static_cast<unsigned>(hits));
    p += 32;
  }
  return Sse2Scan::findAnyOf<kWanted...>(p, end);
}

/// The rest of a run that is long, or near the end of the piece. Not inline: the callers are hot and short.
template <char... kWanted>
__attribute__((noinline)) const char* findAnyOfRest(const char* p, const char* end) noexcept {
  return kHasAvx2 ? findAnyOfAvx2<kWanted...>(p, end) : Sse2Scan::findAnyOf<kWanted...>(p, end);
}

/// What the tokenizer uses: SSE2 inline for the short runs, AVX2 (if there is one) for the long ones.
struct FastScan {
  template <char... kWanted>
  static const char* findAnyOf(const char* p, const char* end) noexcept {
    for (int i = 0; i < kShortSteps; ++i) {
      if (end - p < 16) break;
      if (const unsigned hits = Sse2Scan::hitsAt<kWanted...>(p)) return p + std::countr_zero(hits);
      p += 16;
    }
    return findAnyOfRest<kWanted...>(p, end);
  }
  static const char* findByte(char wanted, const char* p, const char* end) noexcept {
    return Sse2Scan::findByte(wanted, p, end);
  }
};

#else

using FastScan = PortableScan;

#endif

}  // namespace weft::html::internal
