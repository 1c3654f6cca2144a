#include <weft/crawler/html/document.hpp>

#include <weft/crawler/html/internal/tree_construction.hpp>
#include <weft/crawler/html/utf8.hpp>

#include <stdexcept>

namespace weft::html {

Document::Document() : nodes_(2) {}  // no node, and the document

Document Document::parse(std::string html, ParseOptions options) {
  if (html.size() >= kDecoded) throw std::length_error("parsing HTML: a document of 2 GiB or more");
  Document document;
  if (isUtf8(html))
    document.source_ = std::move(html);
  else
    appendMended(document.source_, html);
  // Dense documentation has a node for every 12 to 15 bytes; growing once less often is worth more than the slack.
  document.nodes_.reserve(2 + document.source_.size() / 16);
  internal::TreeConstruction construction(document, options);
  construction.feedSource(0);
  construction.finish();
  document.dropSlack();
  return document;
}

Document Document::parseFragment(std::string html, std::string_view context, ParseOptions options) {
  if (html.size() >= kDecoded) throw std::length_error("parsing HTML: a fragment of 2 GiB or more");
  Document document;
  if (isUtf8(html))
    document.source_ = std::move(html);
  else
    appendMended(document.source_, html);
  internal::TreeConstruction construction(document, options);
  construction.setContext(context);
  construction.feedSource(0);
  construction.finish();
  document.dropSlack();
  return document;
}

/// Gives back what growing reserved, where it is a large part of what is used.
void Document::dropSlack() {
  const auto drop = [](auto& held) {
    if (held.capacity() > held.size() + held.size() / 4 + 64) held.shrink_to_fit();
  };
  drop(source_), drop(decoded_), drop(nodes_), drop(attributes_);
}

NodeId Document::documentElement() const noexcept {
  for (NodeId id = nodes_[kDocumentNode].firstChild; id; id = nodes_[id].next)
    if (isElement(id)) return id;
  return kNoNode;
}

std::optional<std::string_view> Document::attribute(NodeId id, Atom name) const noexcept {
  if (!name) return std::nullopt;
  for (const StoredAttribute& attribute : attributes(id))
    if (attribute.name == name) return value(attribute);
  return std::nullopt;
}

std::optional<std::string_view> Document::attribute(NodeId id, std::string_view name) const noexcept {
  return attribute(id, names_.find(name));
}

std::size_t Document::memory() const noexcept {
  return source_.capacity() + decoded_.capacity() + nodes_.capacity() * sizeof(Node) +
         attributes_.capacity() * sizeof(StoredAttribute);
}

// ---- text and HTML out
// --------------------------------------------------------------------------------------------------

std::string Document::textContent(NodeId id) const {
  std::string out;
  if (isText(id) || nodes_[id].type == NodeType::kComment) return std::string(text(id));
  for (NodeId n = following(id, id); n; n = following(n, id))
    if (isText(n)) out += text(n);
  return out;
}

namespace {

/// Section 13.3, "escaping a string".
void appendEscaped(std::string& out, std::string_view text, bool inAttribute) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string_view replacement;
    std::size_t width = 1;
    switch (text[i]) {
      case '&': replacement = "&amp;"; break;
      case '<':
        if (!inAttribute) replacement = "&lt;";
        break;
      case '>':
        if (!inAttribute) replacement = "&gt;";
        break;
      case '"':
        if (inAttribute) replacement = "&quot;";
        break;
      case '\xC2':
        if (i + 1 < text.size() && text[i + 1] == '\xA0') replacement = "&nbsp;", width = 2;
        break;
      default: break;
    }
    if (replacement.empty()) continue;
    out += text.substr(from, i - from);
    out += replacement;
    i += width - 1;
    from = i + 1;
  }
  out += text.substr(from);
}

bool isVoid(Atom name) noexcept {
  switch (name) {
    case known::kArea:
    case known::kBase:
    case known::kBasefont:
    case known::kBgsound:
    case known::kBr:
    case known::kCol:
    case known::kEmbed:
    case known::kFrame:
    case known::kHr:
    case known::kImg:
    case known::kInput:
    case known::kKeygen:
    case known::kLink:
    case known::kMeta:
    case known::kParam:
    case known::kSource:
    case known::kTrack:
    case known::kWbr: return true;
    default: return false;
  }
}

bool holdsRawText(const Node& node) noexcept {
  if (node.type != NodeType::kElement || node.ns != Namespace::kHtml) return false;
  switch (node.name) {
    case known::kStyle:
    case known::kScript:
    case known::kXmp:
    case known::kIframe:
    case known::kNoembed:
    case known::kNoframes:
    case known::kPlaintext: return true;
    default: return false;
  }
}

}  // namespace

void Document::serialise(std::string& out, NodeId root, bool withRoot) const {
  const auto open = [&](NodeId id) {
    const Node& node = nodes_[id];
    switch (node.type) {
      case NodeType::kElement:
        out += '<';
        out += name(id);
        for (const StoredAttribute& attribute : attributes(id)) {
          out += ' ';
          out += name(attribute);
          out += "=\"";
          appendEscaped(out, value(attribute), true);
          out += '"';
        }
        out += '>';
        break;
      case NodeType::kText:
        if (holdsRawText(nodes_[node.parent]))
          out += text(id);
        else
          appendEscaped(out, text(id), false);
        break;
      case NodeType::kComment: (out += "<!--").append(text(id)) += "-->"; break;
      case NodeType::kDoctype: (out += "<!DOCTYPE ").append(name(id)) += '>'; break;
      case NodeType::kDocument: break;
    }
  };
  const auto close = [&](NodeId id) {
    const Node& node = nodes_[id];
    if (node.type != NodeType::kElement || (node.ns == Namespace::kHtml && isVoid(node.name))) return;
    (out += "</").append(name(id)) += '>';
  };
  NodeId id = root;
  for (;;) {
    if (id != root || withRoot) open(id);
    if (nodes_[id].firstChild) {
      id = nodes_[id].firstChild;
      continue;
    }
    for (;;) {
      if (id != root || withRoot) close(id);
      if (id == root) return;
      if (nodes_[id].next) break;
      id = nodes_[id].parent;
    }
    id = nodes_[id].next;
  }
}

std::string Document::outerHtml(NodeId id) const {
  std::string out;
  serialise(out, id, true);
  return out;
}

std::string Document::innerHtml(NodeId id) const {
  std::string out;
  serialise(out, id, false);
  return out;
}

// ---- in pieces
// ----------------------------------------------------------------------------------------------------------

struct DocumentBuilder::Impl {
  explicit Impl(ParseOptions options) : construction(document, options) {}
  Document document;
  std::string held;  // the first bytes of a character that the last piece ended within
  std::string mended;
  internal::TreeConstruction construction;
};

DocumentBuilder::DocumentBuilder(ParseOptions options) : impl_(std::make_unique<Impl>(options)) {}
DocumentBuilder::~DocumentBuilder() = default;
DocumentBuilder::DocumentBuilder(DocumentBuilder&&) noexcept = default;
DocumentBuilder& DocumentBuilder::operator=(DocumentBuilder&&) noexcept = default;

void DocumentBuilder::feed(std::string_view chunk) {
  Impl& impl = *impl_;
  if (chunk.empty()) return;
  std::string whole;
  if (!impl.held.empty()) {
    whole = impl.held + std::string(chunk);
    impl.held.clear();
    chunk = whole;
  }
  // Hold back a lead byte that still waits for others: at most three bytes from the end.
  std::size_t keep = 0;
  for (std::size_t back = 1; back <= 3 && back <= chunk.size(); ++back) {
    const auto byte = static_cast<unsigned char>(chunk[chunk.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    if (length > back) keep = back;
    break;
  }
  impl.held = chunk.substr(chunk.size() - keep);
  chunk.remove_suffix(keep);
  if (isUtf8(chunk)) return impl.construction.feed(chunk);
  impl.mended.clear();
  appendMended(impl.mended, chunk);
  impl.construction.feed(impl.mended);
}

Document DocumentBuilder::finish() {
  Impl& impl = *impl_;
  if (!impl.held.empty()) {
    impl.mended.clear();
    appendMended(impl.mended, impl.held);
    impl.construction.feed(impl.mended);
  }
  impl.construction.finish();
  impl.document.dropSlack();
  return std::move(impl.document);
}

}  // namespace weft::html
