#include <weft/crawler/html/utf8.hpp>

namespace weft::html {
namespace {

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
