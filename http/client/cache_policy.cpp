#include <weft/http/client/internal/cache_policy.hpp>

#include <weft/http/header_values/entity_tag.hpp>
#include <weft/http/internal/field_reader.hpp>

#include <algorithm>
#include <array>

namespace weft::http::detail {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxAge{std::int64_t{1} << 31};

// Statuses that RFC 9110 section 15.1 lets be stored without a word about freshness; 206 is left out, as ranges are not stored here.
bool cacheableByDefault(int status) noexcept {
  constexpr std::array kStatuses{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

// The elements of a list of names, in lower case.
std::vector<std::string> names(std::string_view list) {
  std::vector<std::string> all;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const auto name = trimmed(list.substr(0, comma)); !name.empty()) all.push_back(lowered(name));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return all;
}

bool isOfConnection(std::string_view name, const std::vector<std::string>& nominated) {
  for (const char* one : {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade"})
    if (equalIgnoringCase(name, one)) return true;
  return std::any_of(nominated.begin(), nominated.end(), [&](const std::string& one) { return equalIgnoringCase(name, one); });
}

Date dateOf(const CachedHead& head) { return parseDate(head.headers.get("Date", ""), head.received).value_or(head.received); }

CacheControl responseControl(const CachedHead& head) { return CacheControl::parse(head.headers.getCombined("Cache-Control")); }

bool hasExplicitFreshness(const CacheControl& control, const CachedHead& head) { return control.maxAge || head.headers.has("Expires"); }

seconds staleness(const CachedHead& head, Date now, const FreshnessRules& rules) { return currentAge(head, now) - freshnessLifetime(head, rules); }

}  // namespace

Headers storedHeaders(const Headers& headers) {
  const auto nominated = names(headers.getCombined("Connection"));
  Headers stored;
  for (const HeaderField field : headers)
    if (!isOfConnection(field.name, nominated) && !equalIgnoringCase(field.name, "Set-Cookie") && !equalIgnoringCase(field.name, "Set-Cookie2")) stored.add(field.name, field.value);
  return stored;
}

std::optional<std::vector<std::pair<std::string, std::optional<std::string>>>> variedFields(const Headers& response, const Headers& request) {
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;
  for (std::string& name : names(response.getCombined("Vary"))) {
    if (name == "*") return std::nullopt;
    std::optional<std::string> value;
    if (request.has(name)) value = request.getCombined(name);
    fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

bool selects(const CachedHead& head, const Headers& request) {
  return std::all_of(head.varied.begin(), head.varied.end(), [&](const auto& field) {
    return field.second ? request.has(field.first) && request.getCombined(field.first) == *field.second : !request.has(field.first);
  });
}

bool mayUseCache(const Request& request) {
  if (request.method() != "GET" || request.hasBody() || request.upgrade) return false;
  for (const char* name : {"Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"})
    if (request.headers.has(name)) return false;         // whoever asks so wants the server's own answer
  return true;
}

bool mayStore(const CacheControl& request, const CachedHead& head, const FreshnessRules& rules) {
  const CacheControl control = responseControl(head);
  const bool understood = control.mustUnderstand && cacheableByDefault(head.status);
  if (request.noStore || (control.noStore && !understood)) return false;
  if (head.status < 200 || head.status == 206 || head.status == 304) return false;
  if (!cacheableByDefault(head.status) && (!hasExplicitFreshness(control, head) || control.mustUnderstand)) return false;
  return freshnessLifetime(head, rules) > seconds(0) || head.headers.has("ETag") || head.headers.has("Last-Modified");
}

seconds freshnessLifetime(const CachedHead& head, const FreshnessRules& rules) {
  const CacheControl control = responseControl(head);
  if (control.maxAge) return *control.maxAge;
  const Date date = dateOf(head);
  if (const auto expires = head.headers.get("Expires")) {
    const auto when = parseDate(*expires, head.received);        // what is no date has expired
    return when ? std::clamp(std::chrono::duration_cast<seconds>(*when - date), seconds(0), kMaxAge) : seconds(0);
  }
  if (!cacheableByDefault(head.status)) return seconds(0);
  const auto modified = parseDate(head.headers.get("Last-Modified", ""), head.received);
  if (!modified || *modified >= date) return seconds(0);
  const double share = static_cast<double>((date - *modified).count()) * rules.heuristicShare;
  return std::min(rules.heuristicLimit, seconds(static_cast<std::int64_t>(std::min(share, 1e9))));
}

seconds currentAge(const CachedHead& head, Date now) {
  const seconds apparent = std::max(seconds(0), head.received - dateOf(head));
  const std::uint64_t said = readNumber(trimmed(head.headers.get("Age", ""))).value_or(0);
  const seconds corrected = std::min(kMaxAge, seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(said, static_cast<std::uint64_t>(kMaxAge.count()))))) + (head.received - head.requested);
  return std::max(apparent, corrected) + std::max(seconds(0), now - head.received);
}

Reuse reuse(const CacheControl& request, const CachedHead& head, Date now, const FreshnessRules& rules) {
  const CacheControl control = responseControl(head);
  if (request.noCache || control.noCache) return Reuse::Validate;
  const seconds age = currentAge(head, now);
  if (request.maxAge && age > *request.maxAge) return Reuse::Validate;
  const seconds left = freshnessLifetime(head, rules) - age;
  if (left > seconds(0)) return left >= request.minFresh.value_or(seconds(0)) ? Reuse::Fresh : Reuse::Validate;
  if (control.mustRevalidate || !request.maxStale || request.minFresh) return Reuse::Validate;
  return -left <= *request.maxStale ? Reuse::Stale : Reuse::Validate;
}

CacheControl requestControl(const Headers& headers) {
  CacheControl control = CacheControl::parse(headers.getCombined("Cache-Control"));
  if (!headers.has("Cache-Control") && headers.hasToken("Pragma", "no-cache")) control.noCache = true;
  return control;
}

bool mayServeOnError(const CacheControl& request, const CachedHead& head, Date now, const FreshnessRules& rules, seconds allowed) {
  const CacheControl control = responseControl(head);
  if (control.mustRevalidate || control.noCache || request.noCache) return false;
  for (const auto& said : {control.staleIfError, request.staleIfError})
    if (said) allowed = std::max(allowed, *said);
  return allowed > seconds(0) && staleness(head, now, rules) <= allowed;
}

bool addConditions(Request& request, const CachedHead& head) {
  const auto tag = head.headers.get("ETag");
  const auto modified = head.headers.get("Last-Modified");
  if (tag && EntityTag::parse(*tag)) request.headers.set("If-None-Match", *tag);
  if (modified && parseDate(*modified, head.received)) request.headers.set("If-Modified-Since", *modified);
  return request.headers.has("If-None-Match") || request.headers.has("If-Modified-Since");
}

bool validates(const Headers& notModified, const CachedHead& head) {
  const auto tag = EntityTag::parse(notModified.get("ETag", ""));
  if (!tag) return true;
  const auto stored = EntityTag::parse(head.headers.get("ETag", ""));
  return stored && stored->matchesWeakly(*tag);
}

void freshen(CachedHead& head, const Headers& notModified, Date requested, Date received) {
  const Headers news = storedHeaders(notModified);
  std::vector<std::string> replaced;
  for (const HeaderField field : news) {
    std::string name = lowered(field.name);
    // What tells of the body that is stored stays with it.
    if (name == "content-length" || name == "content-encoding" || name == "content-type" || name == "content-range") continue;
    if (std::find(replaced.begin(), replaced.end(), name) == replaced.end()) {
      head.headers.remove(name);
      replaced.push_back(std::move(name));
    }
    head.headers.add(field.name, field.value);
  }
  for (const char* name : {"Age", "Date"})               // of the time when it was stored
    if (!news.has(name)) head.headers.remove(name);
  head.requested = requested;
  head.received = received;
}

bool isSafe(std::string_view method) noexcept { return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE"; }

}  // namespace weft::http::detail
