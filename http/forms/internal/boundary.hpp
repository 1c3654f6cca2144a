// What may part the parts of a form: RFC 2046 section 5.1.1.
#pragma once

#include <string_view>

namespace weft::http::detail {

inline bool isBoundary(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 70 && !text.ends_with(' ') &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=? ") == std::string_view::npos;
}

}  // namespace weft::http::detail
