#include <weft/crawler/html/internal/tree_construction.hpp>

#include <weft/crawler/html/utf8.hpp>

#include <stdexcept>

namespace weft::html::internal {

TreeConstruction::TreeConstruction(Document& document, ParseOptions options)
    : document_(document), nodes_(document.nodes_), options_(options), machine_(*this) {}

// ---- tokens in
// ----------------------------------------------------------------------------------------------------------

void TreeConstruction::feed(std::string_view html) {
  const std::size_t from = document_.source_.size();
  if (from + html.size() >= Document::kDecoded) throw std::length_error("parsing HTML: a document of 2 GiB or more");
  document_.source_ += html;
  feedSource(from);
}

void TreeConstruction::feedSource(std::size_t from) {
  std::string_view html = std::string_view(document_.source_).substr(from);
  if (html.empty()) return;
  if (!begun_) {
    begun_ = true;
    if (html.starts_with("\xEF\xBB\xBF")) html.remove_prefix(3);
  }
  machine_.feed(html);
}

void TreeConstruction::finish() {
  machine_.finish();
  process({Kind::kEof, 0, nullptr, {}});
}

State TreeConstruction::startTag(const TagToken& tag) {
  nextState_ = State::kData;
  consumed_ = tag.end;
  process({Kind::kStart, document_.names_.intern(tag.name), &tag, {}});
  return nextState_;
}

void TreeConstruction::endTag(const TagToken& tag) {
  consumed_ = tag.end;
  process({Kind::kEnd, document_.names_.intern(tag.name), &tag, {}});
}

void TreeConstruction::comment(std::string_view text, std::uint64_t) { process({Kind::kComment, 0, nullptr, text}); }

/// Text goes on as runs of one kind, because most modes treat white space and NUL in their own ways. In the body they
/// do not: one run there is as long as it can be.
void TreeConstruction::text(std::string_view text, std::uint64_t) {
  if (skipLineFeed_ && text[0] == '\n') text.remove_prefix(1);
  skipLineFeed_ = false;
  while (!text.empty()) {
    std::size_t length = 0;
    Kind kind = Kind::kText;
    if (text[0] == '\0') {
      kind = Kind::kNull;
      while (length < text.size() && text[length] == '\0') ++length;
    } else if (isSpace(text[0])) {
      while (length < text.size() && isSpace(text[length])) ++length;
      kind = Kind::kSpace;
      if (length < text.size() && text[length] && mode_ == Mode::kInBody) kind = Kind::kText;
    }
    if (kind == Kind::kText) {
      const bool upToSpace = mode_ != Mode::kInBody && mode_ != Mode::kText;
      while (length < text.size() && text[length] && !(upToSpace && isSpace(text[length]))) ++length;
    }
    process({kind, 0, nullptr, text.substr(0, length)});
    text.remove_prefix(length);
  }
}

void TreeConstruction::process(const Token& token) {
  skipLineFeed_ = false;
  for (;;) {
    count(1);
    if (!open_.empty() && adjustedCurrent().ns != Namespace::kHtml && isForeign(token) ? inForeign(token)
                                                                                       : inMode(mode_, token))
      return;
  }
}

/// "Any of the following is not true": whether the rules for foreign content apply, where the adjusted current node is
/// no HTML element.
bool TreeConstruction::isForeign(const Token& token) const noexcept {
  if (token.kind == Kind::kEof) return false;
  const OpenElements::Entry& node = adjustedCurrent();
  const bool isContext = fragment_ && open_.size() == 1;
  const bool mathText = isContext ? contextMathText_ : nodes_[node.node].flags & kMathTextIntegration;
  const bool integration = isContext ? contextIntegration_ : nodes_[node.node].flags & kHtmlIntegration;
  const bool isStart = token.kind == Kind::kStart;
  const bool isCharacters = token.kind == Kind::kText || token.kind == Kind::kSpace || token.kind == Kind::kNull;
  if (mathText && ((isStart && token.name != known::kMglyph && token.name != known::kMalignmark) || isCharacters))
    return false;
  if (node.ns == Namespace::kMathMl && node.name == known::kAnnotationXml && isStart && token.name == known::kSvg)
    return false;
  if (integration && (isStart || isCharacters)) return false;
  return true;
}

bool TreeConstruction::inMode(Mode mode, const Token& token) {
  switch (mode) {
    case Mode::kInitial: return initial(token);
    case Mode::kBeforeHtml: return beforeHtml(token);
    case Mode::kBeforeHead: return beforeHead(token);
    case Mode::kInHead: return inHead(token);
    case Mode::kInHeadNoscript: return inHeadNoscript(token);
    case Mode::kAfterHead: return afterHead(token);
    case Mode::kInBody: return inBody(token);
    case Mode::kText: return inText(token);
    case Mode::kInTable: return inTable(token);
    case Mode::kInTableText: return inTableText(token);
    case Mode::kInCaption: return inCaption(token);
    case Mode::kInColumnGroup: return inColumnGroup(token);
    case Mode::kInTableBody: return inTableBody(token);
    case Mode::kInRow: return inRow(token);
    case Mode::kInCell: return inCell(token);
    case Mode::kInTemplate: return inTemplate(token);
    case Mode::kAfterBody: return afterBody(token);
    case Mode::kInFrameset: return inFrameset(token);
    case Mode::kAfterFrameset: return afterFrameset(token);
    case Mode::kAfterAfterBody: return afterAfterBody(token);
    case Mode::kAfterAfterFrameset: return afterAfterFrameset(token);
  }
  return true;
}

// ---- nodes
// --------------------------------------------------------------------------------------------------------------

NodeId TreeConstruction::newNode(NodeType type) {
  Node node;
  node.type = type;
  nodes_.push_back(node);
  return static_cast<NodeId>(nodes_.size() - 1);
}

/// A view into the source needs no copy; anything else is copied behind what was decoded before.
void TreeConstruction::storeText(std::string_view text, std::uint32_t& data, std::uint32_t& size) {
  size = static_cast<std::uint32_t>(text.size());
  const std::string& source = document_.source_;
  if (text.data() >= source.data() && text.data() + text.size() <= source.data() + source.size()) {
    data = static_cast<std::uint32_t>(text.data() - source.data());
    return;
  }
  std::string& decoded = document_.decoded_;
  if (decoded.size() + text.size() >= Document::kDecoded)
    throw std::length_error("parsing HTML: 2 GiB of decoded text");
  data = static_cast<std::uint32_t>(decoded.size()) | Document::kDecoded;
  decoded += text;
}

/// Adds to a text node: in place where the new text follows in the source, or the node is the last in decoded_;
/// otherwise it moves behind decoded_'s end, with room to double, so that text which keeps coming back costs linear
/// time.
void TreeConstruction::appendText(NodeId id, std::string_view text) {
  std::uint32_t data = 0, size = 0;
  Node& node = nodes_[id];
  std::string& decoded = document_.decoded_;
  const std::string& source = document_.source_;
  const bool inSource = text.data() >= source.data() && text.data() + text.size() <= source.data() + source.size();
  if (!(node.data & Document::kDecoded)) {
    if (inSource && source.data() + node.data + node.size == text.data()) {
      node.size += static_cast<std::uint32_t>(text.size());
      return;
    }
    count(node.size);
    storeText(std::string(document_.view(node.data, node.size)), data, size);
    node.data = data;
  }
  const std::size_t begin = node.data & ~Document::kDecoded;
  const std::size_t end = begin + node.size;
  const std::size_t room = node.flags ? std::bit_ceil<std::size_t>(node.size)
                                      : node.size;  // flags of a text node: it has moved, and has room
  if (end == decoded.size()) {
    decoded += text;
    node.flags = 0;  // it has outgrown the room that its move gave it
  } else if (node.flags && text.size() <= room - node.size) {
    decoded.replace(end, text.size(), text);
  } else {
    count(node.size);
    const std::string whole = decoded.substr(begin, node.size) + std::string(text);
    node.data = static_cast<std::uint32_t>(decoded.size()) | Document::kDecoded;
    decoded += whole;
    decoded.resize((node.data & ~Document::kDecoded) + std::bit_ceil(whole.size()));
    node.flags = 1;
  }
  if (decoded.size() >= Document::kDecoded) throw std::length_error("parsing HTML: 2 GiB of decoded text");
  node.size += static_cast<std::uint32_t>(text.size());
}

void TreeConstruction::storeAttributes(Node& node, const TagToken& tag, Namespace ns) {
  auto& attributes = document_.attributes_;
  node.data = static_cast<std::uint32_t>(attributes.size());
  node.size = static_cast<std::uint32_t>(tag.attributes.size());
  for (const Attribute& attribute : tag.attributes) {
    std::string_view name = attribute.name;
    if (ns == Namespace::kSvg)
      name = svgAttributeName(name);
    else if (ns == Namespace::kMathMl && name == "definitionurl")
      name = "definitionURL";
    StoredAttribute stored;
    stored.name = document_.names_.intern(name);
    storeText(attribute.value, stored.data, stored.size);
    attributes.push_back(stored);
  }
}

NodeId TreeConstruction::newElement(const TagToken& tag, Atom name, Namespace ns) {
  const NodeId id = newNode(NodeType::kElement);
  Node& node = nodes_[id];
  node.ns = ns;
  node.name = name;
  storeAttributes(node, tag, ns);
  if (ns == Namespace::kSvg) {
    if (name == known::kForeignObject || name == known::kDesc || name == known::kTitle) node.flags |= kHtmlIntegration;
  } else if (ns == Namespace::kMathMl) {
    if (name == known::kMi || name == known::kMo || name == known::kMn || name == known::kMs || name == known::kMtext)
      node.flags |= kMathTextIntegration;
    if (name == known::kAnnotationXml) {
      if (const std::string_view* encoding = tag.find("encoding")) {
        std::string lower(*encoding);
        for (char& c : lower) c = toLower(c);
        if (lower == "text/html" || lower == "application/xhtml+xml") node.flags |= kHtmlIntegration;
      }
    }
  }
  return id;
}

/// A new element for the token that `original` was made for. Attributes are never changed, so both may have the same.
NodeId TreeConstruction::cloneElement(NodeId original) {
  const NodeId id = newNode(NodeType::kElement);
  nodes_[id].ns = nodes_[original].ns;
  nodes_[id].name = nodes_[original].name;
  nodes_[id].data = nodes_[original].data;
  nodes_[id].size = nodes_[original].size;
  return id;
}

/// "For each attribute on the token, check to see if the attribute is already present": of a second <html> or <body>.
void TreeConstruction::addMissingAttributes(NodeId id, const TagToken& tag) {
  auto& attributes = document_.attributes_;
  const bool movable = nodes_[id].data + nodes_[id].size != attributes.size();  // else they are the last, and can grow
  const std::size_t copied = movable ? nodes_[id].size : 0;
  if (tag.attributes.empty() || !spend((nodes_[id].size + 1) * tag.attributes.size() + kClone * copied)) return;
  TagToken missing;
  std::vector<Attribute> added;
  for (const Attribute& attribute : tag.attributes)
    if (!document_.attribute(id, attribute.name)) added.push_back(attribute);
  if (added.empty()) return;
  const std::uint32_t begin = movable ? static_cast<std::uint32_t>(attributes.size()) : nodes_[id].data;
  for (std::size_t i = 0; i < copied; ++i) {
    const StoredAttribute copy = attributes[nodes_[id].data + i];
    attributes.push_back(copy);
  }
  const std::uint32_t before = nodes_[id].size;
  missing.attributes = added;
  storeAttributes(nodes_[id], missing, Namespace::kHtml);
  nodes_[id].data = begin;
  nodes_[id].size += before;
}

void TreeConstruction::link(NodeId id, Place place) {
  Node& node = nodes_[id];
  Node& parent = nodes_[place.parent];
  node.parent = place.parent;
  node.next = place.before;
  node.previous = place.before ? nodes_[place.before].previous : parent.lastChild;
  (node.previous ? nodes_[node.previous].next : parent.firstChild) = id;
  (node.next ? nodes_[node.next].previous : parent.lastChild) = id;
}

void TreeConstruction::unlink(NodeId id) {
  Node& node = nodes_[id];
  if (!node.parent) return;
  Node& parent = nodes_[node.parent];
  (node.previous ? nodes_[node.previous].next : parent.firstChild) = node.next;
  (node.next ? nodes_[node.next].previous : parent.lastChild) = node.previous;
  node.parent = node.previous = node.next = kNoNode;
}

// ---- insertion
// ----------------------------------------------------------------------------------------------------------

/// "The appropriate place for inserting a node", section 13.2.6.1. The contents of a <template> are its children here.
TreeConstruction::Place TreeConstruction::appropriatePlace(NodeId target) const {
  if (!target) target = current();
  if (fosterParenting_ && nodes_[target].ns == Namespace::kHtml) {
    const Atom name = nodes_[target].name;
    if (name == known::kTable || name == known::kTbody || name == known::kTfoot || name == known::kThead ||
        name == known::kTr) {
      const int table = open_.last(known::kTable), temp = open_.last(known::kTemplate);
      if (temp >= 0 && temp > table) return {open_[temp].node, kNoNode};
      if (table < 0) return {open_[0].node, kNoNode};
      const NodeId node = open_[table].node;
      if (nodes_[node].parent) return {nodes_[node].parent, node};
      return {open_[table - 1].node, kNoNode};
    }
  }
  return {target, kNoNode};
}

void TreeConstruction::pushOpen(NodeId node, Atom tagName) {
  nodes_[node].flags |= kOpenFlag;
  open_.push(node, nodes_[node].ns, nodes_[node].name, tagName);
}

void TreeConstruction::popOpen() {
  count(1);
  nodes_[current()].flags &= static_cast<std::uint16_t>(~kOpenFlag);
  open_.pop();
}

void TreeConstruction::popTo(int index) {
  while (open_.size() > index) popOpen();
}

void TreeConstruction::popUntil(Atom name) {
  if (const int index = open_.last(name); index >= 0) popTo(index);
}

NodeId TreeConstruction::insertElement(const Token& token, Namespace ns) {
  const Place place = appropriatePlace();
  Atom name = token.name;
  if (ns == Namespace::kSvg) name = document_.names_.intern(svgElementName(token.tag->name));
  const NodeId node = newElement(*token.tag, name, ns);
  link(node, place);
  pushOpen(node, token.name);
  return node;
}

NodeId TreeConstruction::insertNamed(Atom name) {
  const TagToken empty;
  return insertElement({Kind::kStart, name, &empty, {}});
}

void TreeConstruction::insertVoid(const Token& token) {
  insertElement(token);
  popOpen();
}

void TreeConstruction::insertText(std::string_view text) {
  const Place place = appropriatePlace();
  if (place.parent == kDocumentNode) return;  // a document has no text
  const NodeId neighbour = place.before ? nodes_[place.before].previous : nodes_[place.parent].lastChild;
  if (neighbour && nodes_[neighbour].type == NodeType::kText) return appendText(neighbour, text);
  const NodeId node = newNode(NodeType::kText);
  storeText(text, nodes_[node].data, nodes_[node].size);
  link(node, place);
}

void TreeConstruction::insertComment(std::string_view text, NodeId parent) {
  const Place place = parent ? Place{parent, kNoNode} : appropriatePlace();
  const NodeId node = newNode(NodeType::kComment);
  storeText(text, nodes_[node].data, nodes_[node].size);
  link(node, place);
}

void TreeConstruction::parseAs(const Token& token, State state) {
  insertElement(token);
  nextState_ = state;
  originalMode_ = mode_;
  mode_ = Mode::kText;
}

void TreeConstruction::generateImpliedEndTags(Atom except) {
  for (;;) {
    const OpenElements::Entry& top = open_.top();
    if (top.ns != Namespace::kHtml || top.name == except) return;
    switch (top.name) {
      case known::kDd:
      case known::kDt:
      case known::kLi:
      case known::kOptgroup:
      case known::kOption:
      case known::kP:
      case known::kRb:
      case known::kRp:
      case known::kRt:
      case known::kRtc: popOpen(); break;
      default: return;
    }
  }
}

void TreeConstruction::generateAllImpliedEndTags() {
  for (;;) {
    generateImpliedEndTags();
    const OpenElements::Entry& top = open_.top();
    if (top.ns != Namespace::kHtml) return;
    switch (top.name) {
      case known::kCaption:
      case known::kColgroup:
      case known::kTbody:
      case known::kTd:
      case known::kTfoot:
      case known::kTh:
      case known::kThead:
      case known::kTr: popOpen(); break;
      default: return;
    }
  }
}

/// "Reset the insertion mode appropriately", section 13.2.4.1.
void TreeConstruction::resetInsertionMode() {
  const std::span<const std::int32_t> giving = open_.all(kModeGiving);
  for (std::size_t left = giving.size();; --left) {
    const bool last = left == 0 || giving[left - 1] == 0;
    const OpenElements::Entry& node = last && fragment_ ? context_ : open_[last ? 0 : giving[left - 1]];
    const Atom name = node.ns == Namespace::kHtml ? node.name : static_cast<Atom>(known::kNone);
    switch (name) {
      case known::kTd:
      case known::kTh:
        if (last) break;
        mode_ = Mode::kInCell;
        return;
      case known::kTr: mode_ = Mode::kInRow; return;
      case known::kTbody:
      case known::kThead:
      case known::kTfoot: mode_ = Mode::kInTableBody; return;
      case known::kCaption: mode_ = Mode::kInCaption; return;
      case known::kColgroup: mode_ = Mode::kInColumnGroup; return;
      case known::kTable: mode_ = Mode::kInTable; return;
      case known::kTemplate: mode_ = templateModes_.back(); return;
      case known::kHead:
        if (last) break;
        mode_ = Mode::kInHead;
        return;
      case known::kBody: mode_ = Mode::kInBody; return;
      case known::kFrameset: mode_ = Mode::kInFrameset; return;
      case known::kHtml: mode_ = head_ ? Mode::kAfterHead : Mode::kBeforeHead; return;
      default: break;
    }
    if (last) {
      mode_ = Mode::kInBody;
      return;
    }
  }
}

// ---- the fragment case
// --------------------------------------------------------------------------------------------------

void TreeConstruction::setContext(std::string_view context) {
  fragment_ = true;
  context_ = {};
  if (context.starts_with("svg ")) {
    context_.ns = Namespace::kSvg;
    context.remove_prefix(4);
    context = svgElementName(context);
  } else if (context.starts_with("math ")) {
    context_.ns = Namespace::kMathMl;
    context.remove_prefix(5);
  }
  const Atom name = document_.names_.intern(context);
  context_.name = name;
  if (context_.ns == Namespace::kSvg)
    contextIntegration_ = name == known::kForeignObject || name == known::kDesc || name == known::kTitle;
  if (context_.ns == Namespace::kMathMl)
    contextMathText_ =
        name == known::kMi || name == known::kMo || name == known::kMn || name == known::kMs || name == known::kMtext;
  if (context_.ns == Namespace::kHtml) {
    switch (name) {
      case known::kTitle:
      case known::kTextarea: machine_.setState(State::kRcdata); break;
      case known::kStyle:
      case known::kXmp:
      case known::kIframe:
      case known::kNoembed:
      case known::kNoframes: machine_.setState(State::kRawtext); break;
      case known::kScript: machine_.setState(State::kScriptData); break;
      case known::kNoscript:
        if (options_.scripting) machine_.setState(State::kRawtext);
        break;
      case known::kPlaintext: machine_.setState(State::kPlaintext); break;
      default: break;
    }
    if (name == known::kTemplate) templateModes_.push_back(Mode::kInTemplate);
    if (name == known::kForm) form_ = kDocumentNode;  // some form, not one of ours: nested ones are ignored
  }
  const TagToken empty;
  const NodeId root = newElement(empty, known::kHtml, Namespace::kHtml);
  link(root, {kDocumentNode, kNoNode});
  pushOpen(root, known::kHtml);
  resetInsertionMode();
}

}  // namespace weft::html::internal
