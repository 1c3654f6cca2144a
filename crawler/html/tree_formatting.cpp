// Active formatting elements (section 13.2.4.3), the adoption agency algorithm (section 13.2.6.4.7), and the sets of
// elements.
#include <weft/crawler/html/internal/tree_construction.hpp>

#include <algorithm>

namespace weft::html::internal {

/// How many formatting elements are remembered behind the last marker. The standard sets no limit; without one, n
/// unclosed <b id=...> and m paragraphs make n times m elements.
constexpr std::size_t kMostFormatting = 256;

/// Whether two elements have the same attributes, in whatever order. Most that do have them in the same one.
bool TreeConstruction::sameAttributes(NodeId one, NodeId other) {
  const auto mine = document_.attributes(one), theirs = document_.attributes(other);
  const auto equal = [&](const StoredAttribute& a, const StoredAttribute& b) {
    return a.name == b.name && document_.value(a) == document_.value(b);
  };
  const auto [left, right] = std::mismatch(mine.begin(), mine.end(), theirs.begin(), theirs.end(), equal);
  const auto rest = static_cast<std::size_t>(mine.end() - left);
  if (!spend(mine.size() - rest) || rest == 0) return rest == 0;
  if (!spend(rest * rest)) return false;
  return std::all_of(left, mine.end(), [&, right = right](const StoredAttribute& a) {
    return std::any_of(right, theirs.end(), [&](const StoredAttribute& b) { return equal(a, b); });
  });
}

void TreeConstruction::pushFormatting(NodeId id) {
  // Noah's Ark: of four equal elements behind the last marker the first is forgotten.
  const Node& node = nodes_[id];
  int equal = 0;
  std::size_t behindMarker = 0, earliest = 0;
  for (std::size_t i = formatting_.size(); i > 0 && formatting_[i - 1]; --i, ++behindMarker) {
    const Node& other = nodes_[formatting_[i - 1]];
    if (other.name != node.name || other.size != node.size) continue;
    if (sameAttributes(id, formatting_[i - 1]) && ++equal == 3) earliest = i;
  }
  count(behindMarker);
  if (equal >= 3)
    formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(earliest - 1));
  else if (behindMarker >= kMostFormatting)
    formatting_.erase(formatting_.end() - static_cast<std::ptrdiff_t>(behindMarker));
  formatting_.push_back(id);
}

void TreeConstruction::clearFormattingToMarker() {
  while (!formatting_.empty()) {
    const NodeId node = formatting_.back();
    formatting_.pop_back();
    if (!node) return;
  }
}

void TreeConstruction::reconstructFormatting() {
  const auto isOpen = [&](NodeId node) { return !node || (nodes_[node].flags & kOpenFlag); };
  if (formatting_.empty() || isOpen(formatting_.back())) return;
  std::size_t i = formatting_.size() - 1;
  while (i > 0 && !isOpen(formatting_[i - 1])) --i;
  if (!spend(formatting_.size() - i)) {
    formatting_.resize(i);
    return;
  }
  for (; i < formatting_.size(); ++i) {
    const NodeId clone = cloneElement(formatting_[i]);
    link(clone, appropriatePlace());
    pushOpen(clone);
    formatting_[i] = clone;
  }
}

int TreeConstruction::formattingIndex(Atom name) noexcept {
  for (std::size_t i = formatting_.size(); i > 0 && formatting_[i - 1]; --i) {
    count(1);
    if (nodes_[formatting_[i - 1]].name == name) return static_cast<int>(i - 1);
  }
  return -1;
}

/// Where `node` is in the list, behind the last marker; -1 if it is not there. Nobody looks for one before the marker.
int TreeConstruction::formattingPlace(NodeId node) noexcept {
  for (std::size_t i = formatting_.size(); i > 0 && formatting_[i - 1]; --i) {
    count(1);
    if (formatting_[i - 1] == node) return static_cast<int>(i - 1);
  }
  return -1;
}

void TreeConstruction::removeFormatting(NodeId node) {
  if (const int place = formattingPlace(node); place >= 0) formatting_.erase(formatting_.begin() + place);
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
    const NodeId formatting = formatting_[static_cast<std::size_t>(listIndex)];
    if (!(nodes_[formatting].flags & kOpenFlag)) return removeFormatting(formatting);
    const int formattingAt = open_.indexOf(formatting);
    if (!spend(static_cast<std::size_t>(open_.size() - formattingAt))) return removeFormatting(formatting);
    if (formattingAt < open_.nearest(kScope)) return;
    if (open_.nearest(kSpecial) < formattingAt) {  // no furthest block
      popTo(formattingAt);
      return removeFormatting(formatting);
    }
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
          bookmark -= place < bookmark;
        }
        close(node);
        continue;
      }
      const NodeId clone = cloneElement(node);
      formatting_[static_cast<std::size_t>(place)] = clone;
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
    formatting_.erase(formatting_.begin() + old);
    bookmark -= old < bookmark;
    formatting_.insert(formatting_.begin() + bookmark, clone);
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
  Entry entry{node, name, ns, sets, -1, {}};
  if (entries_.empty())
    entry.nearest.fill(-1);
  else
    entry.nearest = entries_.back().nearest;
  for (int set = 0; set < kElementSetCount; ++set)
    if (sets & (1u << set)) entry.nearest[static_cast<std::size_t>(set)] = index;
  if (ns == Namespace::kHtml) {
    if (name >= last_.size()) last_.resize(name + 1, -1);
    entry.sameBelow = last_[name];
    last_[name] = index;
  }
  entries_.push_back(entry);
}

std::uint8_t elementSets(Namespace ns, Atom name) noexcept {
  static const std::vector<std::uint8_t> html = [] {
    std::vector<std::uint8_t> sets(known::kCount, 0);
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
  if (ns == Namespace::kHtml) return name < known::kCount ? html[name] : std::uint8_t{0};
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
