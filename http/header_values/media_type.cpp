#include <weft/http/header_values/media_type.hpp>

#include <weft/http/internal/field_reader.hpp>

#include <algorithm>

namespace weft::http {
namespace {

std::string_view withoutSpace(std::string_view text) noexcept {
  const auto isSpace = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Tab, space, and all above but DEL: what a quoted string may hold. (Bytes, so that UTF-8 passes.)
bool isQuotable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) || c == '\t'; });
}

}  // namespace

MediaType::MediaType(std::string_view type, std::string_view subtype) : type(detail::lowered(type)), subtype(detail::lowered(subtype)) {}

std::optional<MediaType> MediaType::parse(std::string_view text) {
  text = withoutSpace(text);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::size_t semicolon = text.find(';', slash);
  const std::string_view type = text.substr(0, slash);
  const std::string_view subtype = withoutSpace(text.substr(slash + 1, semicolon == std::string_view::npos ? semicolon : semicolon - slash - 1));
  if (!isToken(type) || !isToken(subtype)) return std::nullopt;
  MediaType result(type, subtype);
  detail::FieldReader reader(semicolon == std::string_view::npos ? std::string_view() : text.substr(semicolon));
  while (reader.skip(';')) {
    std::string_view rest = reader.rest();
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t' || rest.front() == '\r' || rest.front() == '\n')) rest.remove_prefix(1);
    reader.advance(reader.rest().size() - rest.size());
    const std::string_view name = rest.substr(0, rest.find_first_of(";="));
    reader.advance(name.size());
    if (!reader.skip('=')) continue;
    std::string value;
    if (reader.peek() == '"') {
      value = reader.quotedString();
      reader.advance(std::min(reader.rest().find(';'), reader.rest().size()));
    } else {
      const std::string_view plain = reader.rest().substr(0, reader.rest().find(';'));
      reader.advance(plain.size());
      value = withoutSpace(plain);
      if (value.empty()) continue;
    }
    if (isToken(name) && isQuotable(value) && !result.parameter(name)) result.parameters.emplace_back(detail::lowered(name), std::move(value));
  }
  return result;
}

std::optional<std::string_view> MediaType::parameter(std::string_view name) const noexcept {
  for (const auto& [key, value] : parameters)
    if (equalIgnoringCase(key, name)) return value;
  return std::nullopt;
}

MediaType& MediaType::setParameter(std::string_view name, std::string_view value) {
  if (!isToken(name)) throw HeaderError("Content-Type", "the name of its parameter \"" + std::string(name.substr(0, 80)) + "\" is no token");
  if (!isQuotable(value)) throw HeaderError("Content-Type", "the value of its parameter " + std::string(name) + " contains a control character");
  for (auto& [key, old] : parameters) {
    if (!equalIgnoringCase(key, name)) continue;
    old = value;
    return *this;
  }
  parameters.emplace_back(detail::lowered(name), value);
  return *this;
}

bool MediaType::isXml() const noexcept { return subtype.ends_with("+xml") || (subtype == "xml" && (type == "text" || type == "application")); }
bool MediaType::isJson() const noexcept { return subtype.ends_with("+json") || (subtype == "json" && (type == "text" || type == "application")); }

std::string MediaType::toString() const {
  std::string text = essence();
  for (const auto& [name, value] : parameters) {
    text.append(";").append(name).append("=");
    detail::appendValue(text, value);
  }
  return text;
}

}  // namespace weft::http
