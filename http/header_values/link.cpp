#include <weft/http/header_values/link.hpp>

#include <weft/http/internal/field_reader.hpp>

namespace weft::http {

std::optional<std::string_view> Link::parameter(std::string_view name) const noexcept {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return std::nullopt;
}

bool Link::hasRelation(std::string_view relation) const noexcept {
  std::string_view rest = parameter("rel").value_or("");
  while (!rest.empty()) {
    const std::size_t space = rest.find_first_of(" \t");
    if (equalIgnoringCase(rest.substr(0, space), relation)) return true;
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  }
  return false;
}

std::vector<Link> parseLinks(std::string_view text) {
  std::vector<Link> links;
  detail::FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); reader.skip('<'); reader.skipSpaceAndCommas()) {
    const std::string_view target = reader.rest().substr(0, reader.rest().find('>'));
    if (target.size() == reader.rest().size()) break;
    reader.advance(target.size() + 1);
    Link link;
    link.target = trimmed(target);
    for (reader.skipSpace(); reader.skip(';'); reader.skipSpace()) {
      reader.skipSpace();
      std::string name = detail::lowered(reader.until(" \t=;,"));
      reader.skipSpace();
      std::string value;
      if (reader.skip('=')) {
        reader.skipSpace();
        value = reader.peek() == '"' ? reader.quotedString() : std::string(reader.until(";,"));
      }
      if (name.empty()) continue;
      const bool once = name == "rel" || name == "media" || name == "title" || name == "title*" || name == "type" || name == "anchor";
      if (!once || !link.parameter(name)) link.parameters.emplace_back(std::move(name), std::move(value));
    }
    links.push_back(std::move(link));
    reader.skipSpace();
    if (!reader.atEnd() && reader.peek() != ',') break;
  }
  return links;
}

const Link* findLink(const std::vector<Link>& links, std::string_view relation) noexcept {
  for (const Link& link : links)
    if (link.hasRelation(relation)) return &link;
  return nullptr;
}

}  // namespace weft::http
