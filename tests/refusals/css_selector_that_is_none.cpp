// expects: this is no CSS selector
// expects: kExpectedSelector
#include <weft/crawler/html/css_literal.hpp>

const weft::html::CssSelector& broken() { return weft::html::css<"div.quote >">; }
