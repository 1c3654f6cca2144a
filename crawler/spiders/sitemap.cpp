#include <weft/crawler/spiders/sitemap.hpp>

#include <weft/http/headers.hpp>

namespace weft::crawler {

namespace {

std::string_view withoutPrefix(std::string_view name) noexcept { return name.substr(name.find(':') + 1); }

// The name of the first element; what may stand before it is passed over.
std::string_view rootOf(std::string_view xml) noexcept {
  for (std::size_t at = xml.find('<'); at != std::string_view::npos && at + 1 < xml.size();) {
    const std::string_view rest = xml.substr(at);
    if (rest.starts_with("<!--")) {
      const std::size_t end = xml.find("-->", at);
      at = end == std::string_view::npos ? end : xml.find('<', end);
    } else if (rest[1] == '?' || rest[1] == '!') {
      at = xml.find('<', at + 1);
    } else {
      return withoutPrefix(rest.substr(1, rest.find_first_of(" \t\r\n/>", 1) - 1));
    }
  }
  return {};
}

}  // namespace

Sitemap::Sitemap(std::string_view xml) : type_(rootOf(xml)) {
  if (type_ != "urlset" && type_ != "sitemapindex") return;
  elements_.emplace(type_ == "urlset" ? "url" : "sitemap");
  elements_->feed(xml.substr(std::min(xml.find('<'), xml.size())));
  elements_->finish();
}

std::optional<SitemapEntry> Sitemap::next() {
  while (elements_) {
    auto element = elements_->next();
    if (!element) break;
    const html::Document& document = element->document();
    html::NodeId root = document[html::kDocumentNode].firstChild;
    while (root != html::kNoNode && !document.isElement(root)) root = document[root].next;
    if (root == html::kNoNode) continue;
    SitemapEntry entry;
    for (html::NodeId n = document[root].firstChild; n != html::kNoNode; n = document[n].next) {
      if (!document.isElement(n)) continue;
      const std::string_view name = withoutPrefix(document.name(n));
      if (name == "link") {
        if (const auto href = document.attribute(n, "href"); href && !href->empty()) entry.alternates.emplace_back(*href);
        continue;
      }
      const std::string text = document.textContent(n);
      std::string value(http::trimmed(text));
      if (name == "loc") entry.loc = value;
      else if (name == "lastmod") entry.lastmod = value;
      else if (name == "changefreq") entry.changefreq = value;
      else if (name == "priority") entry.priority = value;
      entry.fields.emplace_back(name, std::move(value));
    }
    if (!entry.loc.empty()) return entry;
  }
  return std::nullopt;
}

}  // namespace weft::crawler
