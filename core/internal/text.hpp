// Text as protocols see it: bytes and ASCII letters, whatever the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::detail {

constexpr bool isDigit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool isLetter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/// What HTML and the Encoding standard call ASCII whitespace.
constexpr bool isSpace(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
constexpr bool isControl(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

/// A stranger's text in a message of ours: control characters as "?", and no more than `most` bytes, with "…" for the rest.
inline std::string printable(std::string_view text, std::size_t most) {
  std::string shown(text.substr(0, most));
  for (char& c : shown)
    if (isControl(c)) c = '?';
  return text.size() > most ? shown + "…" : shown;
}

/// A number in a message, without the zeros behind it: 2.5, 30.
inline std::string plainNumber(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace weft::detail
