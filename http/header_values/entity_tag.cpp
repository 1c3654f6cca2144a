#include <weft/http/header_values/entity_tag.hpp>

#include <weft/http/internal/field_reader.hpp>

#include <algorithm>

namespace weft::http {
namespace {

// etagc of RFC 9110 section 8.8.3: visible characters but the quote, and bytes over 0x7F.
bool isTag(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != '"' && byte != 0x7F;
  });
}

std::optional<EntityTag> readTag(detail::FieldReader& reader) {
  EntityTag result;
  if (reader.rest().starts_with("W/")) {
    result.weak = true;
    reader.advance(2);
  }
  if (!reader.skip('"')) return std::nullopt;
  const std::string_view tag = reader.rest().substr(0, reader.rest().find('"'));
  if (tag.size() == reader.rest().size() || !isTag(tag)) return std::nullopt;
  reader.advance(tag.size() + 1);
  result.tag = tag;
  return result;
}

}  // namespace

EntityTag::EntityTag(std::string_view tag, bool weak) : tag(tag), weak(weak) {
  if (!isTag(tag)) throw HeaderError("ETag", "its tag contains a character that no entity tag may contain");
}

std::optional<EntityTag> EntityTag::parse(std::string_view text) {
  detail::FieldReader reader(trimmed(text));
  auto tag = readTag(reader);
  if (!reader.atEnd()) return std::nullopt;
  return tag;
}

EntityTagList EntityTagList::parse(std::string_view text) {
  EntityTagList list;
  if (trimmed(text) == "*") {
    list.any = true;
    return list;
  }
  detail::FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) {
    auto tag = readTag(reader);
    if (!tag) break;
    list.tags.push_back(std::move(*tag));
  }
  return list;
}

bool EntityTagList::matchesStrongly(const EntityTag& tag) const noexcept {
  return any || std::any_of(tags.begin(), tags.end(), [&tag](const EntityTag& one) { return one.matchesStrongly(tag); });
}

bool EntityTagList::matchesWeakly(const EntityTag& tag) const noexcept {
  return any || std::any_of(tags.begin(), tags.end(), [&tag](const EntityTag& one) { return one.matchesWeakly(tag); });
}

Precondition evaluatePreconditions(const Headers& request, std::string_view method, const std::optional<EntityTag>& tag, std::optional<Date> lastModified) {
  const bool safe = method == "GET" || method == "HEAD";
  if (request.has("If-Match")) {
    const auto list = EntityTagList::parse(request.getCombined("If-Match"));
    if (!(tag ? list.matchesStrongly(*tag) : list.any)) return Precondition::Failed;
  } else if (const auto since = parseDate(request.get("If-Unmodified-Since", "")); since && lastModified && *lastModified > *since) {
    return Precondition::Failed;
  }
  if (request.has("If-None-Match")) {
    const auto list = EntityTagList::parse(request.getCombined("If-None-Match"));
    if (tag ? list.matchesWeakly(*tag) : list.any) return safe ? Precondition::NotModified : Precondition::Failed;
  } else if (safe) {
    if (const auto since = parseDate(request.get("If-Modified-Since", "")); since && lastModified && *lastModified <= *since) return Precondition::NotModified;
  }
  return Precondition::Proceed;
}

bool rangeApplies(const Headers& request, const std::optional<EntityTag>& tag, std::optional<Date> lastModified) {
  const auto value = request.get("If-Range");
  if (!value) return true;
  if (const auto wanted = EntityTag::parse(*value)) return tag && wanted->matchesStrongly(*tag);
  const auto date = parseDate(*value);
  return date && lastModified && *date == *lastModified;
}

}  // namespace weft::http
