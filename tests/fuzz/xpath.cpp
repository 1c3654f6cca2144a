// XPath: the expression in the first line, a page in the rest. Whatever compiles gives places of the page, values, or
// an error of its type, after a bounded number of steps.
#include "fuzz/check.hpp"

#include <weft/crawler/html/xpath.hpp>

#include <string>
#include <string_view>

namespace html = weft::html;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const std::string_view expression = text.substr(0, line);
  const html::Document page = html::Document::parse(
      line == std::string_view::npos ? "<div id=d class='x y'><p id=p>1<b>2</b>3<p>4</div><a href=/1>x</a><!-- c --><svg viewBox='0 0'><g/></svg>"
                                     : std::string(text.substr(line + 1)));
  try {
    const html::XPath compiled(expression);
    const html::XPathTree tree(page);
    const html::XPathVariables variables = {{"s", "text"}, {"n", 2}, {"b", true}};
    const auto result = compiled.evaluate(tree, {html::kDocumentNode, 0, html::CssMatch::Kind::kElement}, variables, {{"p", "urn:p"}}, 200'000);
    const auto* const found = std::get_if<std::vector<html::CssMatch>>(&result);
    if (!found) return 0;
    for (const html::CssMatch& match : *found) {
      FUZZ_CHECK(match.node > 0 && match.node <= page.nodeCount());
      if (match.kind == html::CssMatch::Kind::kAttribute) FUZZ_CHECK(match.attribute < page.attributes(match.node).size());
      if (match.kind == html::CssMatch::Kind::kText) FUZZ_CHECK(page.isText(match.node));
    }
    if (!found->empty()) html::XPath("string(..)").evaluate(tree, found->back());
  } catch (const html::XPathError& error) {
    FUZZ_CHECK(error.column <= expression.size() + 1);
  }
  return 0;
}
