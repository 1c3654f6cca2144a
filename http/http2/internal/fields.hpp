// Which fields of HTTP/1 have no place in HTTP/2.
#pragma once

#include <weft/http/headers.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace weft::http::detail {

/// Does the field speak of one connection of HTTP/1? RFC 9113 section 8.2.2; TE may say one thing only.
inline bool isOfHttp1(const HeaderField& field) noexcept {
  constexpr std::array<std::string_view, 6> names{"Connection", "HTTP2-Settings", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"};
  if (equalIgnoringCase(field.name, "TE")) return !equalIgnoringCase(field.value, "trailers");
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return equalIgnoringCase(field.name, name); });
}

}  // namespace weft::http::detail
