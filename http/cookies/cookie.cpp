#include <weft/http/cookies/cookie.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/headers.hpp>

#include <limits>

namespace weft::http {
namespace {

constexpr std::size_t kLongestAttribute = 1024;        // RFC 6265bis section 5.6

using weft::detail::lower;

// Anything else than a number: nullopt. A number too large for us is the largest.
std::optional<std::chrono::seconds> parseMaxAge(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (text.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (negative || digits.empty()) return std::chrono::seconds(0);
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  std::int64_t value = 0;
  for (char c : digits) {
    value = value * 10 + (c - '0');
    if (value > kMost) return std::chrono::seconds(kMost);
  }
  return std::chrono::seconds(value);
}

bool isAddress(std::string_view host) noexcept {
  if (host.starts_with('[')) return true;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos;
}

void readAttribute(SetCookie& cookie, std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = trimmed(text.substr(0, equals));
  const std::string_view value = equals == std::string_view::npos ? std::string_view() : trimmed(text.substr(equals + 1));
  if (value.size() > kLongestAttribute) return;
  if (equalIgnoringCase(name, "Expires")) {
    if (const auto date = parseCookieDate(value)) cookie.expires = date;
  } else if (equalIgnoringCase(name, "Max-Age")) {
    if (const auto age = parseMaxAge(value)) cookie.maxAge = age;
  } else if (equalIgnoringCase(name, "Domain")) {
    cookie.domain = value.substr(value.starts_with('.') ? 1 : 0);
    for (char& c : cookie.domain) c = lower(c);
  } else if (equalIgnoringCase(name, "Path")) {
    cookie.path = value.starts_with('/') ? value : std::string_view();
  } else if (equalIgnoringCase(name, "Secure")) {
    cookie.secure = true;
  } else if (equalIgnoringCase(name, "HttpOnly")) {
    cookie.httpOnly = true;
  } else if (equalIgnoringCase(name, "SameSite")) {
    cookie.sameSite = equalIgnoringCase(value, "None")     ? SameSite::None
                      : equalIgnoringCase(value, "Strict") ? SameSite::Strict
                      : equalIgnoringCase(value, "Lax")    ? SameSite::Lax
                                                           : SameSite::Unset;
  }
}

}  // namespace

std::string_view describe(SameSite value) noexcept {
  switch (value) {
    case SameSite::None: return "None";
    case SameSite::Lax: return "Lax";
    case SameSite::Strict: return "Strict";
    case SameSite::Unset: break;
  }
  return "";
}

std::optional<SetCookie> SetCookie::parse(std::string_view field) {
  for (char c : field) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7F) return std::nullopt;
  }
  std::size_t semicolon = field.find(';');
  const std::string_view pair = field.substr(0, semicolon);
  const std::size_t equals = pair.find('=');
  SetCookie cookie;
  if (equals != std::string_view::npos) cookie.name = trimmed(pair.substr(0, equals));
  cookie.value = trimmed(equals == std::string_view::npos ? pair : pair.substr(equals + 1));
  if (cookie.name.empty() && cookie.value.empty()) return std::nullopt;
  while (semicolon != std::string_view::npos) {
    field.remove_prefix(semicolon + 1);
    semicolon = field.find(';');
    readAttribute(cookie, field.substr(0, semicolon));
  }
  return cookie;
}

bool domainMatches(std::string_view host, std::string_view domain) noexcept {
  if (host == domain) return true;
  return host.size() > domain.size() && !domain.empty() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.' && !isAddress(host);
}

bool pathMatches(std::string_view path, std::string_view cookiePath) noexcept {
  if (!path.starts_with(cookiePath)) return false;
  return path.size() == cookiePath.size() || cookiePath.ends_with('/') || path[cookiePath.size()] == '/';
}

std::string_view defaultCookiePath(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return !path.starts_with('/') || slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace weft::http
