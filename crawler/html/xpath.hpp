// XPath 1.0, evaluated by libxml2 on a mirror of a Document.
#pragma once

#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/query_error.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft::html {

/// An XPath expression that cannot be used.
class XPathError : public QueryError {
 public:
  XPathError(std::string_view expression, std::size_t column, std::string_view reason)
      : QueryError("XPath", expression, column, reason) {}
};

/// It is no XPath 1.0, or calls a function, uses a prefix or a variable that nobody declared.
class XPathSyntaxError : public XPathError {
 public:
  using XPathError::XPathError;
};

/// It went wrong on a document: arguments of the wrong kind, a regular expression that is none, too much work.
class XPathEvaluationError : public XPathError {
 public:
  using XPathError::XPathError;
};

/// What $name stands for: a string, a number or a boolean.
class XPathVariable {
 public:
  XPathVariable(bool value) noexcept : value(value) {}
  XPathVariable(int value) noexcept : value(static_cast<double>(value)) {}
  XPathVariable(double value) noexcept : value(value) {}
  XPathVariable(std::string value) noexcept : value(std::move(value)) {}
  XPathVariable(std::string_view value) : value(std::string(value)) {}
  XPathVariable(const char* value) : value(std::string(value)) {}
  std::variant<bool, double, std::string> value;
};
/// By name, without the dollar sign.
using XPathVariables = std::map<std::string, XPathVariable, std::less<>>;
/// What a prefix of an expression stands for: {"atom", "http://www.w3.org/2005/Atom"}.
using XPathNamespaces = std::map<std::string, std::string, std::less<>>;

/// The mirror of a document in libxml2's form. Immutable: any number of threads may evaluate on it at once.
class XPathTree {
 public:
  explicit XPathTree(const Document& document);
  ~XPathTree();
  XPathTree(const XPathTree&) = delete;
  XPathTree& operator=(const XPathTree&) = delete;

 private:
  friend class XPath;
  struct Nodes;
  std::unique_ptr<Nodes> nodes_;
};

/// Nodes, in document order; or what came of functions such as re:match() that make nodes of their own, as strings; or
/// a string, a number, a boolean.
using XPathResult = std::variant<std::vector<CssMatch>, std::vector<std::string>, std::string, double, bool>;

/// A compiled expression: XPath 1.0 with has-class('a', 'b'), EXSLT's re:test(), re:match() and re:replace() (in RE2's
/// syntax, so in linear time) and set:difference(), set:intersection(), set:distinct(), set:has-same-node(),
/// set:leading(), set:trailing(). Of one thread at a time (libxml2 keeps notes in it).
///
///     html::XPath links("//a[has-class('next')]/@href");
///     html::XPathTree tree(document);
///     for (const html::CssMatch& match : std::get<0>(links.evaluate(tree))) ...
class XPath {
 public:
  /// Compiles. Throws XPathSyntaxError; also for an expression of more than 64 KiB.
  explicit XPath(std::string_view expression);
  ~XPath();
  XPath(XPath&&) noexcept;
  XPath& operator=(XPath&&) noexcept;

  const std::string& text() const noexcept;

  /// The most steps that one evaluation may take before it fails: nodes looked at, and sets put together. Some seconds.
  static constexpr unsigned long kMostSteps = 100'000'000;

  /// Evaluates from `context` on, which is what "." means; the elements of an HTML document are in no namespace. Throws
  /// XPathSyntaxError for a prefix or a variable that is not given, and XPathEvaluationError.
  XPathResult evaluate(const XPathTree& tree, CssMatch context = {kDocumentNode, 0, CssMatch::Kind::kElement},
                       const XPathVariables& variables = {}, const XPathNamespaces& namespaces = {},
                       unsigned long mostSteps = kMostSteps) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace weft::html
