// CSS selectors: compiled once, matched on a Document in one pass.
#pragma once

#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/query_error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::html {

/// A selector that cannot be used.
class SelectorError : public QueryError {
 public:
  SelectorError(std::string_view selector, std::size_t column, std::string_view reason)
      : QueryError("CSS selector", selector, column, reason) {}
};

/// It breaks the rules of the language.
class SelectorSyntaxError : public SelectorError {
 public:
  using SelectorError::SelectorError;
};

/// It follows the rules, but asks for something that has no meaning here: an unknown pseudo-class, ::before, a
/// namespace prefix nobody declared.
class UnsupportedSelector : public SelectorError {
 public:
  using SelectorError::SelectorError;
};

/// What a selector selects: an element, a text node (by ::text) or an attribute (by ::attr(name)) of an element.
struct CssMatch {
  enum class Kind : std::uint8_t { kElement, kText, kAttribute };
  NodeId node = kNoNode;        // the element, or the text node
  std::uint32_t attribute = 0;  // kAttribute: its place in document.attributes(node)
  Kind kind = Kind::kElement;
  bool operator==(const CssMatch&) const = default;
};

namespace internal {
struct CssPlan;
}

/// A compiled selector. It knows type, universal, class, id and attribute selectors (= ~= |= ^= $= *= and cssselect's
/// !=, with the i and s flags), the four combinators, groups, and of the pseudo-classes :not :is :where :has, :root
/// :scope :empty, :first-child and its family, :nth-child(an+b) and its family (with "of" and compound selectors),
/// `:lang(de, "*-CH")`, :contains("text"), :checked :disabled :enabled :link :any-link; :hover, :visited and their like
/// never match. At the end of a selector stand ::text (the text nodes of what is selected) and ::attr(name); "a ::text"
/// selects all text within <a>.
///
/// Names of elements and attributes match in any case, as HTML has it; ids, classes and values match exactly.
/// Immutable: any number of threads may use one at once. Matching takes time linear in the part of the document that is
/// searched, times the length of the selector.
///
///     static const html::CssSelector kLinks("li.next > a::attr(href)");
///     for (const html::CssMatch& match : kLinks.select(document)) ...
class CssSelector {
 public:
  /// Compiles. Throws SelectorSyntaxError or UnsupportedSelector.
  explicit CssSelector(std::string_view text);

  const std::string& text() const noexcept { return text_; }

  /// What is selected within `root`, `root` itself included, in document order. Only what is within `root` is looked
  /// at: "div p" asks for a <div> there, too. (So does parsel; querySelectorAll in a browser looks at the whole
  /// document.)
  std::vector<CssMatch> select(const Document& document, NodeId root = kDocumentNode) const;

 private:
  std::string text_;
  std::shared_ptr<const internal::CssPlan> plan_;
};

}  // namespace weft::html
