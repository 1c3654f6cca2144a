// Retry-After.
#pragma once

#include <weft/http/dates.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace weft::http {

/// How long a server wants to be left alone: of seconds, or of a date seen from `now`; at most `longest`, so that no server can send a client away for good, and never
/// negative. nullopt when it is neither. RFC 9110 section 10.2.3.
std::optional<std::chrono::seconds> parseRetryAfter(std::string_view text, Date now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
                                                    std::chrono::seconds longest = std::chrono::hours(1));

}  // namespace weft::http
