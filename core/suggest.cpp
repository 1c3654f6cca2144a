#include <weft/core/internal/suggest.hpp>

#include <weft/core/internal/text.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace weft {

namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1 each.
std::size_t slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = detail::lower(a[i - 1]) == detail::lower(b[j - 1]);
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && detail::lower(a[i - 1]) == detail::lower(b[j - 2]) && detail::lower(a[i - 2]) == detail::lower(b[j - 1])) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(previous);
    previous.swap(row);
  }
  return previous[b.size()];
}

}  // namespace

std::string_view nearestWord(std::string_view word, std::span<const std::string_view> known) {
  std::string_view nearest;
  if (word.empty() || word.size() > 100) return nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : known) {
    std::size_t distance = slips(word, candidate);
    // The beginning of a long name will do as well, with one slip less to spare.
    for (std::size_t size = word.size(); word.size() >= 4 && size <= word.size() + 1 && size < candidate.size(); ++size) {
      distance = std::min(distance, slips(word, candidate.substr(0, size)) + 1);
    }
    if (distance < least && distance < candidate.size()) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view nearest = nearestWord(word, known);
  return nearest.empty() ? std::string() : "; did you mean " + std::string(nearest) + "?";
}

}  // namespace weft
