// The dashboard's page, live or as a report.
#pragma once

#include <weft/crawler/dashboard/crawl_snapshot.hpp>

#include <string>
#include <string_view>

namespace weft::crawler {

/// The page that shows a crawl as it goes on, by /events. `token` is what its buttons send.
std::string dashboardPage(std::string_view token);
/// One page, complete in itself, that shows the snapshot: what `--report FILE.html` writes.
std::string reportPage(const CrawlSnapshot& snapshot);
/// The Content-Security-Policy of both: nothing from elsewhere, and no script but the page's own.
std::string dashboardPolicy();

namespace detail {
extern const char* const kPageBefore;
extern const char* const kPageAfter;
extern const char* const kPageScriptDigest;
}  // namespace detail

}  // namespace weft::crawler
