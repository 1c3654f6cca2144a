#include <weft/crawler/command/shell_language.hpp>

namespace weft::crawler::command {

namespace {

bool isBlank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }
bool isWord(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::string takeWord(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && isWord(text[length])) ++length;
  const std::string word(text.substr(0, length));
  text.remove_prefix(length);
  return word;
}

// A text in quotes at the beginning; as Python reads it, but for its rarer escapes.
bool takeQuoted(std::string_view& text, std::string& out) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == quote) {
      text.remove_prefix(i + 1);
      return true;
    }
    if (c == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      if (next == quote || next == '\\') c = next, ++i;
      else if (next == 'n') c = '\n', ++i;
      else if (next == 't') c = '\t', ++i;
    }
    out += c;
  }
  return false;
}

// "(...)" at the beginning.
bool takeCall(std::string_view& text, std::string& argument, std::string& problem) {
  text.remove_prefix(1);
  text = trimmed(text);
  const bool raw = text.size() > 1 && text.front() == 'r' && (text[1] == '"' || text[1] == '\'');
  if (raw) text.remove_prefix(1);
  if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
    const char quote = text.front();
    if (raw) {
      const std::size_t end = text.find(quote, 1);
      if (end == std::string_view::npos) return problem = std::string("a ") + quote + " is not closed", false;
      argument = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
    } else if (!takeQuoted(text, argument)) {
      return problem = std::string("a ") + quote + " is not closed", false;
    }
    text = trimmed(text);
    if (text.empty()) return problem = "a ( is not closed", false;
    if (text.front() != ')') return problem = "behind the text in quotes there is \"" + std::string(text) + "\", where ) was expected", false;
    text.remove_prefix(1);
    return true;
  }
  int depth = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth) continue;
    argument = trimmed(text.substr(0, i));
    text.remove_prefix(i + 1);
    return true;
  }
  return problem = "a ( is not closed", false;
}

}  // namespace

ShellLine readShellLine(std::string_view given) {
  ShellLine line;
  std::string_view text = trimmed(given);
  if (text.empty() || text.front() == '#') return line;
  line.word = takeWord(text);
  if (line.word == "response" && text.starts_with('.')) {
    text.remove_prefix(1);
    line.word = takeWord(text);
  } else if (line.word == "request" && text.starts_with('.')) {
    text.remove_prefix(1);
    line.word = "request." + takeWord(text);
  }
  if (line.word.empty()) {
    line.problem = "a line begins with a word, not with \"" + std::string(trimmed(given)).substr(0, 20) + "\"";
    return line;
  }
  if (!text.starts_with('(') && !text.starts_with('.')) {
    line.argument = trimmed(text);
    // css "title::text" means the text that is quoted.
    if (line.argument.size() > 1 && (line.argument.front() == '"' || line.argument.front() == '\'')) {
      std::string_view rest = line.argument;
      std::string inner;
      if (takeQuoted(rest, inner) && rest.empty()) line.argument = std::move(inner);
    }
    return line;
  }
  if (text.starts_with('(') && !takeCall(text, line.argument, line.problem)) return line;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    if (!text.starts_with('.')) {
      line.problem = "\"" + std::string(text) + "\" cannot be read";
      return line;
    }
    text.remove_prefix(1);
    auto& [word, argument] = line.then.emplace_back();
    word = takeWord(text);
    if (text.starts_with('(') && !takeCall(text, argument, line.problem)) return line;
  }
  return line;
}

}  // namespace weft::crawler::command
