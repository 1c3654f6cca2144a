// LinkExtractor: which links of a page to follow.
#pragma once

#include <weft/crawler/link.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/spider.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
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

/// Finds the links of a page by a scan of its tags; no tree is built unless restrictCss(), restrictXpaths(), tags() or attrs() ask for one, which the page's selectors then share. What it lets
/// through: http and https URLs that match one of the allow() patterns (or there is none), no deny() pattern, and whose path does not end in one of Scrapy's 91 extensions of pictures,
/// archives, documents, styles and scripts.
///
///     LinkExtractor articles;
///     articles.allow("/articles/").deny("print=1").sameOrigin(response.url);
///     for (const http::Url& link : articles.read(response).links) co_yield Request(link, &MySpider::parseArticle);
///     for (const Link& link : articles.extractLinks(response)) log::info("shop", link.text, " leads to ", link.url.href());
///
/// Patterns are searched for in the URL without its fragment, in RE2's syntax: their time is linear in the URL's length, whatever the pattern. The options are Scrapy's, but for strip: a URL has
/// no blanks at its ends. One thread at a time.
class LinkExtractor {
 public:
  LinkExtractor();
  ~LinkExtractor();
  LinkExtractor(LinkExtractor&&) noexcept;
  LinkExtractor& operator=(LinkExtractor&&) noexcept;

  /// Throws SpiderError when the pattern is no regular expression; the text says where.
  LinkExtractor& allow(std::string_view pattern);
  LinkExtractor& deny(std::string_view pattern);
  /// Only links to these hosts and those below them; none to these.
  LinkExtractor& allowDomains(const std::vector<std::string>& domains);
  LinkExtractor& denyDomains(const std::vector<std::string>& domains);
  /// Extensions without the dot, in lower case ("pdf", "tar.gz"), instead of the default ones. An empty list lets every extension through.
  LinkExtractor& denyExtensions(std::vector<std::string> extensions);
  /// Only links with this scheme, host and port.
  LinkExtractor& sameOrigin(const http::Url& url);
  /// Only links within what the query selects; several add up. Throw SelectorError and XPathError.
  LinkExtractor& restrictCss(std::string_view query);
  LinkExtractor& restrictXpaths(std::string_view expression);
  /// Only links in whose text the pattern is found. Throws SpiderError.
  LinkExtractor& restrictText(std::string_view pattern);
  /// The elements that are looked at, {"a", "area"} unless set, and the attributes that hold their URLs, {"href"} unless set; "*" stands for all. Lower case.
  LinkExtractor& tags(std::vector<std::string> names);
  LinkExtractor& attrs(std::vector<std::string> names);
  LinkExtractor& denyTags(std::vector<std::string> names);
  LinkExtractor& denyAttrs(std::vector<std::string> names);
  /// Gives each link's canonicalUrl(). A server may see a difference: off unless set.
  LinkExtractor& canonicalize(bool value = true);
  /// Off: extractLinks() gives a link as often as it stands in the page.
  LinkExtractor& unique(bool value);
  /// Is shown each URL, made absolute where it can be, before anything else; gives another, which may be relative to the page, or nullopt to leave the link out.
  LinkExtractor& processValue(std::function<std::optional<std::string>(std::string)> process);

  /// The page's links with their texts, in page order (with restrictXpaths() and restrictCss(), region by region, XPaths first); `skip` as for read(). What it throws for pages that are no HTML
  /// is what Response::selector() throws.
  std::vector<Link> extractLinks(const Response& response, const Spider* skip = nullptr);
  /// The page's links, without those that `skip` (if given) has seen: they are passed over before the patterns are looked at. The quickest way while no option needs texts or a tree.
  PageLinks read(const Response& response, const Spider* skip = nullptr);
  /// Would a link to this URL be followed?
  bool matches(const http::Url& url) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::crawler
