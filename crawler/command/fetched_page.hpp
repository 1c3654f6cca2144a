// One page, fetched as a crawl would: what `weft view` and `weft shell` look at.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/response.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace weft::crawler::command {

struct FetchedPage {
  std::optional<Response> response;                    // whatever its status
  int code = kComplete;                                // what the program is to end with when there is none
};

/// Fetches it with settings, middlewares, robots.txt, redirects and retries, those of `spider` too. SIGINT ends it at once. Why there is no response is printed.
FetchedPage fetchPage(Spider& spider, Request request, CrawlOptions options);

/// Is it more likely to be a file than a URL whose http:// was left out? "/a", "./a", "page.html".
bool looksLikeFile(std::string_view text) noexcept;

/// The URL, as a user writes it: http:// may be left out. Throws http::UrlError, or SpiderError for another scheme and for what looks like a file.
http::Url pageUrl(const std::string& text);

/// The page with a <base> that makes its relative links lead where they led.
std::string withBase(const Response& response);

/// Writes it to a new file in $TMPDIR, and gives its path. Throws SpiderError.
std::string saveForBrowser(const Response& response);

/// Runs $BROWSER, or else xdg-open, with that file. False when there is neither, or no terminal's owner to look at it (no DISPLAY or WAYLAND_DISPLAY, and no BROWSER).
bool openBrowser(const std::string& path);

}  // namespace weft::crawler::command
