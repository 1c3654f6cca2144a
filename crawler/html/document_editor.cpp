#include <weft/crawler/html/internal/document_editor.hpp>

namespace weft::html::internal {

DocumentEditor::DocumentEditor(const Document& original) {
  document_.source_ = original.source_;
  document_.decoded_ = original.decoded_;
  document_.nodes_ = original.nodes_;
  document_.attributes_ = original.attributes_;
  document_.names_ = original.names_;
  document_.publicId_ = original.publicId_;
  document_.systemId_ = original.systemId_;
  document_.quirks_ = original.quirks_;
}

NodeId DocumentEditor::add(NodeId parent, NodeType type) {
  const auto id = static_cast<NodeId>(document_.nodes_.size());
  Node node;
  node.type = type;
  node.parent = parent;
  Node& above = document_.nodes_[parent];
  node.previous = above.lastChild;
  (above.lastChild ? document_.nodes_[above.lastChild].next : above.firstChild) = id;
  above.lastChild = id;
  document_.nodes_.push_back(node);
  return id;
}

std::uint32_t DocumentEditor::store(std::string_view text) {
  const std::size_t at = document_.source_.size();
  if (text.size() > Document::kDecoded - 1 - at) throw std::length_error("a document of more than 2 GiB");
  document_.source_ += text;
  return static_cast<std::uint32_t>(at);
}

NodeId DocumentEditor::addElement(NodeId parent, std::string_view name, Namespace ns) {
  const NodeId id = add(parent, NodeType::kElement);
  Node& node = document_.nodes_[id];
  node.ns = ns;
  node.name = document_.names_.intern(name);
  node.data = static_cast<std::uint32_t>(document_.attributes_.size());
  return id;
}

void DocumentEditor::addAttribute(NodeId element, std::string_view name, std::string_view value) {
  StoredAttribute attribute;
  attribute.name = document_.names_.intern(name);
  attribute.data = store(value);
  attribute.size = static_cast<std::uint32_t>(value.size());
  document_.attributes_.push_back(attribute);
  ++document_.nodes_[element].size;
}

void DocumentEditor::addText(NodeId parent, std::string_view text) {
  const NodeId last = document_.nodes_[parent].lastChild;
  if (last && document_.isText(last) && document_.nodes_[last].data + document_.nodes_[last].size == document_.source_.size()) {
    store(text);
    document_.nodes_[last].size += static_cast<std::uint32_t>(text.size());
    return;
  }
  const NodeId id = add(parent, NodeType::kText);
  document_.nodes_[id].data = store(text);
  document_.nodes_[id].size = static_cast<std::uint32_t>(text.size());
}

void DocumentEditor::addComment(NodeId parent, std::string_view text) {
  const NodeId id = add(parent, NodeType::kComment);
  document_.nodes_[id].data = store(text);
  document_.nodes_[id].size = static_cast<std::uint32_t>(text.size());
}

void DocumentEditor::unlink(NodeId id) noexcept {
  PlainArray<Node>& nodes = document_.nodes_;
  Node& node = nodes[id];
  (node.previous ? nodes[node.previous].next : nodes[node.parent].firstChild) = node.next;
  (node.next ? nodes[node.next].previous : nodes[node.parent].lastChild) = node.previous;
  node.previous = node.next = kNoNode;
}

void DocumentEditor::removeAttribute(NodeId element, std::size_t index) noexcept {
  Node& node = document_.nodes_[element];
  StoredAttribute* const mine = document_.attributes_.data() + node.data;
  for (std::size_t i = index + 1; i < node.size; ++i) mine[i - 1] = mine[i];
  --node.size;
}

}  // namespace weft::html::internal
