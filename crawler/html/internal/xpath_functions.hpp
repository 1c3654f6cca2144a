// The functions that XPath 1.0 has not.
#pragma once

#include <libxml/xpath.h>

#include <cstddef>
#include <string>
#include <vector>

namespace weft::html::internal {

inline constexpr const char* kRegularExpressions = "http://exslt.org/regular-expressions";
inline constexpr const char* kCounted = "_counted";  // not for expressions: they are compiled without it first
inline constexpr const char* kSets = "http://exslt.org/sets";

/// One evaluation, which libxml2 hands to our functions as context->userData.
struct XPathRun {
  int code = 0;                // of the first error, an xmlXPathError
  long offset = 0;             // of it, in bytes
  std::string function;        // that found an error in its arguments...
  std::string reason;          // ...and what it said
  std::size_t largest = 0;     // of the sets that were compared
  std::vector<xmlDoc*> made;   // what re:match() gave; freed with the run
  XPathRun() = default;
  XPathRun(const XPathRun&) = delete;
  XPathRun& operator=(const XPathRun&) = delete;
  ~XPathRun();
};

void registerXPathFunctions(xmlXPathContext* context);

}  // namespace weft::html::internal
