// What a CSS selector is compiled into.
//
// A complex selector is a sequence of steps, "div > p.x a" three of them. Each step of each sequence has a bit: an
// element has the bit if the sequence up to that step matches and ends at that element. Whether it does follows from
// the element itself and the bits of its parent, its ancestors and its earlier siblings, so one walk over the document
// in its own order decides all, without looking up the tree.
#pragma once

#include <weft/crawler/html/document.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace weft::html::internal {

enum class Combinator : std::uint8_t {
  kNone,              // the first step
  kDescendant,        // a b
  kChild,             // a > b
  kNext,              // a + b
  kSubsequent,        // a ~ b
  kDescendantOrSelf,  // a ::text
};

enum class Condition : std::uint8_t {
  kClass,
  kId,
  kAttributeExists,
  kAttributeEquals,
  kAttributeDiffers,
  kAttributeWord,
  kAttributeLang,
  kAttributePrefix,
  kAttributeSuffix,
  kAttributeSubstring,
  kIs,   // one of the sequences
  kNot,  // none of the sequences
  kHas,
  kRoot,
  kScope,
  kEmpty,
  kFirstChild,
  kLastChild,
  kOnlyChild,
  kNthChild,
  kNthLastChild,
  kNthOfType,
  kNthLastOfType,
  kOnlyOfType,
  kLang,
  kContains,
  kChecked,
  kDisabled,
  kEnabled,
  kLink,
  kNever,
};

struct CssHas {
  Combinator combinator = Combinator::kDescendant;
  int compound = 0;
  int marks = 0;  // index of the set of elements that have such a relative
};

struct CssCondition {
  Condition kind = Condition::kNever;
  bool ignoreCase = false;
  int name = -1, exactName = -1;  // attributes: in lower case for HTML, as written for the rest; indices into names
  int a = 0, b = 0;               // an+b
  std::string value;
  std::vector<int> sequences;     // kIs, kNot; kNthChild and kNthLastChild: of which to count, if any are named
  std::vector<std::string> languages;  // kLang: ranges, in lower case
  int counts = -1;                // of those: index of the positions among them
  std::vector<CssHas> relatives;  // kHas: one of them
};

/// A compound selector: "a.b:not(.c)".
struct CssCompound {
  enum class Space : std::uint8_t { kAny, kHtml, kSvg, kMathMl, kNone };
  Space space = Space::kAny;
  int name = -1, exactName = -1;  // of the element, -1 for any
  std::vector<CssCondition> conditions;
};

struct CssStep {
  Combinator combinator = Combinator::kNone;
  int compound = 0;
};

struct CssSequence {
  enum class Gives : std::uint8_t {
    kNothing,
    kElement,
    kText,
    kAttribute
  };  // kNothing: it is an argument of :is() or :not()
  Gives gives = Gives::kNothing;
  int attribute = -1;  // index into names
  int exactAttribute = -1;
  int firstBit = 0;
  std::vector<CssStep> steps;
};

inline constexpr int kMostCssBits = 256;

struct CssPlan {
  std::vector<CssCompound> compounds;
  std::vector<CssSequence> sequences;  // arguments before the sequences that use them
  std::vector<std::string> names;
  int bits = 0;
  int marks = 0;
  int counts = 0;
};

/// Throws SelectorSyntaxError or UnsupportedSelector.
CssPlan compileCss(std::string_view text);

}  // namespace weft::html::internal
