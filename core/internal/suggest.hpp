// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weft {

/// The word of `known` that `word` was probably meant to be, or "" when none is near: at most one slip (a letter missing, doubled, wrong, or two swapped) for every three
/// letters. Letter case does not count.
std::string_view nearestWord(std::string_view word, std::span<const std::string_view> known);

/// "; did you mean X?", or "" when none is near.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace weft
