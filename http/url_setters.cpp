// The setters of a URL: WHATWG URL section 6.1, which runs the parser of section 4.4 from the state that belongs to the part.
#include <weft/http/url.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/internal/url_bytes.hpp>
#include <weft/http/internal/url_host.hpp>
#include <weft/http/percent_encoding.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http {
namespace {

using weft::detail::isDigit, weft::detail::isLetter, detail::isWindowsDriveLetter, weft::detail::lower;

bool isSpecialScheme(std::string_view scheme) noexcept { return scheme == "file" || detail::defaultPort(scheme) != 0; }

// What a setter is given: tabs and newlines go, and invalid UTF-8 becomes U+FFFD, as for every URL.
std::string cleaned(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (char c : value)
    if (c != '\t' && c != '\n' && c != '\r') text.push_back(c);
  if (auto repaired = detail::repairedUtf8(text)) return std::move(*repaired);
  return text;
}

std::string dotsDecoded(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size();) {
    if (segment[i] == '%' && i + 2 < segment.size() && segment[i + 1] == '2' && lower(segment[i + 2]) == 'e') {
      text.push_back('.');
      i += 3;
    } else {
      text.push_back(segment[i++]);
    }
  }
  return text;
}

}  // namespace

/// A URL taken apart, to change a part and put it together again.
class UrlParts {
 public:
  explicit UrlParts(const Url& url)
      : scheme(url.scheme()),
        username(url.username()),
        password(url.password()),
        path(url.path()),
        port(url.port()),
        opaque(url.hasOpaquePath()) {
    if (url.hasHost()) host = std::string(url.host());
    if (url.hasQuery()) query = std::string(url.query());
    if (url.hasFragment()) fragment = std::string(url.fragment());
  }

  bool special() const noexcept { return isSpecialScheme(scheme); }
  bool hasCredentials() const noexcept { return !username.empty() || !password.empty(); }
  bool cannotHaveCredentials() const noexcept { return !host || host->empty() || scheme == "file"; }
  bool endsAuthority(char c) const noexcept { return c == '/' || c == '?' || c == '#' || (c == '\\' && special()); }

  // Section 4.5, and where each part came to lie.
  bool store(Url& url) const {
    std::string text = scheme;
    const auto here = [&text] { return static_cast<std::uint32_t>(text.size()); };
    Url made;
    made.schemeEnd_ = here();
    text += host ? "://" : ":";
    made.usernameStart_ = here();
    text += username;
    made.usernameEnd_ = made.passwordStart_ = here();
    if (!password.empty()) {
      text += ':';
      made.passwordStart_ = here();
      text += password;
    }
    if (hasCredentials()) text += '@';
    made.hostStart_ = here();
    if (host) text += *host;
    made.hostEnd_ = here();
    if (port) text.append(":").append(std::to_string(*port));
    made.portEnd_ = here();
    if (!host && !opaque && path.starts_with("//")) text += "/.";
    made.pathStart_ = here();
    text += path;
    made.queryStart_ = here();
    if (query) text.append("?").append(*query);
    made.fragmentStart_ = here();
    if (fragment) text.append("#").append(*fragment);
    if (text.size() > Url::kMaxLength) return false;
    made.port_ = port.value_or(0);
    made.hasPort_ = port.has_value();
    made.hasAuthority_ = host.has_value();
    made.special_ = special();
    made.opaquePath_ = opaque;
    made.text_ = std::move(text);
    url = std::move(made);
    return true;
  }

  // Port state.
  bool readPort(std::string_view text) {
    std::uint32_t value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && isDigit(text[digits]); ++digits) {
      value = value * 10 + static_cast<std::uint32_t>(text[digits] - '0');
      if (value > 65535) return false;
    }
    if (digits == 0) return false;
    port = static_cast<std::uint16_t>(value);
    if (*port == detail::defaultPort(scheme) && special() && scheme != "file") port.reset();
    return true;
  }

  // Host state, hostname state and file host state.
  bool readHost(std::string_view text, bool portAllowed) {
    std::size_t end = 0;
    std::optional<std::size_t> colon;
    for (bool inBrackets = false; end < text.size() && !endsAuthority(text[end]); ++end) {
      if (text[end] == '[') inBrackets = true;
      if (text[end] == ']') inBrackets = false;
      if (text[end] == ':' && !inBrackets && scheme != "file") {
        colon = end;
        break;
      }
    }
    const std::string_view name = text.substr(0, end);
    if (colon && (name.empty() || !portAllowed)) return false;
    if (name.empty() && scheme != "file" && (special() || hasCredentials() || port)) return false;
    std::string serialized;
    if (!name.empty() && detail::appendHost(serialized, name, special())) return false;
    if (scheme == "file" && serialized == "localhost") serialized.clear();
    host = std::move(serialized);
    if (colon) readPort(text.substr(*colon + 1));      // a bad port leaves the port as it was, and the new host in its place
    return true;
  }

  // Path start state and path state: '?' and '#' are part of the path here.
  void readPath(std::string_view text) {
    const auto isSlash = [this](char c) { return c == '/' || (c == '\\' && special()); };
    path.clear();
    if (text.empty() && !special()) {
      if (!host) path = '/';                           // without a host, an empty path would read as an opaque one
      return;
    }
    if (!text.empty() && isSlash(text.front())) text.remove_prefix(1);
    for (;;) {
      std::size_t end = 0;
      while (end < text.size() && !isSlash(text[end])) ++end;
      const bool last = end == text.size();
      const std::string_view segment = text.substr(0, end);
      const std::string dots = segment.size() <= 6 ? dotsDecoded(segment) : std::string();
      if (dots == "..") {
        if (!(scheme == "file" && path.size() == 3 && isLetter(path[1]) && path[2] == ':')) path.resize(path.empty() ? 0 : path.rfind('/'));
        if (last) path += '/';
      } else if (dots == ".") {
        if (last) path += '/';
      } else {
        const bool drive = scheme == "file" && path.empty() && isWindowsDriveLetter(segment);
        path += '/';
        appendPercentEncoded(path, segment, PercentEncodeSet::Path);
        if (drive) path.back() = ':';
      }
      if (last) return;
      text.remove_prefix(end + 1);
    }
  }

  std::string scheme, username, password, path;
  std::optional<std::string> host, query, fragment;
  std::optional<std::uint16_t> port;
  bool opaque;
};

bool Url::setHref(std::string_view value) {
  auto parsed = tryParse(value);
  if (!parsed) return false;
  *this = std::move(*parsed);
  return true;
}

bool Url::setProtocol(std::string_view value) {
  if (empty()) return false;
  std::string name = cleaned(value);
  name.resize(std::min(name.size(), name.find(':')));
  if (name.empty() || !isLetter(name[0])) return false;
  for (char& c : name) {
    if (!isLetter(c) && !isDigit(c) && c != '+' && c != '-' && c != '.') return false;
    c = lower(c);
  }
  UrlParts parts(*this);
  if (isSpecialScheme(name) != parts.special()) return false;
  if (name == "file" && (parts.hasCredentials() || parts.port)) return false;
  if (parts.scheme == "file" && (!parts.host || parts.host->empty())) return false;
  parts.scheme = std::move(name);
  if (parts.special() && parts.port == detail::defaultPort(parts.scheme)) parts.port.reset();
  return parts.store(*this);
}

bool Url::setUsername(std::string_view value) {
  UrlParts parts(*this);
  if (parts.cannotHaveCredentials()) return false;
  const auto repaired = detail::repairedUtf8(value);
  parts.username = percentEncode(repaired ? *repaired : value, PercentEncodeSet::UserInfo);
  return parts.store(*this);
}

bool Url::setPassword(std::string_view value) {
  UrlParts parts(*this);
  if (parts.cannotHaveCredentials()) return false;
  const auto repaired = detail::repairedUtf8(value);
  parts.password = percentEncode(repaired ? *repaired : value, PercentEncodeSet::UserInfo);
  return parts.store(*this);
}

bool Url::setHost(std::string_view value) {
  UrlParts parts(*this);
  return !empty() && !parts.opaque && parts.readHost(cleaned(value), true) && parts.store(*this);
}

bool Url::setHostname(std::string_view value) {
  UrlParts parts(*this);
  return !empty() && !parts.opaque && parts.readHost(cleaned(value), false) && parts.store(*this);
}

bool Url::setPort(std::string_view value) {
  UrlParts parts(*this);
  if (parts.cannotHaveCredentials()) return false;
  if (value.empty())
    parts.port.reset();
  else if (!parts.readPort(cleaned(value)))
    return false;
  return parts.store(*this);
}

bool Url::setPathname(std::string_view value) {
  UrlParts parts(*this);
  if (empty() || parts.opaque) return false;
  parts.readPath(cleaned(value));
  return parts.store(*this);
}

bool Url::setSearch(std::string_view value) {
  if (empty()) return false;
  UrlParts parts(*this);
  parts.query.reset();
  if (!value.empty()) {
    if (value.starts_with('?')) value.remove_prefix(1);
    parts.query = percentEncode(cleaned(value), parts.special() ? PercentEncodeSet::SpecialQuery : PercentEncodeSet::Query);
  }
  return parts.store(*this);
}

bool Url::setHash(std::string_view value) {
  if (empty()) return false;
  UrlParts parts(*this);
  parts.fragment.reset();
  if (!value.empty()) {
    if (value.starts_with('#')) value.remove_prefix(1);
    parts.fragment = percentEncode(cleaned(value), PercentEncodeSet::Fragment);
  }
  return parts.store(*this);
}

}  // namespace weft::http
