// A value in quotes, as header fields have it: quoted-string of RFC 9110 section 5.6.4.
#pragma once

#include <weft/core/internal/text.hpp>

#include <string>
#include <string_view>

namespace weft::http::detail {

/// Control characters, which no field's value may carry, are left out.
inline void appendQuotedString(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (weft::detail::isControl(c)) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace weft::http::detail
