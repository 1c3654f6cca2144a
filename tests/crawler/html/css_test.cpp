#include <weft/crawler/html/css.hpp>

#include "conformance.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

namespace html = weft::html;
using html::CssMatch;
using html::CssSelector;
using html::Document;

namespace {

using Strings = std::vector<std::string>;

/// What a selector selects, as parsel's getall() gives it; elements by id, or by name where they have none.
Strings select(const Document& document, std::string_view selector, html::NodeId root = html::kDocumentNode) {
  Strings out;
  for (const CssMatch& match : CssSelector(selector).select(document, root)) {
    switch (match.kind) {
      case CssMatch::Kind::kElement:
        out.emplace_back(document.attribute(match.node, "id").value_or(document.name(match.node)));
        break;
      case CssMatch::Kind::kText: out.emplace_back(document.text(match.node)); break;
      case CssMatch::Kind::kAttribute:
        out.emplace_back(document.value(document.attributes(match.node)[match.attribute]));
        break;
    }
  }
  return out;
}

Strings select(std::string_view page, std::string_view selector) {
  return select(Document::parse(std::string(page)), selector);
}

std::string errorOf(std::string_view selector) {
  try {
    CssSelector compiled(selector);
  } catch (const html::SelectorSyntaxError& error) {
    return "column " + std::to_string(error.column) + ": " + error.reason;
  } catch (const html::UnsupportedSelector& error) {
    return "unsupported, column " + std::to_string(error.column) + ": " + error.reason;
  }
  return "none";
}

}  // namespace

TEST_CASE("elements are selected by name, class, id and attribute") {
  const Document page = Document::parse(
      "<div id=d class='x  y'><p id=p1 data-k=v>1</p><P id=p2 class=y lang=EN-us>2</P></div><div id=e><p "
      "id=p3>3</p></div>");
  CHECK(select(page, "p") == Strings{"p1", "p2", "p3"});
  CHECK(select(page, ".y") == Strings{"d", "p2"});
  CHECK(select(page, "div.x.y") == Strings{"d"});
  CHECK(select(page, "#p3") == Strings{"p3"});
  CHECK(select(page, "[data-k]") == Strings{"p1"});
  CHECK(select(page, "[DATA-K=v]") == Strings{"p1"});
  CHECK(select(page, "[lang='en-US' i]") == Strings{"p2"});
  CHECK(select(page, "[lang='en-US']").empty());
  CHECK(select(page, "div p, #d") == Strings{"d", "p1", "p2", "p3"});
  CHECK(select(page, "div > p + p") == Strings{"p2"});
  CHECK(select(page, "#d ~ div > *") == Strings{"p3"});
  CHECK(select(page, "p:not(.y):not(#p3)") == Strings{"p1"});
  CHECK(select(page, "p:not(div + div p)") == Strings{"p1", "p2"});
  CHECK(select(page, ":is(#d, #e) > p:first-child") == Strings{"p1", "p3"});
}

TEST_CASE("::text and ::attr select text and values in document order") {
  const std::string page = "<p id=a>1<b id=b title=t>2</b>3</p><p>4</p>";
  CHECK(select(page, "p::text") == Strings{"1", "3", "4"});
  CHECK(select(page, "p ::text") == Strings{"1", "2", "3", "4"});
  CHECK(select(page, "p *::text") == Strings{"1", "2", "3", "4"});
  CHECK(select(page, "p > ::text") == Strings{"2"});
  CHECK(select(page, "*::text") == Strings{"1", "2", "3", "4"});
  CHECK(select(page, "::text") == Strings{"1", "2", "3", "4"});
  CHECK(select(page, "b::attr(title)") == Strings{"t"});
  CHECK(select(page, "p ::attr('id')") == Strings{"a", "b"});
  CHECK(select(page, "b::attr(ID), p::text") == Strings{"1", "b", "3", "4"});
}

TEST_CASE("positions among siblings are counted as CSS counts them") {
  const std::string page =
      "<ul><li id=1><!-- c --><li id=2><li id=3><li id=4><li id=5></ul><p id=p><b id=b></b>x<i id=i></i><b "
      "id=b2></b></p>";
  CHECK(select(page, "li:nth-child(odd)") == Strings{"1", "3", "5"});
  CHECK(select(page, "li:nth-child(-n+2)") == Strings{"1", "2"});
  CHECK(select(page, "li:nth-child(3n - 1)") == Strings{"2", "5"});
  CHECK(select(page, "li:nth-last-child(2)") == Strings{"4"});
  CHECK(select(page, "li:nth-child(0)").empty());
  CHECK(select(page, "p > :nth-of-type(2)") == Strings{"b2"});
  CHECK(select(page, "p > :first-of-type") == Strings{"b", "i"});
  CHECK(select(page, "p > :last-of-type") == Strings{"i", "b2"});
  CHECK(select(page, "p > :only-of-type") == Strings{"i"});
  CHECK(select(page, "p > :last-child") == Strings{"b2"});
}

TEST_CASE("positions can be counted among some of the siblings") {
  const std::string page = "<ul><li id=1 class=x><li id=2><li id=3 class=x><b id=b class=x></b><li id=4 class=x></ul><p class=x id=p>";
  CHECK(select(page, ":nth-child(2 of .x)") == Strings{"3"});
  CHECK(select(page, "li:nth-child(odd of li.x)") == Strings{"1", "4"});
  CHECK(select(page, "li:nth-last-child(1 of .x, #2)") == Strings{"4"});
  CHECK(select(page, "ul > :nth-last-child(-n + 2 of .x)") == Strings{"3", "4"});
  CHECK(select(page, "ul:has(:nth-child(4 of .x))").size() <= 1);
  CHECK(errorOf("li:nth-child(2 of)") == "column 18: expected a selector, not ')'");
  CHECK(errorOf("li:nth-child(2 of ul li)") == "unsupported, column 18: combinators cannot stand in :nth-child(an+b of ...)");
  CHECK(errorOf("li:nth-of-type(2 of li)") == "column 16: expected odd, even or an+b, not '2 of li'");
}

TEST_CASE("languages match by ranges") {
  const std::string page = "<p id=1 lang=de-Latn-CH><p id=2 lang=fr-CH><p id=3 lang=de><p id=4 lang=''>";
  CHECK(select(page, ":lang(de)") == Strings{"1", "3"});
  CHECK(select(page, ":lang('*-ch')") == Strings{"1", "2"});
  CHECK(select(page, ":lang(de-CH)") == Strings{"1"});
  CHECK(select(page, "p:lang(de, fr)") == Strings{"1", "2", "3"});
  CHECK(select(page, "p:lang(d)").empty());
}

TEST_CASE(":has looks down and to the right") {
  const std::string page = "<div id=1><p id=2><b id=3></b></p></div><div id=4><b id=5></b><i id=6></i></div>";
  CHECK(select(page, "div:has(b)") == Strings{"1", "4"});
  CHECK(select(page, "div:has(> b)") == Strings{"4"});
  CHECK(select(page, "div:has(p > b)") == Strings{"1"});
  CHECK(select(page, "div:has(p b, i)") == Strings{"1", "4"});
  CHECK(select(page, "b:has(+ i)") == Strings{"5"});
  CHECK(select(page, "div:has(~ div)") == Strings{"1"});
  CHECK(select(page, "div:not(:has(i))") == Strings{"1"});
}

TEST_CASE(":contains looks at the joined text of an element") {
  const std::string page = "<p id=1>ab<b id=2>cd</b></p><p id=3>cd</p>";
  CHECK(select(page, "p:contains('bc')") == Strings{"1"});
  CHECK(select(page, ":contains(cd)") == Strings{"html", "body", "1", "2", "3"});
  CHECK(select(page, "p:contains('x')").empty());
}

TEST_CASE("only what is within the root is looked at, the root included") {
  const Document page = Document::parse("<div id=1><div id=2><p id=3>a</p></div></div><p id=4>b</p>");
  const html::NodeId inner = CssSelector("#2").select(page)[0].node;
  CHECK(select(page, "p", inner) == Strings{"3"});
  CHECK(select(page, "div", inner) == Strings{"2"});
  CHECK(select(page, "div div", inner).empty());
  CHECK(select(page, "::text", inner) == Strings{"a"});
  CHECK(select(page, ":scope > p", inner) == Strings{"3"});
  CHECK(select(page, "div + p", inner).empty());
}

TEST_CASE("elements of SVG match in their own case, those of HTML in any") {
  const std::string page = "<svg viewBox='0 0'><foreignObject><P id=p></foreignObject></svg>";
  CHECK(select(page, "foreignObject > p") == Strings{"p"});
  CHECK(select(page, "svg|foreignObject html|P") == Strings{"p"});
  CHECK(select(page, "svg[viewBox]::attr(viewBox)") == Strings{"0 0"});
  CHECK(select(page, "html|svg").empty());
}

TEST_CASE("an error says what is wrong and where") {
  CHECK(errorOf("div >") == "column 6: expected a selector after '>'");
  CHECK(errorOf("") == "column 1: expected a selector, not end");
  CHECK(errorOf("a[href") == "column 2: this bracket is not closed");
  CHECK(errorOf("a[href=]") == "column 8: expected a value, not ']'");
  CHECK(errorOf("p:not(.x") == "column 6: this parenthesis is not closed");
  CHECK(errorOf("p:nth-child(x)") == "column 13: expected odd, even or an+b, not 'x'");
  CHECK(errorOf("\xC3\xA9 $") == "column 3: expected a selector, not '$'");
  CHECK(errorOf("a::text b") == "column 9: a pseudo-element must come last, not before 'b'");
  CHECK(errorOf("a:hovr") == "unsupported, column 2: unknown pseudo-class ':hovr'");
  CHECK(errorOf("a::before") ==
        "unsupported, column 2: ::before selects nothing here (there are ::text and ::attr(name))");
  CHECK(errorOf("a[x='y") == "column 5: this string is not closed");
  CHECK(errorOf("a,, b") == "column 3: expected a selector, not ','");
  try {
    CssSelector("div >");
  } catch (const html::SelectorError& error) {
    CHECK(std::string(error.what()) ==
          "CSS selector 'div >' at column 6: expected a selector after '>'\n  div >\n       ^");
  }
}

TEST_CASE("what cssselect parses parses, and what it refuses is refused") {
  const auto table = weft::testing::conformanceTable("selectors/css_syntax.json");
  // "an+" without a number is no an+b (CSS Syntax, section 9.1); cssselect only notices when it is used.
  const std::set<std::string> deviations = {":nth-child(n+)", ":nth-child(n-)"};
  int passed = 0, total = 0;
  std::string refused;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string css = weft::testing::text(test["css"]);
    bool valid = true;
    try {
      CssSelector compiled(css);
    } catch (const html::UnsupportedSelector&) {
    } catch (const html::SelectorSyntaxError&) {
      valid = false;
    }
    const bool good = valid == test["valid"].GetBool();
    CHECK_MESSAGE(good != deviations.contains(css), css);
    if (!good) (refused += ' ') += css;
    passed += good;
    ++total;
  }
  MESSAGE("css_syntax.json: ", passed, " of ", total, "; no an+b without a number behind the sign:", refused);
  CHECK(passed == total - static_cast<int>(deviations.size()));
}

TEST_CASE("selectors select what cssselect's table says") {
  const auto table = weft::testing::conformanceTable("selectors/css_select.json");
  const Document ids = Document::parse(weft::testing::conformanceFile("selectors/html_ids.html"));
  const Document shakespeare = Document::parse(weft::testing::conformanceFile("selectors/shakespeare.html"));
  // In html_ids.html a <fieldset> ends the open <p>, so its late </p> makes an empty one (section 13.2.6.4.7). libxml2,
  // with which the table was made, drops it: "*" finds one element less there.
  const std::set<std::string> deviations = {"*html_ids"};
  int passed = 0, total = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string css = weft::testing::text(test["css"]);
    const Document& document = weft::testing::text(test["doc"]) == "html_ids" ? ids : shakespeare;
    bool good = false;
    Strings found;
    try {
      for (const CssMatch& match : CssSelector(css).select(document))
        found.emplace_back(document.attribute(match.node, "id").value_or("nil"));
      if (test.HasMember("count")) {
        good = static_cast<int>(found.size()) == test["count"].GetInt();
      } else {
        Strings expected;
        for (const auto& id : test["ids"].GetArray()) expected.push_back(weft::testing::text(id));
        good = found == expected;
      }
    } catch (const html::SelectorError& error) {
      MESSAGE(error.what());
    }
    std::string list;
    for (const auto& id : found) list += id + " ";
    if (!deviations.contains(css + weft::testing::text(test["doc"])))
      CHECK_MESSAGE(good, css, " found ", found.size(), ": ", list);
    passed += good;
    ++total;
  }
  MESSAGE("css_select.json: ", passed, " of ", total);
  CHECK(passed == total - static_cast<int>(deviations.size()));
}

TEST_CASE("selecting takes linear time on deep and wide pages") {
  std::string deep, wide = "<ul>";
  for (int i = 0; i < 100000; ++i) deep += "<div>";
  for (int i = 0; i < 100000; ++i) wide += "<li>x<!-- -->";
  const Document deepPage = Document::parse(deep + "end"), widePage = Document::parse(wide);
  for (const char* css :
       {"section div", "div:has(p)", "div:has(a b)", "div:contains('x')", "div:lang(en)", "p ~ div",
        "div > div > div > p", "div:nth-child(2)", "div:not(div div)", "div:first-of-type", "*::text"})
    CHECK(CssSelector(css).select(deepPage).size() <= 100000);
  for (const char* css : {"li:nth-child(odd)", "li:nth-last-child(3)", "li:nth-of-type(2)", "li ~ p", "li:has(~ p)",
                          "li:has(+ li)", "li:first-of-type", "li:only-of-type", "li:contains(y)", "li:last-child"})
    CHECK(CssSelector(css).select(widePage).size() <= 100000);
  std::string many = "p";
  for (int i = 0; i < 400; ++i) many += ",p";
  CHECK(errorOf(many) == "column 1: too long: more than 256 simple parts");
  CHECK(errorOf(std::string(5000, '(')).starts_with("column 1"));
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested += ":not(";
  CHECK(errorOf(nested).find("nested too deeply") != std::string::npos);
}
