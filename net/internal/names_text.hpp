// Names as text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::net::detail {

inline char lowerLetter(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline void lowerName(std::string& name) noexcept {
  for (char& c : name) c = lowerLetter(c);
}

/// Names are equal in any case (RFC 4343).
inline bool equalNames(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lowerLetter(a[i]) != lowerLetter(b[i])) return false;
  return true;
}

}  // namespace weft::net::detail
