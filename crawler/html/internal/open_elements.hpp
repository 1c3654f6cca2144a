// The stack of open elements (section 13.2.4.2), with the questions about scopes answered in constant time, however
// deep it is.
#pragma once

#include <weft/crawler/html/document.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace weft::html::internal {

/// Kinds of elements that walks up the stack stop at.
enum ElementSet : std::uint8_t {
  kScope,            // "has an element in scope"
  kListItemScope,    // the same with ol and ul
  kButtonScope,      // the same with button
  kTableScope,       // html, table, template
  kSpecial,          // the standard's special category
  kSpecialNotPlain,  // special, but neither address, div nor p: where <li>, <dd> and <dt> stop looking
  kModeGiving,       // what "reset the insertion mode appropriately" looks for
  kHtmlElement,      // any of the HTML namespace
  kElementSetCount
};

/// One bit for each ElementSet that the element belongs to.
std::uint8_t elementSets(Namespace ns, Atom name) noexcept;

class OpenElements {
 public:
  struct Entry {
    NodeId node;
    Atom name;  // as a tag says it: in lower case, where SVG has foreignObject
    Namespace ns;
    std::uint8_t sets;
    std::int32_t sameBelow;  // the next lower element of this name, HTML or foreign as this one is, or -1
  };

  bool empty() const noexcept { return entries_.empty(); }
  int size() const noexcept { return static_cast<int>(entries_.size()); }
  const Entry& operator[](int index) const noexcept { return entries_[static_cast<std::size_t>(index)]; }
  const Entry& top() const noexcept { return entries_.back(); }

  /// `adjusted` is the name that the element has, `name` what the tag says.
  void push(NodeId node, Namespace ns, Atom adjusted, Atom name) {
    pushWith(node, ns, name, elementSets(ns, adjusted));
  }
  void pop() noexcept {
    const Entry& entry = entries_.back();
    lastOf(entry.ns)[entry.name] = entry.sameBelow;
    for (int set = 0, rest = entry.sets; rest; ++set, rest >>= 1)
      if (rest & 1) sets_[static_cast<std::size_t>(set)].pop_back();
    entries_.pop_back();
  }
  void erase(int index) {
    const std::vector<Entry> above = cut(index);
    for (std::size_t i = 1; i < above.size(); ++i) pushAgain(above[i]);
  }
  /// From `index` up, keeps only what `keeps` says of a node, and puts the HTML element `node`, called `name`, behind
  /// `behind`.
  template <class Keeps>
  void rebuild(int index, Keeps keeps, NodeId behind, NodeId node, Atom name) {
    for (const Entry& entry : cut(index)) {
      if (keeps(entry.node)) pushAgain(entry);
      if (entry.node == behind) push(node, Namespace::kHtml, name, name);
    }
  }
  void replace(int index, NodeId node) { entries_[static_cast<std::size_t>(index)].node = node; }

  /// The topmost HTML element of that name, or -1.
  int last(Atom name) const noexcept { return name < last_.size() ? last_[name] : -1; }
  /// The topmost element of SVG or MathML that a tag of that name ends, or -1.
  int lastForeign(Atom name) const noexcept { return name < lastForeign_.size() ? lastForeign_[name] : -1; }
  /// The topmost element of a set, or -1.
  int nearest(ElementSet set) const noexcept { return sets_[set].empty() ? -1 : sets_[set].back(); }
  /// Where the elements of a set are, the lowest first.
  std::span<const std::int32_t> all(ElementSet set) const noexcept { return sets_[set]; }
  /// Whether an HTML element of that name is open and no boundary of the scope is above it.
  bool inScope(Atom name, ElementSet scope = kScope) const noexcept {
    const int index = last(name);
    return index >= 0 && index >= nearest(scope);
  }
  /// Where the HTML element `node`, called `name`, is; -1 if it is not open. Looks at those of its name, from the top.
  int indexOf(NodeId node, Atom name) const noexcept {
    int i = last(name);
    while (i >= 0 && (*this)[i].node != node) i = (*this)[i].sameBelow;
    return i;
  }

 private:
  void pushWith(NodeId node, Namespace ns, Atom name, std::uint8_t sets);
  std::vector<Entry> cut(int index) {
    std::vector<Entry> above(entries_.begin() + index, entries_.end());
    while (size() > index) pop();
    return above;
  }
  void pushAgain(const Entry& entry) { pushWith(entry.node, entry.ns, entry.name, entry.sets); }

  std::vector<Entry> entries_;
  std::array<std::vector<std::int32_t>, kElementSetCount> sets_;  // where the elements of each set are, in order
  std::vector<std::int32_t>& lastOf(Namespace ns) noexcept { return ns == Namespace::kHtml ? last_ : lastForeign_; }

  std::vector<std::int32_t> last_ = std::vector<std::int32_t>(known::kCount, -1);
  std::vector<std::int32_t> lastForeign_;
};

}  // namespace weft::html::internal
