#include <weft/crawler/html/internal/xpath_scan.hpp>

#include <weft/crawler/html/internal/scan.hpp>

#include <algorithm>
#include <utility>

namespace weft::html::internal {
namespace {

bool startsName(char c) noexcept { return isAlpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool inName(char c) noexcept { return startsName(c) || isDigit(c) || c == '-' || c == '.'; }

bool isNodeType(std::string_view name) noexcept {
  return name == "node" || name == "text" || name == "comment" || name == "processing-instruction";
}

bool givesNodes(std::string_view function) noexcept {
  return function == "id" || function == "node" || (function.find(':') != std::string_view::npos && function != "re:test" && function != "re:replace");
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  XPathNames run() {
    bool operand = false;  // whether an operator comes next rather than an operand: "div" is then a division
    while (skipSpace(), at_ < text_.size()) {
      const char c = text_[at_];
      ++names_.tokens;
      if (c == '"' || c == '\'') {
        begin();
        at_ = std::min(text_.find(c, at_ + 1), text_.size() - 1) + 1;
        shortText();
        operand = true;
      } else if (c == '$') {
        this->begin();
        ++at_;
        skipSpace();
        const std::size_t begin = at_;
        qualifiedName();
        names_.variables.push_back({text_.substr(begin, at_ - begin), begin});
        shortText();
        operand = true;
      } else if (isDigit(c)) {
        begin();
        while (at_ < text_.size() && (isDigit(text_[at_]) || text_[at_] == '.')) ++at_;
        shortText();
        operand = true;
      } else if (startsName(c) && operand) {
        const std::size_t from = at_;
        while (at_ < text_.size() && inName(text_[at_])) ++at_;
        const std::string_view word = text_.substr(from, at_ - from);
        finish(word == "div" || word == "mod");
        operand = false;
      } else if (startsName(c)) {
        begin();
        operand = name();
        levels_.back().end = at_;
      } else {
        sign(c, operand);
        operand = c == ')' || c == ']' || c == '.' || (c == '*' && !operand);
      }
    }
    while (levels_.size() > 1) close();
    finish(false);
    return std::move(names_);
  }

 private:
  /// Within one pair of brackets: the operand in hand.
  struct Level {
    std::size_t begin = std::string_view::npos, end = 0;
    bool counts = false;    // the operator before it looks at its text
    bool attribute = false;  // the step in hand is one to attributes
    bool isShort = false;    // it has no text of nodes, or a single node's for each
    bool united = false;     // it has several parts
  };

  void begin() {
    Level& level = levels_.back();
    if (level.begin != std::string_view::npos) return;
    const bool counts = level.counts;
    level = {};
    level.begin = at_;
    level.counts = counts;
  }
  void shortText() {
    levels_.back().isShort = true;
    levels_.back().end = at_;
  }
  /// At an operator, or at the end of the brackets.
  void finish(bool counts) {
    Level& level = levels_.back();
    const bool any = level.begin != std::string_view::npos;
    if (any && (level.counts || counts) && (!level.isShort || level.united)) names_.operands.push_back({level.begin, level.end});
    level.counts = any ? counts : level.counts || counts;
    level.begin = std::string_view::npos;
  }
  void close() {
    finish(false);
    if (levels_.size() > 1) levels_.pop_back();
    levels_.back().end = at_;
  }

  void sign(char c, bool operand) {
    switch (c) {
      case ',': finish(false); break;
      case '=':
      case '!':
      case '<':
      case '>':
      case '+':
      case '-': finish(true); break;
      case ')':
      case ']':
        ++at_;
        close();
        return;
      case '*':
        if (operand) {
          finish(true);
          break;
        }
        [[fallthrough]];
      default: {
        begin();
        Level& level = levels_.back();
        level.end = at_ + 1;
        if (c == '@')
          level.attribute = level.isShort = true;
        else if (c == '/' || c == '.' || (c == '(' && !operand && !called_))
          level.attribute = level.isShort = false;
        else if (c == '|')
          level.united = true;
        if (c == '(' || c == '[') levels_.emplace_back();
      }
    }
    called_ = false;
    ++at_;
  }

  void skipSpace() noexcept {
    while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
  }
  char at(std::size_t i) const noexcept { return i < text_.size() ? text_[i] : '\0'; }

  /// Past a name; notes its prefix.
  void qualifiedName() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && inName(text_[at_])) ++at_;
    if (at(at_) != ':' || !(startsName(at(at_ + 1)) || at(at_ + 1) == '*')) return;
    names_.prefixes.push_back({text_.substr(begin, at_ - begin), begin});
    ++at_;
    if (text_[at_] == '*') {
      ++at_;
      return;
    }
    while (at_ < text_.size() && inName(text_[at_])) ++at_;
  }

  /// A name where an operand is due: of an axis, a function or a node. Whether an operand is complete.
  bool name() {
    const std::size_t begin = at_;
    qualifiedName();
    const std::string_view word = text_.substr(begin, at_ - begin);
    skipSpace();
    Level& level = levels_.back();
    if (at(at_) == ':' && at(at_ + 1) == ':') {
      at_ += 2;
      level.attribute = level.isShort = word == "attribute";
      return false;
    }
    level.isShort = level.attribute;
    if (at(at_) != '(') return true;
    called_ = true;
    level.isShort = word == "text" || word == "comment" || !givesNodes(word);
    if (!isNodeType(word)) names_.functions.push_back({word, begin});
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool called_ = false;  // the last name was one that is called
  std::vector<Level> levels_ = std::vector<Level>(1);
  XPathNames names_;
};

}  // namespace

std::string withOperandsIn(std::string_view function, std::string_view expression, const XPathNames& names) {
  std::vector<std::pair<std::size_t, bool>> places;  // where, and whether one ends there
  for (const XPathOperand& operand : names.operands) {
    places.emplace_back(operand.begin, false);
    places.emplace_back(operand.end, true);
  }
  std::sort(places.begin(), places.end());
  std::string out;
  std::size_t from = 0;
  for (const auto& [place, isEnd] : places) {
    out += expression.substr(from, place - from);
    from = place;
    if (isEnd)
      out += ')';
    else
      (out += function) += '(';
  }
  return out += expression.substr(from);
}

XPathNames scanXPath(std::string_view expression) { return Scanner(expression).run(); }

}  // namespace weft::html::internal
