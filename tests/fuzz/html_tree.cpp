// Tree construction. The first byte picks what the page is parsed as, the second the size of the pieces. The tree holds together, its text is UTF-8, it is the same however the page is cut, and what
// it costs is bounded by the page.
#include "fuzz/check.hpp"

#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/internal/tree_construction.hpp>
#include <weft/http/text/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

using namespace weft;

namespace {

// Every node is where its relatives say it is, and walking meets each once.
void checkLinks(const html::Document& document) {
  std::size_t met = 0;
  for (html::NodeId id = html::kDocumentNode; id; id = document.following(id)) {
    const html::Node& node = document[id];
    FUZZ_CHECK(++met <= document.nodeCount());
    FUZZ_CHECK(!node.next || (document[node.next].previous == id && document[node.next].parent == node.parent));
    FUZZ_CHECK(!node.firstChild || (document[node.firstChild].parent == id && !document[node.firstChild].previous));
    FUZZ_CHECK(!node.lastChild || (document[node.lastChild].parent == id && !document[node.lastChild].next));
    FUZZ_CHECK(!node.firstChild == !node.lastChild);
  }
}

// What the page cost, in steps: see TreeConstruction::work().
void checkWork(std::string_view page, html::ParseOptions options, std::string_view context = {}) {
  html::Document document;
  html::internal::TreeConstruction construction(document, options);
  if (!context.empty()) construction.setContext(context);
  construction.feed(page);
  construction.finish();
  FUZZ_CHECK(construction.work() <= 4 * page.size() + 50000);
  FUZZ_CHECK(document.memory() <= 30 * page.size() + 1000000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::string_view kContexts[] = {"div", "td", "table", "select", "template", "svg path", "svg foreignObject", "math mi", "title", "frameset", "html", "script"};
  const std::string_view page(reinterpret_cast<const char*>(data) + 2, size - 2);
  html::ParseOptions options;
  options.scripting = data[0] & 0x80;
  const std::size_t choice = data[0] % (2 * std::size(kContexts));
  if (choice < std::size(kContexts)) {
    const html::Document fragment = html::Document::parseFragment(std::string(page), kContexts[choice], options);
    checkLinks(fragment);
    checkWork(page, options, kContexts[choice]);
    FUZZ_CHECK(http::isUtf8(fragment.innerHtml(html::kDocumentNode)));
    return 0;
  }
  const html::Document whole = html::Document::parse(std::string(page), options);
  checkLinks(whole);
  checkWork(page, options);
  FUZZ_CHECK(whole.documentElement() != html::kNoNode);
  const std::string written = whole.outerHtml(html::kDocumentNode);
  FUZZ_CHECK(http::isUtf8(written));
  html::DocumentBuilder builder(options);
  const std::size_t step = 1 + data[1];
  for (std::string_view rest = page; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) builder.feed(std::string(rest.substr(0, step)));
  FUZZ_CHECK(builder.finish().outerHtml(html::kDocumentNode) == written);
  return 0;
}
