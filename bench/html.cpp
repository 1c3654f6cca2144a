// The cost of reading HTML: tokens, links, trees and CSS queries over real pages, beside libxml2 and gumbo where they
// are installed, and beside a search for '<' as the floor. One line a case; the best of some rounds, in CPU time, cases
// taking turns.
#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/link_scanner.hpp>
#include <weft/crawler/html/tokenizer.hpp>
#include <weft/crawler/html/xpath.hpp>

#include "crawler/html/hostile_pages.hpp"

#ifdef WEFT_BENCH_LIBXML2
#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>
#endif
#ifdef WEFT_BENCH_GUMBO
#include <gumbo.h>
#endif

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace html = weft::html;

struct Case {
  std::string name;
  std::function<std::size_t(std::size_t)> run;  // of one page, by its number; gives something to count
  double best = 1e9;
  std::size_t count = 0;
};

struct Pages {
  std::vector<std::string> bodies;
  std::size_t bytes = 0;
};

double cpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void add(Pages& pages, const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  pages.bodies.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  pages.bytes += pages.bodies.back().size();
}

Pages readPages(const std::vector<fs::path>& roots) {
  Pages pages;
  for (const fs::path& root : roots) {
    if (fs::is_regular_file(root)) add(pages, root);
    if (!fs::is_directory(root)) continue;
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file() && (entry.path().extension() == ".html" || entry.path().extension() == ".htm"))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) add(pages, file);
  }
  return pages;
}

struct CountLinks final : html::LinkVisitor {
  std::size_t bytes = 0;
  void link(const html::ScannedLink& link) override { bytes += link.href.size(); }
};

struct CountTokens final : html::TokenSink {
  std::size_t count = 0;
  html::State startTag(const html::TagToken&, html::State usual) override {
    ++count;
    return usual;
  }
  void endTag(const html::TagToken&) override { ++count; }
  void text(std::string_view, std::uint64_t) override { ++count; }
};

/// The same question in both languages; what cssselect makes of the first is the second.
struct Query {
  const char *css, *xpath;
};
constexpr Query kQueries[] = {
    {"a::attr(href)", "descendant-or-self::a/@href"},
    {"div.section",
     "descendant-or-self::div[@class and contains(concat(' ', normalize-space(@class), ' '), ' section ')]"},
    {"p ::text", "descendant-or-self::p/descendant-or-self::*/text()"},
};

#ifdef WEFT_BENCH_LIBXML2
constexpr int kXmlOptions = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET;

std::size_t saxLinks(const std::string& page) {
  static htmlSAXHandler handler = [] {
    htmlSAXHandler h{};
    h.startElement = [](void* user, const xmlChar* name, const xmlChar** attributes) {
      if (std::strcmp(reinterpret_cast<const char*>(name), "a") != 0) return;
      for (; attributes && *attributes; attributes += 2)
        if (std::strcmp(reinterpret_cast<const char*>(*attributes), "href") == 0) ++*static_cast<std::size_t*>(user);
    };
    return h;
  }();
  std::size_t links = 0;
  htmlParserCtxtPtr context = htmlCreatePushParserCtxt(&handler, &links, nullptr, 0, nullptr, XML_CHAR_ENCODING_NONE);
  htmlCtxtUseOptions(context, kXmlOptions);
  htmlParseChunk(context, page.data(), static_cast<int>(page.size()), 0);
  htmlParseChunk(context, nullptr, 0, 1);
  htmlFreeParserCtxt(context);
  return links;
}

htmlDocPtr xmlTree(const std::string& page) {
  return htmlReadMemory(page.data(), static_cast<int>(page.size()), "", nullptr, kXmlOptions);
}
#endif

/// Each kind of hostile page, a megabyte of it: milliseconds of CPU time a megabyte, the best of three. 1 if any took
/// more than 100.
int measureHostile() {
  constexpr std::size_t kSize = 1000000;
  std::printf("%-64s %8s %8s %8s %9s\n", "ms a MB", "tokens", "links", "tree", "memory");
  bool within = true;
  for (const auto& [name, make] : weft::testing::kHostile) {
    int n = 1000;
    while (make(2 * n).size() < kSize) n *= 2;
    const std::string page = make(static_cast<int>(static_cast<double>(n) * kSize / static_cast<double>(make(n).size())));
    const double megabytes = static_cast<double>(page.size()) / 1e6;
    double memory = 0;
    const auto best = [&](const auto& run) {
      double seconds = 1e9;
      for (int round = 0; round < 3; ++round) {
        const double begin = cpuSeconds();
        run();
        seconds = std::min(seconds, cpuSeconds() - begin);
      }
      const double cost = seconds * 1000 / megabytes;
      within = within && cost <= 100;
      return cost;
    };
    CountTokens tokens;
    CountLinks links;
    const double tokenCost = best([&] {
      html::Tokenizer tokenizer(tokens);
      tokenizer.feed(page);
      tokenizer.finish();
    });
    const double linkCost = best([&] {
      html::LinkScanner scanner(links, html::LinkScope::kEverything);
      scanner.feed(page);
      scanner.finish();
    });
    const double treeCost =
        best([&] { memory = static_cast<double>(html::Document::parse(page).memory()) / static_cast<double>(page.size()); });
    std::printf("%-64s %8.1f %8.1f %8.1f %7.1f x\n", name.c_str(), tokenCost, linkCost, treeCost, memory);
  }
  return within ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> roots;
  int rounds = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") {
      std::puts(
          "usage: html [--rounds N] [FILE or FOLDER]...\n       html --hostile\nMeasures over the pages of python3.11-doc and "
          "libboost1.74-doc if no other are named.");
      return 0;
    }
    if (argument == "--hostile") return measureHostile();
    if (argument == "--rounds" && i + 1 < argc)
      rounds = std::max(1, std::atoi(argv[++i]));
    else
      roots.emplace_back(argument);
  }
  if (roots.empty()) roots = {"/usr/share/doc/python3.11/html", "/usr/share/doc/libboost1.74-doc"};
  const Pages pages = readPages(roots);
  if (pages.bodies.empty()) {
    std::fputs("no .html files there: name a folder, or install python3.11-doc\n", stderr);
    return 1;
  }
  const auto body = [&](std::size_t i) -> const std::string& { return pages.bodies[i]; };

  std::vector<Case> cases;
  cases.push_back({"memchr '<'", [&](std::size_t i) {
                     std::size_t found = 0;
                     const std::string& page = body(i);
                     for (const char *p = page.data(), *end = p + page.size(); p != end; ++found) {
                       p = static_cast<const char*>(std::memchr(p, '<', static_cast<std::size_t>(end - p)));
                       if (!p) break;
                       ++p;
                     }
                     return found;
                   }});
  CountTokens tokens;
  html::Tokenizer tokenizer(tokens);
  cases.push_back({"weft tokens", [&](std::size_t i) {
                     tokens.count = 0;
                     tokenizer.reset();
                     tokenizer.feed(body(i));
                     tokenizer.finish();
                     return tokens.count;
                   }});
  CountLinks links;
  html::LinkScanner scanner(links);
  cases.push_back({"weft links", [&](std::size_t i) {
                     scanner.reset();
                     scanner.feed(body(i));
                     scanner.finish();
                     return scanner.anchors();
                   }});
  cases.push_back({"weft tree", [&](std::size_t i) { return html::Document::parse(body(i)).nodeCount(); }});
#ifdef WEFT_BENCH_LIBXML2
  cases.push_back({"libxml2 links (SAX)", [&](std::size_t i) { return saxLinks(body(i)); }});
  cases.push_back({"libxml2 tree", [&](std::size_t i) {
                     htmlDocPtr tree = xmlTree(body(i));
                     xmlFreeDoc(tree);
                     return std::size_t{tree != nullptr};
                   }});
#endif
#ifdef WEFT_BENCH_GUMBO
  cases.push_back({"gumbo tree", [&](std::size_t i) {
                     GumboOutput* out = gumbo_parse_with_options(&kGumboDefaultOptions, body(i).data(), body(i).size());
                     gumbo_destroy_output(&kGumboDefaultOptions, out);
                     return std::size_t{1};
                   }});
#endif
  std::vector<html::Document> trees;
  std::size_t memory = 0;
  for (const std::string& page : pages.bodies) {
    trees.push_back(html::Document::parse(page));
    memory += trees.back().memory();
  }
  std::vector<html::CssSelector> selectors;
  for (const Query& query : kQueries) selectors.emplace_back(query.css);
  for (const html::CssSelector& selector : selectors)
    cases.push_back({"weft css " + selector.text(), [&](std::size_t i) { return selector.select(trees[i]).size(); }});
  // A page that is asked with XPath once: parsed, mirrored for libxml2, evaluated.
  const html::XPath hrefs("//a/@href");
  cases.push_back({"weft tree, mirror and //a/@href", [&](std::size_t i) {
                     const html::Document tree = html::Document::parse(body(i));
                     return std::get<0>(hrefs.evaluate(html::XPathTree(tree))).size();
                   }});
#ifdef WEFT_BENCH_LIBXML2
  std::vector<htmlDocPtr> xmlTrees;
  for (const std::string& page : pages.bodies) xmlTrees.push_back(xmlTree(page));
  for (const Query& query : kQueries) {
    xmlXPathCompExprPtr compiled = xmlXPathCompile(reinterpret_cast<const xmlChar*>(query.xpath));
    cases.push_back({std::string("libxml2 xpath, ") + query.css, [&, compiled](std::size_t i) {
                       if (!xmlTrees[i]) return std::size_t{0};
                       xmlXPathContextPtr context = xmlXPathNewContext(xmlTrees[i]);
                       context->node = xmlDocGetRootElement(xmlTrees[i]);
                       xmlXPathObjectPtr found = xmlXPathCompiledEval(compiled, context);
                       const std::size_t count =
                           found && found->nodesetval ? static_cast<std::size_t>(found->nodesetval->nodeNr) : 0;
                       xmlXPathFreeObject(found);
                       xmlXPathFreeContext(context);
                       return count;
                     }});
  }
#endif

  for (int round = 0; round < rounds; ++round) {
    for (Case& one : cases) {
      const double begin = cpuSeconds();
      std::size_t count = 0;
      for (std::size_t i = 0; i < pages.bodies.size(); ++i) count += one.run(i);
      one.best = std::min(one.best, cpuSeconds() - begin);
      one.count = count;
    }
  }
  const double many = static_cast<double>(pages.bodies.size()), bytes = static_cast<double>(pages.bytes);
  std::printf("%zu pages, %.1f KB on average; best of %d rounds\n", pages.bodies.size(), bytes / many / 1000, rounds);
  std::printf("%-36s %12s %10s %12s\n", "case", "us a page", "MB/s", "found");
  for (const Case& one : cases)
    std::printf("%-36s %12.1f %10.1f %12zu\n", one.name.c_str(), one.best * 1e6 / many, bytes / 1e6 / one.best,
                one.count);
  std::printf("weft tree: %.2f bytes for each byte of its page\n", static_cast<double>(memory) / bytes);
}
