#include <weft/http/header_values/challenge.hpp>

#include <weft/http/internal/field_reader.hpp>

namespace weft::http {
namespace {

// token68 of RFC 9110 section 11.2, where it ends an element; else nothing.
std::string_view token68At(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && (isToken(text.substr(size, 1)) || text[size] == '/')) ++size;
  while (size < text.size() && text[size] == '=') ++size;
  std::string_view after = text.substr(size);
  while (!after.empty() && (after.front() == ' ' || after.front() == '\t')) after.remove_prefix(1);
  return size > 0 && (after.empty() || after.front() == ',') ? text.substr(0, size) : std::string_view();
}

}  // namespace

std::optional<std::string_view> Challenge::parameter(std::string_view name) const noexcept {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<Challenge> parseChallenges(std::string_view text) {
  std::vector<Challenge> challenges;
  detail::FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) {
    const std::string_view word = reader.token();
    const bool space = reader.peek() == ' ' || reader.peek() == '\t';
    reader.skipSpace();
    if (word.empty()) {
      reader.skipElement();
    } else if (reader.peek() == '=') {                   // a parameter of the challenge that is open
      reader.skip('=');
      reader.skipSpace();
      std::string value = reader.peek() == '"' ? reader.quotedString() : std::string(reader.until(" \t,"));
      std::string name = detail::lowered(word);
      if (!challenges.empty() && !challenges.back().parameter(name)) challenges.back().parameters.emplace_back(std::move(name), std::move(value));
      reader.skipElement();
    } else if (reader.atEnd() || reader.peek() == ',') { // a scheme alone
      challenges.emplace_back().scheme = detail::lowered(word);
    } else if (space) {
      Challenge& challenge = challenges.emplace_back();
      challenge.scheme = detail::lowered(word);
      if (const std::string_view token = token68At(reader.rest()); !token.empty()) {
        challenge.token68 = token;
        reader.advance(token.size());
      }
    } else {
      reader.skipElement();
    }
  }
  return challenges;
}

}  // namespace weft::http
