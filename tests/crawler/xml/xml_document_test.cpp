#include <weft/crawler/xml/xml_document.hpp>

#include <weft/crawler/selector.hpp>

#include <doctest/doctest.h>

#include <string>

using weft::crawler::parseXml;
using weft::crawler::Selector;
using weft::crawler::toXml;
using weft::crawler::XmlError;
using weft::crawler::XmlOptions;
namespace html = weft::html;

namespace {

std::string readBack(std::string_view xml) { return toXml(parseXml(xml), html::kDocumentNode); }

std::string errorOf(std::string_view xml, const XmlOptions& options = {}) {
  try {
    parseXml(xml, options);
  } catch (const XmlError& error) {
    return error.what();
  }
  return "none";
}

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace

TEST_CASE("XML that is read is written as it was") {
  CHECK(readBack("<a x='1' y=\"&lt;&quot;\"><b/>t &amp; u<!-- c --><p:c xmlns:p='u'>v</p:c></a>") ==
        "<a x=\"1\" y=\"&lt;&quot;\"><b/>t &amp; u<!-- c --><p:c xmlns:p=\"u\">v</p:c></a>");
  CHECK(readBack(" \n<?xml version='1.0' encoding='ascii'?><a>\xE4\xB8\xAD<![CDATA[<x>]]>&#x41;</a>") == "<a>\xE4\xB8\xAD&lt;x&gt;A</a>");
  CHECK(readBack("\xEF\xBB\xBF<a/>") == "<a/>");
  CHECK(readBack("<!DOCTYPE rss PUBLIC '-//N//DTD' 'http://unreachable.invalid/rss.dtd'><rss/>") == "<rss/>");
  CHECK(readBack("<a>\xFF</a>") == "<a>\xEF\xBF\xBD</a>");
}

TEST_CASE("malformed XML gives what can be made out, or an error where that is asked for") {
  CHECK(readBack("<div><img src='a.jpg'><p>Hello</div>") == "<div><img src=\"a.jpg\"><p>Hello</p></img></div>");
  CHECK(readBack("") == "");
  CHECK(readBack("no markup") == "");
  const XmlOptions strict = XmlOptions().setStrict(true);
  CHECK(errorOf("<a>\n<b></a>", strict).starts_with("XML, line 2"));
  CHECK(errorOf("", strict).starts_with("XML"));
  CHECK(errorOf("<a>&nbsp;</a>", strict).find("nbsp") != std::string::npos);
  CHECK(errorOf("<p:a/>", strict).find("Namespace prefix p") != std::string::npos);
  CHECK(errorOf("<a><b/></a>", strict) == "none");
}

TEST_CASE("an entity that nobody declared is passed over, or an error in strict mode") {
  CHECK(readBack("<a>x&nbsp;y<b c='1&eacute;2'/>&amp;</a>") == "<a>xy<b c=\"12\"/>&amp;</a>");
  CHECK(readBack("<a>&nbsp;&amp;&lt;<b c='&nbsp;&amp;&eacute;'/>&#65;</a>") == "<a>&amp;&lt;<b c=\"&amp;\"/>A</a>");
  CHECK(readBack("<a>x & y &amp; z<b></c>&amp;</b></a>").find("&amp; z") != std::string::npos);  // libxml2 drops it
  CHECK(readBack("<!DOCTYPE a SYSTEM 'a.dtd'><a>x&nbsp;y</a>") == "<a>xy</a>");
  CHECK(errorOf("<a b='&nbsp;'/>", XmlOptions().setStrict(true)).find("nbsp") != std::string::npos);
}

TEST_CASE("the limit on attributes counts those of tags, and all of them") {
  const std::string quotes = repeated("'a' ", 5000), tag = "<t " + [] {
    std::string many;
    for (int i = 0; i < 5000; ++i) many += "a" + std::to_string(i) + "='' ";
    return many;
  }() + "/>";
  for (const std::string& allowed : {"<![CDATA[a<b " + quotes + "]]>", "<![CDATA[]]]<b " + quotes + "]]>", "<!-- <b " + quotes + " -->", "<?p <b " + quotes + "?>", quotes})
    CHECK_MESSAGE(errorOf("<r>" + allowed + "</r>") == "none", allowed.substr(0, 20));
  // What looks like an open value elsewhere does not hide a tag.
  for (const std::string before : {"<![CDATA[> <b ']]>", "<!-- > <b ' -->", "<?p > <b '?>", "<![CDATA[<b \"]]>", "<b c=\"'\"/>", "<b c='>'/>", "'"})
    CHECK_MESSAGE(errorOf("<r>" + before + tag + "</r>").find("more than 4096 attributes") != std::string::npos, before);
  CHECK(errorOf("<!DOCTYPE r SYSTEM \"<b '\">" + tag).find("more than 4096 attributes") != std::string::npos);
  CHECK(errorOf("<!DOCTYPE r [<!-- ' --><!ELEMENT r ANY>]>" + tag).find("more than 4096 attributes") != std::string::npos);
}

TEST_CASE("entities and default attributes are refused, and nothing is fetched") {
  CHECK(errorOf("<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]><x>&b;</x>") ==
        "XML, line 1, column 29: declares the entity 'a': documents that do are refused");
  CHECK(errorOf("<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><x>&f;</x>").find("declares the entity 'f'") != std::string::npos);
  CHECK(errorOf("<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'>%p;]><x/>").find("declares the entity 'p'") != std::string::npos);
  CHECK(errorOf("<!DOCTYPE x [<!ATTLIST x y CDATA 'much'>]><x/>").find("declares attributes of 'x'") != std::string::npos);
}

TEST_CASE("XML has limits, and no depth") {
  CHECK(errorOf("<a></a>", XmlOptions().setMaxBytes(6)) == "XML: longer than 6 bytes (XmlOptions::maxBytes)");
  std::string many = "<a";
  for (int i = 0; i < 5000; ++i) many += " a" + std::to_string(i) + "=''";
  CHECK(errorOf(many + "/>").find("more than 4096 attributes") != std::string::npos);
  const int depth = 100'000;
  const Selector deep = Selector::ofXml(repeated("<d>", depth) + "x" + repeated("</d>", depth));
  CHECK(deep.css("d").size() == static_cast<std::size_t>(depth));
  CHECK(deep.xpath("count(//d)").get() == "100000.0");
  CHECK(deep.text() == "x");
  CHECK(deep.get().size() == 7u * depth + 1);
  CHECK(Selector::ofXml(repeated("<d>", depth)).css("d").size() == static_cast<std::size_t>(depth));
}
