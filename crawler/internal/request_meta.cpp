#include <weft/crawler/internal/request_meta.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/referrer_policy.hpp>
#include <weft/http/client/proxy_settings.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace weft::crawler::internal {

namespace {

enum class Takes { kFlag, kSeconds, kBytes, kCount, kWhole, kLogLevel, kReferrerPolicy, kProxy };
struct Key {
  std::string_view name;
  Takes takes;
};
constexpr Key kKeys[] = {
    {"allow_offsite", Takes::kFlag},       {"depth_reset", Takes::kFlag},         {"dont_cache", Takes::kFlag},
    {"dont_merge_cookies", Takes::kFlag},
    {"dont_obey_robotstxt", Takes::kFlag}, {"download_maxsize", Takes::kBytes},   {"download_timeout", Takes::kSeconds},
    {"give_up_log_level", Takes::kLogLevel}, {"max_retry_times", Takes::kCount},  {"priority_adjust", Takes::kWhole},
    {"proxy", Takes::kProxy},              {"referrer_policy", Takes::kReferrerPolicy}, {"truncate_body", Takes::kBytes},
};

struct Field {
  std::string_view name, instead;
};
constexpr Field kFields[] = {
    {"depth", "depth, which the engine sets"},
    {"dont_redirect", "dontRedirect"},
    {"dont_retry", "dontRetry"},
    {"handle_httpstatus_all", "handleHttpstatusAll"},
    {"handle_httpstatus_list", "setHandleHttpstatusList()"},
    {"is_start_request", "isStartRequest, which the engine sets"},
    {"redirect_times", "redirectTimes, which the engine sets"},
    {"retry_times", "retryTimes, which the engine sets"},
};

std::optional<bool> flagOf(std::string_view value) noexcept {
  for (std::string_view yes : {"true", "True", "1", "yes"})
    if (value == yes) return true;
  for (std::string_view no : {"false", "False", "0", "no", ""})
    if (value == no) return false;
  return std::nullopt;
}

std::optional<double> numberOf(std::string_view value) noexcept {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

bool isProxy(std::string_view value) {
  if (value.empty() || value == "none") return true;
  try {
    http::ProxySettings().all(value);
    return true;
  } catch (const http::ProxySettingsError&) {
    return false;
  }
}

std::string_view problemOf(Takes takes, std::string_view value) {
  const auto number = takes == Takes::kFlag ? std::nullopt : numberOf(value);
  const bool whole = number && *number == std::trunc(*number) && std::abs(*number) < 1e15;
  switch (takes) {
    case Takes::kFlag: return flagOf(value) ? "" : "true or false";
    case Takes::kSeconds: return number && *number > 0 ? "" : "a number of seconds above 0";
    case Takes::kBytes: return whole && *number > 0 ? "" : "a whole number of bytes above 0";
    case Takes::kCount: return whole && *number >= 0 && *number <= 65535 ? "" : "a whole number from 0 to 65535";
    case Takes::kWhole: return whole && std::abs(*number) <= 1e9 ? "" : "a whole number";
    case Takes::kLogLevel: return logLevelFromName(value) ? "" : "CRITICAL, ERROR, WARNING, INFO or DEBUG";
    case Takes::kProxy: return isProxy(value) ? "" : "a proxy such as http://127.0.0.1:3128 or socks5h://127.0.0.1, or none";
    case Takes::kReferrerPolicy: return parseReferrerPolicy(value) ? "" : "a referrer policy: no-referrer, same-origin, strict-origin, ...";
  }
  return "";
}

}  // namespace

void checkMeta(std::string_view key, std::string_view value) {
  const auto field = std::find_if(std::begin(kFields), std::end(kFields), [key](const Field& f) { return f.name == key; });
  if (field != std::end(kFields)) throw RequestError("the meta key " + std::string(key) + " is a field of Request: use " + std::string(field->instead));
  const auto known = std::find_if(std::begin(kKeys), std::end(kKeys), [key](const Key& k) { return k.name == key; });
  if (known == std::end(kKeys)) return;
  if (const std::string_view wanted = problemOf(known->takes, value); !wanted.empty())
    throw RequestError("the meta key " + std::string(key) + " must be " + std::string(wanted) + ", not \"" + std::string(value.substr(0, 100)) + "\"");
}

bool metaFlag(const Request& request, std::string_view key) noexcept {
  const std::string_view value = request.meta(key);
  return !value.empty() && flagOf(value).value_or(false);
}

std::optional<double> metaNumber(const Request& request, std::string_view key) noexcept { return numberOf(request.meta(key)); }

}  // namespace weft::crawler::internal
