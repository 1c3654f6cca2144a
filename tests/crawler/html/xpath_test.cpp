#include <weft/crawler/html/xpath.hpp>

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace html = weft::html;
using html::CssMatch;
using html::Document;
using html::XPath;
using html::XPathTree;

namespace {

using Strings = std::vector<std::string>;

/// What an expression gives: elements by id, or by name where they have none.
Strings select(const Document& document, const XPathTree& tree, std::string_view expression,
               const html::XPathVariables& variables = {}, const html::XPathNamespaces& namespaces = {}) {
  const html::XPathResult result = XPath(expression).evaluate(tree, {html::kDocumentNode, 0, CssMatch::Kind::kElement}, variables, namespaces);
  if (const auto* strings = std::get_if<Strings>(&result)) return *strings;
  if (const auto* text = std::get_if<std::string>(&result)) return {*text};
  if (const auto* number = std::get_if<double>(&result)) return {std::to_string(*number)};
  if (const auto* boolean = std::get_if<bool>(&result)) return {*boolean ? "true" : "false"};
  Strings out;
  for (const CssMatch& match : std::get<std::vector<CssMatch>>(result)) {
    switch (match.kind) {
      case CssMatch::Kind::kElement:
        if (!document.isElement(match.node)) out.emplace_back(match.node == html::kDocumentNode ? "document" : document.text(match.node));
        else out.emplace_back(document.attribute(match.node, "id").value_or(document.name(match.node)));
        break;
      case CssMatch::Kind::kText: out.emplace_back(document.text(match.node)); break;
      case CssMatch::Kind::kAttribute:
        out.emplace_back(document.value(document.attributes(match.node)[match.attribute]));
        break;
    }
  }
  return out;
}

Strings select(std::string_view page, std::string_view expression, const html::XPathVariables& variables = {}) {
  const Document document = Document::parse(std::string(page));
  return select(document, XPathTree(document), expression, variables);
}

std::string errorOf(std::string_view expression, std::string_view page = "<p class='a b'>1</p>", unsigned long steps = XPath::kMostSteps) {
  try {
    const Document document = Document::parse(std::string(page));
    XPath(expression).evaluate(XPathTree(document), {html::kDocumentNode, 0, CssMatch::Kind::kElement}, {}, {}, steps);
  } catch (const html::XPathSyntaxError& error) {
    return "column " + std::to_string(error.column) + ": " + error.reason;
  } catch (const html::XPathEvaluationError& error) {
    return "evaluation, column " + std::to_string(error.column) + ": " + error.reason;
  }
  return "none";
}

const char* const kPage =
    "<!DOCTYPE html><title>T</title><!-- c --><div id=d class='x y'><p id=p1 title=t>1<b id=b>2</b>3</p><p id=p2 lang=de>4</p></div>"
    "<svg id=s viewBox='0 0'><foreignObject id=f /></svg>";

}  // namespace

TEST_CASE("XPath gives the nodes of our tree, in document order") {
  CHECK(select(kPage, "//p") == Strings{"p1", "p2"});
  CHECK(select(kPage, "//p[2]/preceding-sibling::p | //title") == Strings{"title", "p1"});
  CHECK(select(kPage, "//b/ancestor::*") == Strings{"html", "body", "d", "p1"});
  CHECK(select(kPage, "//p/text()") == Strings{"1", "3", "4"});
  CHECK(select(kPage, "//p//text()") == Strings{"1", "2", "3", "4"});
  CHECK(select(kPage, "//p/@*") == Strings{"p1", "t", "p2", "de"});
  CHECK(select(kPage, "//comment()") == Strings{" c "});
  CHECK(select(kPage, "/") == Strings{"document"});
  CHECK(select(kPage, "body/div") == Strings{"d"});
  CHECK(select(kPage, "/html/body/div/@class") == Strings{"x y"});
  CHECK(select(kPage, "//foreignObject[../@viewBox]") == Strings{"f"});
  CHECK(select(kPage, "id('b p2')") == Strings{"b", "p2"});
  CHECK(select(kPage, "//nothing").empty());
  CHECK(select("", "//p").empty());
}

TEST_CASE("XPath gives strings, numbers and booleans") {
  CHECK(select(kPage, "string(//p)") == Strings{"123"});
  CHECK(select(kPage, "count(//p) + 0.5") == Strings{"2.500000"});
  CHECK(select(kPage, "//p = '4'") == Strings{"true"});
  CHECK(select(kPage, "normalize-space('  a  b ')") == Strings{"a b"});
  CHECK(select(kPage, "substring-before('a-b', '-')") == Strings{"a"});
  CHECK(select(kPage, "translate('abc', 'b', 'B')") == Strings{"aBc"});
}

TEST_CASE("a node can be the start of a path") {
  const Document document = Document::parse(kPage);
  const XPathTree tree(document);
  const auto from = std::get<0>(XPath("//p[1]").evaluate(tree))[0];
  CHECK(std::get<0>(XPath("b").evaluate(tree, from)).size() == 1);
  const auto attribute = std::get<0>(XPath("@title").evaluate(tree, from))[0];
  CHECK(attribute.kind == CssMatch::Kind::kAttribute);
  CHECK(std::get<0>(XPath("..").evaluate(tree, attribute)) == std::vector{from});
  const auto text = std::get<0>(XPath("text()[2]").evaluate(tree, from))[0];
  CHECK(std::get<0>(XPath("preceding-sibling::b/..").evaluate(tree, text)) == std::vector{from});
}

TEST_CASE("variables are strings, numbers and booleans") {
  CHECK(select(kPage, "//p[@title=$t]", {{"t", "t"}}) == Strings{"p1"});
  CHECK(select(kPage, "//p[$n]", {{"n", 2}}) == Strings{"p2"});
  CHECK(select(kPage, "//p[$b]", {{"b", false}}).empty());
  CHECK(select(kPage, "$s", {{"s", "it's \"quoted\""}}) == Strings{"it's \"quoted\""});
}

TEST_CASE("has-class, regular expressions and sets are there") {
  CHECK(select(kPage, "//*[has-class('y')]") == Strings{"d"});
  CHECK(select(kPage, "//*[has-class('y', 'x')]") == Strings{"d"});
  CHECK(select(kPage, "//*[has-class('y', 'z')]").empty());
  CHECK(select(kPage, "//p[re:test(@id, 'P\\d', 'i')]") == Strings{"p1", "p2"});
  CHECK(select(kPage, "re:match('a1b22', '([a-z])(\\d)')/text()") == Strings{"a1", "a", "1"});
  CHECK(select(kPage, "re:match('a1b22', '\\d+', 'g')") == Strings{"1", "22"});
  CHECK(select(kPage, "re:replace('a1b2', '(\\d)', 'g', '<$1>')") == Strings{"a<1>b<2>"});
  CHECK(select(kPage, "re:replace('a1b2', '\\d', '', '\\0')") == Strings{"a\\0b2"});
  CHECK(select(kPage, "set:difference(//p, //p[@title])") == Strings{"p2"});
  CHECK(select(kPage, "set:intersection(//p, //*[@lang])") == Strings{"p2"});
  CHECK(select(kPage, "set:has-same-node(//p, //b)") == Strings{"false"});
  CHECK(select(kPage, "set:leading(//p, //p[2])") == Strings{"p1"});
  CHECK(select(kPage, "set:trailing(//p, //p[1])") == Strings{"p2"});
  CHECK(select("<a>1</a><a>1</a><a>2</a>", "set:distinct(//a/text())") == Strings{"1", "2"});
  CHECK(select(kPage, "set:difference(//p, //nothing)") == Strings{"p1", "p2"});
  CHECK(select(kPage, "set:leading(//nothing, //p)").empty());
}

TEST_CASE("an XPath error says what is wrong and where") {
  CHECK(errorOf("//p[") == "column 5: not an XPath expression from here on");
  CHECK(errorOf("//p[@a='b]") == "column 11: this string is not closed");
  CHECK(errorOf("\xC3\xA9 = c(1)") == "column 5: there is no function c()");
  CHECK(errorOf("//p[has-clas('x')]") == "column 5: there is no function has-clas()");
  CHECK(errorOf("//x:p") == "column 3: the prefix 'x' stands for no namespace (register it first)");
  CHECK(errorOf("//p[@id=$id]") == "column 10: the variable $id was given no value");
  CHECK(errorOf("has-class(.)") == "evaluation, column 1: has-class() takes strings: has-class('name')");
  CHECK(errorOf("1 + re:test('a', '(')").starts_with("evaluation, column 5: test() the regular expression '('"));
  CHECK(errorOf("count(1)") .starts_with("evaluation, column 0: a value is of the wrong kind"));
  CHECK(errorOf("re:test('a')") == "evaluation, column 1: test() takes 2 to 3 arguments, not 1");
  CHECK(errorOf("div div div").starts_with("none"));
  CHECK(errorOf(std::string("a\0b", 3)) == "column 2: a NUL cannot be part of an expression");
  CHECK(errorOf(std::string(70000, '(')) == "column 0: longer than 64 KiB");
  CHECK(errorOf(std::string(60000, '(')).find("none") == std::string::npos);
}

TEST_CASE("an expression without end gives up after so many steps") {
  std::string page;
  for (int i = 0; i < 300; ++i) page += "<i>x</i>";
  CHECK(errorOf("//*[count(//*[count(//*[count(//*)>1])>1])>1]", page, 1'000'000) ==
        "evaluation, column 0: gave up after 1000000 steps: ask for less, or nearer");
  std::string deep;
  for (int i = 0; i < 20000; ++i) deep += "<div>";
  CHECK(errorOf("//*[contains(., 'y')]", deep, 1'000'000).starts_with("evaluation, column 0: gave up"));
  CHECK(errorOf("count(//div)", deep, 1'000'000) == "none");
  for (const char* expression : {"//*[. = 'y']", "//*['y' != .]", "//*[. < 3]", "//*[3 >= (.)]", "//*[. = ..]", "//div[div/div = //p]", "//*[. + 1]", "//*[-.]",
                                 "//*[1 - -.]", "//*[. * 2 = 3 or 1]", "//*[. mod 2]", "//*[string(/) = 'y']", "//*[/ = 'y']", "//*[sum(.) = 1]", "//*[id(.)]",
                                 "//*[set:distinct(.)]", "//*[(.)[1] = 'y']", "//*[@id or ancestor::*[1] = 'y']", "//*[* = 'y']"})
    CHECK_MESSAGE(errorOf(expression, deep, 1'000'000).starts_with("evaluation, column 0: gave up"), expression);
  for (const char* expression : {"//*[@id = 'y']", "//*[text() = 'y']", "//*[position() = 2]", "//*[count(*) = 2]", "//*[attribute::id != 'y' and @* > 1]", "//*[. and .. or *]",
                                 "//*[local-name() = 'x' | 'y']"})
    CHECK_MESSAGE(!errorOf(expression, deep, 1'000'000).starts_with("evaluation, column 0: gave up"), expression);
}

TEST_CASE("sets that are compared node by node, or put together so, cost as many steps as that") {
  std::string wide;
  for (int i = 0; i < 5000; ++i) wide += "<i>a" + std::to_string(i) + "</i><b>b" + std::to_string(i) + "</b>";
  for (const char* expression : {"//i = //b", "//i < //b", "set:difference(//i, //b)", "set:intersection(//i, //b)", "set:has-same-node(//i, //b)"})
    CHECK_MESSAGE(errorOf(expression, wide, 1'000'000).starts_with("evaluation, column 0: gave up"), expression);
  for (const char* expression : {"//i = 'a7'", "//i[. = 'a7']", "//i[. = following-sibling::*[1]]"}) CHECK_MESSAGE(errorOf(expression, wide, 1'000'000) == "none", expression);
}

TEST_CASE("what is compared is the same, counted or not") {
  const std::string page = "<p id=a>1</p><p id=b>2<b>3</b></p><p id=c> 4 </p>";
  CHECK(select(page, "//p[. = 1]") == Strings{"a"});
  CHECK(select(page, "//p[b = 3]") == Strings{"b"});
  CHECK(select(page, "//p[. * 2 - 1 = 7 or -b + 5 = 2]") == Strings{"b", "c"});
  CHECK(select(page, "//p[. >= //b]") == Strings{"b", "c"});
  CHECK(select(page, "//p[((.) = ('1')) or (.|b)='3']") == Strings{"a", "b"});
  CHECK(select(page, "//p[preceding-sibling::*[1] = 1 and not(. = '1')]") == Strings{"b"});
  CHECK(select(page, "//p[position() = last() - 1]") == Strings{"b"});
  CHECK(select(page, "//*[self::p = '1'] | //p[number(.) div 2 = 2]") == Strings{"a", "c"});
  CHECK(select(page, "//p[string-length(.)=3][.=4]") == Strings{"c"});
  CHECK(errorOf("//p[_counted(.) = 1]") == "column 5: there is no function _counted()");
  CHECK(errorOf("//p[. = ]", page).starts_with("column 9"));
}

TEST_CASE("any number of threads may evaluate on one tree") {
  const Document document = Document::parse(kPage);
  const XPathTree tree(document);
  std::vector<std::jthread> threads;
  std::vector<std::size_t> found(4);
  for (std::size_t i = 0; i < found.size(); ++i)
    threads.emplace_back([&, i] {
      const XPath query("//p[re:test(@id, 'p')]/@* | //b | //namespace::*");
      for (int round = 0; round < 200; ++round) found[i] += std::visit([](const auto& all) -> std::size_t {
        if constexpr (requires { all.size(); }) return all.size(); else return 0;
      }, query.evaluate(tree));
    });
  threads.clear();
  CHECK(found[0] > 0);
  for (std::size_t count : found) CHECK(count == found[0]);
}
