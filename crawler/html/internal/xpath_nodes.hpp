// XPathTree's insides: libxml2's nodes in blocks of our own.
#pragma once

#include <weft/crawler/html/xpath.hpp>

#include <libxml/tree.h>

#include <cstdlib>
#include <deque>

namespace weft::html {

inline const xmlChar* xml(const char* text) noexcept { return reinterpret_cast<const xmlChar*>(text); }

/// libxml2 reads these and never frees or changes them. An xmlNode has the number of ours, and so its place in the
/// block; _private of an attribute is its place among those of its element. Elements carry their order, negated, in
/// `content`, as xmlXPathOrderDocElems() leaves it: so that sorting results needs no walks. psvi is a number, too: what
/// their text costs to put together, in steps (nodes, and bytes by sixteens).
struct XPathTree::Nodes {
  template <class T>
  struct Block {
    explicit Block(std::size_t size) : data(static_cast<T*>(std::calloc(size + 1, sizeof(T)))) {
      if (!data) throw std::bad_alloc();
    }
    ~Block() { std::free(data); }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    T& operator[](std::size_t i) const noexcept { return data[i]; }
    T* data;
  };

  explicit Nodes(const Document& document);

  xmlNode* node(const CssMatch& match) const noexcept;
  /// Whether a node that libxml2 gave is one of ours; then match() is the place.
  bool owns(const xmlNode* node) const noexcept { return node->doc == &doc; }
  CssMatch match(const xmlNode* node) const noexcept;

  NodeId root = kNoNode;  // the first element
  xmlDoc doc{};
  xmlNs xmlPrefix{};
  Block<xmlNode> nodes;
  Block<xmlAttr> attributes;
  Block<xmlNode> values;
  std::string characters;  // what the nodes hold, each piece ended by NUL; never moves once nodes point into it
  std::deque<xmlNs> declared;

 private:
  struct Builder;
};

}  // namespace weft::html
