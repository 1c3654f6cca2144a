// Active formatting elements (section 13.2.4.3), the adoption agency algorithm (section 13.2.6.4.7), and the sets of
// elements.
#include <weft/crawler/html/internal/hash.hpp>
#include <weft/crawler/html/internal/tree_construction.hpp>

#include <algorithm>

namespace weft::html::internal {

/// How many formatting elements are remembered behind the last marker. The standard sets no limit; without one, n
/// unclosed <b id=...> and m paragraphs make n times m elements.
constexpr std::size_t kMostFormatting = 256;

/// Of an element's name and attributes, in whatever order these come. Equal elements have equal ones, and a page cannot
/// make others equal: the hash is seeded.
std::uint32_t TreeConstruction::signatureOf(NodeId id) const noexcept {
  std::uint64_t sum = mixed(nodes_[id].name);
  for (const StoredAttribute& attribute : document_.attributes(id))
    sum += mixed(hashOf(document_.value(attribute)) ^ attribute.name);
  return static_cast<std::uint32_t>(mixed(sum));
}

/// Whether two elements have the same attributes, in whatever order. Most that do have them in the same one.
bool TreeConstruction::sameAttributes(NodeId one, NodeId other) const {
  const auto mine = document_.attributes(one), theirs = document_.attributes(other);
  const auto equal = [&](const StoredAttribute& a, const StoredAttribute& b) {
    return a.name == b.name && document_.value(a) == document_.value(b);
  };
  if (std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end(), equal)) return true;
  if (mine.size() != theirs.size()) return false;
  const auto sorted = [](std::span<const StoredAttribute> attributes) {
    std::vector<StoredAttribute> all(attributes.begin(), attributes.end());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return all;
  };
  const auto left = sorted(mine), right = sorted(theirs);
  return std::equal(left.begin(), left.end(), right.begin(), equal);
}

void TreeConstruction::pushFormatting(NodeId id) {
  // Noah's Ark: of four equal elements behind the last marker the first is forgotten.
  const Formatting added{id, nodes_[id].name, signatureOf(id)};
  int equal = 0;
  std::size_t behindMarker = 0, earliest = 0;
  for (std::size_t i = formatting_.size(); i > 0 && formatting_[i - 1].node; --i, ++behindMarker) {
    const Formatting& other = formatting_[i - 1];
    if (other.signature != added.signature || other.name != added.name) continue;
    count(1 + nodes_[id].size);
    if (sameAttributes(id, other.node) && ++equal == 3) earliest = i;
  }
  count(1);
  if (equal >= 3)
    formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(earliest - 1));
  else if (behindMarker >= kMostFormatting)
    formatting_.erase(formatting_.end() - static_cast<std::ptrdiff_t>(behindMarker));
  formatting_.push_back(added);
  nodes_[id].flags |= kListedFlag;
}

void TreeConstruction::clearFormattingToMarker() {
  while (!formatting_.empty()) {
    const NodeId node = formatting_.back().node;
    formatting_.pop_back();
    if (!node) return;
  }
}

void TreeConstruction::reconstructFormatting() {
  const auto isOpen = [&](const Formatting& one) { return !one.node || (nodes_[one.node].flags & kOpenFlag); };
  if (formatting_.empty() || isOpen(formatting_.back())) return;
  std::size_t i = formatting_.size() - 1;
  while (i > 0 && !isOpen(formatting_[i - 1])) --i;
  if (!spend(kClone * (formatting_.size() - i))) {
    formatting_.resize(i);
    return;
  }
  for (; i < formatting_.size(); ++i) {
    const NodeId clone = cloneElement(formatting_[i].node);
    link(clone, appropriatePlace());
    pushOpen(clone, formatting_[i].name);
    relist(formatting_[i], clone);
  }
}

/// Puts a clone into the place of what it is a clone of.
void TreeConstruction::relist(Formatting& entry, NodeId clone) noexcept {
  entry.node = clone;
  nodes_[clone].flags |= kListedFlag;
}

int TreeConstruction::formattingIndex(Atom name) noexcept {
  count(1);
  for (std::size_t i = formatting_.size(); i > 0; --i)
    if (const Atom one = formatting_[i - 1].name; one == name || one == known::kNone)  // a marker has no name
      return one == name ? static_cast<int>(i - 1) : -1;
  return -1;
}

/// Where `node` is in the list, behind the last marker; -1 if it is not there. Nobody looks for one before the marker.
int TreeConstruction::formattingPlace(NodeId node) noexcept {
  if (!(nodes_[node].flags & kListedFlag)) return -1;
  count(1);
  for (std::size_t i = formatting_.size(); i > 0 && formatting_[i - 1].node; --i)
    if (formatting_[i - 1].node == node) return static_cast<int>(i - 1);
  return -1;
}

void TreeConstruction::removeFormatting(NodeId node) {
  if (const int place = formattingPlace(node); place >= 0) formatting_.erase(formatting_.begin() + place);
  nodes_[node].flags &= static_cast<std::uint16_t>(~kListedFlag);
}

/// Moves the misnested: <b>1<p>2</b>3</p> becomes <b>1</b><p><b>2</b>3</p>.
void TreeConstruction::adopt(const Token& token) {
  const Atom subject = token.name;
  if (currentIs(subject) && formattingPlace(current()) < 0) return popOpen();
  const auto close = [&](NodeId node) { nodes_[node].flags &= static_cast<std::uint16_t>(~kOpenFlag); };
  for (int outer = 0; outer < 8; ++outer) {
    const int listIndex = formattingIndex(subject);
    if (listIndex < 0) {
      if (outer == 0) anyOtherEndTag(token);
      return;
    }
    const NodeId formatting = formatting_[static_cast<std::size_t>(listIndex)].node;
    if (!(nodes_[formatting].flags & kOpenFlag)) return removeFormatting(formatting);
    const int formattingAt = open_.indexOf(formatting, subject);
    if (formattingAt < open_.nearest(kScope)) return;
    if (open_.nearest(kSpecial) < formattingAt) {  // no furthest block
      popTo(formattingAt);
      return removeFormatting(formatting);
    }
    if (!spend(static_cast<std::size_t>(open_.size() - formattingAt) + 4 * kClone)) return removeFormatting(formatting);
    int furthestAt = formattingAt + 1;
    while (!(open_[furthestAt].sets & (1u << kSpecial))) ++furthestAt;
    const NodeId furthest = open_[furthestAt].node;
    const NodeId ancestor = open_[formattingAt - 1].node;
    int bookmark = listIndex;
    NodeId last = furthest;
    // The inner loop, from the furthest block down to the formatting element. What it removes from the stack is only
    // marked as closed, and taken out together at the end.
    for (int at = furthestAt - 1, inner = 1; at > formattingAt; --at, ++inner) {
      const NodeId node = open_[at].node;
      const int place = formattingPlace(node);
      if (place < 0 || inner > 3) {
        if (place >= 0) {
          formatting_.erase(formatting_.begin() + place);
          nodes_[node].flags &= static_cast<std::uint16_t>(~kListedFlag);
          bookmark -= place < bookmark;
        }
        close(node);
        continue;
      }
      const NodeId clone = cloneElement(node);
      relist(formatting_[static_cast<std::size_t>(place)], clone);
      close(node);
      nodes_[clone].flags |= kOpenFlag;
      open_.replace(at, clone);
      if (last == furthest) bookmark = place + 1;
      unlink(last);
      link(last, {clone, kNoNode});
      last = clone;
    }
    unlink(last);
    link(last, appropriatePlace(ancestor));
    const NodeId clone = cloneElement(formatting);
    while (const NodeId child = nodes_[furthest].firstChild) {
      unlink(child);
      link(child, {clone, kNoNode});
      count(1);
    }
    link(clone, {furthest, kNoNode});
    const int old = formattingPlace(formatting);
    Formatting entry = formatting_[static_cast<std::size_t>(old)];
    formatting_.erase(formatting_.begin() + old);
    bookmark -= old < bookmark;
    relist(entry, clone);
    formatting_.insert(formatting_.begin() + bookmark, entry);
    close(formatting);
    open_.rebuild(
        formattingAt, [&](NodeId node) { return (nodes_[node].flags & kOpenFlag) != 0; }, furthest, clone, subject);
    nodes_[clone].flags |= kOpenFlag;
  }
}

// ---- the stack of open elements
// ---------------------------------------------------------------------------------------------

void OpenElements::pushWith(NodeId node, Namespace ns, Atom name, std::uint8_t sets) {
  const auto index = static_cast<std::int32_t>(entries_.size());
  for (int set = 0, rest = sets; rest; ++set, rest >>= 1)
    if (rest & 1) sets_[static_cast<std::size_t>(set)].push_back(index);
  std::vector<std::int32_t>& last = lastOf(ns);
  if (name >= last.size()) last.resize(name + 1, -1);
  entries_.push_back({node, name, ns, sets, last[name]});
  last[name] = index;
}

std::uint8_t elementSets(Namespace ns, Atom name) noexcept {
  static constexpr std::uint8_t kAnyHtml = 1u << kHtmlElement;
  static const std::vector<std::uint8_t> html = [] {
    std::vector<std::uint8_t> sets(known::kCount, kAnyHtml);
    const auto add = [&](ElementSet set, std::initializer_list<known::Name> names) {
      for (known::Name n : names) sets[n] = static_cast<std::uint8_t>(sets[n] | (1u << set));
    };
    using namespace known;
    for (ElementSet scope : {kScope, kListItemScope, kButtonScope})
      add(scope, {kApplet, kCaption, kHtml, kTable, kTd, kTh, kMarquee, kObject, kSelect, kTemplate});
    add(kListItemScope, {kOl, kUl});
    add(kButtonScope, {kButton});
    add(kTableScope, {kHtml, kTable, kTemplate});
    for (ElementSet set : {kSpecial, kSpecialNotPlain})
      add(set,
          {kApplet,   kArea,     kArticle,    kAside,    kBase,     kBasefont, kBgsound, kBlockquote, kBody, kBr,
           kButton,   kCaption,  kCenter,     kCol,      kColgroup, kDd,       kDetails, kDir,        kDl,   kDt,
           kEmbed,    kFieldset, kFigcaption, kFigure,   kFooter,   kForm,     kFrame,   kFrameset,   kH1,   kH2,
           kH3,       kH4,       kH5,         kH6,       kHead,     kHeader,   kHgroup,  kHr,         kHtml, kIframe,
           kImg,      kInput,    kKeygen,     kLi,       kLink,     kListing,  kMain,    kMarquee,    kMenu, kMeta,
           kNav,      kNoembed,  kNoframes,   kNoscript, kObject,   kOl,       kParam,   kPlaintext,  kPre,  kScript,
           kSearch,   kSection,  kSelect,     kSource,   kStyle,    kSummary,  kTable,   kTbody,      kTd,   kTemplate,
           kTextarea, kTfoot,    kTh,         kThead,    kTitle,    kTr,       kTrack,   kUl,         kWbr,  kXmp});
    add(kSpecial, {kAddress, kDiv, kP});
    add(kModeGiving, {kTd, kTh, kTr, kTbody, kThead, kTfoot, kCaption, kColgroup, kTable, kTemplate, kHead, kBody,
                      kFrameset, kHtml});
    return sets;
  }();
  if (ns == Namespace::kHtml) return name < known::kCount ? html[name] : kAnyHtml;
  constexpr std::uint8_t kForeign =
      (1u << kScope) | (1u << kListItemScope) | (1u << kButtonScope) | (1u << kSpecial) | (1u << kSpecialNotPlain);
  bool stops = false;
  if (ns == Namespace::kSvg)
    stops = name == known::kForeignObject || name == known::kDesc || name == known::kTitle;
  else
    stops = name == known::kMi || name == known::kMo || name == known::kMn || name == known::kMs ||
            name == known::kMtext || name == known::kAnnotationXml;
  return stops ? kForeign : std::uint8_t{0};
}

}  // namespace weft::html::internal
