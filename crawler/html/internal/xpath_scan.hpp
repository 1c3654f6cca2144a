// The names in an XPath expression, and where they stand: so that errors can point at them. And the operands whose text
// costs something, so that it can be counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::html::internal {

struct XPathName {
  std::string_view text;   // views into the expression; functions and variables with their prefix
  std::size_t offset = 0;  // in bytes
};

/// An operand of a comparison or of arithmetic that may be a set of nodes whose text is long; offsets in bytes.
struct XPathOperand {
  std::size_t begin = 0, end = 0;
};

struct XPathNames {
  std::vector<XPathName> functions, variables, prefixes;
  std::vector<XPathOperand> operands;  // by their ends
  std::size_t tokens = 0;
};

/// The expression with each of its operands as the argument of `function`.
std::string withOperandsIn(std::string_view function, std::string_view expression, const XPathNames& names);

/// Never fails: what is no XPath gives what could be made out.
XPathNames scanXPath(std::string_view expression);

}  // namespace weft::html::internal
