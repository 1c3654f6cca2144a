#include <weft/crawler/redirect.hpp>

#include <weft/crawler/error.hpp>
#include <weft/crawler/html/link_scanner.hpp>
#include <weft/crawler/internal/error_name.hpp>
#include <weft/defer/errors.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/content_coding/errors.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/response.hpp>
#include <weft/net/address_guard.hpp>
#include <weft/net/error.hpp>

#include <algorithm>
#include <array>

namespace weft::crawler {

namespace {

constexpr std::array<int, 8> kRetryStatuses{408, 429, 500, 502, 503, 504, 522, 524};
constexpr std::size_t kRefreshWithin = 4096;

// The request that led here, on its way to `target`.
Request onwards(const Response& response, http::Url target, const Settings& settings) {
  const Request& request = response.request();
  if (request.redirectTimes >= settings.redirectMaxTimes) {
    throw IgnoreRequest("more than " + std::to_string(settings.redirectMaxTimes) + " redirects in a row (REDIRECT_MAX_TIMES)");
  }
  Request next(request);
  const http::Url& from = response.url;
  if (!target.sameOrigin(from)) next.removeHeader("Authorization");
  if (target.host() != from.host() || (from.scheme() == "https" && target.scheme() == "http")) next.removeHeader("Cookie");
  next.removeHeader("Referer").clearCookies();
  next.url = std::move(target);
  next.priority += settings.redirectPriorityAdjust;
  next.retryTimes = 0;
  next.isStartRequest = false;                         // it was not named by who started the crawl
  ++next.redirectTimes;
  return next;
}

void makeGet(Request& request) {
  request.setMethod("GET").setBody({});
  for (std::string_view name : {"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Location"}) request.removeHeader(name);
}

bool startsTag(std::string_view text, std::string_view name) noexcept {
  if (text.size() <= name.size() || !http::equalIgnoringCase(text.substr(0, name.size()), name)) return false;
  const char next = text[name.size()];
  return next == '>' || next == '/' || next == ' ' || next == '\t' || next == '\n' || next == '\r' || next == '\f';
}

bool mayRefresh(std::string_view head) noexcept {
  for (std::size_t at = head.find('<'); at != std::string_view::npos; at = head.find('<', at + 1)) {
    if (!startsTag(head.substr(at + 1), "meta")) continue;
    const std::string_view tag = head.substr(at, head.find('>', at) - at);
    for (std::size_t i = 5; i + 7 <= tag.size(); ++i)
      if (http::equalIgnoringCase(tag.substr(i, 7), "refresh")) return true;
  }
  return false;
}

// Without the elements of this name, each up to its first end tag.
std::string withoutElements(std::string_view html, std::string_view name) {
  std::string out;
  for (;;) {
    std::size_t begin = html.find('<');
    while (begin != std::string_view::npos && !startsTag(html.substr(begin + 1), name)) begin = html.find('<', begin + 1);
    out += html.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    std::size_t end = html.find("</", begin);
    while (end != std::string_view::npos && !startsTag(html.substr(end + 2), name)) end = html.find("</", end + 1);
    if (end == std::string_view::npos) return out;
    const std::size_t close = html.find('>', end);
    if (close == std::string_view::npos) return out;
    html.remove_prefix(close + 1);
  }
}

// The first refresh of a page.
struct Refresh final : html::LinkVisitor {
  void link(const html::ScannedLink& link) override {
    if (link.kind != html::ScannedLink::Kind::kRefresh || !href.empty()) return;
    href = link.href;
    delay = link.delay;
  }
  std::string href;
  double delay = 0;
};

}  // namespace

std::optional<Request> redirected(const Response& response, const Settings& settings) {
  const int status = response.status;
  if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) return std::nullopt;
  const auto location = response.headers.get("Location");
  if (!location) return std::nullopt;
  auto target = http::Url::tryParse(*location, response.url);
  if (!target || !target->isHttp()) return std::nullopt;

  const Request& request = response.request();
  if (!target->hasFragment() && request.url.hasFragment()) {
    std::string withFragment = target->href();
    withFragment += '#';
    withFragment += request.url.fragment();
    target = http::Url::parse(withFragment);
  }
  const bool toGet = ((status == 301 || status == 302) && request.method() == "POST") ||
                     (status == 303 && request.method() != "GET" && request.method() != "HEAD");
  Request next = onwards(response, std::move(*target), settings);
  if (toGet) makeGet(next);
  return next;
}

std::optional<Request> metaRefreshed(const Response& response, const Settings& settings) {
  if (!response.isHtml() || response.request().method() == "HEAD") return std::nullopt;
  const std::string_view text = response.text();
  std::size_t size = std::min(text.size(), kRefreshWithin);
  if (!mayRefresh(text.substr(0, size))) return std::nullopt;
  std::string head(text, 0, size);
  for (std::string_view rest = settings.metarefreshIgnoreTags; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (const std::string_view name = http::trimmed(rest.substr(0, comma)); !name.empty()) head = withoutElements(head, name);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  Refresh refresh;
  html::LinkScanner scanner(refresh);
  scanner.feed(head);
  scanner.finish();
  if (refresh.href.empty() || refresh.delay >= settings.metarefreshMaxdelay) return std::nullopt;
  const auto base = scanner.base().empty() ? std::nullopt : http::Url::tryParse(scanner.base(), response.url);
  auto target = http::Url::tryParse(refresh.href, base && base->isHttp() ? *base : response.url);
  if (!target || !target->isHttp()) return std::nullopt;
  Request next = onwards(response, std::move(*target), settings);
  makeGet(next);
  return next;
}

std::string retryReason(const Response& response) {
  if (std::find(kRetryStatuses.begin(), kRetryStatuses.end(), response.status) == kRetryStatuses.end()) return {};
  std::string reason = std::to_string(response.status);
  if (const std::string_view phrase = http::reasonPhrase(response.status); !phrase.empty()) {
    reason += ' ';
    reason += phrase;
  }
  return reason;
}

std::string retryReason(const Failure& failure) {
  if (failure.check<net::AddressRefused>()) return {};
  // What unpacks to more than it may does so again.
  if (const auto* failed = failure.as<http::ResponseFailed>(); failed && failed->reason.check<http::DecodedTooLarge, http::DecompressionRatio>()) return {};
  if (!failure.check<net::Error, http::RequestTimeout, http::ResponseNeverReceived, http::ResponseFailed, TimeoutError>()) return {};
  return errorName(failure);
}

}  // namespace weft::crawler
