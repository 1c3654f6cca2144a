// Link: where a page leads.
#pragma once

#include <weft/http/url.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace weft::crawler {

/// A link of a page, as LinkExtractor::extractLinks() finds it.
struct Link {
  explicit Link(http::Url url, std::string text = {}, bool nofollow = false) noexcept : url(std::move(url)), text(std::move(text)), nofollow(nofollow) {}
  explicit Link(std::string_view url, std::string text = {}, bool nofollow = false) : Link(http::Url(url), std::move(text), nofollow) {}

  http::Url url;                                       ///< absolute, with its fragment
  std::string text;                                    ///< all text within the element, as it stands; at most html::LinkScanner::kMaxText bytes of it
  bool nofollow = false;                               ///< its rel has the word nofollow

  /// Of the URL, without the '#'. (Scrapy has a field for it, which its extractor leaves empty.)
  std::string_view fragment() const noexcept { return url.fragment(); }
  friend bool operator==(const Link&, const Link&) = default;
};

}  // namespace weft::crawler

namespace weft {
using crawler::Link;
}  // namespace weft
