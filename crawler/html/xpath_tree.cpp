#include <weft/crawler/html/internal/xpath_nodes.hpp>

#include <libxml/parserInternals.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <unordered_map>

namespace weft::html {
namespace {

char* characterPointer(const xmlChar* text) noexcept { return const_cast<char*>(reinterpret_cast<const char*>(text)); }

std::size_t attributeCount(const Document& document) noexcept {
  std::size_t count = 0;
  for (NodeId id = kDocumentNode; id; id = document.following(id)) count += document.attributes(id).size();
  return count;
}

}  // namespace

/// One walk over the document in its own order.
struct XPathTree::Nodes::Builder {
  Builder(Nodes& out, const Document& document) : out(out), document(document) {
    std::size_t size = 0;
    for (NodeId id = kDocumentNode; id; id = document.following(id)) {
      const NodeType type = document[id].type;
      if (type == NodeType::kText || type == NodeType::kComment) size += document[id].size + 1;
      for (const StoredAttribute& attribute : document.attributes(id)) size += attribute.size + 1;
    }
    const NameTable& table = document.names();
    for (Atom atom = known::kCount; atom < table.size(); ++atom) size += table.text(atom).size() + 1;
    out.characters.reserve(size);
    names.reserve(table.size() - known::kCount);
    for (Atom atom = known::kCount; atom < table.size(); ++atom) names.push_back(keep(table.text(atom)));
  }

  const xmlChar* keep(std::string_view text) {
    const std::size_t at = out.characters.size();
    out.characters.append(text);
    out.characters += '\0';
    return xml(out.characters.data() + at);
  }
  /// Of known names the table's own text ends with NUL.
  const xmlChar* name(Atom atom) const noexcept {
    return atom < known::kCount ? xml(document.names().text(atom).data()) : names[atom - known::kCount];
  }

  void link(NodeId id, xmlElementType type) {
    xmlNode& node = out.nodes[id];
    node.type = type;
    node._private = reinterpret_cast<void*>(static_cast<std::uintptr_t>(id));
    node.doc = &out.doc;
    const NodeId above = document[id].parent;
    xmlNode* parent = above == kDocumentNode ? reinterpret_cast<xmlNode*>(&out.doc) : &out.nodes[above];
    node.parent = parent;
    node.prev = parent->last;
    (parent->last ? parent->last->next : parent->children) = &node;
    parent->last = &node;
  }

  void element(NodeId id) {
    link(id, XML_ELEMENT_NODE);
    xmlNode& node = out.nodes[id];
    node.name = name(document[id].name);
    node.content = reinterpret_cast<xmlChar*>(-static_cast<std::intptr_t>(++order));
    if (!out.root) out.root = id;
    const bool isXml = document[id].ns == Namespace::kXml;
    xmlAttr* last = nullptr;
    const auto attributes = document.attributes(id);
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      const StoredAttribute& stored = attributes[i];
      const xmlChar* value = keep(document.value(stored));
      if (isXml && declare(node, name(stored.name), value)) continue;
      xmlAttr& attribute = out.attributes[next];
      xmlNode& text = out.values[next++];
      attribute._private = reinterpret_cast<void*>(static_cast<std::uintptr_t>(i));
      attribute.type = XML_ATTRIBUTE_NODE;
      attribute.name = name(stored.name);
      attribute.children = attribute.last = &text;
      attribute.parent = &node;
      attribute.prev = last;
      attribute.doc = &out.doc;
      attribute.atype = XML_ATTRIBUTE_CDATA;
      text.type = XML_TEXT_NODE;
      text.name = xmlStringText;
      text.parent = reinterpret_cast<xmlNode*>(&attribute);
      text.doc = &out.doc;
      text.content = const_cast<xmlChar*>(value);
      (last ? last->next : node.properties) = &attribute;
      last = &attribute;
    }
    if (!isXml) return;
    resolve(node.name, node.ns, true);
    for (xmlAttr* attribute = node.properties; attribute; attribute = attribute->next)
      resolve(attribute->name, attribute->ns, false);
  }

  /// xmlns="..." and xmlns:prefix="..." declare a namespace, and are no attributes to XPath.
  bool declare(xmlNode& node, const xmlChar* written, const xmlChar* uri) {
    const std::string_view name = characterPointer(written);
    if (name != "xmlns" && !name.starts_with("xmlns:")) return false;
    const std::string_view prefix = name.size() > 6 ? name.substr(6) : std::string_view();
    xmlNs& ns = out.declared.emplace_back();
    ns.type = XML_LOCAL_NAMESPACE;
    ns.href = *uri ? uri : nullptr;
    ns.prefix = prefix.empty() ? nullptr : xml(prefix.data());
    ns.context = &out.doc;
    ns.next = node.nsDef;
    node.nsDef = &ns;
    scopes[std::string(prefix)].push_back(&ns);
    return true;
  }

  /// "p:name" becomes "name" in the namespace of p, if p is declared.
  void resolve(const xmlChar*& name, xmlNs*& ns, bool isElement) {
    char* const text = characterPointer(name);
    const char* const colon = std::strchr(text, ':');
    if (!colon && !isElement) return;
    const std::string prefix(text, colon ? static_cast<std::size_t>(colon - text) : 0);
    if (prefix == "xml") {
      ns = &out.xmlPrefix;
    } else {
      const auto found = scopes.find(prefix);
      if (found == scopes.end() || found->second.empty() || !found->second.back()->href) return;
      ns = found->second.back();
    }
    if (colon) name = xml(colon + 1);
  }

  void leave(NodeId id) {
    const auto work = [this](NodeId of) { return reinterpret_cast<std::uintptr_t>(out.nodes[of].psvi); };
    const std::uintptr_t mine = work(id) + 1 + (document.isText(id) ? document[id].size / 16 : 0);
    const NodeId parent = document[id].parent;
    if (parent != kDocumentNode) out.nodes[parent].psvi = reinterpret_cast<void*>(work(parent) + mine);
    for (const xmlNs* ns = out.nodes[id].nsDef; ns; ns = ns->next)
      scopes[ns->prefix ? characterPointer(ns->prefix) : ""].pop_back();
  }

  void run() {
    NodeId id = kDocumentNode;
    for (;;) {
      switch (document[id].type) {
        case NodeType::kElement: element(id); break;
        case NodeType::kText:
        case NodeType::kComment: {
          const bool isText = document.isText(id);
          link(id, isText ? XML_TEXT_NODE : XML_COMMENT_NODE);
          out.nodes[id].name = isText ? xmlStringText : xmlStringComment;
          out.nodes[id].content = const_cast<xmlChar*>(keep(document.text(id)));
          break;
        }
        case NodeType::kDocument:
        case NodeType::kDoctype: break;
      }
      if (document[id].firstChild) {
        id = document[id].firstChild;
        continue;
      }
      for (;; id = document[id].parent) {
        if (id == kDocumentNode) return;
        leave(id);
        if (document[id].next) break;
      }
      id = document[id].next;
    }
  }

  Nodes& out;
  const Document& document;
  std::vector<const xmlChar*> names;  // of the atoms behind the known ones
  std::unordered_map<std::string, std::vector<xmlNs*>> scopes;
  std::size_t next = 0;  // attribute
  std::int64_t order = 0;
};

XPathTree::Nodes::Nodes(const Document& document)
    : nodes(document.nodeCount()), attributes(attributeCount(document)), values(attributeCount(document)) {
  doc.type = XML_DOCUMENT_NODE;
  doc.doc = &doc;
  doc._private = reinterpret_cast<void*>(static_cast<std::uintptr_t>(kDocumentNode));
  xmlPrefix.type = XML_LOCAL_NAMESPACE;
  xmlPrefix.href = XML_XML_NAMESPACE;
  xmlPrefix.prefix = xml("xml");
  xmlPrefix.context = &doc;
  doc.oldNs = &xmlPrefix;
  Builder(*this, document).run();
}

xmlNode* XPathTree::Nodes::node(const CssMatch& match) const noexcept {
  if (match.node == kDocumentNode)
    return root ? &nodes[root] : reinterpret_cast<xmlNode*>(const_cast<xmlDoc*>(&doc));
  xmlNode* const element = &nodes[match.node];
  if (match.kind != CssMatch::Kind::kAttribute) return element;
  for (xmlAttr* attribute = element->properties; attribute; attribute = attribute->next)
    if (reinterpret_cast<std::uintptr_t>(attribute->_private) == match.attribute)
      return reinterpret_cast<xmlNode*>(attribute);
  return element;
}

CssMatch XPathTree::Nodes::match(const xmlNode* node) const noexcept {
  const auto number = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(node->_private));
  switch (node->type) {
    case XML_ATTRIBUTE_NODE: {
      const auto element = static_cast<NodeId>(reinterpret_cast<std::uintptr_t>(node->parent->_private));
      return {element, number, CssMatch::Kind::kAttribute};
    }
    case XML_TEXT_NODE: return {number, 0, CssMatch::Kind::kText};
    default: return {number, 0, CssMatch::Kind::kElement};
  }
}

XPathTree::XPathTree(const Document& document) : nodes_(std::make_unique<Nodes>(document)) {}
XPathTree::~XPathTree() = default;

}  // namespace weft::html
