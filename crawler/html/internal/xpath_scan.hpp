// The names in an XPath expression, and where they stand: so that errors can point at them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace weft::html::internal {

struct XPathName {
  std::string_view text;   // views into the expression; functions and variables with their prefix
  std::size_t offset = 0;  // in bytes
};

struct XPathNames {
  std::vector<XPathName> functions, variables, prefixes;
  std::size_t tokens = 0;
};

/// Never fails: what is no XPath gives what could be made out.
XPathNames scanXPath(std::string_view expression);

}  // namespace weft::html::internal
