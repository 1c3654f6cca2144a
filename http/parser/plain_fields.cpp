#include <weft/http/parser/internal/plain_fields.hpp>

#include <bit>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft::http::detail {
namespace {

bool isBlank(char c) noexcept { return c == ' ' || c == '\t'; }

// The first byte that no token has.
const char* tokenEnd(const char* at, const char* end) noexcept {
#ifdef __SSE2__
  // Letters, digits and '-': the rest of the token characters, which are rare, end the quick way and are looked up.
  const auto within = [](__m128i bytes, char first, char last) {
    const __m128i from = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8(static_cast<char>(last - first))), from);
  };
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i letters = within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i others = _mm_or_si128(within(bytes, '0', '9'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const auto odd = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letters, others))) ^ 0xFFFFU;
    if (odd != 0) {
      at += std::countr_zero(odd);
      break;
    }
    at += 16;
  }
#endif
  while (at != end && isToken({at, 1})) ++at;
  return at;
}

// The first control character other than a tab.
const char* valueEnd(const char* at, const char* end) noexcept {
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(' '), del = _mm_set1_epi8(0x7F), tab = _mm_set1_epi8('\t');
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i text = _mm_or_si128(_mm_cmpeq_epi8(_mm_max_epu8(bytes, space), bytes), _mm_cmpeq_epi8(bytes, tab));
    const auto odd = static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, del), text))) ^ 0xFFFFU;
    if (odd != 0) return at + std::countr_zero(odd);
  }
#endif
  while (at != end && ((static_cast<unsigned char>(*at) >= 0x20 && *at != 0x7F) || *at == '\t')) ++at;
  return at;
}

bool isLength(std::string_view value) noexcept {
  return !value.empty() && value.size() <= 18 && value.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool PlainFields::scan(std::string_view bytes) noexcept {
  count_ = framingCount_ = textBytes_ = 0;
  framed_ = false;
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  for (const char* at = begin; end - at >= 2;) {
    if (*at == '\r') {
      size_ = static_cast<std::size_t>(at + 2 - begin);
      return at[1] == '\n';
    }
    const char* const colon = tokenEnd(at, end);
    if (count_ == kMost || colon == at || colon == end || *colon != ':' || colon - at > 0xFFFF) return false;
    const char* value = colon + 1;
    while (value != end && isBlank(*value)) ++value;
    const char* const stop = valueEnd(value, end);
    // The line that follows must be there, to tell that it does not continue this one.
    if (end - stop < 3 || stop[0] != '\r' || stop[1] != '\n' || isBlank(stop[2])) return false;
    const char* last = stop;
    while (last != value && isBlank(last[-1])) --last;
    fields_[count_++] = {static_cast<std::uint32_t>(at - begin), static_cast<std::uint32_t>(value - begin),
                         static_cast<std::uint32_t>(last - value), static_cast<std::uint16_t>(colon - at)};
    textBytes_ += static_cast<std::size_t>((colon - at) + (stop - value));
    if (!noteFraming({at, colon}, {value, last}, {at, stop + 2})) return false;
    at = stop + 2;
  }
  return false;
}

// What llhttp knows by name. False: it is for llhttp alone to judge.
bool PlainFields::noteFraming(std::string_view name, std::string_view value, std::string_view line) noexcept {
  std::string_view known;
  switch (name.size()) {
    case 7: known = "upgrade"; break;
    case 10: known = "connection"; break;
    case 14: known = "content-length"; break;
    case 16: known = "proxy-connection"; break;
    case 17: known = "transfer-encoding"; break;
    default: return true;
  }
  if (!equalIgnoringCase(name, known)) return true;
  if (framingCount_ == framing_.size()) return false;
  framing_[framingCount_++] = line;
  if (known.size() != 14 && known.size() != 17) return true;
  if (framed_) return false;
  framed_ = true;
  return known.size() == 14 ? isLength(value) : equalIgnoringCase(value, "chunked");
}

}  // namespace weft::http::detail
