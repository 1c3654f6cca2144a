// What hostile pages cost, counted and not timed: twice the page may cost twice the steps, and no more.
#include <weft/crawler/html/internal/tree_construction.hpp>
#include <weft/crawler/html/link_scanner.hpp>

#include "machine_recorder.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace html = weft::html;
namespace internal = weft::html::internal;

namespace {

std::string repeat(std::string_view text, int n) {
  std::string out;
  out.reserve(text.size() * static_cast<std::size_t>(n));
  while (n-- > 0) out += text;
  return out;
}

std::string numbered(std::string_view before, int n, std::string_view behind) {
  std::string out;
  for (int i = 0; i < n; ++i) ((out += before) += std::to_string(i)) += behind;
  return out;
}

/// A page by its size; each of these made some parser's time quadratic.
const std::vector<std::pair<std::string, std::function<std::string(int)>>> kHostile = {
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
};

/// Scans as the portable one does, and counts the bytes that it passes.
struct CountingScan {
  static inline std::size_t passed = 0;
  template <char... kWanted>
  static const char* findAnyOf(const char* p, const char* end) noexcept {
    const char* const found = internal::PortableScan::findAnyOf<kWanted...>(p, end);
    passed += static_cast<std::size_t>(found - p) + 1;
    return found;
  }
  static const char* findByte(char wanted, const char* p, const char* end) noexcept {
    const char* const found = internal::PortableScan::findByte(wanted, p, end);
    passed += static_cast<std::size_t>(found - p) + 1;
    return found;
  }
};

std::size_t scanWork(const std::string& page) {
  CountingScan::passed = 0;
  weft::testing::MachineRecorder recorder;
  internal::TokenizerMachine<weft::testing::MachineRecorder, CountingScan> machine(recorder);
  machine.feed(page);
  machine.finish();
  return CountingScan::passed;
}

std::size_t treeWork(const std::string& page, std::size_t piece) {
  html::Document document;
  internal::TreeConstruction construction(document, {});
  for (std::string_view rest = page; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    construction.feed(rest.substr(0, piece));
  construction.finish();
  return construction.work();
}

}  // namespace

TEST_CASE("twice a hostile page costs the tokenizer twice the bytes looked at") {
  for (const auto& [name, page] : kHostile) {
    const std::string small = page(20000), large = page(40000);
    const std::size_t work = scanWork(small), twice = scanWork(large);
    CHECK_MESSAGE(twice < 2.2 * static_cast<double>(work) + 2000, name, ": ", work, ", then ", twice);
    CHECK_MESSAGE(twice < 4 * large.size(), name, ": ", twice, " for ", large.size(), " bytes");
  }
}

TEST_CASE("twice a hostile page costs the tree twice the steps") {
  for (const auto& [name, page] : kHostile) {
    const std::string small = page(20000), large = page(40000);
    for (const std::size_t piece : {std::size_t{1} << 30, std::size_t{4096}, std::size_t{7}}) {
      // Below its budget an algorithm may cost what it costs; above it, what the page's length allows.
      const std::size_t work = treeWork(small, piece), twice = treeWork(large, piece);
      CHECK_MESSAGE(twice < 2.5 * static_cast<double>(work) + 400000, name, ": ", work, ", then ", twice);
    }
  }
}

TEST_CASE("floods of one kind stay within four times the page in memory") {
  const auto flood = [](std::string page) {
    const double bytes = static_cast<double>(page.size());
    return static_cast<double>(html::Document::parse(std::move(page)).memory()) / bytes;
  };
  CHECK(flood("<p title='" + std::string(10 << 20, 'x') + "'>") < 1.1);
  CHECK(flood("<p title='" + repeat("&amp;", 1 << 20) + "'>") < 1.5);
  CHECK(flood(repeat("<!--", 1 << 20)) < 2.1);
  CHECK(flood(repeat("&lt;", 1 << 20)) < 1.6);
  CHECK(flood("<p title='" + std::string(1 << 20, '\0') + "'>") <= 4.1);
  CHECK(flood(std::string(1 << 20, '\xFF')) <= 4);  // each becomes U+FFFD, three bytes
  CHECK(flood(repeat("<a href=\"page-1234567.html\" title=\"a title\">a link's text</a>\n", 1 << 18)) < 4);
}

TEST_CASE("a million links and 200,000 nested drawings are scanned with bounded memory for what is open") {
  struct Count final : html::LinkVisitor {
    std::size_t links = 0;
    void link(const html::ScannedLink&) override { ++links; }
  } count;
  html::LinkScanner scanner(count);
  const std::string piece = repeat("<svg><a href=x></a><desc>", 1000);
  for (int i = 0; i < 200; ++i) scanner.feed(piece);
  scanner.finish();
  CHECK(count.links == 200000);
}
