// Referrer policies: what a request may tell of the page that it comes from.
#pragma once

#include <weft/http/url.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::crawler {

class Request;
class Response;
struct Settings;

/// W3C Referrer Policy, section 3, and what Scrapy does unless told otherwise.
enum class ReferrerPolicy : std::uint8_t {
  NoReferrer,
  NoReferrerWhenDowngrade,           ///< not from https to http
  SameOrigin,
  Origin,                            ///< scheme, host and port alone
  StrictOrigin,                      ///< the same, not from https to http
  OriginWhenCrossOrigin,             ///< the whole URL within an origin, the origin beyond it
  StrictOriginWhenCrossOrigin,       ///< the same, not from https to http
  UnsafeUrl,                         ///< the whole URL, to everybody
  ScrapyDefault,                     ///< NoReferrerWhenDowngrade, and nothing of file: and s3:
};

/// "same-origin", "scrapy-default"…, in any case. Nothing when it is none of them.
std::optional<ReferrerPolicy> parseReferrerPolicy(std::string_view name) noexcept;
/// Of a Referrer-Policy field: the last of its names that is one (section 8.1).
std::optional<ReferrerPolicy> lastReferrerPolicy(std::string_view field) noexcept;

/// The Referer of requests that come from one page: its URL without user name, password and fragment, or its origin, or nothing. Requests share the text, which is made when it is
/// first asked for: a link costs a comparison and a reference count.
class PageReferrer {
 public:
  /// The URL is referred to.
  PageReferrer(const http::Url& page, ReferrerPolicy policy) noexcept : page_(&page), policy_(policy) {}
  /// For a request to `target`, by the page's policy or by another; null for none. Section 8.3.
  std::shared_ptr<const std::string> to(const http::Url& target) { return to(target, policy_); }
  std::shared_ptr<const std::string> to(const http::Url& target, ReferrerPolicy policy);

 private:
  const http::Url* page_;
  ReferrerPolicy policy_;
  std::shared_ptr<const std::string> whole_, origin_;
};

/// What `response`, the page at `url`, lets its links tell: by its Referrer-Policy, or else by the setting REFERRER_POLICY. The URL is referred to.
PageReferrer referrerOf(const Response& response, const http::Url& url, const Settings& settings);
/// Gives the request its Referer, by the page's policy or by its own meta key `referrer_policy`.
void refer(Request& request, PageReferrer& page);

}  // namespace weft::crawler
