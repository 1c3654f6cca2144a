// Selector and SelectorList: what is taken out of a page, in parsel's words.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/document.hpp>

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

/// A regular expression given to re() is none. The text says where.
class PatternError : public Error {
 public:
  PatternError(std::string_view pattern, std::string_view reason);
  std::string pattern, reason;
};

class SelectorList;

/// A place in a parsed page: the page itself, an element, a text or the value of an attribute. Shares the page with all
/// selectors that came out of it, so it stays valid when they, or the response, are gone. Copies cost a reference
/// count. Nothing changes a page: several threads may read it.
///
///     for (auto quote : response.css("div.quote")) {
///       std::string text = quote.css("span.text::text").get();                  // "" if there is none
///       std::optional<std::string> author = quote.css("small.author::text").first();
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
  Selector(std::shared_ptr<const html::Document> document, html::CssMatch match) noexcept
      : document_(std::move(document)), match_(match) {}

  /// What the CSS selector selects within this place (itself included), in page order: elements, or with ::text and
  /// ::attr(name) at the end, texts and values. See html::CssSelector for the language. Within a text or a value there
  /// is nothing. Throws SelectorSyntaxError and UnsupportedSelector, both SelectorErrors. The last few hundred queries
  /// of each thread are kept compiled.
  SelectorList css(std::string_view query) const;
  SelectorList css(const html::CssSelector& query) const;

  /// An element as HTML, its own tags included; of a text or a value, its characters.
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
  /// groups, else all of it. As in parsel, character references of an element's HTML are decoded first, but for &lt;
  /// and &amp;. Throws PatternError.
  std::vector<std::string> re(std::string_view pattern) const;
  /// The first of them, or nullopt.
  std::optional<std::string> reFirst(std::string_view pattern) const;

  bool isElement() const noexcept { return match_.kind == html::CssMatch::Kind::kElement; }
  /// The page, and the place in it.
  const html::Document& document() const noexcept { return *document_; }
  html::NodeId node() const noexcept { return match_.node; }

  /// Whether both are the same place of the same page.
  bool operator==(const Selector&) const = default;

 private:
  std::shared_ptr<const html::Document> document_;
  html::CssMatch match_;
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
  SelectorList(std::shared_ptr<const html::Document> document, std::vector<html::CssMatch> matches) noexcept
      : document_(std::move(document)), matches_(std::move(matches)) {}

  std::size_t size() const noexcept { return matches_.size(); }
  bool empty() const noexcept { return matches_.empty(); }
  explicit operator bool() const noexcept { return !empty(); }
  Selector operator[](std::size_t index) const { return Selector(document_, matches_[index]); }
  Iterator begin() const noexcept;
  Iterator end() const noexcept;

  /// What the query selects within each, one after another.
  SelectorList css(std::string_view query) const;
  SelectorList css(const html::CssSelector& query) const;

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
  std::shared_ptr<const html::Document> document_;
  std::vector<html::CssMatch> matches_;
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
