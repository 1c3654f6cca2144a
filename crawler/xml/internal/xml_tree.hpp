// Builds a Document from XmlReader's events.
#pragma once

#include <weft/crawler/html/internal/document_editor.hpp>
#include <weft/crawler/html/internal/scan.hpp>
#include <weft/crawler/xml/internal/xml_reader.hpp>

namespace weft::crawler::internal {

class XmlTree final : public XmlEvents {
 public:
  void startElement(const std::string& name, std::span<const XmlAttribute> attributes) override;
  void endElement() override {
    if (at_ != html::kDocumentNode) at_ = editor_.document()[at_].parent;
  }
  void text(std::string_view text) override {
    bytes_ += text.size();
    if (at_ != html::kDocumentNode) editor_.addText(at_, text);
  }
  void comment(std::string_view text) override {
    bytes_ += text.size();
    editor_.addComment(at_, text);
  }

  /// Whether an element is open.
  bool isOpen() const noexcept { return at_ != html::kDocumentNode; }
  /// Of names, values and text so far.
  std::size_t bytes() const noexcept { return bytes_; }
  html::Document finish() { return editor_.finish(); }

 private:
  html::internal::DocumentEditor editor_;
  html::NodeId at_ = html::kDocumentNode;
  std::size_t bytes_ = 0;
};

}  // namespace weft::crawler::internal
