// Selector and SelectorList: what is taken out of a page, in parsel's words.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/xpath.hpp>
#include <weft/crawler/jmespath.hpp>
#include <weft/crawler/json_pointer.hpp>
#include <weft/crawler/xml/xml_document.hpp>
#include <weft/http/json.hpp>

#include <compare>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

using html::SelectorError;
using html::SelectorSyntaxError;
using html::UnsupportedSelector;
using html::XPathError;
using html::XPathEvaluationError;
using html::XPathNamespaces;
using html::XPathSyntaxError;
using html::XPathVariable;
using html::XPathVariables;

/// A regular expression given to re() is none. The text says where.
class PatternError : public Error {
 public:
  PatternError(std::string_view pattern, std::string_view reason);
  std::string pattern, reason;
};

/// What a Selector is a place of.
enum class SelectorType { kHtml, kXml, kJson };

namespace internal {
struct Page;
}

class SelectorList;

/// A place in a parsed page: the page itself, an element, a text or the value of an attribute; or a value of a JSON
/// document. Shares the page with all selectors that came out of it, so it stays valid when they, or the response, are
/// gone. Copies cost a reference count. Nothing changes a page: several threads may read it. drop(), registerNamespace()
/// and removeNamespaces() change what this Selector, and those made from it afterwards, see of the page.
///
///     for (auto quote : response.css("div.quote")) {
///       std::string text = quote.css("span.text::text").get();                  // "" if there is none
///       std::optional<std::string> author = quote.xpath(".//small/text()").first();
///       std::vector<std::string> tags = quote.css("a.tag::text").getall();
///     }
class Selector {
 public:
  /// An empty page.
  Selector();
  /// Parses `html`, UTF-8; bytes that are not become U+FFFD.
  explicit Selector(std::string html);
  /// A place in a page that was parsed before.
  explicit Selector(std::shared_ptr<const html::Document> document, html::NodeId node = html::kDocumentNode);
  /// An XML document; a JSON document. See parseXml(). Throw XmlError and http::JsonError.
  static Selector ofXml(std::string_view text, const XmlOptions& options = {});
  static Selector ofJson(std::string_view text, const http::JsonOptions& options = {});
  static Selector ofJsonValue(http::Json value);

  SelectorType type() const noexcept;

  /// What the CSS selector selects within this place (itself included), in page order: elements, or with ::text and
  /// ::attr(name) at the end, texts and values. See html::CssSelector for the language. Within a text or a value there
  /// is nothing; a string of JSON is read as HTML. Throws SelectorSyntaxError and UnsupportedSelector, both
  /// SelectorErrors. The last few hundred queries of each thread are kept compiled.
  SelectorList css(std::string_view query) const;
  SelectorList css(const html::CssSelector& query) const;

  /// What the XPath expression gives from this place on: nodes, or one string, number ("3.0", as in parsel) or boolean
  /// ("1" or "0"). See html::XPath for the language; `namespaces` are added to those that were registered. The page is
  /// mirrored for libxml2 at the first call, once for all its selectors. Throws XPathSyntaxError and
  /// XPathEvaluationError, both XPathErrors. A string of JSON is read as HTML.
  ///
  ///     page.xpath("//a[@rel=$rel]/@href", {{"rel", "next"}})
  SelectorList xpath(std::string_view expression, const XPathVariables& variables = {},
                     const XPathNamespaces& namespaces = {}) const;

  /// What the JMESPath expression finds in this JSON value, or in the JSON that is the text of this place: each element
  /// of an array, or the one value; nothing for null. Throws JmesPathError, and http::JsonError if the text is no JSON.
  SelectorList jmespath(std::string_view expression) const;
  /// The value that the JSON pointer (RFC 6901) points at, or nothing. Throws JsonPointerError and http::JsonError.
  SelectorList jsonPointer(std::string_view pointer) const;
  /// This JSON value; of any other place, its text as JSON. Throws http::JsonError.
  http::Json json() const;

  /// An element as HTML or XML, its own tags included; of a text or a value, its characters; a JSON value as JSON, but a
  /// string as it is, and null empty.
  std::string get() const;
  std::vector<std::string> getall() const { return {get()}; }
  /// All text within, joined as it stands; collapsedText(): with white space squeezed and trimmed.
  std::string text() const;
  std::string collapsedText() const;

  /// An attribute of this element: empty, or `otherwise`, if it has none such.
  std::string attrib(std::string_view name, std::string_view otherwise = {}) const;
  bool hasAttrib(std::string_view name) const;
  /// All of them, in source order.
  std::vector<std::pair<std::string, std::string>> attributes() const;
  /// The name of this element; empty for what is none.
  std::string name() const;

  /// What the regular expression (RE2's syntax) finds in get(): the group named `extract` if there is one, else all
  /// groups, else all of it. As in parsel, character references of an element's HTML are decoded first, but for `&lt;`
  /// and &amp;. Throws PatternError.
  std::vector<std::string> re(std::string_view pattern) const;
  /// The first of them, or nullopt.
  std::optional<std::string> reFirst(std::string_view pattern) const;

  /// Takes what `query` selects out of the page, as this Selector sees it from now on; other selectors still see the
  /// page as it was. This place itself stays. Costs a copy of the page. Throws SelectorError.
  ///
  ///     page.drop("script, style");
  Selector& drop(std::string_view query);
  /// The same for places of this page. Throws Error for those of another, and for this place itself or what it is in.
  Selector& drop(const SelectorList& places);

  /// What `prefix` stands for in xpath() from now on.
  Selector& registerNamespace(std::string_view prefix, std::string_view uri);
  /// Takes prefixes and namespaces out of an XML page, as this Selector sees it, so that "//link" finds them all. Costs
  /// a copy of the page.
  Selector& removeNamespaces();

  bool isElement() const noexcept;
  /// The page (an empty one for JSON), and the place in it.
  const html::Document& document() const noexcept;
  html::NodeId node() const noexcept { return match_.node; }

  /// Whether both are the same place of the same page, or equal JSON values.
  bool operator==(const Selector& other) const noexcept;

 private:
  friend class SelectorList;
  Selector(std::shared_ptr<const internal::Page> page, html::CssMatch match) noexcept;
  Selector(std::shared_ptr<const internal::Page> page, std::shared_ptr<const http::Json> value) noexcept;
  /// The page that a string of JSON is.
  std::optional<Selector> asPage() const;

  std::shared_ptr<const internal::Page> page_;
  std::shared_ptr<const http::Json> value_;  // of JSON, and what XPath's functions give; then match_ says nothing
  html::CssMatch match_{html::kDocumentNode, 0, html::CssMatch::Kind::kElement};
};

/// What a query gave: places of one page, in page order. A range of Selectors (by value), and itself a thing to query.
///
///     auto next = response.css("li.next a::attr(href)").first();     // optional: nothing on the last page
class SelectorList {
 public:
  class Iterator;
  using value_type = Selector;
  using iterator = Iterator;
  using const_iterator = Iterator;

  /// Nothing.
  SelectorList();

  std::size_t size() const noexcept { return matches_.size() + others_.size(); }
  bool empty() const noexcept { return size() == 0; }
  explicit operator bool() const noexcept { return !empty(); }
  Selector operator[](std::size_t index) const;
  Iterator begin() const noexcept;
  Iterator end() const noexcept;

  /// What the query selects within each, one after another.
  SelectorList css(std::string_view query) const;
  SelectorList css(const html::CssSelector& query) const;
  SelectorList xpath(std::string_view expression, const XPathVariables& variables = {},
                     const XPathNamespaces& namespaces = {}) const;
  SelectorList jmespath(std::string_view expression) const;

  /// get() of the first; empty, or `otherwise`, if there is none.
  std::string get(std::string_view otherwise = {}) const;
  /// get() of the first, or nullopt: for those who must know the one from the other.
  std::optional<std::string> first() const;
  /// get() of each.
  std::vector<std::string> getall() const;
  /// An attribute of the first; empty, or `otherwise`, if there is none.
  std::string attrib(std::string_view name, std::string_view otherwise = {}) const;
  /// re() of each, one after another; the first of them.
  std::vector<std::string> re(std::string_view pattern) const;
  std::optional<std::string> reFirst(std::string_view pattern) const;

 private:
  friend class Selector;
  explicit SelectorList(std::shared_ptr<const internal::Page> page, std::vector<html::CssMatch> matches = {}) noexcept;
  /// What `ask` gives for each, one after another.
  template <class Ask>
  SelectorList ofEach(Ask&& ask) const;

  std::shared_ptr<const internal::Page> page_;  // of the matches
  std::vector<html::CssMatch> matches_;
  std::vector<Selector> others_;                // behind the matches: values, and places of other pages
};

/// Makes each Selector as it is asked for. Valid as long as the list.
class SelectorList::Iterator {
 public:
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::input_iterator_tag;  // by the old rules, whose * must be a reference
  using value_type = Selector;
  using difference_type = std::ptrdiff_t;
  using reference = Selector;
  using pointer = void;

  Iterator() noexcept = default;
  Iterator(const SelectorList* list, std::size_t index) noexcept : list_(list), index_(index) {}

  Selector operator*() const { return (*list_)[index_]; }
  Selector operator[](difference_type n) const { return *(*this + n); }
  Iterator& operator++() noexcept { return *this += 1; }
  Iterator& operator--() noexcept { return *this += -1; }
  Iterator operator++(int) noexcept {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  Iterator operator--(int) noexcept {
    const Iterator before = *this;
    --*this;
    return before;
  }
  Iterator& operator+=(difference_type n) noexcept {
    index_ = static_cast<std::size_t>(static_cast<difference_type>(index_) + n);
    return *this;
  }
  Iterator& operator-=(difference_type n) noexcept { return *this += -n; }
  friend Iterator operator+(Iterator it, difference_type n) noexcept { return it += n; }
  friend Iterator operator+(difference_type n, Iterator it) noexcept { return it += n; }
  friend Iterator operator-(Iterator it, difference_type n) noexcept { return it -= n; }
  friend difference_type operator-(const Iterator& a, const Iterator& b) noexcept {
    return static_cast<difference_type>(a.index_) - static_cast<difference_type>(b.index_);
  }
  friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.index_ == b.index_; }
  friend auto operator<=>(const Iterator& a, const Iterator& b) noexcept { return a.index_ <=> b.index_; }

 private:
  const SelectorList* list_ = nullptr;
  std::size_t index_ = 0;
};

inline SelectorList::Iterator SelectorList::begin() const noexcept { return {this, 0}; }
inline SelectorList::Iterator SelectorList::end() const noexcept { return {this, size()}; }

}  // namespace weft::crawler
