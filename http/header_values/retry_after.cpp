#include <weft/http/header_values/retry_after.hpp>

#include <weft/http/internal/field_reader.hpp>

#include <algorithm>

namespace weft::http {

std::optional<std::chrono::seconds> parseRetryAfter(std::string_view text, Date now, std::chrono::seconds longest) {
  text = trimmed(text);
  if (const auto number = detail::readNumber(text)) {
    const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(longest.count(), 0));
    return std::chrono::seconds(static_cast<std::int64_t>(std::min(*number, most)));
  }
  const auto date = parseDate(text, now);
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::duration_cast<std::chrono::seconds>(*date - now), std::chrono::seconds(0), std::max(longest, std::chrono::seconds(0)));
}

}  // namespace weft::http
