// The stack of open elements (section 13.2.4.2), with the questions about scopes answered in constant time, however
// deep it is.
#pragma once

#include <weft/crawler/html/document.hpp>

#include <array>
#include <cstdint>
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
  kElementSetCount
};

/// One bit for each ElementSet that the element belongs to.
std::uint8_t elementSets(Namespace ns, Atom name) noexcept;

class OpenElements {
 public:
  struct Entry {
    NodeId node;
    Atom name;
    Namespace ns;
    std::uint8_t sets;
    std::int32_t sameBelow;                              // the next lower HTML element of this name, or -1
    std::array<std::int32_t, kElementSetCount> nearest;  // the topmost element of each set, from here down, or -1
  };

  bool empty() const noexcept { return entries_.empty(); }
  int size() const noexcept { return static_cast<int>(entries_.size()); }
  const Entry& operator[](int index) const noexcept { return entries_[static_cast<std::size_t>(index)]; }
  const Entry& top() const noexcept { return entries_.back(); }

  void push(NodeId node, Namespace ns, Atom name) { pushWith(node, ns, name, elementSets(ns, name)); }
  void pop() noexcept {
    const Entry& entry = entries_.back();
    if (entry.ns == Namespace::kHtml) last_[entry.name] = entry.sameBelow;
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
      if (entry.node == behind) push(node, Namespace::kHtml, name);
    }
  }
  void replace(int index, NodeId node) { entries_[static_cast<std::size_t>(index)].node = node; }

  /// The topmost HTML element of that name, or -1.
  int last(Atom name) const noexcept { return name < last_.size() ? last_[name] : -1; }
  /// The topmost element of a set, or -1.
  int nearest(ElementSet set) const noexcept { return entries_.empty() ? -1 : entries_.back().nearest[set]; }
  /// Whether an HTML element of that name is open and no boundary of the scope is above it.
  bool inScope(Atom name, ElementSet scope = kScope) const noexcept {
    const int index = last(name);
    return index >= 0 && index >= nearest(scope);
  }
  /// Where `node` is; -1 if it is not open. Looks from the top.
  int indexOf(NodeId node) const noexcept {
    for (int i = size() - 1; i >= 0; --i)
      if ((*this)[i].node == node) return i;
    return -1;
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
  std::vector<std::int32_t> last_ = std::vector<std::int32_t>(known::kCount, -1);
};

}  // namespace weft::html::internal
