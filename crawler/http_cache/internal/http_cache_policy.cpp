#include <weft/crawler/http_cache/internal/http_cache_policy.hpp>

#include <weft/crawler/internal/comma_list.hpp>
#include <weft/http/header_values/entity_tag.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace weft::crawler::internal {

namespace {

using std::chrono::seconds;
namespace rules = http::detail;

constexpr seconds kYear = std::chrono::hours(24 * 365);

class DummyPolicy final : public HttpCachePolicy {
 public:
  explicit DummyPolicy(const Settings& settings) : HttpCachePolicy(settings) {}

  std::optional<CachedHead> makeHead(const Request& request, int status, const http::Headers& headers, Date requested, Date received) const override {
    CachedHead head;
    head.url = request.url.href();
    head.status = status;
    head.requested = requested;
    head.received = received;
    head.headers = headers;
    return head;
  }
  http::Headers selectingFields(const Request&) const override { return {}; }
  bool isFresh(const Request&, const CachedHead&, Date) const override { return true; }
  bool mayServeStale(const Request&, const CachedHead&, Date) const override { return true; }
  std::optional<Request> conditional(const Request&, const CachedHead&) const override { return std::nullopt; }
  bool onlyIfCached(const Request&) const override { return false; }
  std::vector<http::Url> outdatedBy(const Request&, int, const http::Headers&) const override { return {}; }

 private:
  bool mayCacheRequest(const Request&) const override { return true; }
  bool mayStoreResponse(const Request&, const CachedHead&) const override { return true; }
};

// Where in the list, from `at` on, a directive ends: at a comma that is not within a quoted string.
std::size_t directiveEnd(std::string_view list, std::size_t at) {
  for (bool quoted = false; at < list.size(); ++at) {
    if (list[at] == '"') quoted = !quoted;
    else if (quoted && list[at] == '\\') ++at;
    else if (!quoted && list[at] == ',') break;
  }
  return std::min(at, list.size());
}

class Rfc9111Policy final : public HttpCachePolicy {
 public:
  explicit Rfc9111Policy(const Settings& settings)
      : HttpCachePolicy(settings),
        userAgent_(settings.userAgent),
        cookiesAreAdded_(settings.cookiesEnabled),
        alwaysStore_(settings.httpcacheAlwaysStore),
        overlooked_(commaList(settings.httpcacheIgnoreResponseCacheControls)) {}

  std::optional<CachedHead> makeHead(const Request& request, int status, const http::Headers& headers, Date requested, Date received) const override {
    auto varied = rules::variedFields(headers, headers.has("Vary") ? selectingFields(request) : http::Headers());
    if (!varied) return std::nullopt;
    CachedHead head;
    head.url = request.url.href();
    head.status = status;
    head.requested = requested;
    head.received = received;
    head.varied = std::move(*varied);
    head.headers = rules::storedHeaders(headers);
    return head;
  }
  // The downloader adds fields below. Of those a User-Agent may be another one next time; the others stay the same, but for cookies, see unseen().
  http::Headers selectingFields(const Request& request) const override {
    http::Headers fields = request.headers();
    if (!userAgent_.empty()) fields.setDefault("User-Agent", userAgent_);
    return fields;
  }

  bool isFresh(const Request& request, const CachedHead& head, Date now) const override {
    if (unseen(head)) return false;
    std::optional<CachedHead> changed;
    return rules::reuse(rules::requestControl(request.headers()), seen(head, changed), now, freshness()) != rules::Reuse::Validate;
  }
  bool mayServeStale(const Request& request, const CachedHead& head, Date now) const override {
    if (unseen(head)) return false;
    std::optional<CachedHead> changed;
    return rules::mayServeOnError(rules::requestControl(request.headers()), seen(head, changed), now, freshness(), seconds::max());
  }
  std::optional<Request> conditional(const Request& request, const CachedHead& head) const override {
    const auto tag = head.headers.get("ETag"), modified = head.headers.get("Last-Modified");
    const bool byTag = tag && http::EntityTag::parse(*tag), byDate = modified && http::parseDate(*modified, head.received);
    if (!byTag && !byDate) return std::nullopt;
    Request asking = request;
    if (byTag) asking.setHeader("If-None-Match", *tag);
    if (byDate) asking.setHeader("If-Modified-Since", *modified);
    return asking;
  }
  bool onlyIfCached(const Request& request) const override { return rules::requestControl(request.headers()).onlyIfCached; }

  // RFC 9111 section 4.4.
  std::vector<http::Url> outdatedBy(const Request& request, int status, const http::Headers& headers) const override {
    std::vector<http::Url> urls;
    if (rules::isSafe(request.method()) || status < 200 || status > 399) return urls;
    urls.push_back(request.url);
    for (const char* name : {"Location", "Content-Location"}) {
      const auto text = headers.get(name);
      auto url = text ? http::Url::tryParse(*text, request.url) : std::nullopt;
      if (url && url->sameOrigin(request.url)) urls.push_back(std::move(*url));
    }
    return urls;
  }

 private:
  static rules::FreshnessRules freshness() {
    rules::FreshnessRules rules;
    rules.heuristicLimit = kYear;
    return rules;
  }

  bool mayCacheRequest(const Request& request) const override {
    if (request.method() != "GET" || !request.body().empty()) return false;
    for (const char* name : {"Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"})
      if (request.headers().has(name)) return false;   // who asks so wants the server's own answer
    return !rules::requestControl(request.headers()).noStore;
  }
  bool mayStoreResponse(const Request& request, const CachedHead& head) const override {
    std::optional<CachedHead> changed;
    const CachedHead& shown = seen(head, changed);
    const auto control = rules::requestControl(request.headers());
    if (rules::mayStore(control, shown, freshness())) return true;
    if (!alwaysStore_ || head.status < 200 || head.status == 206 || head.status == 304) return false;
    return !http::CacheControl::parse(shown.headers.getCombined("Cache-Control")).noStore;
  }

  // Does it vary by what is not known here? The cookies of a jar come into the request further below.
  bool unseen(const CachedHead& head) const {
    return cookiesAreAdded_ && std::any_of(head.varied.begin(), head.varied.end(), [](const auto& field) { return field.first == "cookie"; });
  }

  // The head as the rules are to see it: without the directives that are overlooked, and with a lifetime for redirects that say nothing.
  const CachedHead& seen(const CachedHead& head, std::optional<CachedHead>& changed) const {
    if (!overlooked_.empty() && head.headers.has("Cache-Control")) {
      changed = head;
      const std::string control = withoutOverlooked(head.headers.getCombined("Cache-Control"));
      if (control.empty()) changed->headers.remove("Cache-Control");
      else changed->headers.set("Cache-Control", control);
    }
    if (head.status == 300 || head.status == 301 || head.status == 308) {
      const CachedHead& now = changed ? *changed : head;
      const bool says = now.headers.has("Expires") || http::CacheControl::parse(now.headers.getCombined("Cache-Control")).maxAge;
      if (!says && rules::freshnessLifetime(now, freshness()) == seconds(0)) {
        if (!changed) changed = head;
        changed->headers.add("Cache-Control", "max-age=" + std::to_string(kYear / seconds(1)));
      }
    }
    return changed ? *changed : head;
  }
  std::string withoutOverlooked(std::string_view list) const {
    std::string left;
    for (std::size_t at = 0; at < list.size();) {
      const std::size_t end = directiveEnd(list, at);
      const std::string_view directive = http::trimmed(list.substr(at, end - at));
      const std::string_view name = http::trimmed(directive.substr(0, directive.find('=')));
      if (!directive.empty() && std::none_of(overlooked_.begin(), overlooked_.end(), [name](const std::string& one) { return http::equalIgnoringCase(one, name); })) {
        if (!left.empty()) left += ", ";
        left += directive;
      }
      at = end + 1;
    }
    return left;
  }

  const std::string userAgent_;
  const bool cookiesAreAdded_, alwaysStore_;
  const std::vector<std::string> overlooked_;
};

}  // namespace

HttpCachePolicy::HttpCachePolicy(const Settings& settings) : ignoredSchemes_(commaList(settings.httpcacheIgnoreSchemes)) {
  for (const std::string& text : commaList(settings.httpcacheIgnoreHttpCodes)) {
    int status = 0;
    std::from_chars(text.data(), text.data() + text.size(), status);
    ignoredStatuses_.push_back(status);
  }
}

bool HttpCachePolicy::mayCache(const Request& request) const {
  const std::string_view scheme = request.url.scheme();
  return std::none_of(ignoredSchemes_.begin(), ignoredSchemes_.end(), [scheme](const std::string& one) { return http::equalIgnoringCase(one, scheme); }) && mayCacheRequest(request);
}

bool HttpCachePolicy::mayStore(const Request& request, const CachedHead& head) const {
  return std::find(ignoredStatuses_.begin(), ignoredStatuses_.end(), head.status) == ignoredStatuses_.end() && mayStoreResponse(request, head);
}

std::unique_ptr<const HttpCachePolicy> makeHttpCachePolicy(const Settings& settings) {
  if (settings.httpcachePolicy == "rfc9111") return std::make_unique<Rfc9111Policy>(settings);
  return std::make_unique<DummyPolicy>(settings);
}

}  // namespace weft::crawler::internal
