// Sitemap: the pages that a site names (sitemaps.org), one by one.
#pragma once

#include <weft/crawler/xml/xml_elements.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A page, or another sitemap.
struct SitemapEntry {
  std::string loc;                                     ///< as it stands there, trimmed
  std::string lastmod, changefreq, priority;           ///< likewise; empty where it says nothing
  std::vector<std::string> alternates;                 ///< the page in other languages: its <xhtml:link href>
  /// All elements of the entry but the links, by name without prefix.
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Reads a sitemap as it stands in memory; no tree of the whole is built. Entries without a <loc> are passed over.
///
///     Sitemap sitemap(xml);
///     if (sitemap.type() == "urlset")
///       while (auto page = sitemap.next()) ...
class Sitemap {
 public:
  /// The text is referred to.
  explicit Sitemap(std::string_view xml);

  /// The name of the root element without its prefix: "urlset" or "sitemapindex", or "" where there is none. Others have no entries.
  std::string_view type() const noexcept { return type_; }
  /// Throws XmlError: from there on it cannot be read.
  std::optional<SitemapEntry> next();

 private:
  std::string_view type_;
  std::optional<XmlElements> elements_;
};

}  // namespace weft::crawler
