// Values of header fields, and dates: none makes a reader fail, and what was read is written so that it is read again.
#include "fuzz/check.hpp"

#include <weft/http/auth/authenticator.hpp>
#include <weft/http/dates.hpp>
#include <weft/http/header_values/byte_range.hpp>
#include <weft/http/header_values/cache_control.hpp>
#include <weft/http/header_values/challenge.hpp>
#include <weft/http/header_values/content_disposition.hpp>
#include <weft/http/header_values/entity_tag.hpp>
#include <weft/http/header_values/link.hpp>
#include <weft/http/header_values/media_type.hpp>
#include <weft/http/header_values/quality_list.hpp>
#include <weft/http/header_values/retry_after.hpp>

#include <string>
#include <string_view>

using namespace weft::http;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mayBeSent = [](std::string_view value) { Headers().add("A", value); };   // throws otherwise
  if (const auto type = MediaType::parse(text)) {
    mayBeSent(type->toString());
    FUZZ_CHECK(MediaType::parse(type->toString()) == type);
  }
  if (const auto ranges = parseRange(text)) FUZZ_CHECK(parseRange(formatRange(*ranges)) == ranges);
  if (const auto range = ContentRange::parse(text)) FUZZ_CHECK(ContentRange::parse(range->toString()) == range);
  if (const auto tag = EntityTag::parse(text)) {
    mayBeSent(tag->toString());
    FUZZ_CHECK(EntityTag::parse(tag->toString()) == tag);
  }
  EntityTagList::parse(text);
  for (const Link& link : parseLinks(text)) link.hasRelation("next");
  CacheControl::parse(text);
  qualityOf(parseQualityList(text), text);
  const auto challenges = parseChallenges(text);
  Authenticator auth;
  auth.add(Credentials("https://example.com", "u", "p"));
  const Url url("https://example.com/");
  if (auth.challenged(url, challenges, false)) mayBeSent(*auth.authorization(url, "GET", "/"));
  const auto disposition = ContentDisposition::parse(text);
  mayBeSent(disposition.toString());
  const std::string safe = disposition.safeFileName();
  FUZZ_CHECK(safe.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos && !safe.starts_with('.') && safe.size() <= 200);
  const Date now(std::chrono::seconds(1'700'000'000));
  if (const auto date = parseDate(text, now)) FUZZ_CHECK(parseDate(formatDate(*date), now) == date);
  if (const auto date = parseCookieDate(text)) FUZZ_CHECK(parseCookieDate(formatDate(*date)) == date);
  if (const auto delay = parseRetryAfter(text, now)) FUZZ_CHECK(*delay >= std::chrono::seconds(0) && *delay <= std::chrono::hours(1));
  return 0;
}
