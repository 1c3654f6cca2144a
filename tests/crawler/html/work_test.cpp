// What hostile pages cost, counted and not timed: twice the page may cost twice the steps, and no more.
#include <weft/crawler/html/internal/tree_construction.hpp>
#include <weft/crawler/html/link_scanner.hpp>

#include "hostile_pages.hpp"
#include "machine_recorder.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace html = weft::html;
namespace internal = weft::html::internal;
using weft::testing::CountingScan;
using weft::testing::kHostile;
using weft::testing::repeat;

namespace {

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
    const std::string small = page(10000), large = page(20000);
    const std::size_t work = scanWork(small), twice = scanWork(large);
    CHECK_MESSAGE(twice < 2.2 * static_cast<double>(work) + 2000, name, ": ", work, ", then ", twice);
    CHECK_MESSAGE(twice < 4 * large.size(), name, ": ", twice, " for ", large.size(), " bytes");
  }
}

TEST_CASE("twice a hostile page costs the tree twice the steps") {
  for (const auto& [name, page] : kHostile) {
    const std::string small = page(10000), large = page(20000);
    for (const std::size_t piece : {std::size_t{1} << 30, std::size_t{4096}, std::size_t{7}}) {
      // Below its budget an algorithm may cost what it costs; above it, what the page's length allows.
      const std::size_t work = treeWork(small, piece), twice = treeWork(large, piece);
      CHECK_MESSAGE(twice < 2.2 * static_cast<double>(work) + 50000, name, ": ", work, ", then ", twice);
      CHECK_MESSAGE(twice < 3 * large.size() + 50000, name, ": ", twice, " for ", large.size(), " bytes");
    }
  }
}

TEST_CASE("the tree of a hostile page is the same however the page is cut, and of bounded size") {
  for (const auto& [name, page] : kHostile) {
    const std::string text = page(10000);
    const html::Document whole = html::Document::parse(text);
    const std::string written = whole.outerHtml(html::kDocumentNode);
    // A node is 36 bytes and a tag of three makes one; what is copied may be one more for every four bytes, and 4,096.
    CHECK_MESSAGE(whole.memory() < 23 * text.size() + 4 * 4096 * 36, name, ": ", whole.memory(), " for ", text.size());
    for (const std::size_t piece : {std::size_t{7}, std::size_t{4096}}) {
      html::DocumentBuilder builder;
      for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
        builder.feed(rest.substr(0, piece));
      CHECK_MESSAGE(builder.finish().outerHtml(html::kDocumentNode) == written, name, " in pieces of ", piece);
    }
  }
}

TEST_CASE("an end tag finds its drawing below any number of others") {
  const std::string page = "<svg><linearGradient>" + repeat("<g>", 50000) + repeat("</x>", 50000) + "</LINEARGRADIENT><a></svg><i>";
  const auto document = html::Document::parse(page);
  const std::string written = document.outerHtml(html::kDocumentNode);
  CHECK(written.find("</g></linearGradient><a></a></svg><i></i></body>") != std::string::npos);
}

TEST_CASE("of four equal formatting elements the first is forgotten, in whatever order their attributes stand") {
  const auto bolds = [](const std::string& tags) {
    const auto document = html::Document::parse("<p>" + tags + "</p><p>x");
    int found = 0;
    for (html::NodeId n = html::kDocumentNode; n; n = document.following(n))
      found += document.isElement(n) && document.name(n) == "b";
    return found;
  };
  CHECK(bolds("<b a=1 b=2><b b=2 a=1><b a=1 b=2>") == 6);
  CHECK(bolds("<b a=1 b=2><b b=2 a=1><b a=1 b=2><b b=2 a=1>") == 7);
  CHECK(bolds("<b a=1 b=2><b a=2 b=1><b a=1 b=2><b b=2 a=1>") == 8);
  CHECK(bolds("<b a=1><b a=1 b><b a=1 c><b a=1 d>") == 8);
  CHECK(bolds("<b><b><b><b><b><b>") == 9);
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
