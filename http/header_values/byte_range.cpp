#include <weft/http/header_values/byte_range.hpp>

#include <weft/http/internal/field_reader.hpp>

#include <algorithm>
#include <utility>

namespace weft::http {

std::optional<std::pair<std::uint64_t, std::uint64_t>> ByteRange::within(std::uint64_t size) const noexcept {
  if (size == 0) return std::nullopt;
  if (!first) {
    const std::uint64_t count = std::min(last.value_or(0), size);
    if (count == 0) return std::nullopt;
    return std::pair(size - count, size - 1);
  }
  if (*first >= size) return std::nullopt;
  return std::pair(*first, std::min(last.value_or(size - 1), size - 1));
}

std::optional<std::vector<ByteRange>> parseRange(std::string_view text, std::size_t maxRanges) {
  detail::FieldReader reader(text);
  reader.skipSpace();
  if (!equalIgnoringCase(reader.token(), "bytes") || !reader.skip('=')) return std::nullopt;
  std::vector<ByteRange> ranges;
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) {
    const std::string_view range = reader.until(",");
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos || ranges.size() == maxRanges) return std::nullopt;
    const std::string_view before = range.substr(0, dash), after = range.substr(dash + 1);
    const auto first = detail::readNumber(before), last = detail::readNumber(after);
    if ((!first && !before.empty()) || (!last && !after.empty()) || (!first && !last) || (first && last && *first > *last)) return std::nullopt;
    ranges.push_back(!first ? ByteRange::lastBytes(*last) : last ? ByteRange::between(*first, *last) : ByteRange::from(*first));
  }
  if (ranges.empty()) return std::nullopt;
  return ranges;
}

std::string formatRange(const std::vector<ByteRange>& ranges) {
  std::string text = "bytes=";
  for (const ByteRange& range : ranges) {
    if (!text.ends_with('=')) text += ", ";
    if (range.first) text += std::to_string(*range.first);
    text += '-';
    if (range.last) text += std::to_string(*range.last);
  }
  return text;
}

std::optional<ContentRange> ContentRange::parse(std::string_view text) {
  detail::FieldReader reader(text);
  reader.skipSpace();
  if (!equalIgnoringCase(reader.token(), "bytes")) return std::nullopt;
  reader.skipSpace();
  const std::string_view range = reader.until("/");
  if (!reader.skip('/')) return std::nullopt;
  const std::string_view total = trimmed(reader.rest());
  const auto size = detail::readNumber(total);
  if (!size && total != "*") return std::nullopt;
  if (range == "*") return size ? std::optional(unsatisfied(*size)) : std::nullopt;
  const std::size_t dash = std::min(range.find('-'), range.size());
  const auto first = detail::readNumber(range.substr(0, dash)), last = detail::readNumber(range.substr(std::min(dash + 1, range.size())));
  if (!first || !last || *last < *first || *last == UINT64_MAX || (size && *last >= *size)) return std::nullopt;
  return ContentRange(*first, *last, size);
}

std::string ContentRange::toString() const {
  std::string text = "bytes ";
  if (satisfied)
    text.append(std::to_string(first)).append("-").append(std::to_string(last));
  else
    text += '*';
  return text.append("/").append(size ? std::to_string(*size) : "*");
}

}  // namespace weft::http
