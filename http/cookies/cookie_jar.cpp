#include <weft/http/cookies/cookie_jar.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/public_suffix.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>

#include <algorithm>
#include <utility>

namespace weft::http {
namespace {

// What the cookies of a host are kept under.
std::string_view siteOf(std::string_view host) noexcept {
  const std::string_view domain = registrableDomain(host);
  return domain.empty() ? host : domain;
}

bool isSecure(const Url& url) noexcept { return url.scheme() == "https" || url.scheme() == "wss"; }

bool startsWithIgnoringCase(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && equalIgnoringCase(text.substr(0, prefix.size()), prefix);
}

bool hasControl(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; });
}

bool goesAlong(SameSite sameSite, CookieContext context) noexcept {
  switch (context) {
    case CookieContext::SameSite: return true;
    case CookieContext::CrossSiteNavigation: return sameSite != SameSite::Strict;
    case CookieContext::CrossSite: return sameSite == SameSite::None;
  }
  return false;
}

}  // namespace

std::string_view describe(CookieVerdict verdict) noexcept {
  switch (verdict) {
    case CookieVerdict::Stored: return "stored";
    case CookieVerdict::Removed: return "it has expired: removed";
    case CookieVerdict::Unreadable: return "it has a control character, or neither name nor value";
    case CookieVerdict::TooLong: return "it is too long";
    case CookieVerdict::OtherDomain: return "its domain is not that of the host";
    case CookieVerdict::PublicSuffix: return "its domain is a public suffix";
    case CookieVerdict::NotSecure: return "it needs a secure connection or the Secure attribute";
    case CookieVerdict::ShadowsSecure: return "it would shadow a secure cookie of that name";
    case CookieVerdict::BadPrefix: return "it is not what its prefix __Secure- or __Host- promises";
    case CookieVerdict::CrossSite: return "another site caused the request";
  }
  return "";
}

Date CookieJar::now() const { return std::chrono::floor<std::chrono::seconds>(options_.now ? options_.now() : std::chrono::system_clock::now()); }

std::size_t CookieJar::extractCookies(const Headers& headers, const Url& url, CookieContext context) {
  std::size_t stored = 0;
  for (const auto [name, value] : headers)
    if (equalIgnoringCase(name, "Set-Cookie")) stored += setCookie(value, url, context) == CookieVerdict::Stored;
  return stored;
}

std::size_t CookieJar::extractCookies(const Response& response) { return extractCookies(response.headers, response.url); }

CookieVerdict CookieJar::setCookie(std::string_view field, const Url& url, CookieContext context) {
  auto parsed = SetCookie::parse(field);
  if (!parsed) return CookieVerdict::Unreadable;
  if (parsed->name.size() + parsed->value.size() > options_.maxCookieBytes) return CookieVerdict::TooLong;
  const Date time = now();
  const std::string_view host = url.host();
  if (host.empty()) return CookieVerdict::OtherDomain;

  Cookie cookie(std::move(parsed->name), std::move(parsed->value), std::move(parsed->domain));
  if (parsed->maxAge)
    cookie.expires = *parsed->maxAge > std::chrono::seconds(0) ? time + std::min(*parsed->maxAge, options_.maxLifetime) : Date::min();
  else if (parsed->expires)
    cookie.expires = std::min(*parsed->expires, time + options_.maxLifetime);

  if (cookie.domain.empty() || cookie.domain == host) {
    cookie.hostOnly = cookie.domain.empty() || registrableDomain(host).empty();
    cookie.domain = host;
  } else {
    if (!domainMatches(host, cookie.domain)) return CookieVerdict::OtherDomain;
    // Not only public suffixes: also what lies between a rule such as *.kawasaki.jp and the rule above it.
    if (cookie.domain.size() < registrableDomain(host).size() || isPublicSuffix(cookie.domain)) return CookieVerdict::PublicSuffix;
    cookie.hostOnly = false;
  }
  const bool pathIsRoot = parsed->path == "/";
  cookie.path = parsed->path.empty() ? std::string(defaultCookiePath(url.path())) : std::move(parsed->path);
  cookie.secure = parsed->secure;
  cookie.httpOnly = parsed->httpOnly;
  cookie.sameSite = parsed->sameSite;

  const bool secure = isSecure(url);
  if (cookie.secure && !secure) return CookieVerdict::NotSecure;
  if (!cookie.secure && !secure) {
    if (const auto site = sites_.find(siteOf(host)); site != sites_.end())
      for (const auto& [other, created, used] : site->second)
        if (other.secure && other.name == cookie.name && !other.expired(time) &&
            (domainMatches(other.domain, cookie.domain) || domainMatches(cookie.domain, other.domain)) && pathMatches(cookie.path, other.path))
          return CookieVerdict::ShadowsSecure;
  }
  if (cookie.sameSite != SameSite::None && context == CookieContext::CrossSite) return CookieVerdict::CrossSite;
  if (cookie.sameSite == SameSite::None && !cookie.secure) return CookieVerdict::NotSecure;
  // A cookie without a name is sent as its value alone, so a server would take a value for a name.
  const std::string& prefixed = cookie.name.empty() ? cookie.value : cookie.name;
  if (startsWithIgnoringCase(prefixed, "__Secure-") && (cookie.name.empty() || !cookie.secure)) return CookieVerdict::BadPrefix;
  if (startsWithIgnoringCase(prefixed, "__Host-") && (cookie.name.empty() || !cookie.secure || !cookie.hostOnly || !pathIsRoot)) return CookieVerdict::BadPrefix;
  return store(std::move(cookie), time);
}

bool CookieJar::setCookie(Cookie cookie) {
  const auto refuse = [&cookie](std::string_view why) { throw CookieError("setting the cookie \"" + weft::detail::printable(cookie.name, 80) + "\": " + std::string(why)); };
  if (cookie.domain.starts_with('.')) cookie.domain.erase(0, 1);
  for (char& c : cookie.domain)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (cookie.domain.empty()) refuse("it has no domain");
  if (cookie.domain.starts_with('.') || cookie.domain.find_first_of(" \t\"#%/<>?@\\^|,=") != std::string::npos) refuse("its domain is no host name");
  if (!cookie.path.starts_with('/')) refuse("its path does not begin with '/'");
  for (std::string_view text : {std::string_view(cookie.name), std::string_view(cookie.value), std::string_view(cookie.domain), std::string_view(cookie.path)}) {
    if (hasControl(text)) refuse("it contains a control character");
    if (text.find(';') != std::string_view::npos) refuse("it contains a ';'");
  }
  if (cookie.name.find('=') != std::string::npos) refuse("its name contains a '='");
  if (cookie.name.empty() && cookie.value.empty()) refuse("it has neither name nor value");
  if (cookie.name.size() + cookie.value.size() > options_.maxCookieBytes) return false;
  if (!cookie.hostOnly && registrableDomain(cookie.domain).empty()) {
    if (isPublicSuffix(cookie.domain)) return false;
    cookie.hostOnly = true;                              // an address has nothing below it
  }
  const Date time = now();
  if (cookie.expires) cookie.expires = std::min(*cookie.expires, time + options_.maxLifetime);
  return store(std::move(cookie), time) == CookieVerdict::Stored;
}

CookieVerdict CookieJar::store(Cookie cookie, Date time) {
  const bool expired = cookie.expired(time);
  auto site = sites_.find(siteOf(cookie.domain));
  if (site != sites_.end()) {
    Site& entries = site->second;
    const auto same = std::find_if(entries.begin(), entries.end(), [&cookie](const Entry& entry) {
      return entry.cookie.name == cookie.name && entry.cookie.domain == cookie.domain && entry.cookie.hostOnly == cookie.hostOnly && entry.cookie.path == cookie.path;
    });
    if (same != entries.end()) {
      if (expired) {
        entries.erase(same);
        --count_;
        if (entries.empty()) sites_.erase(site);
        return CookieVerdict::Removed;
      }
      same->cookie = std::move(cookie);                  // its creation time stays
      same->used = ++counter_;
      return CookieVerdict::Stored;
    }
  }
  if (expired) return CookieVerdict::Removed;
  if (site == sites_.end()) site = sites_.emplace(siteOf(cookie.domain), Site()).first;
  const std::string domain = cookie.domain;
  const std::uint64_t number = ++counter_;
  site->second.push_back(Entry{std::move(cookie), number, number});
  ++count_;
  evict(site->second, domain, time);
  if (count_ > options_.maxCookies) evictAnywhere(time);
  return CookieVerdict::Stored;
}

// RFC 6265bis section 5.7, end: expired cookies go first, then those of a domain that has too many (first those that are not secure), each time the one that was used
// longest ago.
void CookieJar::evict(Site& site, std::string_view domain, Date time) {
  const auto ofDomain = [domain](const Entry& entry) { return entry.cookie.domain == domain; };
  const auto tooMany = [&] {
    return site.size() > options_.maxPerSite || (site.size() > options_.maxPerDomain && static_cast<std::size_t>(std::count_if(site.begin(), site.end(), ofDomain)) > options_.maxPerDomain);
  };
  if (!tooMany()) return;
  count_ -= std::erase_if(site, [time](const Entry& entry) { return entry.cookie.expired(time); });
  while (tooMany()) {
    const bool wholeSite = site.size() > options_.maxPerSite;
    auto victim = site.end();
    for (auto entry = site.begin(); entry != site.end(); ++entry) {
      if (!wholeSite && !ofDomain(*entry)) continue;
      if (victim == site.end() || std::pair(entry->cookie.secure, entry->used) < std::pair(victim->cookie.secure, victim->used)) victim = entry;
    }
    site.erase(victim);
    --count_;
  }
}

void CookieJar::evictAnywhere(Date time) {
  removeIf([time](const Entry& entry) { return entry.cookie.expired(time); });
  while (count_ > options_.maxCookies) {
    Sites::iterator oldestSite = sites_.end();
    std::size_t oldest = 0;
    for (auto site = sites_.begin(); site != sites_.end(); ++site) {
      for (std::size_t i = 0; i < site->second.size(); ++i) {
        if (oldestSite != sites_.end() && oldestSite->second[oldest].used <= site->second[i].used) continue;
        oldestSite = site;
        oldest = i;
      }
    }
    oldestSite->second.erase(oldestSite->second.begin() + static_cast<std::ptrdiff_t>(oldest));
    --count_;
    if (oldestSite->second.empty()) sites_.erase(oldestSite);
  }
}

std::string CookieJar::cookieHeader(const Url& url, CookieContext context) {
  std::string text;
  if (count_ == 0) return text;
  const std::string_view host = url.host();
  const auto site = sites_.find(siteOf(host));
  if (site == sites_.end()) return text;
  const std::string_view path = url.path();
  const bool secure = isSecure(url);
  const Date time = now();
  matches_.clear();
  bool anyExpired = false;
  for (Entry& entry : site->second) {
    const Cookie& cookie = entry.cookie;
    if (cookie.expired(time)) {
      anyExpired = true;
      continue;
    }
    if (cookie.secure && !secure) continue;
    if (cookie.hostOnly ? cookie.domain != host : !domainMatches(host, cookie.domain)) continue;
    if (!pathMatches(path, cookie.path) || !goesAlong(cookie.sameSite, context)) continue;
    matches_.push_back(&entry);
  }
  std::sort(matches_.begin(), matches_.end(), [](const Entry* a, const Entry* b) {
    return a->cookie.path.size() != b->cookie.path.size() ? a->cookie.path.size() > b->cookie.path.size() : a->created < b->created;
  });
  for (Entry* entry : matches_) {
    const Cookie& cookie = entry->cookie;
    const std::size_t size = (text.empty() ? 0 : 2) + cookie.name.size() + (cookie.name.empty() ? 0 : 1) + cookie.value.size();
    if (text.size() + size > options_.maxHeaderBytes) continue;
    if (!text.empty()) text += "; ";
    if (!cookie.name.empty()) text.append(cookie.name).push_back('=');
    text += cookie.value;
    entry->used = ++counter_;
  }
  matches_.clear();
  if (anyExpired) {
    count_ -= std::erase_if(site->second, [time](const Entry& entry) { return entry.cookie.expired(time); });
    if (site->second.empty()) sites_.erase(site);
  }
  return text;
}

void CookieJar::addCookieHeader(Request& request, CookieContext context) {
  if (count_ == 0 || request.headers.has("Cookie")) return;
  if (const std::string value = cookieHeader(request.url, context); !value.empty()) request.headers.add("Cookie", value);
}

template <class F> std::size_t CookieJar::removeIf(F&& unwanted) {
  const std::size_t before = count_;
  for (auto site = sites_.begin(); site != sites_.end();) {
    count_ -= std::erase_if(site->second, unwanted);
    site = site->second.empty() ? sites_.erase(site) : std::next(site);
  }
  return before - count_;
}

std::vector<Cookie> CookieJar::cookies() const {
  const Date time = now();
  std::vector<const Entry*> entries;
  entries.reserve(count_);
  for (const auto& [key, site] : sites_)
    for (const Entry& entry : site)
      if (!entry.cookie.expired(time)) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) { return a->created < b->created; });
  std::vector<Cookie> all;
  all.reserve(entries.size());
  for (const Entry* entry : entries) all.push_back(entry->cookie);
  return all;
}

void CookieJar::clear() noexcept {
  sites_.clear();
  count_ = 0;
}

bool CookieJar::remove(std::string_view domain, std::string_view path, std::string_view name) {
  return removeIf([=](const Entry& entry) { return entry.cookie.name == name && entry.cookie.path == path && equalIgnoringCase(entry.cookie.domain, domain); }) > 0;
}

std::size_t CookieJar::removeDomain(std::string_view domain) {
  std::string name(domain.substr(domain.starts_with('.') ? 1 : 0));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return removeIf([&name](const Entry& entry) { return domainMatches(entry.cookie.domain, name); });
}

std::size_t CookieJar::clearSessionCookies() {
  return removeIf([](const Entry& entry) { return entry.cookie.isSession(); });
}

std::size_t CookieJar::clearExpiredCookies() {
  return removeIf([time = now()](const Entry& entry) { return entry.cookie.expired(time); });
}

}  // namespace weft::http
