// A parsed HTML document: nodes in one arena, linked by numbers.
//
// Invariants:
// 1. A node's number is its place in the arena; numbers stay valid, nodes are never freed one by one. 0 is no node,
// kDocumentNode the document.
// 2. Text and attribute values are views into the source, which the document owns, or into one buffer of what had to be
// decoded.
// 3. Nothing here recurses, so a document may be nested as deep as it is long.
#pragma once

#include <weft/crawler/html/names.hpp>
#include <weft/crawler/html/plain_array.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::html {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0;
inline constexpr NodeId kDocumentNode = 1;

enum class NodeType : std::uint8_t { kDocument, kDoctype, kElement, kText, kComment };
/// kXml: of an XML document. Names there are as they are written, with their prefixes.
enum class Namespace : std::uint8_t { kHtml, kSvg, kMathMl, kXml };

/// One node, 36 bytes. What `data` and `size` mean depends on the type: see Document, which has an accessor for each.
struct Node {
  NodeType type = NodeType::kDocument;
  Namespace ns = Namespace::kHtml;
  std::uint16_t flags = 0;  // the tree construction's own
  Atom name = 0;            // elements and doctypes
  NodeId parent = 0, previous = 0, next = 0, firstChild = 0, lastChild = 0;
  std::uint32_t data = 0;  // elements: the first attribute; text and comments: where the characters are
  std::uint32_t size = 0;  // elements: how many attributes; text and comments: how many bytes
};

/// An attribute of an element, as stored.
struct StoredAttribute {
  Atom name = 0;
  std::uint32_t data = 0, size = 0;
};
/// How to read a document.
struct ParseOptions {
  /// Whether to read <noscript> as a browser that runs scripts does: as text. Crawlers want it off.
  bool scripting = false;
};

class DocumentBuilder;
namespace internal {
class DocumentEditor;
class TreeConstruction;
}

/// A document, read as the HTML standard says a browser must (section 13.2). Any input gives a document: there are no
/// errors, and every document has an <html>, a <head> and a <body> (or <frameset>). Immutable once parsed; then any
/// number of threads may read it. Views last as long as the document stays where it is: hold it by a shared_ptr, as
/// Selector does.
///
///     const auto document = html::Document::parse("<p>Hello <b>you");
///     for (html::NodeId n = html::kDocumentNode; n; n = document.following(n))
///       if (document.isElement(n)) std::cout << document.name(n) << '\n';        // html, head, body, p, b
class Document {
 public:
  Document();
  Document(Document&&) noexcept = default;
  Document& operator=(Document&&) noexcept = default;

  /// Parses UTF-8; a byte order mark is skipped, bytes that are not UTF-8 become U+FFFD. At most 2 GiB
  /// (std::length_error).
  static Document parse(std::string html, ParseOptions options = {});
  /// Parses as the standard parses what is assigned to innerHTML of an element `context` (a name such as "td", or "svg
  /// path"). The nodes are the children of documentElement().
  static Document parseFragment(std::string html, std::string_view context, ParseOptions options = {});

  const Node& operator[](NodeId id) const noexcept { return nodes_[id]; }
  std::size_t nodeCount() const noexcept { return nodes_.size() - 1; }
  bool isElement(NodeId id) const noexcept { return nodes_[id].type == NodeType::kElement; }
  bool isText(NodeId id) const noexcept { return nodes_[id].type == NodeType::kText; }
  /// The <html> element.
  NodeId documentElement() const noexcept;
  /// Whether the document asked for quirks mode, by its DOCTYPE or the lack of it.
  bool quirks() const noexcept { return quirks_; }

  /// The next node in document order that is within `root` (the whole document if none is given); kNoNode after the
  /// last.
  NodeId following(NodeId id, NodeId root = kDocumentNode) const noexcept {
    if (nodes_[id].firstChild) return nodes_[id].firstChild;
    return followingSubtree(id, root);
  }
  /// The same, but past everything within `id`.
  NodeId followingSubtree(NodeId id, NodeId root = kDocumentNode) const noexcept {
    while (id != root) {
      if (nodes_[id].next) return nodes_[id].next;
      id = nodes_[id].parent;
    }
    return kNoNode;
  }

  /// An element's or a doctype's name; elements of SVG with the case that SVG has (foreignObject).
  std::string_view name(NodeId id) const noexcept { return names_.text(nodes_[id].name); }
  /// The characters of a text node or a comment.
  std::string_view text(NodeId id) const noexcept { return view(nodes_[id].data, nodes_[id].size); }
  /// The attributes of an element, in source order.
  std::span<const StoredAttribute> attributes(NodeId id) const noexcept {
    const Node& node = nodes_[id];
    if (node.type != NodeType::kElement) return {};
    return {attributes_.data() + node.data, node.size};
  }
  std::string_view name(const StoredAttribute& attribute) const noexcept { return names_.text(attribute.name); }
  std::string_view value(const StoredAttribute& attribute) const noexcept {
    return view(attribute.data, attribute.size);
  }
  /// The value of an attribute by name (in lower case, as HTML has them), or nullopt if the element has none such.
  std::optional<std::string_view> attribute(NodeId id, std::string_view name) const noexcept;
  std::optional<std::string_view> attribute(NodeId id, Atom name) const noexcept;
  const NameTable& names() const noexcept { return names_; }

  /// A doctype's public and system identifier.
  std::string_view publicId() const noexcept { return publicId_; }
  std::string_view systemId() const noexcept { return systemId_; }

  /// All text within a node, joined; of a text node, its own.
  std::string textContent(NodeId id) const;
  /// The node as HTML (section 13.3): with its own tags, or only what is within.
  std::string outerHtml(NodeId id) const;
  std::string innerHtml(NodeId id) const;

  /// Bytes held, the source included.
  std::size_t memory() const noexcept;

 private:
  friend class internal::DocumentEditor;
  friend class internal::TreeConstruction;
  friend class DocumentBuilder;

  static constexpr std::uint32_t kDecoded = 0x80000000u;  // in `data`: the characters are in decoded_, not in source_

  std::string_view view(std::uint32_t data, std::uint32_t size) const noexcept {
    return {(data & kDecoded ? decoded_.data() + (data & ~kDecoded) : source_.data() + data), size};
  }
  void dropSlack();
  void serialise(std::string& out, NodeId root, bool withRoot) const;

  std::string source_, decoded_;
  PlainArray<Node> nodes_;
  PlainArray<StoredAttribute> attributes_;
  NameTable names_;
  std::string publicId_, systemId_;
  bool quirks_ = false;
};

/// Builds a Document from pieces as they arrive; the result is the same as Document::parse of all of them joined.
///
///     html::DocumentBuilder builder;
///     while (auto chunk = nextChunk()) builder.feed(*chunk);
///     html::Document document = builder.finish();
class DocumentBuilder {
 public:
  explicit DocumentBuilder(ParseOptions options = {});
  ~DocumentBuilder();
  DocumentBuilder(DocumentBuilder&&) noexcept;
  DocumentBuilder& operator=(DocumentBuilder&&) noexcept;

  void feed(std::string_view chunk);
  /// The document; then the builder can only be destroyed.
  Document finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::html
