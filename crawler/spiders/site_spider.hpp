// SiteSpider: every page of one host.
#pragma once

#include <weft/crawler/link_extractor.hpp>
#include <weft/crawler/spider.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace weft::crawler {

/// What SiteSpider says of a page: one for each URL that it fetched, whatever the status.
struct SitePage {
  std::string url;                                     ///< without fragment
  int status = 0;
  std::string title;                                   ///< "" unless the status is 200
  std::uint64_t links = 0;                             ///< how many <a> have an href, followed or not; 0 unless the status is 200
  std::uint64_t bytes = 0;                             ///< of the body
  std::uint32_t depth = 0;                             ///< links from the start page
};
WEFT_ITEM(SitePage, url, status, title, links, bytes, depth)

/// The spider behind `weft crawl URL`: fetches each page of the start URL's scheme, host and port once, and yields a SitePage for each. It scans for links and builds no tree.
///
/// Arguments: `allow` and `deny`, regular expressions that are searched for in a link's URL. Without `allow`, links to pictures, archives, styles and scripts are not
/// followed (see LinkExtractor); with it, only what it matches. Redirects are pages of their own, and their targets are fetched when they stay on the host.
class SiteSpider final : public Spider {
 public:
  explicit SiteSpider(http::Url start);
  void setArguments(std::map<std::string, std::string> arguments) override;
  Results startRequests() override;
  Results parse(Response response) override;

 private:
  http::Url start_;
  LinkExtractor links_;
};

}  // namespace weft::crawler
