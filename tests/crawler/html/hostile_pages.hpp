// Pages that made some parser's time quadratic, or cost far more than their size, one kind each.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::testing {

inline std::string repeat(std::string_view text, int n) {
  std::string out;
  out.reserve(text.size() * static_cast<std::size_t>(n));
  while (n-- > 0) out += text;
  return out;
}

inline std::string numbered(std::string_view before, int n, std::string_view behind) {
  std::string out;
  for (int i = 0; i < n; ++i) ((out += before) += std::to_string(i)) += behind;
  return out;
}

/// A page by its size in repetitions.
inline const std::vector<std::pair<std::string, std::function<std::string(int)>>> kHostile = {
    {"nested elements", [](int n) { return repeat("<div>", n); }},
    {"nested formatting", [](int n) { return repeat("<b>", n); }},
    {"nested and closed", [](int n) { return repeat("<span>", n) + repeat("</span>", n); }},
    {"attributes", [](int n) { return "<p" + numbered(" a", n, "=1") + ">"; }},
    {"attributes twice", [](int n) { return "<html" + numbered(" a", n, "=1") + "><html" + numbered(" b", n, "=1") + ">"; }},
    {"equal formatting elements of many attributes, in turned order",
     [](int n) {
       const std::string one = "<b x=1" + numbered(" a", n / 100, "=1") + ">", other = "<b" + numbered(" a", n / 100, "=1") + " x=1>";
       return repeat(one + other, 50);
     }},
    {"links", [](int n) { return repeat("<a href=x>y", n); }},
    {"links closed", [](int n) { return repeat("<a href=x>y</a>", n); }},
    {"links that misnest", [](int n) { return repeat("<a><div>", n); }},
    {"formatting across blocks", [](int n) { return repeat("<b><div>", n) + repeat("</b>", n); }},
    {"blocks below and above the furthest block",
     [](int n) { return "<b>" + repeat("<span>", n) + "<div>" + repeat("<div>", n) + "</b>"; }},
    {"the same again and again",
     [](int n) { return repeat("<b>" + repeat("<span>", 200) + "<div>" + repeat("<p>", 200) + "</b>", n / 400); }},
    {"end tags behind a select", [](int n) { return "<b><select>" + repeat("<div>", n) + repeat("</b>", n); }},
    {"formatting behind markers", [](int n) { return repeat("<object>", n) + repeat("<i></i>", n); }},
    {"links behind markers", [](int n) { return repeat("<object>", n) + repeat("<a>", n); }},
    {"misnesting behind markers", [](int n) { return repeat("<object>", n) + repeat("<b><i><p></b>", n / 4); }},
    {"end tags that close nothing", [](int n) { return repeat("<div>", n) + repeat("</foo>", n); }},
    {"paragraphs in buttons", [](int n) { return repeat("<p><button>", n) + repeat("<p>", n); }},
    {"many open formatting elements", [](int n) { return numbered("<b id=", n, ">") + repeat("<p>x", n); }},
    {"text moved out of a table", [](int n) { return "<table>" + repeat("x<td>&amp;<tr>", n); }},
    {"tables in tables", [](int n) { return repeat("<table><td>", n) + repeat("</table>", n); }},
    {"drawings", [](int n) { return "<svg>" + repeat("<g>", n) + repeat("</x>", n); }},
    {"templates", [](int n) { return repeat("<template>", n) + repeat("<td>", n); }},
    {"bodies and their attributes", [](int n) { return numbered("<body a", n, ">"); }},
    {"forms", [](int n) { return repeat("<form><div></form>", n); }},
    {"selects", [](int n) { return repeat("<select><option>", n); }},
    {"open comments", [](int n) { return repeat("<!--", n); }},
    {"entities", [](int n) { return repeat("&amp;&notit;&#x0;", n); }},
    {"NUL", [](int n) { return "<p a='" + std::string(static_cast<std::size_t>(n), '\0') + "'>" + std::string(static_cast<std::size_t>(n), '\0'); }},
    {"unclosed quotes", [](int n) { return repeat("<a b=\"", n | 1); }},
    {"escaped scripts", [](int n) { return "<script>" + repeat("<!--<script>", n); }},
    {"end tags that end no drawing", [](int n) { return "<svg>" + repeat("<g>", n / 2) + repeat("</g x>", n / 4) + repeat("</y>", n); }},
    {"names of SVG", [](int n) { return "<svg>" + repeat("<foreignObject>", n / 2) + repeat("<lineargradient>", n) + repeat("</fediffuselighting>", n); }},
    {"out of drawings", [](int n) { return repeat("<svg><p>", n); }},
    {"NUL in a drawing", [](int n) { return "<svg>" + std::string(static_cast<std::size_t>(n), '\0'); }},
    {"integration points", [](int n) { return repeat("<math><mi><svg><desc>", n) + repeat("</mi>", n); }},
    {"nested formatting in tables", [](int n) { return "<table>" + numbered("<b id=", n, "><tr>"); }},
    {"formatting in cells", [](int n) { return numbered("<b id=", 250, ">") + repeat("<table><td>x</table>", n); }},
    {"formatting in paragraphs", [](int n) { return numbered("<b id=", 250, ">") + repeat("<p>x", n); }},
    {"end tags of others", [](int n) { return numbered("<i id=", 300, ">") + repeat("</b>", n); }},
    {"many formatting elements around blocks", [](int n) { return numbered("<b id=", 255, ">") + repeat("<div>", n) + repeat("</b>", 255); }},
    {"eight at once", [](int n) { return repeat("<b><i><u><s>" + repeat("<div>", 8) + "</b>", n / 4); }},
    {"links between tables", [](int n) { return "<a>" + repeat("<div>", n) + repeat("<table><a>", n); }},
    {"nobr", [](int n) { return repeat("<nobr><div>", n); }},
    {"short paragraphs", [](int n) { return repeat("<p>", n); }},
    {"end tags that make elements", [](int n) { return repeat("</p>", n); }},
    {"breaks", [](int n) { return repeat("<br>", n); }},
    {"short attributes", [](int n) { return "<p" + repeat(" a", n) + numbered(" ", n, "") + ">"; }},
    {"names", [](int n) { return numbered("<x", n, ">"); }},
    {"names of end tags", [](int n) { return numbered("</x", n, ">"); }},
    {"bodies between elements", [](int n) { return numbered("<body a", n, "><p x>"); }},
    {"comments that end with a bang", [](int n) { return repeat("<!--x--!>", n); }},
    {"comments that end with a bang and NUL", [](int n) { return repeat(std::string_view("<!--\0--!>", 10), n); }},
    {"bogus comments", [](int n) { return repeat("<!x>", n); }},
    {"unended bogus comments", [](int n) { return repeat("<!", n); }},
    {"names with NUL", [](int n) { return repeat(std::string_view("<a\0 b=\"c\" d>", 13), n); }},
    {"CDATA", [](int n) { return "<svg>" + repeat("<![CDATA[x]]", n); }},
    {"CDATA closed", [](int n) { return "<svg>" + repeat("<![CDATA[x]]>", n); }},
    {"end tags in a title", [](int n) { return "<title>" + repeat("</titl", n); }},
    {"end tags in a script", [](int n) { return "<script>" + repeat("</script", n); }},
    {"references that almost match", [](int n) { return repeat("&CounterClockwiseContourIntegra", n); }},
    {"ampersands", [](int n) { return repeat("&", n); }},
    {"less-than signs", [](int n) { return repeat("<", n); }},
    {"carriage returns", [](int n) { return repeat("\r", n); }},
    {"references in values", [](int n) { return repeat("<p a='&not' b='&amp;'>", n); }},
    {"framesets", [](int n) { return repeat("<frameset><frame>", n); }},
    {"rows", [](int n) { return "<table>" + repeat("<tr>", n); }},
    {"captions", [](int n) { return "<table>" + repeat("<caption><b>", n); }},
    {"columns", [](int n) { return "<table>" + repeat("<col>", n); }},
    {"text here and there", [](int n) { return "<table>" + repeat("a<tr> <td>b</td>", n); }},
    {"lists", [](int n) { return repeat("<li>", n) + repeat("<ul><li>", n); }},
    {"headings", [](int n) { return repeat("<h1>", n) + repeat("</h2>", n); }},
    {"scripts behind the head", [](int n) { return "<head></head>" + repeat("<script></script>", n); }},
    {"templates in tables", [](int n) { return repeat("<table><template><tr>", n); }},
    {"ruby", [](int n) { return "<ruby>" + repeat("<rtc><rb>", n); }},
};

}  // namespace weft::testing
