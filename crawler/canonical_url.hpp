// The canonical form of a URL: what makes two spellings one page.
#pragma once

#include <weft/http/url.hpp>

#include <string>

namespace weft::crawler {

/// The URL without its fragment, in the one spelling that all URLs of the same page share, as Scrapy's canonicalize_url has it:
///
/// - the pairs of the query in the order of their decoded names and values, each as `name=value`, empty ones dropped; a query without pairs is none;
/// - in the query `+` for a space, and every byte but the unreserved ones (RFC 3986 section 2.3) as %XX; in the path what stands as %XX and is unreserved is decoded; digits
///   of %XX in upper case;
/// - what http::Url does anyway: scheme and host in lower case, default ports and dot segments gone (WHATWG URL), which Scrapy leaves as they are.
///
/// For telling pages apart, not for fetching: a server may see a difference. Opaque paths (mailto:x) stay as they are.
///
///     canonicalUrl(Url("http://example.com/%7Ea?b=2&&a=x y#top"));    // http://example.com/~a?a=x+y&b=2
std::string canonicalUrl(const http::Url& url);

/// Is the URL, without its fragment, certainly its own canonical form? True of nearly all that have no query; no allocation.
bool isPlainlyCanonical(const http::Url& url) noexcept;

}  // namespace weft::crawler
