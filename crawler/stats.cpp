#include <weft/crawler/stats.hpp>

namespace weft::crawler {

namespace {

// docs/reference/stats.md is made of this table; a test finds the keys that stand elsewhere and not here.
constexpr StatInfo kStats[] = {
    {"depth/request_ignored_count", "requests deeper than DEPTH_LIMIT"},
    {"downloader/exception_count", "attempts that brought no response; cancelled, ignored and postponed ones are none"},
    {"downloader/exception_type_count/TYPE", "those that failed with an error of that type"},
    {"downloader/request_count", "attempts: pages, and what belongs to them: retries, redirects, robots.txt, sitemaps, files of items, pages out of the cache"},
    {"downloader/response_bytes", "bytes of the bodies of responses, decoded"},
    {"downloader/response_count", "responses, of any status"},
    {"downloader/response_status_count/STATUS", "responses of that status"},
    {"dupefilter/filtered", "requests that had been seen before; over all runs of a job"},
    {"elapsed_time_seconds", "whole seconds from the beginning of the run to its end"},
    {"failed_count/TYPE", "pages that failed for good, each once: their last attempt, or their callback, failed with an error of that type"},
    {"file_bytes", "bytes of files that FilesPipeline downloaded"},
    {"file_count", "files of items that are there"},
    {"file_status_count/STATUS", "files of items by what became of them: downloaded, uptodate, cached or failed"},
    {"httpcache/errorrecovery", "pages out of the cache, too old, as nobody answered"},
    {"httpcache/evicted", "pages that the cache gave up to stay within HTTPCACHE_MAX_BYTES"},
    {"httpcache/firsthand", "pages that were fetched, with nothing in the cache to compare them to"},
    {"httpcache/hit", "pages out of the cache"},
    {"httpcache/ignore", "requests that were dropped, as the cache does not have the page and nobody may be asked"},
    {"httpcache/invalidate", "pages that were fetched and came in place of older ones"},
    {"httpcache/miss", "pages that were not in the cache, or too old"},
    {"httpcache/retrieve_error", "pages of the cache that could not be read"},
    {"httpcache/revalidate", "pages out of the cache that the server called unchanged, or that will do as it has an error"},
    {"httpcache/store", "pages that were put into the cache"},
    {"httpcache/store_error", "changes of the cache that could not be written"},
    {"httpcache/uncacheable", "pages that were not to be kept"},
    {"httperror/response_ignored_count", "responses that no callback sees because of their status"},
    {"httperror/response_ignored_status_count/STATUS", "those of that status"},
    {"inline/request_count", "pages that callbacks fetched with co_await fetch()"},
    {"item_dropped_count", "items that a pipeline dropped"},
    {"item_dropped_reasons_count/TYPE", "those that were dropped with an error of that type"},
    {"item_error_count", "items over which a pipeline failed"},
    {"item_scraped_count", "items that were written"},
    {"memusage/limit_reached", "1 when the process grew beyond MEMUSAGE_LIMIT_MB"},
    {"memusage/max", "bytes of resident memory, the most that was seen"},
    {"memusage/startup", "bytes of resident memory when the crawl began"},
    {"memusage/warning_reached", "1 when the process grew beyond MEMUSAGE_WARNING_MB"},
    {"offsite/filtered", "requests that lead off the spider's sites"},
    {"request_depth_max", "links from a start URL to the deepest request"},
    {"response_received_count", "responses that came through the middlewares, on their way to a callback"},
    {"retry/count", "attempts after which another was to follow"},
    {"retry/max_reached", "requests that were given up after their last attempt"},
    {"retry/reason_count/REASON", "attempts after which another was to follow, by the status or the error"},
    {"robotstxt/exception_count/TYPE", "times that a robots.txt could not be had, by the type of the error"},
    {"robotstxt/forbidden", "requests that robots.txt forbids"},
    {"robotstxt/request_count", "requests for a robots.txt"},
    {"robotstxt/response_count", "responses to them"},
    {"robotstxt/response_status_count/STATUS", "responses to them of that status"},
    {"scheduler/dequeued", "requests that left the frontier, those that came back to it counted again"},
    {"scheduler/enqueued", "requests that the frontier took; over all runs of a job"},
    {"scheduler/overflowed", "requests that were dropped as SCHEDULER_MAX_PENDING were waiting; over all runs of a job"},
    {"scheme/request_ignored_count", "requests of URLs that are neither http nor https"},
    {"since_last/changed", "pages that are not what they were in the last run"},
    {"since_last/items_dropped", "items of pages that have not changed"},
    {"since_last/new", "pages that the last run did not know"},
    {"since_last/unchanged", "pages that are what they were in the last run"},
    {"spider_exceptions/TYPE", "callbacks that failed with an error of that type"},
    {"spider_exceptions/count", "callbacks that failed"},
    {"trap/count", "patterns of URLs that were closed as traps"},
    {"trap/request_ignored_count", "requests into a trap, or with a path that repeats itself"},
    {"urllength/request_ignored_count", "requests of URLs longer than URLLENGTH_LIMIT"},
};

// The part of a family's key that all of its counters begin with: what stands before TYPE, STATUS or REASON.
constexpr std::string_view beginning(std::string_view key) {
  const auto last = key.rfind('/') + 1;
  return last && last < key.size() && key[last] >= 'A' && key[last] <= 'Z' ? key.substr(0, last) : std::string_view();
}

}  // namespace

std::span<const StatInfo> allStats() noexcept { return kStats; }

const StatInfo* statInfo(std::string_view key) noexcept {
  const StatInfo* family = nullptr;
  for (const StatInfo& info : kStats) {
    if (info.key == key) return &info;
    const std::string_view common = beginning(info.key);
    if (!common.empty() && key.size() > common.size() && key.starts_with(common)) family = &info;
  }
  return family;
}

}  // namespace weft::crawler
