#include <weft/crawler/settings.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/component_orders.hpp>
#include <weft/crawler/internal/setting_kind.hpp>
#include <weft/crawler/internal/comma_list.hpp>
#include <weft/crawler/internal/wanted_statuses.hpp>
#include <weft/crawler/politeness/download_slots.hpp>
#include <weft/crawler/referrer_policy.hpp>
#include <weft/http/headers.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <variant>
#include <vector>

namespace weft::crawler {

namespace {

struct Definition {
  std::string_view name;
  std::variant<int Settings::*, std::int64_t Settings::*, double Settings::*, bool Settings::*, std::string Settings::*, Order Settings::*> field;
  double least;                                        // of numbers
  std::string_view purpose;
  std::optional<SettingKind> kind = std::nullopt;      // where the field's type does not say it
};

constexpr double kAny = -1e9;
const Definition kDefinitions[] = {
    {"ADDRESS_GUARD_ALLOW", &Settings::addressGuardAllow, 0, "hosts and address ranges, separated by commas, that a crawl may be led to though they are private", SettingKind::List},
    {"ADDRESS_GUARD_ENABLED", &Settings::addressGuardEnabled, 0, "refuse private addresses, but for those of start requests"},
    {"AUTOTHROTTLE_DEBUG", &Settings::autothrottleDebug, 0, "log the delay after each answer"},
    {"AUTOTHROTTLE_ENABLED", &Settings::autothrottleEnabled, 0, "let the delay of a host follow how fast it answers"},
    {"AUTOTHROTTLE_MAX_DELAY", &Settings::autothrottleMaxDelay, 0, "seconds; the longest delay that AutoThrottle sets"},
    {"AUTOTHROTTLE_START_DELAY", &Settings::autothrottleStartDelay, 0, "seconds; the delay with which AutoThrottle begins"},
    {"AUTOTHROTTLE_TARGET_CONCURRENCY", &Settings::autothrottleTargetConcurrency, 0.001, "requests that AutoThrottle wants in flight at a host"},
    {"BACKOFF_MAX_DELAY", &Settings::backoffMaxDelay, 0, "seconds; the longest wait after a 429 or 503 that names none"},
    {"BACKOFF_START_DELAY", &Settings::backoffStartDelay, 0, "seconds; the first wait after a 429 or 503 that names none, doubled each time"},
    {"BREAKER_FAILURES", &Settings::breakerFailures, 1, "attempts in a row that reach nobody, after which a host counts as down"},
    {"BREAKER_TIMEOUT", &Settings::breakerTimeout, 0, "seconds that a host may be down before it is given up"},
    {"CLOSESPIDER_ERRORCOUNT", &Settings::closespiderErrorcount, 0, "stop after so many pages that failed; 0: never"},
    {"CLOSESPIDER_ITEMCOUNT", &Settings::closespiderItemcount, 0, "stop after so many items; 0: never"},
    {"CLOSESPIDER_PAGECOUNT", &Settings::closespiderPagecount, 0, "stop after so many pages; 0: never"},
    {"CLOSESPIDER_PAGECOUNT_NO_ITEM", &Settings::closespiderPagecountNoItem, 0, "stop after so many pages in a row without an item; 0: never"},
    {"CLOSESPIDER_TIMEOUT", &Settings::closespiderTimeout, 0, "stop after so many seconds; 0: never"},
    {"CLOSESPIDER_TIMEOUT_NO_ITEM", &Settings::closespiderTimeoutNoItem, 0, "stop after so many seconds without a new item; 0: never"},
    {"COMPRESSION_ENABLED", &Settings::compressionEnabled, 0, "ask for compressed bodies: gzip, deflate, br, zstd"},
    {"CONCURRENT_ITEMS", &Settings::concurrentItems, 1, "items of one page in pipelines at once"},
    {"CONCURRENT_REQUESTS", &Settings::concurrentRequests, 1, "pages in flight at once"},
    {"CONCURRENT_REQUESTS_PER_DOMAIN", &Settings::concurrentRequestsPerDomain, 1, "pages in flight at once from one host"},
    {"COOKIES_ENABLED", &Settings::cookiesEnabled, 0, "keep cookies, and send them"},
    {"DEPTH_LIMIT", &Settings::depthLimit, 0, "links from a start URL that are followed at most; 0: no limit"},
    {"DEPTH_PRIORITY", &Settings::depthPriority, kAny, "taken off a request's priority for each step of depth"},
    {"DOWNLOADER_MIDDLEWARES", &Settings::downloaderMiddlewares, 0, "layers to add, move or switch off: {\"MyMiddleware\": 543, \"RetryMiddleware\": null}", SettingKind::Orders},
    {"DOWNLOAD_DELAY", &Settings::downloadDelay, 0, "seconds from one request to the next of a host"},
    {"DOWNLOAD_MAXSIZE", &Settings::downloadMaxsize, 1, "bytes of one body"},
    {"DOWNLOAD_SLOTS", &Settings::downloadSlots, 0, "concurrency and delay of single hosts, as JSON", SettingKind::Slots},
    {"DOWNLOAD_TIMEOUT", &Settings::downloadTimeout, 0.001, "seconds for one attempt, all in all"},
    {"EXTENSIONS", &Settings::extensions, 0, "what listens to the crawl, to move or switch off: {\"SlowPages\": null}", SettingKind::Orders},
    {"FEED_EXPORT_BATCH_ITEM_COUNT", &Settings::feedExportBatchItemCount, 0, "items of one file of a feed, whose name has %(batch_id)d or %(batch_time)s; 0: all in one"},
    {"FEED_EXPORT_ENCODING", &Settings::feedExportEncoding, 0, "utf-8"},
    {"FEED_EXPORT_FIELDS", &Settings::feedExportFields, 0, "the fields that feeds write, with commas between them, in their order", SettingKind::List},
    {"FEED_EXPORT_INDENT", &Settings::feedExportIndent, 0, "blanks for each step within an item of JSON and XML; 0: each item on a line"},
    {"FEED_STORE_EMPTY", &Settings::feedStoreEmpty, 0, "write a feed without items all the same"},
    {"FILES_EXPIRES", &Settings::filesExpires, 0, "days after which FilesPipeline downloads a file anew"},
    {"FILES_MAXSIZE", &Settings::filesMaxsize, 1, "bytes of one file of FilesPipeline"},
    {"FILES_RESULT_FIELD", &Settings::filesResultField, 0, "the field of an item that FilesPipeline fills in"},
    {"FILES_STORE", &Settings::filesStore, 0, "the folder of FilesPipeline; empty: the pipeline does nothing"},
    {"FILES_URLS_FIELD", &Settings::filesUrlsField, 0, "the field of an item with the URLs of its files"},
    {"HTTP2_ENABLED", &Settings::http2Enabled, 0, "speak HTTP/2 with https servers that do"},
    {"HTTPAUTH_DOMAIN", &Settings::httpauthDomain, 0, "the host that HTTPAUTH_USER is for, with all below it"},
    {"HTTPAUTH_PASS", &Settings::httpauthPass, 0, "the password of HTTPAUTH_USER"},
    {"HTTPAUTH_USER", &Settings::httpauthUser, 0, "log in by the Basic scheme; needs HTTPAUTH_DOMAIN"},
    {"HTTPCACHE_ALWAYS_STORE", &Settings::httpcacheAlwaysStore, 0, "rfc9111: keep responses of no use as well"},
    {"HTTPCACHE_COMPRESSION", &Settings::httpcacheCompression, 0, "compress bodies in the cache by zstd"},
    {"HTTPCACHE_DIR", &Settings::httpcacheDir, 0, "the folder of the cache, with a file for each spider"},
    {"HTTPCACHE_ENABLED", &Settings::httpcacheEnabled, 0, "keep responses on disk, and answer with them"},
    {"HTTPCACHE_EXPIRATION_SECS", &Settings::httpcacheExpirationSecs, 0, "seconds; what has been kept for longer is fetched again; 0: never"},
    {"HTTPCACHE_IGNORE_HTTP_CODES", &Settings::httpcacheIgnoreHttpCodes, 0, "statuses that are not kept: 500,503", SettingKind::List},
    {"HTTPCACHE_IGNORE_MISSING", &Settings::httpcacheIgnoreMissing, 0, "offline: drop what is not in the cache, ask nobody"},
    {"HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS", &Settings::httpcacheIgnoreResponseCacheControls, 0, "rfc9111: directives of responses to overlook: no-cache,no-store", SettingKind::List},
    {"HTTPCACHE_IGNORE_SCHEMES", &Settings::httpcacheIgnoreSchemes, 0, "schemes of URLs that pass by the cache", SettingKind::List},
    {"HTTPCACHE_MAX_BODY", &Settings::httpcacheMaxBody, 1, "bytes; longer bodies are not kept"},
    {"HTTPCACHE_MAX_BYTES", &Settings::httpcacheMaxBytes, 1, "bytes of the cache; what was used the longest ago goes first"},
    {"HTTPCACHE_POLICY", &Settings::httpcachePolicy, 0, "dummy (all is right for ever) or rfc9111 (as a browser does)"},
    {"HTTPERROR_ALLOWED_CODES", &Settings::httperrorAllowedCodes, 0, "statuses that callbacks see beside 200 to 299, with commas between", SettingKind::List},
    {"HTTPERROR_ALLOW_ALL", &Settings::httperrorAllowAll, 0, "callbacks see every status, not only 200 to 299"},
    {"HTTPPROXY_ENABLED", &Settings::httpproxyEnabled, 0, "go through $http_proxy, $https_proxy, $all_proxy"},
    {"ITEM_PIPELINES", &Settings::itemPipelines, 0, "orders of the spider's pipelines, null to leave one out, as JSON", SettingKind::Orders},
    {"JOBDIR", &Settings::jobdir, 0, "the folder of a crawl that can be resumed; empty: none"},
    {"JOB_DURABILITY", &Settings::jobDurability, 0, "what a job survives: process (kill -9), or power (a power cut as well)"},
    {"LOGSTATS_INTERVAL", &Settings::logstatsInterval, 0, "seconds between progress lines; 0: none"},
    {"LOG_LEVEL", &Settings::logLevel, 0, "CRITICAL, ERROR, WARNING, INFO or DEBUG"},
    {"MEDIA_ALLOW_REDIRECTS", &Settings::mediaAllowRedirects, 0, "follow redirects of files of FilesPipeline"},
    {"MEMUSAGE_CHECK_INTERVAL_SECONDS", &Settings::memusageCheckIntervalSeconds, 0.01, "seconds between looks at the memory in use"},
    {"MEMUSAGE_ENABLED", &Settings::memusageEnabled, 0, "watch the memory in use"},
    {"MEMUSAGE_LIMIT_MB", &Settings::memusageLimitMb, 0, "megabytes of resident memory at which the crawl ends; 0: never"},
    {"MEMUSAGE_WARNING_MB", &Settings::memusageWarningMb, 0, "megabytes at which a warning is logged; 0: never"},
    {"METAREFRESH_ENABLED", &Settings::metarefreshEnabled, 0, "go where <meta http-equiv=refresh> leads"},
    {"METAREFRESH_IGNORE_TAGS", &Settings::metarefreshIgnoreTags, 0, "elements within which a refresh does not count", SettingKind::List},
    {"METAREFRESH_MAXDELAY", &Settings::metarefreshMaxdelay, 0, "seconds; a refresh after so many or more is not gone after"},
    {"PARSE_THREADS", &Settings::parseThreads, 0, "threads that run callbacks, each with a spider of its own; 0: the engine's runs them"},
    {"RANDOMIZE_DOWNLOAD_DELAY", &Settings::randomizeDownloadDelay, 0, "take DOWNLOAD_DELAY times 0.5 to 1.5, at random"},
    {"REDIRECT_ENABLED", &Settings::redirectEnabled, 0, "follow redirects"},
    {"REDIRECT_MAX_TIMES", &Settings::redirectMaxTimes, 0, "redirects in a row"},
    {"REDIRECT_PRIORITY_ADJUST", &Settings::redirectPriorityAdjust, kAny, "added to the priority of a redirected request"},
    {"REFERER_ENABLED", &Settings::refererEnabled, 0, "say which page a link was found on"},
    {"REFERRER_POLICY", &Settings::referrerPolicy, 0, "to whom that is said: no-referrer, same-origin, origin, scrapy-default..."},
    {"RETRY_AFTER_MAX", &Settings::retryAfterMax, 0, "seconds; a longer Retry-After counts as this"},
    {"RETRY_ENABLED", &Settings::retryEnabled, 0, "try again after connection errors and 408, 429, 500, 502, 503, 504, 522, 524"},
    {"RETRY_PRIORITY_ADJUST", &Settings::retryPriorityAdjust, kAny, "added to the priority of a request that is tried again"},
    {"RETRY_TIMES", &Settings::retryTimes, 0, "attempts beside the first"},
    {"ROBOTSTXT_MAX_CRAWL_DELAY", &Settings::robotstxtMaxCrawlDelay, 0, "seconds; a longer Crawl-delay of robots.txt counts as this; 0: none counts"},
    {"ROBOTSTXT_OBEY", &Settings::robotstxtObey, 0, "do not fetch what robots.txt forbids"},
    {"ROBOTSTXT_USER_AGENT", &Settings::robotstxtUserAgent, 0, "whose rules of robots.txt count; USER_AGENT unless set"},
    {"SCHEDULER_MAX_PENDING", &Settings::schedulerMaxPending, 1, "requests that may wait; more are dropped and counted"},
    {"SCHEDULER_ORDER", &Settings::schedulerOrder, 0, "fifo (breadth first) or lifo (depth first)"},
    {"SPIDER_MIDDLEWARES", &Settings::spiderMiddlewares, 0, "layers around the spider, to move or switch off: {\"DepthMiddleware\": null}", SettingKind::Orders},
    {"TRAP_GUARD_ENABLED", &Settings::trapGuardEnabled, 0, "leave endless calendars, session ids and paths that repeat themselves alone"},
    {"TRAP_GUARD_PAGES", &Settings::trapGuardPages, 1, "pages with URLs that differ in numbers alone, in a row with nothing new, after which no more are requested"},
    {"URLLENGTH_LIMIT", &Settings::urllengthLimit, 0, "bytes; longer URLs are not followed; 0: no limit"},
    {"TRACE_FILE", &Settings::traceFile, 0, "write a span of each request to this file, as lines of OTLP's JSON; empty: not"},
    {"USER_AGENT", &Settings::userAgent, 0, "what the crawler calls itself"},
    {"WARC_FILE", &Settings::warcFile, 0, "record the crawl in this file, as WARC 1.1; empty: not"},
    {"WARC_MAX_BODY", &Settings::warcMaxBody, 1, "bytes of one body in WARC_FILE, as it is sent; the rest is not recorded"},
    {"WARC_MAX_BYTES", &Settings::warcMaxBytes, 0, "bytes of WARC_FILE, after which the next file begins; 0: all in one"},
};

const Definition& find(std::string_view name) {
  for (const Definition& definition : kDefinitions)
    if (definition.name == name) return definition;
  std::vector<std::string_view> names;
  for (const Definition& definition : kDefinitions) names.push_back(definition.name);
  throw SettingError("no setting is called " + std::string(name) + suggestion(name, names));
}

SettingKind kindOf(const Definition& definition) {
  if (definition.kind) return *definition.kind;
  return std::visit(
      [](auto field) {
        using Value = std::remove_cvref_t<decltype(std::declval<Settings&>().*field)>;
        if constexpr (std::is_same_v<Value, bool>) return SettingKind::Boolean;
        else if constexpr (std::is_same_v<Value, std::string> || std::is_same_v<Value, Order>) return SettingKind::Text;
        else if constexpr (std::is_floating_point_v<Value>) return SettingKind::Number;
        else return SettingKind::WholeNumber;
      },
      definition.field);
}

[[noreturn]] void refuse(const Definition& definition, std::string_view value, std::string_view wanted) {
  throw SettingError(std::string(definition.name) + "=" + std::string(value) + ": " + std::string(wanted));
}

template <class Number> Number parseNumber(const Definition& definition, std::string_view value, std::string_view kind) {
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (value.empty() || error != std::errc() || end != value.data() + value.size()) refuse(definition, value, kind);
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) refuse(definition, value, kind);
  }
  if (static_cast<double>(number) < definition.least) {
    refuse(definition, value, definition.least == 0 ? "must not be negative" : definition.least == 1 ? "must be at least 1" : "must be more than 0");
  }
  return number;
}

bool parseBool(const Definition& definition, std::string_view value) {
  std::string lower(value);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower == "1" || lower == "true" || lower == "yes" || lower == "on") return true;
  if (lower == "0" || lower == "false" || lower == "no" || lower == "off") return false;
  refuse(definition, value, "must be true or false");
}

std::string parseText(const Definition& definition, std::string_view value) {
  for (char c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) refuse(definition, "…", "must not hold control characters");
  if (definition.name == "LOG_LEVEL") {
    static constexpr std::array<std::string_view, 6> kLevels{"CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "WARN"};
    if (std::find(kLevels.begin(), kLevels.end(), value) == kLevels.end()) {
      refuse(definition, value, "must be CRITICAL, ERROR, WARNING, INFO or DEBUG" + suggestion(value, kLevels));
    }
  }
  if (definition.kind == SettingKind::Slots) parseDownloadSlots(value);
  if (definition.kind == SettingKind::Orders) parseComponentOrders(definition.name, value);
  if (definition.name == "HTTPCACHE_POLICY" && value != "dummy" && value != "rfc9111") refuse(definition, value, "must be dummy or rfc9111");
  if (definition.name == "HTTPCACHE_IGNORE_HTTP_CODES") {
    for (const std::string& status : internal::commaList(value))
      if (status.size() != 3 || status.find_first_not_of("0123456789") != std::string::npos) refuse(definition, value, "must be statuses with commas between: 500,503");
  }
  if (definition.name == "FEED_EXPORT_ENCODING" && value != "utf-8" && value != "utf8") refuse(definition, value, "feeds are written in utf-8");
  if (definition.name == "REFERRER_POLICY" && !parseReferrerPolicy(value)) {
    refuse(definition, value, "must be a referrer policy: no-referrer, no-referrer-when-downgrade, same-origin, origin, strict-origin, origin-when-cross-origin, "
                              "strict-origin-when-cross-origin, unsafe-url or scrapy-default");
  }
  if (definition.name == "HTTPERROR_ALLOWED_CODES" && !internal::parseStatuses(value)) refuse(definition, value, "must be statuses such as 404, with commas between");
  if (definition.name == "JOB_DURABILITY" && value != "process" && value != "power") refuse(definition, value, "must be process or power");
  return std::string(value);
}

}  // namespace

void Settings::set(std::string_view name, std::string_view given) {
  const Definition& definition = find(name);
  const std::string_view value = http::trimmed(given);
  std::visit(
      [&](auto field) {
        using Value = std::remove_cvref_t<decltype(this->*field)>;
        if constexpr (std::is_same_v<Value, bool>) this->*field = parseBool(definition, value);
        else if constexpr (std::is_same_v<Value, std::string>) this->*field = parseText(definition, value);
        else if constexpr (std::is_same_v<Value, Order>) {
          if (value != "fifo" && value != "lifo") refuse(definition, value, "must be fifo or lifo");
          this->*field = value == "fifo" ? Order::Fifo : Order::Lifo;
        } else if constexpr (std::is_floating_point_v<Value>) this->*field = parseNumber<Value>(definition, value, "must be a number");
        else this->*field = parseNumber<Value>(definition, value, "must be a whole number");
      },
      definition.field);
}

std::string Settings::get(std::string_view name) const {
  return std::visit(
      [&](auto field) -> std::string {
        const auto& value = this->*field;
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) return value ? "true" : "false";
        else if constexpr (std::is_same_v<Value, std::string>) return value;
        else if constexpr (std::is_same_v<Value, Order>) return value == Order::Fifo ? "fifo" : "lifo";
        else {
          char digits[32];
          return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
        }
      },
      find(name).field);
}

SettingKind settingKind(std::string_view name) { return kindOf(find(name)); }

std::span<const SettingInfo> allSettings() {
  static const std::vector<SettingInfo> all = [] {
    std::vector<SettingInfo> infos;
    for (const Definition& definition : kDefinitions) infos.push_back({definition.name, definition.purpose});
    return infos;
  }();
  return all;
}

}  // namespace weft::crawler
