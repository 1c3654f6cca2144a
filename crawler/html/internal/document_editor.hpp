// DocumentEditor: makes a Document node by node, or an edited copy of one.
#pragma once

#include <weft/crawler/html/document.hpp>

#include <stdexcept>
#include <string_view>
#include <utility>

namespace weft::html::internal {

/// Is it "xmlns" or of its kind? Namespaces in XML 1.0, section 3.
inline bool declaresNamespace(std::string_view attribute) noexcept { return attribute == "xmlns" || attribute.starts_with("xmlns:"); }

/// What is being made is nobody else's until finish().
class DocumentEditor {
 public:
  /// An empty document.
  DocumentEditor() = default;
  /// A copy: the nodes have the numbers that they have in `original`.
  explicit DocumentEditor(const Document& original);

  /// Adds an element behind the last child of `parent`. Its attributes are those that follow, until the next node.
  NodeId addElement(NodeId parent, std::string_view name, Namespace ns);
  void addAttribute(NodeId element, std::string_view name, std::string_view value);
  /// Adds text behind the last child of `parent`; joins it if that is text.
  void addText(NodeId parent, std::string_view text);
  void addComment(NodeId parent, std::string_view text);

  /// Takes a node, and with it what is within, out of the tree. Its number stays its own.
  void unlink(NodeId id) noexcept;
  /// Takes an attribute out, by its place in document().attributes(element).
  void removeAttribute(NodeId element, std::size_t index) noexcept;
  void rename(NodeId element, std::string_view name) { document_.nodes_[element].name = document_.names_.intern(name); }
  void renameAttribute(NodeId element, std::size_t index, std::string_view name) {
    document_.attributes_[document_.nodes_[element].data + index].name = document_.names_.intern(name);
  }

  const Document& document() const noexcept { return document_; }
  Document finish() { return std::move(document_); }

 private:
  NodeId add(NodeId parent, NodeType type);
  std::uint32_t store(std::string_view text);

  Document document_;
};

}  // namespace weft::html::internal
