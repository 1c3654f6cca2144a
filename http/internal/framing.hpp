// What a head says of the length of a body.
#pragma once

#include <weft/http/headers.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::http::detail {

/// A response with this status has none. RFC 9110 section 6.4.1.
constexpr bool hasNoBody(int status) noexcept { return status < 200 || status == 204 || status == 304; }
/// A request without a body says so, where its method lets one expect it. RFC 9110 section 8.6.
constexpr bool takesABody(std::string_view method) noexcept { return method == "POST" || method == "PUT" || method == "PATCH"; }
/// Content-Length, where it is there and a number.
std::optional<std::uint64_t> contentLengthOf(const Headers& headers) noexcept;

}  // namespace weft::http::detail
