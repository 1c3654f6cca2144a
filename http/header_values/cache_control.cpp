#include <weft/http/header_values/cache_control.hpp>

#include <weft/http/internal/field_reader.hpp>

#include <algorithm>

namespace weft::http {
namespace {

std::chrono::seconds ageOf(std::string_view text) noexcept {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(detail::readNumber(text).value_or(0), kMost)));
}

std::vector<std::string> namesOf(std::string_view text) {
  std::vector<std::string> names;
  detail::FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) names.push_back(detail::lowered(reader.until(",")));
  return names;
}

}  // namespace

CacheControl CacheControl::parse(std::string_view text) {
  CacheControl result;
  detail::FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) {
    const std::string name = detail::lowered(reader.token());
    if (name.empty()) {
      reader.skipElement();
      continue;
    }
    std::string value;
    bool hasValue = false;
    reader.skipSpace();
    if (reader.skip('=')) {
      hasValue = true;
      reader.skipSpace();
      value = reader.peek() == '"' ? reader.quotedString() : std::string(reader.until(","));
    }
    reader.skipElement();
    const auto age = [&](std::optional<std::chrono::seconds>& field) {
      if (!field) field = ageOf(value);
    };
    if (name == "no-store") result.noStore = true;
    else if (name == "no-cache") {
      result.noCache = true;
      if (hasValue && result.noCacheFields.empty()) result.noCacheFields = namesOf(value);
    } else if (name == "private") {
      result.isPrivate = true;
      if (hasValue && result.privateFields.empty()) result.privateFields = namesOf(value);
    } else if (name == "no-transform") result.noTransform = true;
    else if (name == "only-if-cached") result.onlyIfCached = true;
    else if (name == "must-revalidate") result.mustRevalidate = true;
    else if (name == "proxy-revalidate") result.proxyRevalidate = true;
    else if (name == "must-understand") result.mustUnderstand = true;
    else if (name == "public") result.isPublic = true;
    else if (name == "immutable") result.immutable = true;
    else if (name == "max-age") age(result.maxAge);
    else if (name == "s-maxage") age(result.sMaxAge);
    else if (name == "min-fresh") age(result.minFresh);
    else if (name == "stale-while-revalidate") age(result.staleWhileRevalidate);
    else if (name == "stale-if-error") age(result.staleIfError);
    else if (name == "max-stale") {
      if (!result.maxStale) result.maxStale = hasValue ? ageOf(value) : std::chrono::seconds::max();
    } else {
      result.extensions.emplace_back(name, std::move(value));
    }
  }
  return result;
}

}  // namespace weft::http
