// Dates of HTTP.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// Seconds since 1970 in UTC: what HTTP counts in. Unlike system_clock's nanoseconds it reaches beyond the year 2262, and cookies like the year 9999.
using Date = std::chrono::sys_seconds;

/// "Sun, 06 Nov 1994 08:49:37 GMT": IMF-fixdate, the form that is sent. Years from 0 to 9999; others are cut to these. RFC 9110 section 5.6.7.
std::string formatDate(Date time);
inline std::string formatDate(std::chrono::system_clock::time_point time) { return formatDate(std::chrono::floor<std::chrono::seconds>(time)); }

/// The date of a field such as Last-Modified, in any of the three forms that a recipient must read: IMF-fixdate, RFC 850's and asctime's. Case and the name of
/// the day do not matter; a leap second counts as the second before it. nullopt for anything else. A year of two digits (RFC 850's) that would lie more than 50
/// years after `now` is a hundred years earlier. RFC 9110 section 5.6.7.
std::optional<Date> parseDate(std::string_view text, Date now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));

/// The date of a cookie's Expires attribute, which may be written in nearly any way. nullopt when no date is to be found in it. RFC 6265bis section 5.1.1.
std::optional<Date> parseCookieDate(std::string_view text) noexcept;

}  // namespace weft::http
