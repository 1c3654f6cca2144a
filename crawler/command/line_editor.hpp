// LineEditor: lines that are typed at a terminal.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace weft::crawler::command {

/// Prompts, edits, completes words at the Tab key and keeps a history in a file, where weft was built with libedit; else the terminal's own line discipline edits. One at a time.
class LineEditor {
 public:
  /// Completes the first word of a line with these.
  LineEditor(std::vector<std::string> words, std::string historyFile);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  /// A line without its end; nothing at the end of the input (Ctrl-D). Ctrl-C gives an empty line.
  std::optional<std::string> read(const char* prompt);
};

/// $XDG_STATE_HOME/weft/NAME, or ~/.local/state/weft/NAME, with the folders above it; "" where there is no home.
std::string stateFile(const std::string& name);

}  // namespace weft::crawler::command
