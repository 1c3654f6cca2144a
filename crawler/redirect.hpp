// Redirects and retries: what becomes of a request that did not lead to a page.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/settings.hpp>

#include <optional>
#include <string>

namespace weft::crawler {

/// The request that a redirect asks for, or nullopt when the response is none: another status than 301, 302, 303, 307, 308, no Location, or one that is no URL of http or https.
/// By Scrapy's rules (RedirectMiddleware): a POST becomes a GET after 301 and 302, anything but HEAD after 303; credentials stay on their origin, cookies on their host; the
/// old fragment is kept unless the new URL has its own. Throws IgnoreRequest after REDIRECT_MAX_TIMES in a row.
std::optional<Request> redirected(const Response& response, const Settings& settings);

/// The request that a page's <meta http-equiv=refresh> asks for, or nullopt when there is none: by Scrapy's rules (MetaRefreshMiddleware) it is looked for in the first 4096 characters of HTML
/// pages, not in comments nor in METAREFRESH_IGNORE_TAGS; must come after less than METAREFRESH_MAXDELAY seconds, lead to http or https, and is a GET. The answer to a HEAD has none. Throws
/// IgnoreRequest after REDIRECT_MAX_TIMES in a row. Costs a page without one a look at its first tags.
std::optional<Request> metaRefreshed(const Response& response, const Settings& settings);

/// Why the request should be tried again: "503 Service Unavailable", or "" when it should not. Statuses 408, 429, 500, 502, 503, 504, 522 and 524, as Scrapy's RETRY_HTTP_CODES.
std::string retryReason(const Response& response);
/// The error's type ("ConnectionRefused") when it is one that may pass: of connections, timeouts, and answers that were cut short or broken.
std::string retryReason(const Failure& failure);

}  // namespace weft::crawler
