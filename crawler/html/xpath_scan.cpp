#include <weft/crawler/html/internal/xpath_scan.hpp>

#include <weft/crawler/html/internal/scan.hpp>

#include <algorithm>

namespace weft::html::internal {
namespace {

bool startsName(char c) noexcept { return isAlpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool inName(char c) noexcept { return startsName(c) || isDigit(c) || c == '-' || c == '.'; }

bool isNodeType(std::string_view name) noexcept {
  return name == "node" || name == "text" || name == "comment" || name == "processing-instruction";
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
        at_ = std::min(text_.find(c, at_ + 1), text_.size() - 1) + 1;
        operand = true;
      } else if (c == '$') {
        ++at_;
        skipSpace();
        const std::size_t begin = at_;
        qualifiedName();
        names_.variables.push_back({text_.substr(begin, at_ - begin), begin});
        operand = true;
      } else if (isDigit(c)) {
        while (at_ < text_.size() && (isDigit(text_[at_]) || text_[at_] == '.')) ++at_;
        operand = true;
      } else if (startsName(c) && operand) {
        while (at_ < text_.size() && inName(text_[at_])) ++at_;
        operand = false;
      } else if (startsName(c)) {
        operand = name();
      } else {
        ++at_;
        operand = c == ')' || c == ']' || c == '.' || (c == '*' && !operand);
      }
    }
    return std::move(names_);
  }

 private:
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
    if (at(at_) == ':' && at(at_ + 1) == ':') {
      at_ += 2;
      return false;
    }
    if (at(at_) != '(') return true;
    if (!isNodeType(word)) names_.functions.push_back({word, begin});
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  XPathNames names_;
};

}  // namespace

XPathNames scanXPath(std::string_view expression) { return Scanner(expression).run(); }

}  // namespace weft::html::internal
