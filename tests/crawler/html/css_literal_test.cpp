#include <weft/crawler/html/css_literal.hpp>

#include "conformance.hpp"

#include <doctest/doctest.h>

#include <string>

namespace html = weft::html;
using html::checkCss;
using html::css;
using html::CssFault;
using html::CssSelector;

static_assert(checkCss("div.quote > a:not(.x)::attr(href)").fault == CssFault::kNone);
static_assert(checkCss("div >").fault == CssFault::kExpectedSelector && checkCss("div >").offset == 5);
static_assert(checkCss("a:hovr").fault == CssFault::kUnknownPseudoClass && checkCss("a:hovr").offset == 1);

namespace {

/// Whether the compiler's check and the selector's own parser find the same, at the same place.
void checkAgreement(const std::string& selector) {
  CAPTURE(selector);
  const html::CssSyntax syntax = checkCss(selector);
  try {
    CssSelector compiled(selector);
    CHECK(syntax.fault == CssFault::kNone);
  } catch (const html::SelectorError& error) {
    CHECK(syntax.fault != CssFault::kNone);
    CHECK(html::columnOf(selector, syntax.offset) == error.column);
  }
}

}  // namespace

TEST_CASE("a literal selector is the selector") {
  const html::Document page = html::Document::parse("<p>1<p class=x>2");
  const CssSelector& query = css<"p.x::text">;
  CHECK(query.text() == "p.x::text");
  CHECK(query.select(page).size() == 1);
  const CssSelector& again = css<"p.x::text">;
  CHECK(&again == &query);
}

TEST_CASE("what the compiler checks is what the parser accepts") {
  const auto table = weft::testing::conformanceTable("selectors/css_syntax.json");
  for (const auto& test : table["cases"].GetArray()) {
    const std::string selector = weft::testing::text(test["css"]);
    if (selector.find('\\') == std::string::npos) checkAgreement(selector);
  }
  for (const char* selector :
       {"a:nth-child(2n+1 of li.x, p)", "a:nth-child(2 of a b)", "a:nth-child(of)", "a:nth-child(2 ofx)", "a:lang(de, 'fr')", "a:lang(de,)", "p::text, b::attr(x)",
        "p::attr('x')", "p::attr()", "p::text b", "p::before", "p:before::x(1)", ":not(::text)", "x|p", "svg|*", "|p", "*|p", "[a|b=c]", "[*|b]", "[|b]", "[a='b' i]",
        "[a=b s]", "[a=b x]", "[a", "[a=", "[a?b]", ":is(a, b:has(> c d))", ":has(:is(a b))", ":has(a", "a:scope", ":scope > a", "a,,b", ",a", "a,", "a/**/b", "a /* b", "'",
        ":contains('a", ":contains(a b)", ":nth-child(n", ":nth-child(+ 2)", ":nth-child(-3n + 4)", "#1", ".1", "#-", "::text::text", "a >> b", "a ~ > b", "a\xC3\xA9:x(')'"})
    checkAgreement(selector);
  std::string nested = "a", wide = "a";
  for (int i = 0; i < 40; ++i) nested = ":not(" + nested + ")";
  for (int i = 0; i < 300; ++i) wide += " a";
  checkAgreement(nested);
  checkAgreement(wide);
}
