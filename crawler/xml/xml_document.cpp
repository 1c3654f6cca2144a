#include <weft/crawler/xml/xml_document.hpp>

#include <weft/crawler/html/internal/document_editor.hpp>
#include <weft/crawler/html/utf8.hpp>
#include <weft/crawler/xml/internal/xml_reader.hpp>
#include <weft/crawler/xml/internal/xml_tree.hpp>

#include <algorithm>
#include <unordered_set>

namespace weft::crawler {
namespace {

using html::Document;
using html::NodeId;
using html::NodeType;

std::string message(std::size_t line, std::size_t column, std::string_view reason) {
  std::string out = "XML";
  if (line) out += ", line " + std::to_string(line);
  if (column) out += ", column " + std::to_string(column);
  return (out += ": ").append(reason);
}

void appendEscaped(std::string& out, std::string_view text, bool inAttribute) {
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"' && inAttribute)
      out += "&quot;";
    else if (c == '\r' || (inAttribute && (c == '\n' || c == '\t')))
      (out += "&#") += std::to_string(static_cast<int>(c)) + ';';
    else
      out += c;
  }
}

void appendAttribute(std::string& out, std::string_view name, std::string_view value) {
  ((out += ' ').append(name)) += "=\"";
  appendEscaped(out, value, true);
  out += '"';
}

/// The start tag of an element; of the first one with the declarations around it, the nearest of each prefix.
void openTag(std::string& out, const Document& document, NodeId id, bool first) {
  (out += '<').append(document.name(id));
  std::unordered_set<std::string_view> declared;
  for (NodeId from = id; from != html::kDocumentNode; from = first ? document[from].parent : html::kDocumentNode)
    for (const html::StoredAttribute& attribute : document.attributes(from)) {
      const std::string_view name = document.name(attribute);
      if (!html::internal::declaresNamespace(name) || !declared.insert(name).second) continue;
      if (from != id && document.value(attribute).empty()) continue;
      appendAttribute(out, name, document.value(attribute));
    }
  for (const html::StoredAttribute& attribute : document.attributes(id))
    if (!html::internal::declaresNamespace(document.name(attribute))) appendAttribute(out, document.name(attribute), document.value(attribute));
  out += document[id].firstChild ? ">" : "/>";
}

}  // namespace

XmlError::XmlError(std::size_t line, std::size_t column, std::string_view reason)
    : Error(message(line, column, reason)), line(line), column(column), reason(reason) {}

namespace internal {

void XmlTree::startElement(const std::string& name, std::span<const XmlAttribute> attributes) {
  at_ = editor_.addElement(at_, name, html::Namespace::kXml);
  bytes_ += name.size();
  for (const XmlAttribute& attribute : attributes) {
    editor_.addAttribute(at_, attribute.name, attribute.value);
    bytes_ += attribute.name.size() + attribute.value.size();
  }
}

}  // namespace internal

Document parseXml(std::string_view text, const XmlOptions& options) {
  if (text.size() > options.maxBytes)
    throw XmlError(0, 0, "longer than " + std::to_string(options.maxBytes) + " bytes (XmlOptions::maxBytes)");
  std::string mended;
  if (!html::isUtf8(text)) {
    html::appendMended(mended, text);
    text = mended;
  }
  internal::XmlTree tree;
  internal::XmlReader reader(tree, options, true);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty() && html::internal::isSpace(text.front())) text.remove_prefix(1);  // a declaration must come first
  reader.feed(text);
  reader.finish();
  return tree.finish();
}

std::string toXml(const Document& document, NodeId root) {
  std::string out;
  NodeId id = root;
  for (;;) {
    switch (document[id].type) {
      case NodeType::kElement: openTag(out, document, id, id == root); break;
      case NodeType::kText: appendEscaped(out, document.text(id), false); break;
      case NodeType::kComment: (out += "<!--").append(document.text(id)) += "-->"; break;
      case NodeType::kDocument:
      case NodeType::kDoctype: break;
    }
    if (document[id].firstChild) {
      id = document[id].firstChild;
      continue;
    }
    for (;;) {
      if (document.isElement(id) && document[id].firstChild) ((out += "</").append(document.name(id))) += '>';
      if (id == root) return out;
      if (document[id].next) break;
      id = document[id].parent;
    }
    id = document[id].next;
  }
}

Document withoutNamespaces(const Document& document) {
  html::internal::DocumentEditor editor(document);
  const auto local = [](std::string_view name) { return name.substr(name.find(':') + 1); };
  for (NodeId id = html::kDocumentNode; id; id = document.following(id)) {
    if (document[id].ns != html::Namespace::kXml || !document.isElement(id)) continue;
    const std::string name(local(document.name(id)));
    editor.rename(id, name);
    for (std::size_t i = document.attributes(id).size(); i-- > 0;) {
      const std::string attribute(document.name(document.attributes(id)[i]));
      if (html::internal::declaresNamespace(attribute))
        editor.removeAttribute(id, i);
      else
        editor.renameAttribute(id, i, local(attribute));
    }
  }
  return editor.finish();
}

}  // namespace weft::crawler
