// SitemapSpider: the pages that a site's sitemaps name.
#pragma once

#include <weft/crawler/spider.hpp>
#include <weft/crawler/spiders/sitemap.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Starts from sitemaps, or from a robots.txt that names them, goes through sitemaps of sitemaps, and gives each page to a callback. Scrapy's SitemapSpider.
///
///     class Shop : public SitemapSpider {
///      public:
///       Shop() : SitemapSpider("shop") {
///         sitemapUrls = {"https://shop.example/robots.txt"};
///         sitemapRules = {{"/product/", &Shop::parseProduct}};
///       }
///       Results parseProduct(Response response) { ... }
///     };
///
/// A sitemap may be gzipped (.xml.gz), whatever its Content-Type. It is read entry by entry. What cannot be read is logged, and what stood before it counts.
class SitemapSpider : public Spider {
 public:
  explicit SitemapSpider(std::string name);
  ~SitemapSpider() override;

  /// Sitemaps, or a robots.txt. What stands in startUrls (or is given by --url) is taken as such, too.
  std::vector<std::string> sitemapUrls;
  /// Pattern (searched for in the URL, in RE2's syntax) and callback: a page goes to the first that matches, or is left out. Unless set, all go to parse().
  std::vector<std::pair<std::string, Callback>> sitemapRules;
  /// Patterns of sitemaps that are followed from a sitemap of sitemaps; unless set, all are.
  std::vector<std::string> sitemapFollow;
  /// Fetch the pages in other languages that an entry names, too.
  bool sitemapAlternateLinks = false;
  /// Bytes of a gzipped sitemap when it is unpacked; a larger one is logged and left out. The protocol allows 50 MB.
  std::uint64_t sitemapMaxBytes = 64 * 1024 * 1024;

  /// Is shown each entry, and may change it. False leaves it out. (sitemap_filter)
  virtual bool sitemapFilter(SitemapEntry& entry);

  /// Throws SpiderError for a pattern that is none.
  Results startRequests() override;
  /// The callback of the sitemaps themselves.
  Results parseSitemap(Response response);

 private:
  struct Patterns;
  const Patterns& patterns();
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace weft::crawler

namespace weft {
using crawler::SitemapSpider;
}  // namespace weft
