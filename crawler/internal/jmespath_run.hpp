// One search: what is made of the document, and how much of it.
#pragma once

#include <weft/crawler/internal/jmespath_tree.hpp>

#include <deque>
#include <span>

namespace weft::crawler::internal {

/// Values are pointers: into the document, into the expression's literals, or to what was made here.
class JmesPathRun {
 public:
  JmesPathRun(const JmesPathTree& tree, std::size_t mostValues) noexcept : tree_(tree), left_(mostValues) {}

  const http::Json* evaluate(int node, const http::Json& current);

  /// Keeps a value; what it is made of has been counted.
  const http::Json* keep(http::Json value) {
    count(1);
    return &made_.emplace_back(std::move(value));
  }
  /// A copy to build something larger with.
  http::Json copy(const http::Json& value);
  void count(std::size_t values);

  [[noreturn]] void fail(const JmesNode& node, const std::string& reason) const {
    throw JmesPathEvaluationError(tree_.text, html::columnOf(tree_.text, node.offset), reason);
  }
  const JmesNode& node(int index) const noexcept { return tree_.nodes[static_cast<std::size_t>(index)]; }

 private:
  const http::Json* call(const JmesNode& node, const http::Json& current);
  const http::Json* slice(const JmesNode& node, const http::Json& array);
  void flatten(const http::Json& array, std::vector<const http::Json*>& out) const;
  const http::Json* project(const JmesNode& node, const http::Json& current);

  const JmesPathTree& tree_;
  std::size_t left_;  // values that may still be made
  std::deque<http::Json> made_;
};

/// One argument of a function: a value, or the expression behind &.
struct JmesArgument {
  const http::Json* value = nullptr;
  int expression = -1;
};

const http::Json* callJmesFunction(JmesPathRun& run, const JmesNode& node, std::span<const JmesArgument> arguments);

/// Equal as JMESPath has it: 1 and 1.0 are, and objects with the same members in any order.
bool jmesEqual(const http::Json& a, const http::Json& b) noexcept;

extern const http::Json kJmesNull;

}  // namespace weft::crawler::internal
