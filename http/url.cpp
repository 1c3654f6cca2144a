#include <weft/http/url.hpp>

#include <weft/http/internal/url_bytes.hpp>
#include <weft/http/public_suffix.hpp>

#include <array>
#include <utility>

namespace weft::http {
namespace {

std::string errorText(std::string_view input, std::size_t offset, UrlProblem reason) {
  std::string text = "parsing the URL \"";
  text.append(input.substr(0, 200)).append(input.size() > 200 ? "…\"" : "\"");
  if (offset > 0) text.append(" at offset ").append(std::to_string(offset));
  return text.append(": ").append(describe(reason));
}

}  // namespace

std::string_view describe(UrlProblem problem) noexcept {
  switch (problem) {
    case UrlProblem::MissingScheme: return "it has no scheme such as http: and there is no base to resolve it against";
    case UrlProblem::HostMissing: return "the host is missing";
    case UrlProblem::HostInvalidCodePoint: return "the host contains a character that no host may contain";
    case UrlProblem::DomainInvalidCodePoint: return "the domain contains a character that no domain may contain";
    case UrlProblem::DomainToAscii: return "the domain is not a valid international domain name";
    case UrlProblem::Ipv4Invalid: return "the host ends in a number but is not an IPv4 address";
    case UrlProblem::Ipv6Unclosed: return "the IPv6 address has no closing bracket";
    case UrlProblem::Ipv6Invalid: return "the IPv6 address is invalid";
    case UrlProblem::PortInvalid: return "the port is not a number";
    case UrlProblem::PortOutOfRange: return "the port is over 65535";
    case UrlProblem::TooLong: return "it is too long";
  }
  return "it is invalid";
}

UrlError::UrlError(std::string_view input, std::size_t offset, UrlProblem reason)
    : Error(errorText(input, offset, reason)), input(input.substr(0, 200)), offset(offset), reason(reason) {}

Url::Url(std::string_view input) : Url(parse(input)) {}

std::optional<Url> Url::tryParse(std::string_view input) {
  std::optional<Url> url(std::in_place);
  if (!url->assign(input)) url.reset();
  return url;
}

std::optional<Url> Url::tryParse(std::string_view input, const Url& base) {
  std::optional<Url> url(std::in_place);
  if (!url->assign(input, &base)) url.reset();
  return url;
}

namespace {

enum Plain : std::uint8_t { kNotPlain, kPlain, kDot, kQuestion };

// What stays as it is in a path and in a query; a dot may be the beginning of "..", which does not.
constexpr std::array<Plain, 256> kTargetBytes = [] {
  std::array<Plain, 256> table{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~!$&()*+,;=:@/"))
    table[static_cast<unsigned char>(c)] = kPlain;
  table['.'] = kDot;
  table['?'] = kQuestion;
  return table;
}();

// Where the query begins, or the size; npos if the target is to be parsed.
std::size_t queryOfPlainTarget(std::string_view target) noexcept {
  std::size_t query = target.size();
  char before = 0;
  for (std::size_t i = 0; i < target.size(); before = target[i++]) {
    switch (kTargetBytes[static_cast<unsigned char>(target[i])]) {
      case kPlain: break;
      case kDot:
        if (before == '/' && query == target.size()) return std::string_view::npos;
        break;
      case kQuestion:
        if (query == target.size()) query = i;
        break;
      case kNotPlain: return std::string_view::npos;
    }
  }
  return query;
}

}  // namespace

bool Url::assignTarget(const Url& origin, std::string_view target) {
  const std::size_t query = queryOfPlainTarget(target);
  if (query == std::string_view::npos || target.empty() || origin.pathStart_ + target.size() > kMaxLength) {
    std::string whole(origin.slice(0, origin.pathStart_));
    return assign(whole.append(target));
  }
  UrlOffsets::operator=(origin);
  text_.reserve(origin.pathStart_ + target.size());
  text_.assign(origin.text_, 0, origin.pathStart_).append(target);
  queryStart_ = pathStart_ + static_cast<std::uint32_t>(query);
  fragmentStart_ = size();
  return true;
}

std::uint16_t Url::effectivePort() const noexcept { return hasPort_ ? port_ : detail::defaultPort(scheme()); }

bool Url::hasIpHost() const noexcept {
  const std::string_view name = host();
  if (name.empty() || !special_) return name.starts_with('[');
  // A domain whose last label begins with a digit and is a number has been parsed as IPv4, or was refused.
  if (name.front() == '[') return true;
  if (name.back() < '0' || name.back() > '9') return false;
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return last.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string Url::origin() const {
  if (scheme() == "blob") {
    const auto inner = tryParse(path());
    return inner && inner->isHttp() ? inner->origin() : "null";
  }
  if (!special_ || scheme() == "file") return "null";
  std::string text(scheme());
  return text.append("://").append(hostAndPort());
}

bool Url::sameOrigin(const Url& other) const noexcept {
  if (!special_ || scheme() == "file") return false;
  return scheme() == other.scheme() && hostAndPort() == other.hostAndPort();
}

std::string_view Url::registrableDomain() const noexcept {
  return hasIpHost() ? std::string_view() : http::registrableDomain(host());
}

std::string Url::site() const {
  if (!special_ || scheme() == "file") return origin() == "null" ? "null" : Url(path()).site();    // the second: blob:
  const std::string_view domain = registrableDomain();
  std::string text(scheme());
  return text.append("://").append(domain.empty() ? host() : domain);
}

bool Url::sameSite(const Url& other) const noexcept {
  if (!special_ || scheme() == "file" || scheme() != other.scheme()) return false;
  if (host() == other.host()) return true;
  const std::string_view domain = registrableDomain();
  return !domain.empty() && domain == other.registrableDomain();
}

Url Url::withFragmentRemoved() const {
  Url copy = *this;
  copy.text_.resize(fragmentStart_);
  return copy;
}

Url Url::withCredentialsRemoved() const {
  Url copy = *this;
  const std::uint32_t removed = hostStart_ - usernameStart_;
  if (removed == 0) return copy;
  copy.text_.erase(usernameStart_, removed);
  copy.usernameEnd_ = copy.passwordStart_ = copy.hostStart_ = usernameStart_;
  for (std::uint32_t* offset :
       {&copy.hostEnd_, &copy.portEnd_, &copy.pathStart_, &copy.queryStart_, &copy.fragmentStart_})
    *offset -= removed;
  return copy;
}

}  // namespace weft::http
