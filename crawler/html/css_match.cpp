// Matching compiled CSS selectors: one walk, see internal/css_plan.hpp.
#include <weft/crawler/html/css.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/crawler/html/internal/css_plan.hpp>
#include <weft/crawler/html/internal/scan.hpp>
#include <weft/crawler/html/internal/words.hpp>

#include <algorithm>
#include <optional>

namespace weft::html {
namespace internal {
namespace {

using weft::detail::lowered;

template <std::size_t kWords>
struct Bits {
  std::array<std::uint64_t, kWords> words{};
  bool operator[](int bit) const noexcept { return words[static_cast<std::size_t>(bit) / 64] >> (bit % 64) & 1; }
  void set(int bit) noexcept { words[static_cast<std::size_t>(bit) / 64] |= std::uint64_t{1} << (bit % 64); }
  void operator|=(const Bits& other) noexcept {
    for (std::size_t i = 0; i < kWords; ++i) words[i] |= other.words[i];
  }
};

template <std::size_t kWords>
class Matcher {
 public:
  Matcher(const Document& document, const CssPlan& plan, NodeId root)
      : document_(document),
        plan_(plan),
        root_(root),
        scope_(root == kDocumentNode ? document.documentElement() : root) {
    atoms_.reserve(plan.names.size());
    for (const std::string& name : plan.names) atoms_.push_back(document.names().find(name));
    marks_.resize(static_cast<std::size_t>(plan.marks));
  }

  std::vector<CssMatch> run() {
    if (isFlat()) return runFlat();
    for (const CssSequence& sequence : plan_.sequences) wantsText_ |= sequence.gives == CssSequence::Gives::kText;
    frames_.reserve(32);
    frames_.push_back({});
    NodeId id = root_;
    for (;;) {
      const Node& node = document_[id];
      if (node.type == NodeType::kElement) {
        const Set mine = element(id);
        Frame& frame = frames_.back();
        if (node.firstChild) {
          // The element's own bits count for its later siblings once it is left, see below.
          Frame inner;
          inner.parent = mine;
          inner.ancestors = frame.ancestors;
          inner.ancestors |= mine;
          frames_.push_back(inner);
          id = node.firstChild;
          continue;
        }
        frame.previous = mine;
        frame.earlier |= mine;
      } else if (node.type == NodeType::kText) {
        if (wantsText_) text(id);
      } else if (node.type == NodeType::kDocument && node.firstChild) {
        frames_.push_back({});
        id = node.firstChild;
        continue;
      }
      for (;;) {
        if (id == root_) return std::move(found_);
        if (document_[id].next) break;
        id = document_[id].parent;
        const Set left = frames_.back().parent;
        frames_.pop_back();
        frames_.back().previous = left;
        frames_.back().earlier |= left;
      }
      id = document_[id].next;
    }
  }

 private:
  using Set = Bits<kWords>;
  static constexpr std::size_t kNamespaces = 4;
  /// What is known while the children of one element are walked.
  struct Frame {
    Set parent;     // of the element itself
    Set ancestors;  // of it and all above it
    Set previous;   // of the child element before
    Set earlier;    // of all children before
  };
  struct Position {  // among the elements of one parent, from 1
    std::uint32_t index = 0, total = 0, ofType = 0, totalOfType = 0;
  };

  /// Without combinators and texts nothing has to be remembered from one element to the next.
  bool isFlat() const noexcept {
    return std::all_of(plan_.sequences.begin(), plan_.sequences.end(), [](const CssSequence& sequence) {
      return sequence.steps.size() == 1 && sequence.gives != CssSequence::Gives::kText;
    });
  }
  std::vector<CssMatch> runFlat() {
    Atom only = 0;  // the one name that can match, if there is one: most questions are for a name
    const CssCompound& first = plan_.compounds[static_cast<std::size_t>(plan_.sequences.back().steps[0].compound)];
    if (plan_.sequences.size() == 1 && first.name >= 0 && first.name == first.exactName) {
      only = atom(first.name);
      if (!only) return {};
    }
    for (NodeId id = root_; id; id = document_.following(id, root_)) {
      const Node& node = document_[id];
      if (node.type == NodeType::kElement && (!only || node.name == only)) note(id);
    }
    return std::move(found_);
  }
  void note(NodeId id) {
    bool noted = false;
    for (const CssSequence& sequence : plan_.sequences) {
      if (sequence.gives == CssSequence::Gives::kNothing || (noted && sequence.gives == CssSequence::Gives::kElement)) continue;
      if (!matches(plan_.compounds[static_cast<std::size_t>(sequence.steps[0].compound)], id, Set{})) continue;
      if (sequence.gives == CssSequence::Gives::kElement) {
        found_.push_back({id, 0, CssMatch::Kind::kElement});
        noted = true;
      } else {
        noteAttribute(id, sequence);
      }
    }
  }

  /// Finds the bits of an element, and notes it if it is selected.
  Set element(NodeId id) {
    Set mine;
    const Frame& frame = frames_.back();
    bool noted = false;
    for (const CssSequence& sequence : plan_.sequences) {
      const int steps = static_cast<int>(sequence.steps.size());
      bool last = false;
      for (int i = 0; i < steps; ++i) {
        const CssStep& step = sequence.steps[static_cast<std::size_t>(i)];
        const int before = sequence.firstBit + i - 1;
        bool possible = true;
        switch (step.combinator) {
          case Combinator::kNone: break;
          case Combinator::kDescendant: possible = frame.ancestors[before]; break;
          case Combinator::kChild: possible = frame.parent[before]; break;
          case Combinator::kNext: possible = frame.previous[before]; break;
          case Combinator::kSubsequent: possible = frame.earlier[before]; break;
          case Combinator::kDescendantOrSelf: possible = frame.ancestors[before] || mine[before]; break;
        }
        if (!possible || !matches(plan_.compounds[static_cast<std::size_t>(step.compound)], id, mine)) continue;
        mine.set(before + 1);
        last = i == steps - 1;
      }
      if (!last) continue;
      if (sequence.gives == CssSequence::Gives::kElement && !noted) {
        found_.push_back({id, 0, CssMatch::Kind::kElement});
        noted = true;
      } else if (sequence.gives == CssSequence::Gives::kAttribute) {
        noteAttribute(id, sequence);
      }
    }
    return mine;
  }

  void text(NodeId id) {
    const Set& parent = frames_.back().parent;
    for (const CssSequence& sequence : plan_.sequences) {
      if (sequence.gives != CssSequence::Gives::kText) continue;
      if (!parent[sequence.firstBit + static_cast<int>(sequence.steps.size()) - 1]) continue;
      found_.push_back({id, 0, CssMatch::Kind::kText});
      return;
    }
  }

  void noteAttribute(NodeId id, const CssSequence& sequence) {
    const int index = attributeIndex(id, sequence.attribute, sequence.exactAttribute);
    if (index < 0) return;
    const CssMatch match{id, static_cast<std::uint32_t>(index), CssMatch::Kind::kAttribute};
    for (auto it = found_.rbegin(); it != found_.rend() && it->node == id; ++it)
      if (*it == match) return;
    found_.push_back(match);
  }

  Atom atom(int name) const noexcept { return name < 0 ? 0 : atoms_[static_cast<std::size_t>(name)]; }

  int attributeIndex(NodeId id, int name, int exactName) const noexcept {
    const Atom wanted = atom(document_[id].ns == Namespace::kHtml ? name : exactName);
    if (!wanted) return -1;
    const auto attributes = document_.attributes(id);
    for (std::size_t i = 0; i < attributes.size(); ++i)
      if (attributes[i].name == wanted) return static_cast<int>(i);
    return -1;
  }

  bool matches(const CssCompound& compound, NodeId id, const Set& mine) {
    const Node& node = document_[id];
    if (compound.name >= 0 && node.name != atom(node.ns == Namespace::kHtml ? compound.name : compound.exactName))
      return false;
    switch (compound.space) {
      case CssCompound::Space::kAny: break;
      case CssCompound::Space::kHtml:
        if (node.ns != Namespace::kHtml) return false;
        break;
      case CssCompound::Space::kSvg:
        if (node.ns != Namespace::kSvg) return false;
        break;
      case CssCompound::Space::kMathMl:
        if (node.ns != Namespace::kMathMl) return false;
        break;
      case CssCompound::Space::kNone: return false;  // every element of an HTML document has a namespace
    }
    for (const CssCondition& condition : compound.conditions)
      if (!matches(condition, id, mine)) return false;
    return true;
  }

  bool matches(const CssCondition& condition, NodeId id, const Set& mine) {
    switch (condition.kind) {
      case Condition::kClass: {
        const auto value = document_.attribute(id, known::kClass);
        return value && hasWord(*value, condition.value);
      }
      case Condition::kId: return document_.attribute(id, known::kId) == condition.value;
      case Condition::kAttributeExists:
      case Condition::kAttributeEquals:
      case Condition::kAttributeDiffers:
      case Condition::kAttributeWord:
      case Condition::kAttributeLang:
      case Condition::kAttributePrefix:
      case Condition::kAttributeSuffix:
      case Condition::kAttributeSubstring: return matchesAttribute(condition, id);
      case Condition::kIs: return matchesAny(condition, id, mine);
      case Condition::kNot: return !matchesAny(condition, id, mine);
      case Condition::kHas:
        for (const CssHas& relative : condition.relatives)
          if (has(relative, id)) return true;
        return false;
      case Condition::kRoot: return document_[id].parent == kDocumentNode;
      case Condition::kScope: return id == scope_;
      case Condition::kEmpty:
        for (NodeId child = document_[id].firstChild; child; child = document_[child].next)
          if (document_[child].type == NodeType::kElement || document_[child].type == NodeType::kText) return false;
        return true;
      case Condition::kFirstChild: return !sibling(id, false);
      case Condition::kLastChild: return !sibling(id, true);
      case Condition::kOnlyChild: return !sibling(id, false) && !sibling(id, true);
      case Condition::kNthChild:
      case Condition::kNthLastChild: {
        if (condition.counts >= 0 && !matchesAny(condition, id, mine)) return false;
        const Position& at = condition.counts < 0 ? position(id) : positionOf(condition, id);
        return isNth(condition, condition.kind == Condition::kNthChild ? at.index : at.total + 1 - at.index);
      }
      case Condition::kNthOfType: return isNth(condition, position(id).ofType);
      case Condition::kNthLastOfType: return isNth(condition, position(id).totalOfType + 1 - position(id).ofType);
      case Condition::kOnlyOfType: return position(id).totalOfType == 1;
      case Condition::kLang: return matchesLang(id, condition.languages);
      case Condition::kContains: return contains(id, condition.value);
      case Condition::kChecked: return isChecked(id);
      case Condition::kDisabled: return canBeDisabled(id) && isDisabled(id);
      case Condition::kEnabled: return canBeDisabled(id) && !isDisabled(id);
      case Condition::kLink: {
        const Atom name = document_[id].name;
        return (name == known::kA || name == known::kArea || name == known::kLink) &&
               document_.attribute(id, known::kHref);
      }
      case Condition::kNever: return false;
    }
    return false;
  }

  bool matchesAttribute(const CssCondition& condition, NodeId id) const {
    const int index = attributeIndex(id, condition.name, condition.exactName);
    if (index < 0) return condition.kind == Condition::kAttributeDiffers;
    if (condition.kind == Condition::kAttributeExists) return true;
    std::string_view value = document_.value(document_.attributes(id)[static_cast<std::size_t>(index)]);
    const std::string_view wanted = condition.value;
    std::string lower;
    if (condition.ignoreCase) value = lower = lowered(value);
    switch (condition.kind) {
      case Condition::kAttributeEquals: return value == wanted;
      case Condition::kAttributeDiffers: return value != wanted;
      case Condition::kAttributeWord:
        return std::none_of(wanted.begin(), wanted.end(), isSpace) && hasWord(value, wanted);
      case Condition::kAttributeLang:
        return value.starts_with(wanted) && (value.size() == wanted.size() || value[wanted.size()] == '-');
      case Condition::kAttributePrefix: return !wanted.empty() && value.starts_with(wanted);
      case Condition::kAttributeSuffix: return !wanted.empty() && value.ends_with(wanted);
      default: return !wanted.empty() && value.find(wanted) != std::string_view::npos;
    }
  }

  bool matchesAny(const CssCondition& condition, NodeId id, const Set& mine) {
    for (int index : condition.sequences) {
      const CssSequence& sequence = plan_.sequences[static_cast<std::size_t>(index)];
      if (sequence.steps.size() == 1
              ? matches(plan_.compounds[static_cast<std::size_t>(sequence.steps[0].compound)], id, mine)
              : mine[sequence.firstBit + static_cast<int>(sequence.steps.size()) - 1])
        return true;
    }
    return false;
  }

  /// The next or previous element among the siblings.
  NodeId sibling(NodeId id, bool next) const noexcept {
    do id = next ? document_[id].next : document_[id].previous;
    while (id && !document_.isElement(id));
    return id;
  }

  /// Whether position `index` is an+b for an n of 0, 1, 2...
  static bool isNth(const CssCondition& condition, std::uint32_t index) noexcept {
    const long long rest = static_cast<long long>(index) - condition.b;
    return condition.a == 0 ? rest == 0 : rest % condition.a == 0 && rest / condition.a >= 0;
  }

  /// Counts the children of the element's parent, all at the first question, so that a walk over them is linear.
  const Position& position(NodeId id) {
    if (positions_.empty()) positions_.resize(document_.nodeCount() + 1);
    if (positions_[id].index) return positions_[id];
    if (typeCounts_.empty()) typeCounts_.resize(document_.names().size() * kNamespaces);
    const NodeId parent = document_[id].parent;
    const auto count = [&](NodeId child) -> std::uint32_t& {
      return typeCounts_[document_[child].name * kNamespaces + static_cast<std::size_t>(document_[child].ns)];
    };
    std::uint32_t total = 0;
    for (NodeId child = document_[parent].firstChild; child; child = document_[child].next) {
      if (!document_.isElement(child)) continue;
      positions_[child].index = ++total;
      positions_[child].ofType = ++count(child);
    }
    for (NodeId child = document_[parent].firstChild; child; child = document_[child].next) {
      if (!document_.isElement(child)) continue;
      positions_[child].total = total;
      positions_[child].totalOfType = count(child);
    }
    for (NodeId child = document_[parent].firstChild; child; child = document_[child].next)
      if (document_.isElement(child)) count(child) = 0;
    return positions_[id];
  }

  /// The same, where only those are counted that "of" names.
  const Position& positionOf(const CssCondition& condition, NodeId id) {
    counts_.resize(static_cast<std::size_t>(plan_.counts));
    std::vector<Position>& positions = counts_[static_cast<std::size_t>(condition.counts)];
    if (positions.empty()) positions.resize(document_.nodeCount() + 1);
    if (positions[id].index) return positions[id];
    std::vector<NodeId> counted;
    for (NodeId child = document_[document_[id].parent].firstChild; child; child = document_[child].next)
      if (document_.isElement(child) && matchesAny(condition, child, Set{})) counted.push_back(child);
    for (std::size_t i = 0; i < counted.size(); ++i) {
      positions[counted[i]].index = static_cast<std::uint32_t>(i + 1);
      positions[counted[i]].total = static_cast<std::uint32_t>(counted.size());
    }
    return positions[id];
  }

  bool has(const CssHas& relative, NodeId id) {
    const CssCompound& compound = plan_.compounds[static_cast<std::size_t>(relative.compound)];
    switch (relative.combinator) {
      case Combinator::kChild:
        for (NodeId child = document_[id].firstChild; child; child = document_[child].next)
          if (document_.isElement(child) && matches(compound, child, Set{})) return true;
        return false;
      case Combinator::kNext: {
        const NodeId next = id == root_ ? kNoNode : sibling(id, true);
        return next && matches(compound, next, Set{});
      }
      default: break;
    }
    // Marks, once, every element that has such a descendant or later sibling: up from each that matches, to what was
    // marked before.
    std::optional<std::vector<bool>>& marks = marks_[static_cast<std::size_t>(relative.marks)];
    if (!marks) {
      std::vector<bool> made(document_.nodeCount() + 1);
      for (NodeId n = root_; n; n = document_.following(n, root_)) {
        if (!document_.isElement(n) || n == root_ || !matches(compound, n, Set{})) continue;
        if (relative.combinator == Combinator::kSubsequent)
          for (NodeId m = document_[n].previous; m && !made[m]; m = document_[m].previous) made[m] = true;
        else
          for (NodeId m = document_[n].parent; m && !made[m]; m = m == root_ ? kNoNode : document_[m].parent)
            made[m] = true;
      }
      marks_[static_cast<std::size_t>(relative.marks)] = std::move(made);
    }
    return (*marks_[static_cast<std::size_t>(relative.marks)])[id];
  }

  /// Whether the text of the element has `wanted` in it. All text is joined once and searched once; an element is a
  /// stretch of it.
  bool contains(NodeId id, const std::string& wanted) {
    if (stretches_.empty()) {
      stretches_.resize(document_.nodeCount() + 1);
      NodeId n = root_;
      for (;;) {
        stretches_[n].first = allText_.size();
        if (document_.isText(n)) allText_ += document_.text(n);
        if (document_[n].firstChild) {
          n = document_[n].firstChild;
          continue;
        }
        for (;;) {
          stretches_[n].second = allText_.size();
          if (n == root_ || document_[n].next) break;
          n = document_[n].parent;
        }
        if (n == root_) break;
        n = document_[n].next;
      }
    }
    auto known = std::find_if(occurrences_.begin(), occurrences_.end(),
                              [&](const auto& entry) { return entry.first == wanted; });
    if (known == occurrences_.end()) {
      occurrences_.push_back({wanted, {}});
      known = occurrences_.end() - 1;
      for (std::size_t at = allText_.find(wanted); at != std::string::npos && !wanted.empty();
           at = allText_.find(wanted, at + 1))
        known->second.push_back(at);
    }
    if (wanted.empty()) return true;
    const auto [begin, end] = stretches_[id];
    const auto at = std::lower_bound(known->second.begin(), known->second.end(), begin);
    return at != known->second.end() && *at + wanted.size() <= end;
  }

  /// The language of an element is that of the nearest lang attribute. Remembered on the way, so that depth costs once.
  bool matchesLang(NodeId id, const std::vector<std::string>& ranges) {
    if (langOwner_.empty()) langOwner_.resize(document_.nodeCount() + 1);
    constexpr NodeId kUnowned = kDocumentNode;
    NodeId n = id, owner = kNoNode;
    for (; !owner; n = document_[n].parent) {
      if (n == kDocumentNode)
        owner = kUnowned;
      else if (langOwner_[n])
        owner = langOwner_[n];
      else if (document_.attribute(n, known::kLang))
        owner = n;
    }
    for (n = id; n != kDocumentNode && !langOwner_[n]; n = document_[n].parent) {
      langOwner_[n] = owner;
      if (n == owner) break;
    }
    if (owner == kUnowned) return false;
    const std::string lang = lowered(*document_.attribute(owner, known::kLang));
    return std::any_of(ranges.begin(), ranges.end(), [&](const std::string& range) { return inLanguageRange(lang, range); });
  }

  bool hasType(NodeId id, std::initializer_list<std::string_view> types) const {
    const auto value = document_.attribute(id, known::kType);
    const std::string type = lowered(value.value_or(""));
    return std::find(types.begin(), types.end(), type) != types.end();
  }
  bool isChecked(NodeId id) const {
    if (document_[id].name == known::kOption) return document_.attribute(id, known::kSelected).has_value();
    return document_[id].name == known::kInput && document_.attribute(id, known::kChecked) &&
           hasType(id, {"checkbox", "radio"});
  }
  bool canBeDisabled(NodeId id) const {
    switch (document_[id].name) {
      case known::kInput: return !hasType(id, {"hidden"});
      case known::kButton:
      case known::kSelect:
      case known::kTextarea:
      case known::kOptgroup:
      case known::kOption:
      case known::kFieldset: return true;
      default: return false;
    }
  }
  bool isDisabled(NodeId id) const {
    if (document_.attribute(id, known::kDisabled)) return true;
    if (document_[id].name == known::kOption || document_[id].name == known::kOptgroup ||
        document_[id].name == known::kFieldset)
      return false;
    for (NodeId up = document_[id].parent; up != kDocumentNode; up = document_[up].parent)
      if (document_[up].name == known::kFieldset && document_.attribute(up, known::kDisabled)) return true;
    return false;
  }

  const Document& document_;
  const CssPlan& plan_;
  const NodeId root_, scope_;
  bool wantsText_ = false;
  std::vector<Atom> atoms_;
  std::vector<Frame> frames_;
  std::vector<CssMatch> found_;
  std::vector<Position> positions_;
  std::vector<std::vector<Position>> counts_;  // of each "of"
  std::vector<std::uint32_t> typeCounts_;
  std::vector<std::optional<std::vector<bool>>> marks_;
  std::string allText_;
  std::vector<std::pair<std::size_t, std::size_t>> stretches_;
  std::vector<std::pair<std::string, std::vector<std::size_t>>> occurrences_;
  std::vector<NodeId> langOwner_;
};

}  // namespace
}  // namespace internal

CssSelector::CssSelector(std::string_view text)
    : text_(text), plan_(std::make_shared<const internal::CssPlan>(internal::compileCss(text))) {}

std::vector<CssMatch> CssSelector::select(const Document& document, NodeId root) const {
  if (plan_->bits <= 64) return internal::Matcher<1>(document, *plan_, root).run();
  return internal::Matcher<internal::kMostCssBits / 64>(document, *plan_, root).run();
}

}  // namespace weft::html
