// Settings: Scrapy's names and numbers, typed.
#pragma once

#include <weft/crawler/error.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft::crawler {

/// A setting's name is unknown, or its value cannot be read. The text names the setting and says what it takes.
class SettingError : public Error {
 public:
  using Error::Error;
};

/// In which order requests of equal priority leave the frontier.
enum class Order : std::uint8_t {
  Fifo,                      ///< breadth first: as they were found
  Lifo,                      ///< depth first, as Scrapy does
};

/// What a crawl may do. A plain value: set the fields, or set() them by Scrapy's names as `-s NAME=VALUE` does. 0 means "no limit" where a limit is optional.
struct Settings {
  bool compressionEnabled = true;                      ///< COMPRESSION_ENABLED: ask for compressed bodies, and undo gzip, deflate, br and zstd
  bool cookiesEnabled = true;                          ///< COOKIES_ENABLED: keep cookies and send them; meta key cookiejar names the session
  bool http2Enabled = true;                            ///< HTTP2_ENABLED: speak HTTP/2 with https servers that do
  bool httpproxyEnabled = true;                        ///< HTTPPROXY_ENABLED: go through the proxies that http_proxy, https_proxy, all_proxy and no_proxy name
  std::string httpauthUser;                            ///< HTTPAUTH_USER: sent by the Basic scheme; none unless set
  std::string httpauthPass;                            ///< HTTPAUTH_PASS
  std::string httpauthDomain;                          ///< HTTPAUTH_DOMAIN: the only host that gets them, with all below it
  bool httpcacheEnabled = false;                       ///< HTTPCACHE_ENABLED: keep responses on disk, and answer with them; see docs/http_cache.md
  std::string httpcacheDir = ".weft/httpcache";        ///< HTTPCACHE_DIR: the folder of the cache's files, one for each spider
  std::string httpcachePolicy = "dummy";               ///< HTTPCACHE_POLICY: dummy (all is right for ever), or rfc9111 (as a browser does)
  std::int64_t httpcacheExpirationSecs = 0;            ///< HTTPCACHE_EXPIRATION_SECS: what is older counts as not kept; 0: nothing is too old
  bool httpcacheIgnoreMissing = false;                 ///< HTTPCACHE_IGNORE_MISSING: offline: what is not in the cache is dropped, and nothing goes over the network
  std::string httpcacheIgnoreHttpCodes;                ///< HTTPCACHE_IGNORE_HTTP_CODES: statuses that are not kept, with commas between
  std::string httpcacheIgnoreSchemes = "file";         ///< HTTPCACHE_IGNORE_SCHEMES: of URLs that pass by, with commas between
  bool httpcacheAlwaysStore = false;                   ///< HTTPCACHE_ALWAYS_STORE: rfc9111 keeps what it may, of use or not
  std::string httpcacheIgnoreResponseCacheControls;    ///< HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS: directives of responses that rfc9111 overlooks, with commas between
  std::int64_t httpcacheMaxBytes = std::int64_t{1} << 30;      ///< HTTPCACHE_MAX_BYTES: of the file; what was used the longest ago goes first
  std::int64_t httpcacheMaxBody = 16 << 20;            ///< HTTPCACHE_MAX_BODY: bytes; longer bodies are not kept
  bool httpcacheCompression = true;                    ///< HTTPCACHE_COMPRESSION: by zstd, where that makes a body smaller
  std::string itemPipelines;                           ///< ITEM_PIPELINES: other orders of the spider's pipelines, or null for those left out, as JSON
  int concurrentItems = 100;                           ///< CONCURRENT_ITEMS: of one page, in pipelines at once
  int concurrentRequests = 16;                         ///< CONCURRENT_REQUESTS: pages in flight at once
  int concurrentRequestsPerDomain = 8;                 ///< CONCURRENT_REQUESTS_PER_DOMAIN: of one host
  int parseThreads = 1;                                ///< PARSE_THREADS: threads that run callbacks, each with a spider of its own; 0: the engine's runs them
  double downloadDelay = 0;                            ///< DOWNLOAD_DELAY: seconds from one request to the next of a host
  bool randomizeDownloadDelay = true;                  ///< RANDOMIZE_DOWNLOAD_DELAY: times 0.5 to 1.5
  std::string downloadSlots;                           ///< DOWNLOAD_SLOTS: single hosts, as JSON
  bool autothrottleEnabled = false;                    ///< AUTOTHROTTLE_ENABLED
  double autothrottleStartDelay = 5;                   ///< AUTOTHROTTLE_START_DELAY: seconds
  double autothrottleMaxDelay = 60;                    ///< AUTOTHROTTLE_MAX_DELAY: seconds
  double autothrottleTargetConcurrency = 1;            ///< AUTOTHROTTLE_TARGET_CONCURRENCY
  bool autothrottleDebug = false;                      ///< AUTOTHROTTLE_DEBUG: a log line for each answer
  double retryAfterMax = 600;                          ///< RETRY_AFTER_MAX: seconds; a longer Retry-After counts as this
  double backoffStartDelay = 1;                        ///< BACKOFF_START_DELAY: seconds after the first 429 or 503 without Retry-After, or the first failure of a dead host
  double backoffMaxDelay = 60;                         ///< BACKOFF_MAX_DELAY: seconds
  int breakerFailures = 5;                             ///< BREAKER_FAILURES: attempts in a row that reach nobody, and the host counts as down
  double breakerTimeout = 300;                         ///< BREAKER_TIMEOUT: seconds that a host may be down before it is given up
  std::string jobdir;                                  ///< JOBDIR: the folder of a crawl that can be resumed
  std::string jobDurability = "process";               ///< JOB_DURABILITY: process, or power
  double downloadTimeout = 180;                        ///< DOWNLOAD_TIMEOUT: seconds for one attempt, all in all
  std::int64_t downloadMaxsize = 16 << 20;             ///< DOWNLOAD_MAXSIZE: bytes of one body, decoded
  std::string downloaderMiddlewares;                   ///< DOWNLOADER_MIDDLEWARES: layers to add, move or switch off, as JSON
  std::string extensions;                              ///< EXTENSIONS: those to move or switch off, as JSON
  bool addressGuardEnabled = true;                     ///< ADDRESS_GUARD_ENABLED: refuse private addresses that no start request leads to
  std::string addressGuardAllow;                       ///< ADDRESS_GUARD_ALLOW: hosts and address ranges that are not refused
  bool robotstxtObey = true;                           ///< ROBOTSTXT_OBEY
  std::string robotstxtUserAgent;                      ///< ROBOTSTXT_USER_AGENT: whose rules count; USER_AGENT unless set
  double robotstxtMaxCrawlDelay = 60;                  ///< ROBOTSTXT_MAX_CRAWL_DELAY: seconds; a longer Crawl-delay counts as this, and 0 means that none counts
  int depthLimit = 0;                                  ///< DEPTH_LIMIT: links from a start URL
  int depthPriority = 0;                               ///< DEPTH_PRIORITY: taken off a request's priority for each step of depth
  std::string spiderMiddlewares;                       ///< SPIDER_MIDDLEWARES: layers to move or switch off, as JSON
  bool trapGuardEnabled = true;                        ///< TRAP_GUARD_ENABLED: see TrapGuardMiddleware
  int trapGuardPages = 400;                            ///< TRAP_GUARD_PAGES: of a pattern, in a row with nothing new
  std::int64_t urllengthLimit = 2083;                  ///< URLLENGTH_LIMIT: bytes; longer ones are not followed
  std::string feedExportFields;                        ///< FEED_EXPORT_FIELDS: names, with commas between them; empty: all that an item has
  std::string feedExportEncoding = "utf-8";            ///< FEED_EXPORT_ENCODING: there is no other
  bool feedStoreEmpty = true;                          ///< FEED_STORE_EMPTY: write a feed without items all the same
  int feedExportIndent = 0;                            ///< FEED_EXPORT_INDENT: blanks for each step within an item of JSON and XML; 0: each item on a line
  std::int64_t feedExportBatchItemCount = 0;           ///< FEED_EXPORT_BATCH_ITEM_COUNT: items of one file; then the next begins, whose name %(batch_id)d or %(batch_time)s tells apart
  std::string filesStore;                              ///< FILES_STORE: the folder of FilesPipeline; without one the pipeline does nothing
  double filesExpires = 90;                            ///< FILES_EXPIRES: days after which a file is downloaded anew
  std::int64_t filesMaxsize = 1 << 30;                 ///< FILES_MAXSIZE: bytes of one file
  std::string filesUrlsField = "file_urls";            ///< FILES_URLS_FIELD: of an item, with the URLs of its files
  std::string filesResultField = "files";              ///< FILES_RESULT_FIELD: of an item, for what became of them
  bool mediaAllowRedirects = false;                    ///< MEDIA_ALLOW_REDIRECTS: follow redirects of files
  bool redirectEnabled = true;                         ///< REDIRECT_ENABLED
  int redirectMaxTimes = 20;                           ///< REDIRECT_MAX_TIMES
  int redirectPriorityAdjust = 2;                      ///< REDIRECT_PRIORITY_ADJUST
  bool metarefreshEnabled = true;                      ///< METAREFRESH_ENABLED: go where a page's <meta http-equiv=refresh> leads
  double metarefreshMaxdelay = 100;                    ///< METAREFRESH_MAXDELAY: seconds; one of as many or more is not gone after
  std::string metarefreshIgnoreTags = "noscript";      ///< METAREFRESH_IGNORE_TAGS: elements within which it does not count, with commas between
  bool refererEnabled = true;                          ///< REFERER_ENABLED: say which page a link was found on
  std::string referrerPolicy = "scrapy-default";       ///< REFERRER_POLICY: to whom; a page's Referrer-Policy and the meta key referrer_policy go before it
  bool retryEnabled = true;                            ///< RETRY_ENABLED
  int retryTimes = 2;                                  ///< RETRY_TIMES: beside the first attempt
  int retryPriorityAdjust = -1;                        ///< RETRY_PRIORITY_ADJUST
  Order schedulerOrder = Order::Fifo;                  ///< SCHEDULER_ORDER: fifo or lifo
  std::int64_t schedulerMaxPending = 10'000'000;       ///< SCHEDULER_MAX_PENDING: requests waiting; those beyond it are dropped, counted and logged
  std::string traceFile;                               ///< TRACE_FILE: write a span of each request to this file, as OTLP's JSON; see RequestTrace
  std::string userAgent;                               ///< USER_AGENT; weft's own unless set
  std::string warcFile;                                ///< WARC_FILE: record the crawl in this file, as WARC 1.1; see docs/warc.md
  std::int64_t warcMaxBytes = std::int64_t{1} << 30;   ///< WARC_MAX_BYTES: of one such file; then the next begins. 0: all in one
  std::int64_t warcMaxBody = 64 << 20;                 ///< WARC_MAX_BODY: bytes of one body, as it is sent; what is longer is not recorded
  std::string httperrorAllowedCodes;                   ///< HTTPERROR_ALLOWED_CODES: statuses that callbacks see beside 200 to 299
  bool httperrorAllowAll = false;                      ///< HTTPERROR_ALLOW_ALL: callbacks see every status
  std::int64_t closespiderItemcount = 0;               ///< CLOSESPIDER_ITEMCOUNT
  std::int64_t closespiderPagecount = 0;               ///< CLOSESPIDER_PAGECOUNT
  std::int64_t closespiderErrorcount = 0;              ///< CLOSESPIDER_ERRORCOUNT: pages that failed
  double closespiderTimeoutNoItem = 0;                 ///< CLOSESPIDER_TIMEOUT_NO_ITEM: seconds without a new item
  std::int64_t closespiderPagecountNoItem = 0;         ///< CLOSESPIDER_PAGECOUNT_NO_ITEM: pages in a row without an item
  double closespiderTimeout = 0;                       ///< CLOSESPIDER_TIMEOUT: seconds
  bool memusageEnabled = true;                         ///< MEMUSAGE_ENABLED
  double memusageCheckIntervalSeconds = 60;            ///< MEMUSAGE_CHECK_INTERVAL_SECONDS
  std::int64_t memusageLimitMb = 0;                    ///< MEMUSAGE_LIMIT_MB: resident memory at which the crawl ends; 0: never
  std::int64_t memusageWarningMb = 0;                  ///< MEMUSAGE_WARNING_MB: at which it is said; 0: never
  double logstatsInterval = 60;                        ///< LOGSTATS_INTERVAL: seconds between progress lines; 0 for none
  std::string logLevel = "INFO";                       ///< LOG_LEVEL: CRITICAL, ERROR, WARNING, INFO or DEBUG

  /// By Scrapy's name and as text. Throws SettingError: unknown (with a suggestion), not of its type, out of its bounds.
  void set(std::string_view name, std::string_view value);
  /// The value of a setting as text. Throws SettingError when there is none of that name.
  std::string get(std::string_view name) const;
};

/// A setting as `weft settings` lists it: name, and what it is for in a few words.
struct SettingInfo {
  std::string_view name, purpose;
};
/// All settings, sorted by name.
std::span<const SettingInfo> allSettings();

}  // namespace weft::crawler
