#include <weft/crawler/command/scaffold.hpp>

#include <weft/core/internal/text.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace weft::crawler::command {

namespace {

using weft::detail::isDigit, weft::detail::isLetter;

void replaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
}

// Within quotes of C++.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void requireName(std::string_view what, std::string_view name) {
  bool good = !name.empty() && isLetter(name.front());
  for (char c : name) good = good && (isLetter(c) || isDigit(c) || c == '_');
  if (good && name.size() <= 64) return;
  throw ScaffoldError("\"" + std::string(name) + "\" cannot be the name of a " + std::string(what) + ": it must be a letter, and then letters, digits and underscores (64 at the most)");
}

std::string className(std::string_view name) {
  std::string out;
  bool upper = true;
  for (char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

std::string fillTemplate(std::string_view text, std::string_view name, const http::Url* url) {
  std::string out(text);
  replaceAll(out, "Template", className(name));
  replaceAll(out, "template_name", name);
  if (url) {
    replaceAll(out, "https://template.example/", "\x01");   // what a user wrote is not searched
    replaceAll(out, "template.example", url->host());
    replaceAll(out, "\x01", escaped(url->href()));
  }
  return out;
}

void writeNewFile(const std::string& path, std::string_view text) {
  const auto fail = [&path](int code) { throw ScaffoldError("cannot write " + path + ": " + std::generic_category().message(code)); };
  std::error_code trouble;
  if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty()) std::filesystem::create_directories(folder, trouble);
  if (trouble) fail(trouble.value());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) throw ScaffoldError(path + " is there already; nothing was changed (choose another name, or remove it)");
  if (file < 0) fail(errno);
  int code = 0;
  for (std::string_view rest = text; !rest.empty() && !code;) {
    const ssize_t put = ::write(file, rest.data(), rest.size());
    if (put >= 0) rest.remove_prefix(static_cast<std::size_t>(put));
    else if (errno != EINTR) code = errno;
  }
  if (::close(file) != 0 && !code) code = errno;
  if (!code) return;
  ::unlink(path.c_str());                              // no half of a file
  fail(code);
}

}  // namespace weft::crawler::command
