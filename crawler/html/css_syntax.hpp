// The grammar of CSS selectors, without their meaning: what the compiler can check.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::html {

/// What can be wrong with a selector. CssSelector says it in words.
enum class CssFault : std::uint8_t {
  kNone,
  kExpectedSelector,
  kExpectedName,
  kExpectedOperator,
  kExpectedValue,
  kUnexpectedCharacter,
  kUnclosedBracket,
  kUnclosedParenthesis,
  kUnclosedString,
  kNotAnPlusB,
  kMisplacedPseudoElement,
  kMisplacedScope,
  kUnknownNamespace,
  kUnknownPseudoClass,
  kUnknownPseudoElement,
  kUnsupportedCombinator,
  kNestedTooDeeply,
  kTooLong,
};
/// Whether a selector can be read; if not, what is wrong with it and where.
struct CssSyntax {
  CssFault fault = CssFault::kNone;
  std::size_t offset = 0;  // in bytes, from 0
};

namespace internal {

/// Accepts what CssSelector compiles, and nothing else; a test and a fuzzer hold the two to each other. It allocates
/// nothing and throws nothing, so that compilers can run it.
class CssChecker {
 public:
  constexpr explicit CssChecker(std::string_view text) noexcept : text_(text) {}

  constexpr CssSyntax run() noexcept {
    skipSpace();
    do {
      skipSpace();
      sequence(Context::kTop);
    } while (good() && take(','));
    if (good() && !atEnd()) fail(CssFault::kUnexpectedCharacter);
    if (good() && steps_ > kMostSteps) fail(CssFault::kTooLong, 0);
    if (good()) syntax_ = pending_;  // what breaks no rule counts only if the rest breaks none either
    return syntax_;
  }

 private:
  enum class Context : std::uint8_t { kTop, kArgument, kRelative };
  static constexpr int kMostNesting = 32;
  static constexpr int kMostSteps = 256;

  // ---- characters

  constexpr char peek(std::size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  constexpr bool atEnd() const noexcept { return at_ >= text_.size(); }
  constexpr bool good() const noexcept { return syntax_.fault == CssFault::kNone; }
  constexpr void fail(CssFault fault) noexcept { fail(fault, at_); }
  constexpr void fail(CssFault fault, std::size_t offset) noexcept {
    if (good()) syntax_ = {fault, offset};
  }
  constexpr void failLater(CssFault fault, std::size_t offset) noexcept {
    if (pending_.fault == CssFault::kNone) pending_ = {fault, offset};
  }
  constexpr bool take(char c) noexcept {
    if (atEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  static constexpr bool isSpace(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
  static constexpr bool isDigit(char c) noexcept { return c >= '0' && c <= '9'; }
  static constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
  static constexpr bool isLetter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
  constexpr bool skipSpace() noexcept {
    const std::size_t from = at_;
    for (;;) {
      while (!atEnd() && isSpace(text_[at_])) ++at_;
      if (peek() != '/' || peek(1) != '*') break;
      const std::size_t end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    }
    return at_ != from;
  }
  constexpr bool startsName() const noexcept {
    std::size_t ahead = 0;
    if (peek() == '-') {
      if (peek(1) == '-') return true;
      ahead = 1;
    }
    const char c = peek(ahead);
    if (c == '\\') return at_ + ahead + 1 < text_.size() && peek(ahead + 1) != '\n';
    return isLetter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  }
  constexpr bool inName() const noexcept {
    if (atEnd()) return false;
    const char c = peek();
    return isLetter(c) || isDigit(c) || c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80 ||
           (c == '\\' && at_ + 1 < text_.size() && peek(1) != '\n');
  }
  constexpr void escape() noexcept {
    ++at_;
    int digits = 0;
    for (; digits < 6 && !atEnd() && (isDigit(peek()) || (lower(peek()) >= 'a' && lower(peek()) <= 'f')); ++digits) ++at_;
    if (digits == 0)
      ++at_;
    else if (peek() == '\r' && peek(1) == '\n')
      at_ += 2;
    else if (!atEnd() && isSpace(peek()))
      ++at_;
  }
  constexpr void nameRest() noexcept {
    while (inName()) {
      if (peek() == '\\')
        escape();
      else
        ++at_;
    }
  }
  /// As it is written: a name with escapes in it is none that anybody knows here.
  constexpr std::string_view name() noexcept {
    const std::size_t from = at_;
    if (!startsName()) {
      fail(CssFault::kExpectedName);
      return {};
    }
    nameRest();
    return text_.substr(from, at_ - from);
  }
  constexpr void string() noexcept {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    while (!atEnd()) {
      const char c = peek();
      if (c == quote) {
        ++at_;
        return;
      }
      if (c == '\n' || c == '\r' || c == '\f') break;
      if (c != '\\' || at_ + 1 >= text_.size())
        ++at_;
      else if (peek(1) == '\n' || peek(1) == '\f')
        at_ += 2;
      else
        escape();
    }
    fail(CssFault::kUnclosedString, begin);
  }
  constexpr void nameOrString() noexcept {
    skipSpace();
    if (peek() == '"' || peek() == '\'')
      string();
    else
      name();
    if (good()) skipSpace();
  }
  constexpr void close(std::size_t opened) noexcept {
    if (!good()) return;
    skipSpace();
    if (!take(')')) atEnd() ? fail(CssFault::kUnclosedParenthesis, opened) : fail(CssFault::kUnexpectedCharacter);
  }
  static constexpr bool same(std::string_view written, std::string_view word) noexcept {
    if (written.size() != word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
      if (lower(written[i]) != word[i]) return false;
    return true;
  }
  template <std::size_t kSize>
  static constexpr bool oneOf(std::string_view written, const std::array<std::string_view, kSize>& words) noexcept {
    for (const std::string_view word : words)
      if (same(written, word)) return true;
    return false;
  }

  // ---- selectors

  /// How many steps it has.
  constexpr int sequence(Context context) noexcept {
    int steps = 0;
    bool sign = false, gives = false;
    if (context == Context::kRelative) {
      skipSpace();
      combinator();
    }
    for (;;) {
      if (context == Context::kArgument) skipSpace();
      if (!startsCompound()) {
        fail(CssFault::kExpectedSelector);
        return steps;
      }
      compound(context, gives, steps == 0 && !sign);
      if (!good()) return steps;
      ++steps;
      const bool space = skipSpace();
      if (atEnd() || peek() == ',' || peek() == ')') break;
      if (gives) fail(CssFault::kMisplacedPseudoElement);
      sign = combinator();
      if (!sign && !space) fail(CssFault::kUnexpectedCharacter);
      if (!good()) return steps;
    }
    if (context != Context::kRelative) steps_ += steps;
    return steps;
  }
  constexpr bool combinator() noexcept {
    if (peek() != '>' && peek() != '+' && peek() != '~') return false;
    ++at_;
    skipSpace();
    return true;
  }
  constexpr bool startsCompound() const noexcept {
    const char c = peek();
    return c == '*' || c == '|' || c == '#' || c == '.' || c == '[' || c == ':' || startsName();
  }

  constexpr void compound(Context context, bool& gives, bool first) noexcept {
    bool any = typeSelector();
    for (; good(); any = true) {
      if (take('#')) {
        if (!inName()) return fail(CssFault::kExpectedName);
        nameRest();
      } else if (take('.')) {
        name();
      } else if (peek() == '[') {
        attribute();
      } else if (peek() == ':') {
        if (pseudo(context, first && !any)) {
          gives = true;
          if (peek() == '#' || peek() == '.' || peek() == '[' || peek() == ':') fail(CssFault::kMisplacedPseudoElement);
          return;
        }
      } else {
        break;
      }
    }
    if (good() && !any) fail(CssFault::kExpectedSelector);
  }

  constexpr bool typeSelector() noexcept {
    const std::size_t begin = at_;
    std::string_view prefix;
    if (peek() == '|' && peek(1) != '=') {
      ++at_;
    } else if (take('*')) {
      if (peek() != '|' || peek(1) == '=') return true;
      ++at_;
      prefix = "*";
    } else if (startsName()) {
      prefix = name();
      if (peek() != '|' || peek(1) == '=') return true;
      ++at_;
    } else {
      return false;
    }
    if (!take('*')) name();
    if (good() && !(prefix.empty() || prefix == "*" || same(prefix, "html") || same(prefix, "svg") || same(prefix, "math")))
      fail(CssFault::kUnknownNamespace, begin);
    return true;
  }

  constexpr void attribute() noexcept {
    const std::size_t opened = at_++;
    skipSpace();
    if (peek() == '*' && peek(1) == '|') {
      at_ += 2;
      name();
    } else {
      if (peek() == '|' && peek(1) != '=') ++at_;
      name();
      if (good() && text_[opened + 1] != '|' && peek() == '|' && peek(1) != '=') {
        ++at_;
        name();
      }
    }
    if (!good()) return;
    skipSpace();
    if (take(']')) return;
    if (atEnd()) return fail(CssFault::kUnclosedBracket, opened);
    const char sign = peek();
    if (std::string_view("=!~|^$*").find(sign) == std::string_view::npos) return fail(CssFault::kExpectedOperator);
    ++at_;
    if (sign != '=' && !take('=')) return fail(CssFault::kExpectedOperator);
    skipSpace();
    if (peek() == '"' || peek() == '\'') {
      string();
    } else {
      if (!inName()) return fail(CssFault::kExpectedValue);
      nameRest();
    }
    if (!good()) return;
    skipSpace();
    if (lower(peek()) == 'i' || lower(peek()) == 's') {
      ++at_;
      skipSpace();
    }
    if (!take(']')) atEnd() ? fail(CssFault::kUnclosedBracket, opened) : fail(CssFault::kUnexpectedCharacter);
  }

  /// Whether it is a pseudo-element.
  constexpr bool pseudo(Context context, bool first) noexcept {
    const std::size_t begin = at_++;
    const bool element = take(':');
    const std::string_view word = name();
    if (!good()) return false;
    const bool function = peek() == '(';
    constexpr std::array<std::string_view, 4> kLegacy = {"before", "after", "first-line", "first-letter"};
    if (element || oneOf(word, kLegacy)) {
      if (context != Context::kTop) fail(CssFault::kMisplacedPseudoElement, begin);
      if (!good()) return true;
      if (function && same(word, "attr")) {
        const std::size_t opened = at_++;
        nameOrString();
        close(opened);
        return true;
      }
      if (function) skipArguments();
      if (!same(word, "text") || function) failLater(CssFault::kUnknownPseudoElement, begin);
      return true;
    }
    if (function)
      functional(word, begin);
    else
      simple(word, begin, context, first);
    return false;
  }

  constexpr void simple(std::string_view word, std::size_t begin, Context context, bool first) noexcept {
    constexpr std::array<std::string_view, 20> kSimple = {
        "root", "empty", "first-child", "last-child", "only-child", "only-of-type", "first-of-type", "last-of-type", "checked", "disabled",
        "enabled", "link", "any-link", "visited", "hover", "active", "focus", "focus-within", "focus-visible", "target"};
    if (same(word, "scope")) {
      if (context != Context::kTop || !first) fail(CssFault::kMisplacedScope, begin);
    } else if (!oneOf(word, kSimple)) {
      failLater(CssFault::kUnknownPseudoClass, begin);
    }
  }

  constexpr void functional(std::string_view word, std::size_t begin) noexcept {
    constexpr std::array<std::string_view, 4> kLists = {"not", "is", "where", "matches"};
    constexpr std::array<std::string_view, 4> kNth = {"nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"};
    const std::size_t opened = at_++;
    if (++nesting_ > kMostNesting) return fail(CssFault::kNestedTooDeeply, begin);
    if (oneOf(word, kLists)) {
      list(inHas_ > 0);
    } else if (same(word, "has")) {
      ++inHas_;
      do sequence(Context::kRelative);
      while (good() && take(','));
      --inHas_;
    } else if (oneOf(word, kNth)) {
      nth(same(word, "nth-child") || same(word, "nth-last-child"));
    } else if (same(word, "contains")) {
      nameOrString();
    } else if (same(word, "lang")) {
      do nameOrString();
      while (good() && take(','));
    } else {
      at_ = opened;
      skipArguments();
      failLater(CssFault::kUnknownPseudoClass, begin);
      --nesting_;
      return;
    }
    close(opened);
    --nesting_;
  }

  constexpr void list(bool compoundsOnly) noexcept {
    do {
      const std::size_t argument = at_;
      if (sequence(Context::kArgument) > 1 && compoundsOnly) fail(CssFault::kUnsupportedCombinator, argument);
    } while (good() && take(','));
  }

  constexpr void nth(bool takesList) noexcept {
    skipSpace();
    const std::size_t begin = at_;
    if (!anPlusB()) return fail(CssFault::kNotAnPlusB, begin);
    skipSpace();
    if (!takesList || lower(peek()) != 'o' || lower(peek(1)) != 'f') {
      if (!atEnd() && peek() != ')') fail(CssFault::kNotAnPlusB, begin);
      return;
    }
    at_ += 2;
    if (inName()) return fail(CssFault::kNotAnPlusB, begin);
    list(true);
  }
  constexpr bool anPlusB() noexcept {
    for (const std::string_view word : {std::string_view("odd"), std::string_view("even")})
      if (same(text_.substr(at_, word.size()), word)) {
        at_ += word.size();
        return true;
      }
    if (peek() == '+' || peek() == '-') ++at_;
    const bool digits = number();
    if (lower(peek()) != 'n') return digits;
    ++at_;
    const std::size_t end = at_;
    while (isSpace(peek())) ++at_;
    if (peek() != '+' && peek() != '-') {
      at_ = end;
      return true;
    }
    ++at_;
    while (isSpace(peek())) ++at_;
    return number();
  }
  constexpr bool number() noexcept {
    const std::size_t from = at_;
    while (isDigit(peek())) ++at_;
    return at_ != from;
  }

  constexpr void skipArguments() noexcept {
    const std::size_t opened = at_++;
    for (int depth = 1; depth;) {
      if (atEnd()) return fail(CssFault::kUnclosedParenthesis, opened);
      if (peek() == '"' || peek() == '\'') {
        string();
        if (!good()) return;
        continue;
      }
      if (peek() == '(') ++depth;
      if (peek() == ')') --depth;
      ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int nesting_ = 0, inHas_ = 0, steps_ = 0;
  CssSyntax syntax_, pending_;
};

}  // namespace internal

/// What is wrong with a selector: the first fault, as CssSelector finds it. Can be asked while compiling.
constexpr CssSyntax checkCss(std::string_view selector) noexcept { return internal::CssChecker(selector).run(); }

}  // namespace weft::html
