// The letters of CSS: names, strings and escapes (CSS Syntax, section 4), and where an error is.
#pragma once

#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/internal/scan.hpp>
#include <weft/crawler/html/utf8.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::html::internal {

/// A selector being read, from at_ on.
class CssReader {
 public:
  explicit CssReader(std::string_view text) noexcept : text_(text) {}

 protected:
  char peek(std::size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool atEnd() const noexcept { return at_ >= text_.size(); }
  bool take(char c) noexcept {
    if (atEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool skipSpace() noexcept {
    const std::size_t from = at_;
    for (;;) {
      while (!atEnd() && isSpace(text_[at_])) ++at_;
      if (peek() != '/' || peek(1) != '*') break;
      const std::size_t end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    }
    return at_ != from;
  }
  std::string here() const {
    if (atEnd()) return "end";
    std::size_t length = 1;
    while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xC0) == 0x80) ++length;
    return "'" + std::string(text_.substr(at_, length)) + "'";
  }
  [[noreturn]] void fail(const std::string& reason) const { fail(reason, at_); }
  [[noreturn]] void fail(const std::string& reason, std::size_t at) const {
    throw SelectorSyntaxError(text_, columnOf(text_, at), reason);
  }
  [[noreturn]] void unsupported(const std::string& reason, std::size_t at) const {
    throw UnsupportedSelector(text_, columnOf(text_, at), reason);
  }

  bool startsName(std::size_t ahead = 0) const noexcept {
    const char c = peek(ahead);
    if (c == '-') return peek(ahead + 1) == '-' || (peek(ahead + 1) != '-' && startsName(ahead + 1));
    if (c == '\\') return at_ + ahead + 1 < text_.size() && peek(ahead + 1) != '\n';
    return isAlpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  }
  bool inName() const noexcept {
    const char c = peek();
    if (atEnd()) return false;
    return isAlnum(c) || c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80 ||
           (c == '\\' && at_ + 1 < text_.size() && peek(1) != '\n');
  }
  void escape(std::string& out) {
    ++at_;  // the backslash
    std::uint32_t number = 0;
    int digits = 0;
    for (; digits < 6 && !atEnd(); ++digits) {
      const char c = toLower(peek());
      if (isDigit(c))
        number = number * 16 + static_cast<std::uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        number = number * 16 + static_cast<std::uint32_t>(c - 'a' + 10);
      else
        break;
      ++at_;
    }
    if (digits == 0) {
      out += text_[at_++];
      return;
    }
    appendUtf8(out, number ? number : 0xFFFD);
    if (peek() == '\r' && peek(1) == '\n')
      at_ += 2;
    else if (!atEnd() && isSpace(peek()))
      ++at_;
  }
  std::string name(const char* what) {
    if (!startsName()) fail(std::string("expected ") + what + ", not " + here());
    return nameRest();
  }
  std::string nameRest() {
    std::string out;
    while (inName()) {
      if (peek() == '\\')
        escape(out);
      else
        out += text_[at_++];
    }
    return out;
  }
  std::string string() {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string out;
    for (;;) {
      if (atEnd()) fail("this string is not closed", begin);
      const char c = peek();
      if (c == quote) {
        ++at_;
        return out;
      }
      if (c == '\n' || c == '\r' || c == '\f') fail("this string is not closed", begin);
      if (c != '\\') {
        out += c;
        ++at_;
      } else if (at_ + 1 >= text_.size()) {
        ++at_;
      } else if (peek(1) == '\n' || peek(1) == '\f') {
        at_ += 2;
      } else {
        escape(out);
      }
    }
  }
  std::string nameOrString(const char* what) {
    skipSpace();
    std::string value = peek() == '"' || peek() == '\'' ? string() : name(what);
    skipSpace();
    return value;
  }
  void close(std::size_t opened) {
    skipSpace();
    if (!take(')')) atEnd() ? fail("this parenthesis is not closed", opened) : fail("expected ')', not " + here());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace weft::html::internal
