// Lists of words, as in class="a b", and ranges of languages.
#pragma once

#include <weft/crawler/html/internal/scan.hpp>

#include <algorithm>
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

/// RFC 4647, section 3.3.2, extended filtering: "de-de" takes in "de-latn-de", and "*-ch" all of Switzerland's.
inline bool inLanguageRange(std::string_view lang, std::string_view range) noexcept {
  const auto next = [](std::string_view& rest) {
    const std::string_view tag = rest.substr(0, rest.find('-'));
    rest.remove_prefix(std::min(rest.size(), tag.size() + 1));
    return tag;
  };
  const std::string_view first = next(range), own = next(lang);
  if (own.empty() || (first != "*" && first != own)) return false;
  while (!range.empty()) {
    const std::string_view wanted = next(range);
    if (wanted == "*") continue;
    for (;;) {
      if (lang.empty()) return false;
      const std::string_view tag = next(lang);
      if (tag == wanted) break;
      if (tag.size() == 1) return false;
    }
  }
  return true;
}

}  // namespace weft::html::internal
