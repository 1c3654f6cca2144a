#include <weft/http/internal/url_host.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/percent_encoding.hpp>
#include <weft/http/text/utf8.hpp>

#include <unicode/uidna.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace weft::http::detail {
namespace {

enum HostByte : std::uint8_t {
  kForbiddenInHost = 1,
  kForbiddenInDomain = 2,
  kUpper = 4,
  kSlow = 8,                                                               // % and non-ASCII: needs decoding first
};

constexpr std::array<std::uint8_t, 256> kHostBytes = [] {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::size_t byte, unsigned flags) {
    table[byte] = static_cast<std::uint8_t>(table[byte] | flags);
  };
  for (char c : std::string_view("\0\t\n\r #/:<>?@[\\]^|", 17))
    mark(static_cast<unsigned char>(c), kForbiddenInHost | kForbiddenInDomain);
  for (unsigned c = 0; c < 0x20; ++c) mark(c, kForbiddenInDomain);
  mark(0x7F, kForbiddenInDomain);
  mark('%', kSlow);
  for (unsigned c = 0x80; c < 256; ++c) mark(c, kSlow);
  for (unsigned c = 'A'; c <= 'Z'; ++c) mark(c, kUpper);
  return table;
}();

unsigned flagsOf(std::string_view text) noexcept {
  unsigned flags = 0;
  for (char c : text) flags |= kHostBytes[static_cast<unsigned char>(c)];
  return flags;
}

using weft::detail::isDigit, weft::detail::lower;

// ---- international names

struct CloseIdna {
  void operator()(UIDNA* idna) const noexcept { uidna_close(idna); }
};

// Mappings of UTS 46 revisions 33 (Unicode 16) that older ICU lacks: capitals that were disallowed, and fillers that are now ignored.
// A newer ICU does the same, so that doing it first is never wrong. The text is valid UTF-8.
std::string mapNewerCodePoints(std::string_view domain) {
  struct Mapping {
    std::string_view from, to;
  };
  static constexpr Mapping kMappings[] = {
      {"\xE1\xBA\x9E", "\xC3\x9F"},  // U+1E9E to U+00DF, sharp s
      {"\xD3\x80", "\xD3\x8F"},  // U+04C0 to U+04CF, palochka
      {"\xE2\x84\xB2", "\xE2\x85\x8E"},  // U+2132 to U+214E, turned F
      {"\xE2\x86\x83", "\xE2\x86\x84"},  // U+2183 to U+2184, reversed C
      {"\xE1\x85\x9F", ""},
      {"\xE1\x85\xA0", ""},
      {"\xE3\x85\xA4", ""},
      {"\xEF\xBE\xA0", ""},  // Hangul fillers
      {"\xE1\x9E\xB4", ""},
      {"\xE1\x9E\xB5", ""},  // Khmer inherent vowels
  };
  std::string mapped;
  for (std::size_t i = 0; i < domain.size();) {
    const auto lead = static_cast<unsigned char>(domain[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::string_view letter = domain.substr(i, size);
    i += size;
    if (size == 3 && lead == 0xE1 && letter >= "\xE1\x82\xA0" &&
        letter <= "\xE1\x83\x85") {  // U+10A0… to U+2D00…, Georgian
      const unsigned index =
          (static_cast<unsigned char>(letter[1]) - 0x82U) * 64 + static_cast<unsigned char>(letter[2]) - 0xA0U;
      mapped.append("\xE2\xB4").push_back(static_cast<char>(0x80 + index));
      continue;
    }
    if (size > 1) {
      for (const Mapping& mapping : kMappings) {
        if (letter == mapping.from) {
          letter = mapping.to;
          break;
        }
      }
    }
    mapped += letter;
  }
  return mapped;
}

// Only for names with non-ASCII letters: an ASCII domain is lower-cased and nothing else, its xn-- labels are not looked into (section 3.3).
// UTS 46 processing with the standard's flags: CheckHyphens and VerifyDnsLength false, CheckBidi, CheckJoiners, non-transitional.
bool appendDomainToAscii(std::string& out, std::string_view name) {
  static const std::unique_ptr<UIDNA, CloseIdna> idna = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<UIDNA, CloseIdna>(
        uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII, &status));
  }();
  if (!idna || name.size() > 65536) return false;
  const std::string domain = mapNewerCodePoints(name);
  constexpr std::uint32_t kIgnored = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                                     UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                                     UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;
  std::string ascii(domain.size() * 3 + 64, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UErrorCode status = U_ZERO_ERROR;
    const std::int32_t size =
        uidna_nameToASCII_UTF8(idna.get(), domain.data(), static_cast<std::int32_t>(domain.size()), ascii.data(),
                               static_cast<std::int32_t>(ascii.size()), &info, &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {
      ascii.resize(static_cast<std::size_t>(size) + 1);
      continue;
    }
    if (U_FAILURE(status) || (info.errors & ~kIgnored) != 0) return false;
    ascii.resize(static_cast<std::size_t>(size));
    out += ascii;
    return true;
  }
  return false;
}

// ---- IPv4, sections 3.5 and 3.6

std::string_view lastLabel(std::string_view domain) noexcept {
  if (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);
  return domain.substr(domain.rfind('.') + 1);  // npos + 1 is 0
}

// Decimal, octal with a leading 0, hexadecimal with 0x. Values are cut at 2^33: larger than any address may be.
std::optional<std::uint64_t> ipv4Number(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  unsigned radix = 10;
  if (text.size() >= 2 && text[0] == '0' && lower(text[1]) == 'x') {
    radix = 16;
    text.remove_prefix(2);
  } else if (text.size() >= 2 && text[0] == '0') {
    radix = 8;
    text.remove_prefix(1);
  }
  std::uint64_t value = 0;
  for (char c : text) {
    const int digit = hexValue(c);
    if (digit < 0 || static_cast<unsigned>(digit) >= radix) return std::nullopt;
    value = value * radix + static_cast<unsigned>(digit);
    if (value > (std::uint64_t{1} << 33)) value = std::uint64_t{1} << 33;
  }
  return value;
}

bool endsInNumber(std::string_view domain) noexcept {
  const std::string_view last = lastLabel(domain);
  if (last.empty() || !isDigit(last[0])) return false;
  bool digits = true;
  for (char c : last) digits = digits && isDigit(c);
  return digits || (last.size() >= 2 && lower(last[1]) == 'x' && ipv4Number(last).has_value());
}

bool appendIpv4(std::string& out, std::string_view text) {
  if (text.back() == '.') text.remove_suffix(1);
  std::array<std::uint64_t, 4> parts{};
  std::size_t count = 0;
  for (;;) {
    const std::size_t dot = text.find('.');
    const auto number = ipv4Number(text.substr(0, dot));
    if (!number || count == 4) return false;
    parts[count++] = *number;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  std::uint64_t address = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (parts[i] > 255) return false;
    address |= parts[i] << (24 - 8 * i);
  }
  if (parts[count - 1] >= std::uint64_t{1} << (8 * (5 - count))) return false;
  address |= parts[count - 1];
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string((address >> shift) & 255);
    if (shift > 0) out += '.';
  }
  return true;
}

// ---- IPv6, sections 3.5 and 3.6

using Pieces = std::array<std::uint16_t, 8>;

std::optional<Pieces> parseIpv6(std::string_view text) noexcept {
  Pieces pieces{};
  std::size_t piece = 0;
  std::optional<std::size_t> compress;
  std::size_t at = 0;
  const auto peek = [&](std::size_t ahead = 0) { return at + ahead < text.size() ? text[at + ahead] : '\0'; };
  if (peek() == ':') {
    if (peek(1) != ':') return std::nullopt;
    at += 2;
    compress = ++piece;
  }
  while (at < text.size()) {
    if (piece == 8) return std::nullopt;
    if (text[at] == ':') {
      if (compress) return std::nullopt;
      ++at;
      compress = ++piece;
      continue;
    }
    unsigned value = 0;
    int length = 0;
    for (; length < 4 && at < text.size() && hexValue(text[at]) >= 0; ++length)
      value = value * 16 + static_cast<unsigned>(hexValue(text[at++]));
    if (peek() == '.') {  // the last 32 bits as an IPv4 address
      if (length == 0) return std::nullopt;
      at -= static_cast<std::size_t>(length);
      if (piece > 6) return std::nullopt;
      int seen = 0;
      while (at < text.size()) {
        if (seen > 0) {
          if (text[at] != '.' || seen >= 4) return std::nullopt;
          ++at;
        }
        if (!isDigit(peek())) return std::nullopt;
        int number = -1;
        for (; isDigit(peek()); ++at) {
          const int digit = text[at] - '0';
          if (number == 0) return std::nullopt;  // no leading zeros
          number = number < 0 ? digit : number * 10 + digit;
          if (number > 255) return std::nullopt;
        }
        pieces[piece] = static_cast<std::uint16_t>(pieces[piece] * 256 + number);
        if (++seen == 2 || seen == 4) ++piece;
      }
      if (seen != 4) return std::nullopt;
      break;
    }
    if (peek() == ':' && at < text.size()) {
      if (++at == text.size()) return std::nullopt;
    } else if (at < text.size()) {
      return std::nullopt;
    }
    pieces[piece++] = static_cast<std::uint16_t>(value);
  }
  if (compress) {
    std::size_t swaps = piece - *compress;
    for (piece = 7; piece != 0 && swaps > 0; --piece, --swaps) std::swap(pieces[piece], pieces[*compress + swaps - 1]);
  } else if (piece != 8) {
    return std::nullopt;
  }
  return pieces;
}

void appendIpv6(std::string& out, const Pieces& pieces) {
  std::size_t longest = 8;  // start of the longest run of zeros, of two or more
  std::size_t longestLength = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && pieces[end] == 0) ++end;
    if (end - i > longestLength) {
      longest = i;
      longestLength = end - i;
    }
    i = end + 1;
  }
  static constexpr char kHex[] = "0123456789abcdef";
  for (std::size_t i = 0; i < 8;) {
    if (i == longest) {
      out += i == 0 ? "::" : ":";
      i += longestLength;
      continue;
    }
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const unsigned digit = (pieces[i] >> shift) & 15U;
      started = started || digit != 0 || shift == 0;
      if (started) out += kHex[digit];
    }
    if (++i < 8) out += ':';
  }
}

std::optional<UrlProblem> appendDomain(std::string& out, std::string_view host) {
  const std::size_t start = out.size();
  unsigned flags = flagsOf(host);
  if (flags == 0 && !host.empty() && !endsInNumber(host)) [[likely]] {
    out += host;
    return std::nullopt;
  }
  if (flags & kSlow) [[unlikely]] {
    std::string decoded = percentDecode(host);
    if (auto repaired = repairedUtf8(decoded)) decoded = std::move(*repaired);
    flags = flagsOf(decoded);
    if (flags & kSlow) {
      if (!appendDomainToAscii(out, decoded)) return UrlProblem::DomainToAscii;
    } else {
      out += decoded;
    }
  } else {
    out += host;
  }
  for (std::size_t i = start; i < out.size(); ++i) out[i] = lower(out[i]);
  const std::string_view domain = std::string_view(out).substr(start);
  if (domain.empty()) return UrlProblem::DomainToAscii;
  if (flagsOf(domain) & (kForbiddenInDomain | kSlow)) return UrlProblem::DomainInvalidCodePoint;
  if (endsInNumber(domain)) {
    const std::string text(domain);
    out.resize(start);
    if (!appendIpv4(out, text)) return UrlProblem::Ipv4Invalid;
  }
  return std::nullopt;
}

}  // namespace

std::optional<UrlProblem> appendHost(std::string& out, std::string_view host, bool special) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return UrlProblem::Ipv6Unclosed;
    const auto pieces = parseIpv6(host.substr(1, host.size() - 2));
    if (!pieces) return UrlProblem::Ipv6Invalid;
    out += '[';
    appendIpv6(out, *pieces);
    out += ']';
    return std::nullopt;
  }
  if (special) return appendDomain(out, host);
  if (flagsOf(host) & kForbiddenInHost) return UrlProblem::HostInvalidCodePoint;
  appendPercentEncoded(out, host, PercentEncodeSet::C0Control);
  return std::nullopt;
}

std::optional<std::string> repairedUtf8(std::string_view text) {
  if (isUtf8(text)) return std::nullopt;
  std::optional<std::string> out(std::in_place);
  appendMended(*out, text);
  return out;
}

}  // namespace weft::http::detail
