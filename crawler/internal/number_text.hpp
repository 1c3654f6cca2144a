// Numbers as people read them.
#pragma once

#include <cstddef>
#include <string>

namespace weft::crawler {

/// 12345 -> "12,345".
template <class Number> std::string grouped(Number number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace weft::crawler
