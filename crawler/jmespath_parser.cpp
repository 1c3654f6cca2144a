// Reading JMESPath: top-down by the operators' binding powers, after the grammar of its specification.
#include <weft/crawler/internal/jmespath_tree.hpp>

#include <weft/core/internal/text.hpp>

#include <algorithm>
#include <charconv>

namespace weft::crawler::internal {
namespace {

using http::Json;

enum class Sign : std::uint8_t {
  kEnd, kName, kQuotedName, kLiteral, kNumber, kDot, kStar, kOpen, kClose, kFlatten, kFilter, kOpenBrace, kCloseBrace,
  kOpenParenthesis, kCloseParenthesis, kComma, kColon, kPipe, kOr, kAnd, kNot, kCompare, kCurrent, kReference,
};

struct Token {
  Sign sign = Sign::kEnd;
  std::size_t offset = 0;
  std::string text;
  Json literal;
};

constexpr int kProjectionStops = 10;  // below this an operator ends a projection

constexpr int powerOf(Sign sign) noexcept {
  switch (sign) {
    case Sign::kPipe: return 1;
    case Sign::kOr: return 2;
    case Sign::kAnd: return 3;
    case Sign::kCompare: return 5;
    case Sign::kFlatten: return 9;
    case Sign::kStar: return 20;
    case Sign::kFilter: return 21;
    case Sign::kDot: return 40;
    case Sign::kNot: return 45;
    case Sign::kOpenBrace: return 50;
    case Sign::kOpen: return 55;
    case Sign::kOpenParenthesis: return 60;
    default: return 0;
  }
}

[[noreturn]] void fail(std::string_view text, std::size_t offset, const std::string& reason) {
  throw JmesPathSyntaxError(text, html::columnOf(text, offset), reason);
}

bool isSpace(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
using weft::detail::isDigit;
bool startsName(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) noexcept : text_(text) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    do tokens.push_back(next());
    while (tokens.back().sign != Sign::kEnd);
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Token next() {
    while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
    Token token;
    token.offset = at_;
    if (at_ >= text_.size()) return token;
    const char c = text_[at_++];
    if (startsName(c)) {
      while (startsName(peek()) || isDigit(peek())) ++at_;
      return with(token, Sign::kName, std::string(text_.substr(token.offset, at_ - token.offset)));
    }
    if (isDigit(c) || (c == '-' && isDigit(peek()))) {
      while (isDigit(peek())) ++at_;
      return with(token, Sign::kNumber, std::string(text_.substr(token.offset, at_ - token.offset)));
    }
    switch (c) {
      case '.': return with(token, Sign::kDot);
      case '*': return with(token, Sign::kStar);
      case ']': return with(token, Sign::kClose);
      case '{': return with(token, Sign::kOpenBrace);
      case '}': return with(token, Sign::kCloseBrace);
      case '(': return with(token, Sign::kOpenParenthesis);
      case ')': return with(token, Sign::kCloseParenthesis);
      case ',': return with(token, Sign::kComma);
      case ':': return with(token, Sign::kColon);
      case '@': return with(token, Sign::kCurrent);
      case '[': return with(token, take(']') ? Sign::kFlatten : take('?') ? Sign::kFilter : Sign::kOpen);
      case '|': return with(token, take('|') ? Sign::kOr : Sign::kPipe);
      case '&': return with(token, take('&') ? Sign::kAnd : Sign::kReference);
      case '!': return take('=') ? with(token, Sign::kCompare, "!=") : with(token, Sign::kNot);
      case '<': return with(token, Sign::kCompare, take('=') ? "<=" : "<");
      case '>': return with(token, Sign::kCompare, take('=') ? ">=" : ">");
      case '=':
        if (!take('=')) fail(text_, token.offset, "expected '==': a single '=' is no operator");
        return with(token, Sign::kCompare, "==");
      case '"': {
        const std::string_view quoted = untilUnescaped('"', token.offset);
        const Json name = json(std::string(quoted), token.offset);
        return with(token, Sign::kQuotedName, name.string());
      }
      case '\'': {
        const std::string_view quoted = untilUnescaped('\'', token.offset);
        token.literal = Json(unescaped(quoted.substr(1, quoted.size() - 2), '\''));
        return with(token, Sign::kLiteral);
      }
      case '`': {
        const std::string_view quoted = untilUnescaped('`', token.offset);
        token.literal = json(unescaped(quoted.substr(1, quoted.size() - 2), '`'), token.offset);
        return with(token, Sign::kLiteral);
      }
      default: fail(text_, token.offset, "this character means nothing here");
    }
  }

  static Token with(Token& token, Sign sign, std::string text = {}) {
    token.sign = sign;
    token.text = std::move(text);
    return std::move(token);
  }
  bool take(char c) noexcept {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  /// The piece from `begin`, a quote, to the next one that no backslash stands before.
  std::string_view untilUnescaped(char quote, std::size_t begin) {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        ++at_;
        return text_.substr(begin, at_ - begin);
      }
    }
    fail(text_, begin, std::string("expected a closing ") + quote);
  }
  /// \ before a quote is dropped; other backslashes stay. In raw strings, \\ is a backslash.
  static std::string unescaped(std::string_view text, char quote) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == quote || (quote == '\'' && text[i + 1] == '\\'))) ++i;
      out += text[i];
    }
    return out;
  }
  Json json(const std::string& text, std::size_t offset) const {
    try {
      return Json::parse(text);
    } catch (const http::JsonError& error) {
      fail(text_, offset, "this is no JSON: " + error.reason);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(Lexer(text).run()) {}

  JmesPathTree parse() {
    tree_.root = expression(0);
    if (current().sign != Sign::kEnd) unexpected();
    tree_.text = text_;
    return std::move(tree_);
  }

 private:
  static constexpr int kMostDepth = 500;
  static constexpr int kMostNesting = 100;  // of this parser's own recursion

  const Token& current() const noexcept { return tokens_[at_]; }
  Sign ahead(std::size_t n = 1) const noexcept { return tokens_[std::min(at_ + n, tokens_.size() - 1)].sign; }
  [[noreturn]] void failHere(const std::string& reason) const { fail(text_, current().offset, reason); }
  [[noreturn]] void unexpected() const {
    const std::size_t begin = current().offset, end = at_ + 1 < tokens_.size() ? tokens_[at_ + 1].offset : text_.size();
    std::string_view word = text_.substr(begin, end - begin);
    while (!word.empty() && isSpace(word.back())) word.remove_suffix(1);
    if (current().sign == Sign::kEnd) failHere("expected more");
    failHere("unexpected '" + std::string(word.substr(0, 40)) + "'");
  }
  void expect(Sign sign, const char* what) {
    if (current().sign != sign) {
      if (current().sign == Sign::kEnd) failHere(std::string("expected ") + what);
      unexpected();
    }
    ++at_;
  }

  int add(JmesNode node) {
    int depth = 0;
    for (int child : {node.left, node.right, node.extra})
      if (child >= 0) depth = std::max(depth, tree_.nodes[static_cast<std::size_t>(child)].depth);
    for (int child : node.children) depth = std::max(depth, tree_.nodes[static_cast<std::size_t>(child)].depth);
    node.depth = depth + 1;
    if (node.depth > kMostDepth) failHere("nested too deeply");
    tree_.nodes.push_back(std::move(node));
    return static_cast<int>(tree_.nodes.size() - 1);
  }
  int add(JmesKind kind, std::size_t offset, int left = -1, int right = -1, int extra = -1) {
    JmesNode node;
    node.kind = kind;
    node.offset = offset;
    node.left = left;
    node.right = right;
    node.extra = extra;
    return add(std::move(node));
  }
  int identity() { return add(JmesKind::kCurrent, current().offset); }

  int expression(int power) {
    if (++nesting_ > kMostNesting) failHere("nested too deeply");
    int left = prefix();
    while (power < powerOf(current().sign)) left = infix(left);
    --nesting_;
    return left;
  }

  /// What an expression begins with.
  int prefix() {
    const Token& token = tokens_[at_++];
    JmesNode node;
    node.offset = token.offset;
    switch (token.sign) {
      case Sign::kLiteral:
        node.kind = JmesKind::kLiteral;
        node.literal = token.literal;
        return add(std::move(node));
      case Sign::kQuotedName:
        if (current().sign == Sign::kOpenParenthesis) fail(text_, token.offset, "the name of a function stands without quotes");
        [[fallthrough]];
      case Sign::kName:
        node.kind = JmesKind::kField;
        node.text = token.text;
        if (current().sign == Sign::kOpenParenthesis) return call(std::move(node));
        return add(std::move(node));
      case Sign::kCurrent: return add(std::move(node));
      case Sign::kStar: {
        const int left = identity();
        const int right = current().sign == Sign::kClose ? identity() : projected(powerOf(Sign::kStar));
        return add(JmesKind::kValueProjection, token.offset, left, right);
      }
      case Sign::kFilter: return filter(identity(), token.offset);
      case Sign::kFlatten: {
        const int left = add(JmesKind::kFlatten, token.offset, identity());
        return add(JmesKind::kProjection, token.offset, left, projected(powerOf(Sign::kFlatten)));
      }
      case Sign::kOpenBrace: return hash(token.offset);
      case Sign::kOpenParenthesis: {
        const int inner = expression(0);
        expect(Sign::kCloseParenthesis, "')'");
        return inner;
      }
      case Sign::kNot: return add(JmesKind::kNot, token.offset, expression(powerOf(Sign::kNot)));
      case Sign::kReference: return add(JmesKind::kExpression, token.offset, expression(0));
      case Sign::kOpen:
        if (current().sign == Sign::kNumber || current().sign == Sign::kColon) return index(identity(), token.offset);
        if (current().sign == Sign::kStar && ahead() == Sign::kClose) {
          at_ += 2;
          const int left = identity();
          return add(JmesKind::kProjection, token.offset, left, projected(powerOf(Sign::kStar)));
        }
        return list(token.offset);
      default: --at_; unexpected();
    }
  }

  /// What follows on a complete expression.
  int infix(int left) {
    const Token& token = tokens_[at_++];
    switch (token.sign) {
      case Sign::kDot:
        if (current().sign != Sign::kStar) return add(JmesKind::kSub, token.offset, left, afterDot(powerOf(Sign::kDot)));
        ++at_;
        return add(JmesKind::kValueProjection, token.offset, left, projected(powerOf(Sign::kDot)));
      case Sign::kPipe: return add(JmesKind::kSub, token.offset, left, expression(powerOf(Sign::kPipe)));
      case Sign::kOr: return add(JmesKind::kOr, token.offset, left, expression(powerOf(Sign::kOr)));
      case Sign::kAnd: return add(JmesKind::kAnd, token.offset, left, expression(powerOf(Sign::kAnd)));
      case Sign::kCompare: {
        JmesNode node;
        node.kind = JmesKind::kCompare;
        node.offset = token.offset;
        node.text = token.text;
        node.left = left;
        node.right = expression(powerOf(Sign::kCompare));
        return add(std::move(node));
      }
      case Sign::kFilter: return filter(left, token.offset);
      case Sign::kFlatten: {
        const int flat = add(JmesKind::kFlatten, token.offset, left);
        return add(JmesKind::kProjection, token.offset, flat, projected(powerOf(Sign::kFlatten)));
      }
      case Sign::kOpen:
        if (current().sign == Sign::kNumber || current().sign == Sign::kColon) return index(left, token.offset);
        expect(Sign::kStar, "a number, ':' or '*'");
        expect(Sign::kClose, "']'");
        return add(JmesKind::kProjection, token.offset, left, projected(powerOf(Sign::kStar)));
      default: --at_; unexpected();
    }
  }

  /// What is asked of each value of a projection.
  int projected(int power) {
    if (powerOf(current().sign) < kProjectionStops) return identity();
    if (current().sign == Sign::kOpen || current().sign == Sign::kFilter) return expression(power);
    expect(Sign::kDot, "'.' or '['");
    return afterDot(power);
  }

  int afterDot(int power) {
    switch (current().sign) {
      case Sign::kName:
      case Sign::kQuotedName:
      case Sign::kStar: return expression(power);
      case Sign::kOpen: return list(tokens_[at_++].offset);
      case Sign::kOpenBrace: return hash(tokens_[at_++].offset);
      case Sign::kEnd: failHere("expected a name, '*', '[' or '{' after '.'");
      default: unexpected();
    }
  }

  int filter(int left, std::size_t offset) {
    const int condition = expression(0);
    expect(Sign::kClose, "']'");
    const int right = current().sign == Sign::kFlatten ? identity() : projected(powerOf(Sign::kFilter));
    return add(JmesKind::kFilter, offset, left, right, condition);
  }

  /// "0]" or "1:2:3]".
  int index(int left, std::size_t offset) {
    JmesNode node;
    node.offset = offset;
    node.left = left;
    int part = 0;
    for (bool number = false; current().sign != Sign::kClose;) {
      if (current().sign == Sign::kColon && part < 2) {
        ++part;
        number = false;
      } else if (current().sign == Sign::kNumber && !number) {
        std::int64_t value = 0;
        const std::string& digits = current().text;
        if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc())
          failHere("this number is too large");
        node.numbers[part] = value;
        number = true;
      } else if (current().sign == Sign::kEnd) {
        failHere("expected ']'");
      } else {
        unexpected();
      }
      ++at_;
    }
    ++at_;
    if (part == 0) {
      node.kind = JmesKind::kIndex;
      return add(std::move(node));
    }
    if (node.numbers[2] == 0) fail(text_, offset, "the step of a slice cannot be 0");
    node.kind = JmesKind::kSlice;
    const int slice = add(std::move(node));
    return add(JmesKind::kProjection, offset, slice, projected(powerOf(Sign::kStar)));
  }

  int list(std::size_t offset) {
    JmesNode node;
    node.kind = JmesKind::kList;
    node.offset = offset;
    do node.children.push_back(expression(0));
    while (comma());
    expect(Sign::kClose, "']'");
    return add(std::move(node));
  }

  int hash(std::size_t offset) {
    JmesNode node;
    node.kind = JmesKind::kHash;
    node.offset = offset;
    do {
      if (current().sign != Sign::kName && current().sign != Sign::kQuotedName) {
        if (current().sign == Sign::kEnd) failHere("expected a name");
        unexpected();
      }
      node.keys.push_back(tokens_[at_++].text);
      expect(Sign::kColon, "':'");
      node.children.push_back(expression(0));
    } while (comma());
    expect(Sign::kCloseBrace, "'}'");
    return add(std::move(node));
  }

  int call(JmesNode node) {
    node.kind = JmesKind::kCall;
    ++at_;
    if (current().sign != Sign::kCloseParenthesis) {
      do node.children.push_back(expression(0));
      while (comma());
    }
    expect(Sign::kCloseParenthesis, "')'");
    int least = 0, most = 0;
    const int given = static_cast<int>(node.children.size());
    if (!jmesFunction(node.text, least, most)) fail(text_, node.offset, "there is no function " + node.text + "()");
    if (given < least || (most >= 0 && given > most))
      fail(text_, node.offset, node.text + "() takes " + (most < 0 ? "at least " : "") + std::to_string(least) +
                                   " arguments, not " + std::to_string(given));
    return add(std::move(node));
  }

  bool comma() noexcept {
    if (current().sign != Sign::kComma) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  JmesPathTree tree_;
};

}  // namespace

JmesPathTree parseJmesPath(std::string_view expression) {
  constexpr std::size_t kMostBytes = 64 * 1024;
  if (expression.size() > kMostBytes) throw JmesPathSyntaxError(expression, 0, "longer than 64 KiB");
  return Parser(expression).parse();
}

}  // namespace weft::crawler::internal
