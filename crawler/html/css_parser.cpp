// Reading CSS selectors, after Selectors Level 4 and what cssselect accepts beyond it.
#include <weft/crawler/html/css.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/crawler/html/internal/css_plan.hpp>
#include <weft/crawler/html/internal/css_reader.hpp>
#include <weft/crawler/html/internal/scan.hpp>

#include <algorithm>
#include <optional>

namespace weft::html {
namespace internal {
namespace {

using weft::detail::lowered;

class CssParser : CssReader {
 public:
  using CssReader::CssReader;

  CssPlan parse() {
    skipSpace();
    do {
      skipSpace();
      sequence(Context::kTop);
    } while (take(','));
    if (at_ < text_.size()) fail("unexpected " + here());
    int bit = 0;
    for (CssSequence& sequence : plan_.sequences) {
      sequence.firstBit = bit;
      bit += static_cast<int>(sequence.steps.size());
    }
    if (bit > kMostCssBits) fail("too long: more than 256 simple parts", 0);
    plan_.bits = bit;
    return std::move(plan_);
  }

 private:
  enum class Context { kTop, kArgument, kRelative };
  static constexpr int kMostNesting = 32;  // of :not(:is(:has(...))): this parser recurses only there

  int nameIndex(std::string text) {
    for (std::size_t i = 0; i < plan_.names.size(); ++i)
      if (plan_.names[i] == text) return static_cast<int>(i);
    plan_.names.push_back(std::move(text));
    return static_cast<int>(plan_.names.size() - 1);
  }

  // ---- selectors ----

  /// A complex selector. Adds it behind the ones that are its arguments, and returns its index (none for kRelative, see
  /// relative()).
  int sequence(Context context) {
    CssSequence sequence;
    sequence.gives = context == Context::kTop ? CssSequence::Gives::kElement : CssSequence::Gives::kNothing;
    Combinator combinator = Combinator::kNone;
    char sign = 0;
    for (;;) {
      if (context != Context::kTop) skipSpace();
      if (!startsCompound()) {
        if (sign) fail(std::string("expected a selector after '") + sign + "'");
        fail("expected a selector, not " + here());
      }
      bool bare = false;
      const int index = compound(bare, sequence, context, combinator == Combinator::kNone);
      if (sequence.gives != CssSequence::Gives::kElement && context == Context::kTop && bare &&
          combinator == Combinator::kDescendant)
        combinator = Combinator::kDescendantOrSelf;  // "a ::text" takes in the text of <a> itself
      sequence.steps.push_back({combinator, index});
      const bool space = skipSpace();
      if (atEnd() || peek() == ',' || peek() == ')') break;
      if (context == Context::kTop && sequence.gives != CssSequence::Gives::kElement)
        fail("a pseudo-element must come last, not before " + here());
      if (!nextCombinator(combinator, sign)) {
        if (!space) fail("unexpected " + here());
        combinator = Combinator::kDescendant;
        sign = 0;
      }
    }
    plan_.sequences.push_back(std::move(sequence));
    return static_cast<int>(plan_.sequences.size() - 1);
  }

  bool nextCombinator(Combinator& combinator, char& sign) {
    switch (peek()) {
      case '>': combinator = Combinator::kChild; break;
      case '+': combinator = Combinator::kNext; break;
      case '~': combinator = Combinator::kSubsequent; break;
      default: return false;
    }
    sign = text_[at_++];
    skipSpace();
    return true;
  }

  bool startsCompound() const noexcept {
    const char c = peek();
    return c == '*' || c == '|' || c == '#' || c == '.' || c == '[' || c == ':' || startsName();
  }

  /// A compound selector, with a pseudo-element at its end if the context allows. `bare`: it says nothing but "*".
  int compound(bool& bare, CssSequence& sequence, Context context, bool first) {
    CssCompound made;
    bool any = typeSelector(made);
    bare = made.name < 0 && made.space == CssCompound::Space::kAny;
    for (;; any = true) {
      if (take('#')) {
        CssCondition condition;
        condition.kind = Condition::kId;
        if (!inName()) fail("expected an id after '#', not " + here());
        condition.value = nameRest();
        made.conditions.push_back(std::move(condition));
      } else if (take('.')) {
        CssCondition condition;
        condition.kind = Condition::kClass;
        condition.value = name("a class name after '.'");
        made.conditions.push_back(std::move(condition));
      } else if (peek() == '[') {
        made.conditions.push_back(attribute());
      } else if (peek() == ':') {
        if (pseudo(made, sequence, context, first && !any)) {
          if (peek() == '#' || peek() == '.' || peek() == '[' || peek() == ':')
            fail("a pseudo-element must come last, not before " + here());
          any = true;
          break;
        }
      } else {
        break;
      }
      bare = false;
    }
    if (!any) fail("expected a selector, not " + here());
    plan_.compounds.push_back(std::move(made));
    return static_cast<int>(plan_.compounds.size() - 1);
  }

  /// "div", "*", "svg|path", "*|*", "|div". False if there is none.
  bool typeSelector(CssCompound& made) {
    const std::size_t begin = at_;
    std::optional<std::string> prefix;
    bool star = false;
    if (peek() == '|' && peek(1) != '=') {
      ++at_;
      prefix.emplace();
    } else if (take('*')) {
      star = true;
      if (peek() == '|' && peek(1) != '=') {
        ++at_;
        prefix = "*";
      }
    } else if (startsName()) {
      std::string word = nameRest();
      if (peek() != '|' || peek(1) == '=') {
        setName(made, word);
        return true;
      }
      ++at_;
      prefix = std::move(word);
    } else {
      return false;
    }
    if (!prefix) return star;
    if (!take('*')) setName(made, name("an element name after '|'"));
    const std::string lower = lowered(*prefix);
    using Space = CssCompound::Space;
    if (lower == "*")
      made.space = Space::kAny;
    else if (lower.empty())
      made.space = Space::kNone;
    else if (lower == "html")
      made.space = Space::kHtml;
    else if (lower == "svg")
      made.space = Space::kSvg;
    else if (lower == "math")
      made.space = Space::kMathMl;
    else
      unsupported("unknown namespace prefix '" + *prefix + "' (there are html, svg and math)", begin);
    return true;
  }

  void setName(CssCompound& made, const std::string& word) {
    made.name = nameIndex(lowered(word));
    made.exactName = nameIndex(word);
  }

  CssCondition attribute() {
    const std::size_t opened = at_++;
    CssCondition condition;
    skipSpace();
    std::string word;
    if (peek() == '*' && peek(1) == '|') {
      at_ += 2;
      word = name("an attribute name");
    } else if (peek() == '|' && peek(1) != '=') {
      ++at_;
      word = name("an attribute name");
    } else {
      word = name("an attribute name");
      if (peek() == '|' && peek(1) != '=') {
        ++at_;
        word += ':' + name("an attribute name after '|'");
      }
    }
    condition.name = nameIndex(lowered(word));
    condition.exactName = nameIndex(word);
    skipSpace();
    if (take(']')) {
      condition.kind = Condition::kAttributeExists;
      return condition;
    }
    if (atEnd()) fail("this bracket is not closed", opened);
    const char sign = peek();
    switch (sign) {
      case '=': condition.kind = Condition::kAttributeEquals; break;
      case '!': condition.kind = Condition::kAttributeDiffers; break;
      case '~': condition.kind = Condition::kAttributeWord; break;
      case '|': condition.kind = Condition::kAttributeLang; break;
      case '^': condition.kind = Condition::kAttributePrefix; break;
      case '$': condition.kind = Condition::kAttributeSuffix; break;
      case '*': condition.kind = Condition::kAttributeSubstring; break;
      default: fail("expected ']' or an operator such as '=', not " + here());
    }
    ++at_;
    if (sign != '=' && !take('=')) fail(std::string("expected '=' after '") + sign + "', not " + here());
    skipSpace();
    if (peek() == '"' || peek() == '\'') {
      condition.value = string();
    } else {
      if (!inName()) fail("expected a value, not " + here());  // cssselect takes 4 where CSS wants "4"
      condition.value = nameRest();
    }
    skipSpace();
    if (toLower(peek()) == 'i' || toLower(peek()) == 's') {
      condition.ignoreCase = toLower(peek()) == 'i';
      ++at_;
      skipSpace();
    }
    if (!take(']')) atEnd() ? fail("this bracket is not closed", opened) : fail("expected ']', not " + here());
    if (condition.ignoreCase) condition.value = lowered(condition.value);
    return condition;
  }

  /// A pseudo-class goes into `made`; a pseudo-element into `sequence`, and the answer is true.
  bool pseudo(CssCompound& made, CssSequence& sequence, Context context, bool first) {
    const std::size_t begin = at_++;
    const bool element = take(':');
    const std::string word = lowered(name(element ? "the name of a pseudo-element" : "the name of a pseudo-class"));
    const bool function = peek() == '(';
    const bool legacy =
        !element && (word == "before" || word == "after" || word == "first-line" || word == "first-letter");
    if (element || legacy) {
      if (context != Context::kTop) fail("a pseudo-element cannot stand within parentheses", begin);
      if (function && word == "attr") {
        const std::size_t opened = at_++;
        const std::string attribute = nameOrString("the name of an attribute");
        close(opened);
        sequence.gives = CssSequence::Gives::kAttribute;
        sequence.attribute = nameIndex(lowered(attribute));
        sequence.exactAttribute = nameIndex(attribute);
        return true;
      }
      if (function) skipArguments();
      if (word == "text" && !function) {
        sequence.gives = CssSequence::Gives::kText;
        return true;
      }
      pendingUnsupported(begin, "::" + word + " selects nothing here (there are ::text and ::attr(name))");
      sequence.gives = CssSequence::Gives::kText;
      return true;
    }
    CssCondition condition;
    if (function)
      functional(condition, word, begin);
    else
      simple(condition, word, begin, context, first);
    made.conditions.push_back(std::move(condition));
    return false;
  }

  void simple(CssCondition& condition, const std::string& word, std::size_t begin, Context context, bool first) {
    static constexpr struct {
      std::string_view name;
      Condition kind;
    } kSimple[] = {{"root", Condition::kRoot},
                   {"empty", Condition::kEmpty},
                   {"first-child", Condition::kFirstChild},
                   {"last-child", Condition::kLastChild},
                   {"only-child", Condition::kOnlyChild},
                   {"only-of-type", Condition::kOnlyOfType},
                   {"checked", Condition::kChecked},
                   {"disabled", Condition::kDisabled},
                   {"enabled", Condition::kEnabled},
                   {"link", Condition::kLink},
                   {"any-link", Condition::kLink},
                   {"visited", Condition::kNever},
                   {"hover", Condition::kNever},
                   {"active", Condition::kNever},
                   {"focus", Condition::kNever},
                   {"focus-within", Condition::kNever},
                   {"focus-visible", Condition::kNever},
                   {"target", Condition::kNever}};
    if (word == "scope") {
      if (context != Context::kTop || !first) fail("':scope' can only begin a selector", begin);
      condition.kind = Condition::kScope;
      return;
    }
    if (word == "first-of-type" || word == "last-of-type") {
      condition.kind = word == "first-of-type" ? Condition::kNthOfType : Condition::kNthLastOfType;
      condition.b = 1;
      return;
    }
    for (const auto& entry : kSimple) {
      if (entry.name != word) continue;
      condition.kind = entry.kind;
      return;
    }
    pendingUnsupported(begin, "unknown pseudo-class ':" + word + "'");
  }

  void functional(CssCondition& condition, const std::string& word, std::size_t begin) {
    const std::size_t opened = at_++;
    if (++nesting_ > kMostNesting) fail("parentheses nested too deeply", begin);
    if (word == "not" || word == "is" || word == "where" || word == "matches") {
      condition.kind = word == "not" ? Condition::kNot : Condition::kIs;
      list(condition, inHas_ ? ":" + word + "() within :has()" : std::string());
    } else if (word == "has") {
      condition.kind = Condition::kHas;
      ++inHas_;
      do condition.relatives.push_back(relative());
      while (take(','));
      --inHas_;
    } else if (word == "nth-child" || word == "nth-last-child" || word == "nth-of-type" || word == "nth-last-of-type") {
      condition.kind = word == "nth-child"        ? Condition::kNthChild
                       : word == "nth-last-child" ? Condition::kNthLastChild
                       : word == "nth-of-type"    ? Condition::kNthOfType
                                                  : Condition::kNthLastOfType;
      nth(condition, word);
    } else if (word == "contains") {
      condition.kind = Condition::kContains;
      condition.value = nameOrString("a text in quotes");
    } else if (word == "lang") {
      condition.kind = Condition::kLang;
      do condition.languages.push_back(lowered(nameOrString("a language")));
      while (take(','));
    } else {
      at_ = opened;
      skipArguments();
      pendingUnsupported(begin, "unknown pseudo-class ':" + word + "()'");
      --nesting_;
      return;
    }
    close(opened);
    --nesting_;
  }

  /// Complex selectors as arguments. Where they are asked of an element out of turn, there can be no combinators.
  void list(CssCondition& condition, const std::string& compoundsOnly) {
    do {
      const std::size_t argument = at_;
      condition.sequences.push_back(sequence(Context::kArgument));
      if (!compoundsOnly.empty() && plan_.sequences.back().steps.size() > 1)
        unsupported("combinators cannot stand in " + compoundsOnly, argument);
    } while (take(','));
  }

  /// An argument of :has(). "> a b" is the same as "> a:has(b)", so a chain becomes conditions on its first compound.
  CssHas relative() {
    struct Part {
      Combinator combinator;
      int compound;
    };
    std::vector<Part> parts;
    Combinator combinator = Combinator::kDescendant;
    char sign = 0;
    skipSpace();
    nextCombinator(combinator, sign);
    for (;;) {
      if (!startsCompound())
        fail(sign ? std::string("expected a selector after '") + sign + "'" : "expected a selector, not " + here());
      bool bare = false;
      CssSequence none;
      parts.push_back({combinator, compound(bare, none, Context::kRelative, false)});
      const bool space = skipSpace();
      if (atEnd() || peek() == ',' || peek() == ')') break;
      if (!nextCombinator(combinator, sign)) {
        if (!space) fail("unexpected " + here());
        combinator = Combinator::kDescendant;
      }
    }
    for (std::size_t i = parts.size(); --i > 0;) {
      CssCondition condition;
      condition.kind = Condition::kHas;
      condition.relatives.push_back({parts[i].combinator, parts[i].compound, plan_.marks++});
      plan_.compounds[static_cast<std::size_t>(parts[i - 1].compound)].conditions.push_back(std::move(condition));
    }
    return {parts[0].combinator, parts[0].compound, plan_.marks++};
  }

  /// an+b, odd, even (section 9 of CSS Syntax, "the An+B microsyntax"), and "of" what.
  void nth(CssCondition& condition, const std::string& word) {
    skipSpace();
    const std::size_t begin = at_;
    const auto bad = [&]() {
      const std::string_view rest = text_.substr(begin);
      fail("expected odd, even or an+b, not '" + std::string(rest.substr(0, rest.find(')'))) + "'", begin);
    };
    if (!anPlusB(condition)) bad();
    skipSpace();
    const bool takesList = word == "nth-child" || word == "nth-last-child";
    if (!takesList || toLower(peek()) != 'o' || toLower(peek(1)) != 'f') {
      if (!atEnd() && peek() != ')') bad();
      return;
    }
    at_ += 2;
    if (inName()) bad();
    list(condition, ":" + word + "(an+b of ...)");
    condition.counts = plan_.counts++;
  }
  bool anPlusB(CssCondition& condition) {
    for (const std::string_view word : {std::string_view("odd"), std::string_view("even")}) {
      if (lowered(text_.substr(at_, word.size())) != word) continue;
      at_ += word.size();
      condition.a = 2;
      condition.b = word == "odd";
      return true;
    }
    int sign = peek() == '-' ? -1 : 1, value = 1;
    if (peek() == '+' || peek() == '-') ++at_;
    const bool digits = number(value);
    if (toLower(peek()) != 'n') {
      condition.b = sign * value;
      return digits;
    }
    ++at_;
    condition.a = sign * (digits ? value : 1);
    const std::size_t end = at_;
    while (isSpace(peek())) ++at_;
    if (peek() != '+' && peek() != '-') {
      at_ = end;
      return true;
    }
    sign = text_[at_++] == '-' ? -1 : 1;
    while (isSpace(peek())) ++at_;
    const bool complete = number(value);
    condition.b = sign * value;
    return complete;
  }
  bool number(int& out) {
    const std::size_t from = at_;
    long long value = 0;
    for (; isDigit(peek()); ++at_) value = std::min(value * 10 + (peek() - '0'), 1000000000LL);
    out = static_cast<int>(value);
    return at_ != from;
  }

  /// Past the arguments of a function that means nothing here; at_ is at its parenthesis.
  void skipArguments() {
    const std::size_t opened = at_++;
    for (int depth = 1; depth;) {
      if (atEnd()) fail("this parenthesis is not closed", opened);
      if (peek() == '"' || peek() == '\'') {
        string();
        continue;
      }
      if (peek() == '(') ++depth;
      if (peek() == ')') --depth;
      ++at_;
    }
  }

  /// What breaks no rule is only reported if the rest breaks none either: the syntax comes first.
  void pendingUnsupported(std::size_t at, std::string reason) {
    if (!pending_) pending_ = {at, std::move(reason)};
  }

 public:
  void reportPending() const {
    if (pending_) unsupported(pending_->second, pending_->first);
  }

 private:
  int nesting_ = 0, inHas_ = 0;
  std::optional<std::pair<std::size_t, std::string>> pending_;
  CssPlan plan_;
};

}  // namespace

CssPlan compileCss(std::string_view text) {
  CssParser parser(text);
  CssPlan plan = parser.parse();
  parser.reportPending();
  return plan;
}

}  // namespace internal
}  // namespace weft::html
