// Lists of words, as in class="a b".
#pragma once

#include <weft/crawler/html/internal/scan.hpp>

#include <string_view>

namespace weft::html::internal {

/// Whether one of the words of `list`, separated by white space, is `word`.
inline bool hasWord(std::string_view list, std::string_view word) noexcept {
  if (word.empty()) return false;
  for (std::size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || isSpace(list[at - 1])) && (end == list.size() || isSpace(list[end]))) return true;
  }
  return false;
}

}  // namespace weft::html::internal
