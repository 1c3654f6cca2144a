// FieldReader: the tokens of a structured field value. RFC 9110 section 5.6.
#pragma once

#include <weft/core/internal/text.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/percent_encoding.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http::detail {

// Reads a value from left to right. What it cannot read it leaves where it is.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) noexcept : rest_(text) {}

  bool atEnd() const noexcept { return rest_.empty(); }
  char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }
  std::string_view rest() const noexcept { return rest_; }
  void advance(std::size_t count) noexcept { rest_.remove_prefix(count); }

  void skipSpace() noexcept {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  // Spaces and the commas of empty elements (section 5.6.1.2).
  void skipSpaceAndCommas() noexcept {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == ',')) rest_.remove_prefix(1);
  }
  bool skip(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view token() noexcept {
    std::size_t size = 0;
    while (size < rest_.size() && isToken(rest_.substr(size, 1))) ++size;
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  // Up to one of `stops`, without the spaces around it.
  std::string_view until(std::string_view stops) noexcept {
    const std::string_view text = rest_.substr(0, rest_.find_first_of(stops));
    rest_.remove_prefix(text.size());
    return trimmed(text);
  }
  // A text in quotes, without them and with its escapes undone. One that never ends takes all there is, and `closed` becomes false.
  std::string quotedString(bool* closed = nullptr) {
    std::string text;
    rest_.remove_prefix(1);
    if (closed) *closed = true;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text.push_back(c);
    }
    if (closed) *closed = false;
    return text;
  }
  // On to the next comma that stands outside of quotes.
  void skipElement() {
    while (!rest_.empty() && rest_.front() != ',') {
      if (rest_.front() == '"')
        quotedString();
      else
        rest_.remove_prefix(1);
    }
  }

 private:
  std::string_view rest_;
};

using weft::detail::lowered;

// Digits and nothing else; a number that is too large is the largest.
inline std::optional<std::uint64_t> readNumber(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) || __builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value)) value = UINT64_MAX;
    if (value == UINT64_MAX) {
      for (char other : text)
        if (other < '0' || other > '9') return std::nullopt;
      return value;
    }
  }
  return value;
}

// As a token where it is one, else in quotes. Control characters are no part of any value and are left out.
inline void appendValue(std::string& out, std::string_view value) {
  if (isToken(value)) {
    out += value;
    return;
  }
  out += '"';
  for (char c : value) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// UTF-8''na%C3%AFve.txt: RFC 8187 section 3.2.1.
inline void appendExtendedValue(std::string& out, std::string_view text) {
  out += "UTF-8''";
  for (char c : text) {
    if (c == '*')
      out += "%2A";                                      // the one byte that forms leave alone and this does not
    else
      appendPercentEncoded(out, std::string_view(&c, 1), PercentEncodeSet::Form);
  }
}

}  // namespace weft::http::detail
