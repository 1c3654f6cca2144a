#include <weft/http/html_escape.hpp>

#include <doctest/doctest.h>

using weft::http::appendHtmlEscaped;
using weft::http::htmlEscaped;

TEST_CASE("what would be markup stays text, and all else stays as it is") {
  CHECK(htmlEscaped("") == "");
  CHECK(htmlEscaped("plain text, 1 + 1; caf\u00e9") == "plain text, 1 + 1; caf\u00e9");
  CHECK(htmlEscaped("<a href=\"x\" title='y'>R&D &amp;</a>") == "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;R&amp;D &amp;amp;&lt;/a&gt;");
  std::string page = "<p>";
  appendHtmlEscaped(page, "&");
  appendHtmlEscaped(page, std::string_view("\0<", 2));
  CHECK(page == std::string("<p>&amp;\0&lt;", 13));
}
