// Percent-encoding: the standard's encode sets, encoding and decoding.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// Which bytes get percent-encoded. Each set is the WHATWG URL standard's of that name, section 1.3; bytes over 0x7E are in all of them.
enum class PercentEncodeSet : std::uint8_t {
  C0Control = 1 << 0,     ///< opaque hosts and opaque paths
  Fragment = 1 << 1,
  Query = 1 << 2,         ///< queries of URLs whose scheme is not special
  SpecialQuery = 1 << 3,  ///< queries of http, https, ws, wss, ftp and file URLs
  Path = 1 << 4,
  UserInfo = 1 << 5,
  Component = 1 << 6,     ///< what JavaScript's encodeURIComponent does
  Form = 1 << 7,          ///< application/x-www-form-urlencoded, without its rule for spaces
};

namespace detail {

constexpr std::array<std::uint8_t, 256> makePercentEncodeTable() {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::string_view bytes, unsigned sets) {
    for (char c : bytes) table[static_cast<unsigned char>(c)] = static_cast<std::uint8_t>(table[static_cast<unsigned char>(c)] | sets);
  };
  for (unsigned c = 0; c < 256; ++c)
    if (c < 0x20 || c > 0x7E) table[c] = 0xFF;
  mark(" \"<>`", 1 << 1);                                                     // fragment
  mark(" \"#<>", 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7);        // query and everything built on it
  mark("'", 1 << 3);                                                          // special-query
  mark("?^`{}", 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7);                           // path
  mark("/:;=@[\\]|", 1 << 5 | 1 << 6 | 1 << 7);                               // userinfo
  mark("$%&+,", 1 << 6 | 1 << 7);                                             // component
  mark("!'()~", 1 << 7);                                                      // form
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kPercentEncodeTable = makePercentEncodeTable();

constexpr int hexValue(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace detail

/// Is this byte encoded in that set?
constexpr bool isIn(PercentEncodeSet set, char c) noexcept {
  return (detail::kPercentEncodeTable[static_cast<unsigned char>(c)] & static_cast<unsigned>(set)) != 0;
}

/// Appends `text`, with each byte of the set as %XX. `text` is UTF-8 (WHATWG "UTF-8 percent-encode").
void appendPercentEncoded(std::string& out, std::string_view text, PercentEncodeSet set);
std::string percentEncode(std::string_view text, PercentEncodeSet set = PercentEncodeSet::Component);

/// `text` with every %XX replaced by its byte; a % that is not followed by two hexadecimal digits stays.
void appendPercentDecoded(std::string& out, std::string_view text);
std::string percentDecode(std::string_view text);

}  // namespace weft::http
