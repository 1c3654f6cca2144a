// CSS selectors: a page in the lines behind the first, the selector in the first. What is selected is in the page, in
// its order, and nothing twice.
#include "fuzz/check.hpp"

#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/css_syntax.hpp>

#include <string>
#include <string_view>

namespace html = weft::html;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const std::string_view selector = text.substr(0, line);
  static const html::Document kPage = html::Document::parse(
      "<div id=d class='x y' lang=en-GB><p id=p>1<b>2</b>3<p class=x>4</div><ul><li>a<li class=y>b<li>c</ul>"
      "<form><fieldset disabled><input type=checkbox checked></fieldset><a href=/1>x</a></form><svg viewBox='0 0'><g/></svg>");
  const html::Document given = line == std::string_view::npos ? html::Document() : html::Document::parse(std::string(text.substr(line + 1)));
  const html::CssSyntax syntax = html::checkCss(selector);
  const bool plain = selector.find('\\') == std::string_view::npos;  // the checker knows no keyword that is written with escapes
  try {
    const html::CssSelector compiled(selector);
    FUZZ_CHECK(syntax.fault == html::CssFault::kNone || !plain);
    for (const html::Document* page : {&kPage, &given}) {
      const auto found = compiled.select(*page);
      for (std::size_t i = 0; i < found.size(); ++i) {
        FUZZ_CHECK(found[i].node > 0 && found[i].node <= page->nodeCount());
        if (i > 0) FUZZ_CHECK(!(found[i] == found[i - 1]));
        if (found[i].kind == html::CssMatch::Kind::kAttribute) FUZZ_CHECK(found[i].attribute < page->attributes(found[i].node).size());
        if (found[i].kind == html::CssMatch::Kind::kText) FUZZ_CHECK(page->isText(found[i].node));
      }
      FUZZ_CHECK(html::CssSelector(selector).select(*page) == found);
    }
  } catch (const html::SelectorError& error) {
    FUZZ_CHECK(syntax.fault != html::CssFault::kNone);
    FUZZ_CHECK(error.column >= 1 || selector.size() > 0);
    FUZZ_CHECK(error.column <= selector.size() + 1);
  }
  return 0;
}
