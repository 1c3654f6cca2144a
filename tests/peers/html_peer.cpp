// Prints what the HTML rooms make of pages: for each, its encoding, its title and its links, from the scanner and again from the tree. For html_test.py.
#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/link_scanner.hpp>
#include <weft/crawler/html/utf8.hpp>
#include <weft/http/text/text_decoder.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace html = weft::html;

namespace {

void print(std::string_view kind, std::string_view text) {
  std::string line(kind);
  line += ' ';
  for (char c : text) {
    if (c == '\\') line += "\\\\";
    else if (c == '\n') line += "\\n";
    else if (c == '\r') line += "\\r";
    else line += c;
  }
  std::cout << line << '\n';
}

struct Printer final : html::LinkVisitor {
  void link(const html::ScannedLink& link) override {
    if (link.kind == html::ScannedLink::Kind::kAnchor || link.kind == html::ScannedLink::Kind::kArea) print("link", link.href);
  }
};

void printTree(const html::Document& document) {
  bool titled = false;
  for (html::NodeId id = html::kDocumentNode; id; id = document.following(id)) {
    if (!document.isElement(id)) continue;
    const std::string_view name = document.name(id);
    if (name == "title" && document[id].ns == html::Namespace::kHtml && !titled) {
      titled = true;
      print("tree-title", html::squeezed(document.textContent(id)));
    } else if (name == "a" || name == "area") {
      if (const auto href = document.attribute(id, "href")) print("tree-link", *href);
    }
  }
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string path; std::getline(std::cin, path);) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
      std::cerr << path << ": cannot be opened\n";
      return 1;
    }
    const auto page = weft::http::decodeText({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}, "text/html");
    print("page", path);
    print("encoding", page.encoding);
    Printer links;
    html::LinkScanner scanner(links);
    for (std::string_view rest = page.text; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(rest.size(), 4096))) scanner.feed(rest.substr(0, 4096));
    scanner.finish();
    print("title", scanner.title());
    printTree(html::Document::parse(page.text));
  }
}
