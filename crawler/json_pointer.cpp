#include <weft/crawler/json_pointer.hpp>

#include <charconv>

namespace weft::crawler {
namespace {

/// Section 4: "~1" is '/', "~0" is '~'.
std::string unescaped(std::string_view pointer, std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    const char next = i + 1 < token.size() ? token[++i] : '\0';
    if (next != '0' && next != '1') throw JsonPointerError(pointer, "'~' stands only before 0 or 1 ('~0' is a '~')");
    out += next == '0' ? '~' : '/';
  }
  return out;
}

const http::Json* element(const http::Json& array, std::string_view token) {
  std::size_t index = 0;
  if (token.size() > 1 && token.front() == '0') return nullptr;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size() || index >= array.size()) return nullptr;
  return &array.array()[index];
}

}  // namespace

const http::Json* findByPointer(const http::Json& document, std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/') throw JsonPointerError(pointer, "must begin with '/', or be empty");
  const http::Json* at = &document;
  std::string_view rest = pointer;
  while (!rest.empty()) {  // to the end in any case, so that what is malformed is always an error
    rest.remove_prefix(1);
    const std::size_t slash = rest.find('/');
    const std::string token = unescaped(pointer, rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    if (at) at = at->isArray() ? element(*at, token) : at->find(token);
  }
  return at;
}

}  // namespace weft::crawler
