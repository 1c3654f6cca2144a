#include <weft/crawler/redirect.hpp>

#include <weft/crawler/error.hpp>
#include <weft/defer/errors.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/content_coding/errors.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/response.hpp>
#include <weft/net/error.hpp>

#include <algorithm>
#include <array>

namespace weft::crawler {

namespace {

constexpr std::array<int, 8> kRetryStatuses{408, 429, 500, 502, 503, 504, 522, 524};

}  // namespace

std::optional<Request> redirected(const Response& response, const Settings& settings) {
  const int status = response.status;
  if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) return std::nullopt;
  const auto location = response.headers.get("Location");
  if (!location) return std::nullopt;
  auto target = http::Url::tryParse(*location, response.url);
  if (!target || !target->isHttp()) return std::nullopt;

  const Request& request = response.request();
  if (request.redirectTimes >= settings.redirectMaxTimes) {
    throw IgnoreRequest("more than " + std::to_string(settings.redirectMaxTimes) + " redirects in a row (REDIRECT_MAX_TIMES)");
  }
  Request next(request);
  if (!target->hasFragment() && request.url.hasFragment()) {
    std::string withFragment = target->href();
    withFragment += '#';
    withFragment += request.url.fragment();
    target = http::Url::parse(withFragment);
  }
  const http::Url& from = response.url;
  const bool sameOrigin = target->sameOrigin(from);
  const bool sameHost = target->host() == from.host();
  const bool downgrade = from.scheme() == "https" && target->scheme() == "http";
  const bool toGet = ((status == 301 || status == 302) && request.method() == "POST") ||
                     (status == 303 && request.method() != "GET" && request.method() != "HEAD");
  next.url = std::move(*target);
  if (toGet) {
    next.setMethod("GET").setBody({});
    for (std::string_view name : {"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Location"}) next.removeHeader(name);
  }
  if (!sameOrigin) next.removeHeader("Authorization");
  if (!sameHost || downgrade) next.removeHeader("Cookie");
  next.priority += settings.redirectPriorityAdjust;
  next.retryTimes = 0;
  ++next.redirectTimes;
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
  // What unpacks to more than it may does so again.
  if (const auto* failed = failure.as<http::ResponseFailed>(); failed && failed->reason.check<http::DecodedTooLarge, http::DecompressionRatio>()) return {};
  if (!failure.check<net::Error, http::RequestTimeout, http::ResponseNeverReceived, http::ResponseFailed, TimeoutError>()) return {};
  std::string type = failure.typeName();
  const std::size_t colons = type.rfind("::");
  return colons == std::string::npos ? type : type.substr(colons + 2);
}

}  // namespace weft::crawler
