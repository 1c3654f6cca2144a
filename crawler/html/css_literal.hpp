// css<"div.quote">: a selector that the compiler has checked.
#pragma once

#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/css_syntax.hpp>

#include <cstddef>
#include <string_view>

namespace weft::html {

/// A string as a template argument.
template <std::size_t kSize>
struct CssLiteral {
  consteval CssLiteral(const char (&text)[kSize]) {
    for (std::size_t i = 0; i < kSize; ++i) this->text[i] = text[i];
  }
  constexpr std::string_view view() const noexcept { return {text, kSize - 1}; }
  char text[kSize] = {};
};

/// Its name says in the compiler's message what is wrong with a literal, and at which byte (from 0).
template <CssFault kFault, std::size_t kOffset>
struct CheckedCss {
  static_assert(kFault == CssFault::kNone, "this is no CSS selector: the fault and its offset are the arguments of CheckedCss");
};

/// See css.
template <CssLiteral kText>
class CssQuery : CheckedCss<checkCss(kText.view()).fault, checkCss(kText.view()).offset> {
 public:
  /// Compiled at the first use; any number of threads may use it.
  operator const CssSelector&() const {
    static const CssSelector selector(kText.view());
    return selector;
  }
};

/// A selector known when the program is compiled: one that is none does not compile, and the look-up in the cache of
/// compiled queries is saved.
///
///     for (auto quote : response.css(css<"div.quote">)) ...
template <CssLiteral kText>
inline constexpr CssQuery<kText> css{};

}  // namespace weft::html
