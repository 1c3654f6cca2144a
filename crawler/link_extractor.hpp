// LinkExtractor: which links of a page to follow.
#pragma once

#include <weft/crawler/response.hpp>
#include <weft/crawler/spider.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// What LinkExtractor::read finds on a page.
struct PageLinks {
  std::string title;                                   ///< of the first <title>, white space squeezed
  std::size_t anchors = 0;                             ///< how many <a> have an href, followed or not
  std::vector<http::Url> links;                        ///< those to follow: absolute, without fragment, each once, in page order
};

/// Finds the links of a page by a scan of its tags; no tree is built. What it lets through: http and https URLs that match one of the allow() patterns (or there is none), no
/// deny() pattern, and whose path does not end in one of Scrapy's 91 extensions of pictures, archives, documents, styles and scripts.
///
///     LinkExtractor articles;
///     articles.allow("/articles/").deny("print=1").sameOrigin(response.url);
///     for (const http::Url& link : articles.read(response).links) co_yield Request(link, &MySpider::parseArticle);
///
/// Patterns are searched for in the URL, in RE2's syntax: their time is linear in the URL's length, whatever the pattern. One thread at a time.
class LinkExtractor {
 public:
  LinkExtractor();
  ~LinkExtractor();
  LinkExtractor(LinkExtractor&&) noexcept;
  LinkExtractor& operator=(LinkExtractor&&) noexcept;

  /// Throws SpiderError when the pattern is no regular expression; the text says where.
  LinkExtractor& allow(std::string_view pattern);
  LinkExtractor& deny(std::string_view pattern);
  /// Extensions without the dot, in lower case ("pdf", "tar.gz"), instead of the default ones. An empty list lets every extension through.
  LinkExtractor& denyExtensions(std::vector<std::string> extensions);
  /// Only links with this scheme, host and port.
  LinkExtractor& sameOrigin(const http::Url& url);

  /// The page's links, without those that `skip` (if given) has seen: they are passed over before the patterns are looked at.
  PageLinks read(const Response& response, const Spider* skip = nullptr);
  /// Would a link to this URL be followed?
  bool matches(const http::Url& url) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::crawler
