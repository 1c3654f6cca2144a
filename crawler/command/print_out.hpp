// What a command prints that is its outcome.
#pragma once

#include <string_view>

namespace weft::crawler::command {

/// Writes it to the standard output, all of it. Gives the exit code: kComplete, or, where it cannot be written (a full disk), kStartError, with a line that says why.
int printOut(std::string_view text);

}  // namespace weft::crawler::command
