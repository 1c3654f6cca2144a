// A JMESPath expression, parsed.
#pragma once

#include <weft/crawler/jmespath.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::crawler::internal {

enum class JmesKind : std::uint8_t {
  kCurrent,          // @, and what stands before [0], [*] and the like
  kField,            // text
  kLiteral,          // literal
  kSub,              // left . right
  kIndex,            // left[numbers[0]]
  kSlice,            // left[numbers[0]:numbers[1]:numbers[2]]
  kFlatten,          // left[]
  kProjection,       // each of left, an array: right
  kValueProjection,  // each value of left, an object: right
  kFilter,           // each of left that extra holds for: right
  kList,             // [children]
  kHash,             // {keys: children}
  kOr,
  kAnd,
  kNot,
  kCompare,  // text is the operator
  kCall,     // text(children)
  kExpression,  // &left
};

struct JmesNode {
  JmesKind kind = JmesKind::kCurrent;
  int left = -1, right = -1, extra = -1;  // indices into JmesPathTree::nodes
  int depth = 1;
  std::size_t offset = 0;                 // in the expression, in bytes
  std::string text;
  std::optional<std::int64_t> numbers[3];
  std::vector<int> children;
  std::vector<std::string> keys;
  http::Json literal;
};

struct JmesPathTree {
  std::string text;
  std::deque<JmesNode> nodes;
  int root = -1;
};

/// Throws JmesPathSyntaxError.
JmesPathTree parseJmesPath(std::string_view expression);

/// How many arguments a function takes: at most -1 is any number. False if there is no such function.
bool jmesFunction(std::string_view name, int& least, int& most) noexcept;

}  // namespace weft::crawler::internal
