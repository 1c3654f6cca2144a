// Ranges of bytes: the fields Range and Content-Range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// A part of a representation, as it is asked for. RFC 9110 section 14.1.2.
class ByteRange {
 public:
  ByteRange() = default;
  static ByteRange from(std::uint64_t first) { return ByteRange(first, std::nullopt); }                               ///< "500-"
  static ByteRange between(std::uint64_t first, std::uint64_t last) { return ByteRange(first, last); }                ///< "0-499": both ends belong to it
  static ByteRange lastBytes(std::uint64_t count) { return ByteRange(std::nullopt, count); }                          ///< "-500"

  std::optional<std::uint64_t> first;    ///< none: the last `last` bytes
  std::optional<std::uint64_t> last;

  /// Where it lies in a representation of `size` bytes, both ends included; nullopt when it lies outside.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> within(std::uint64_t size) const noexcept;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;

 private:
  ByteRange(std::optional<std::uint64_t> first, std::optional<std::uint64_t> last) : first(first), last(last) {}
};

/// The ranges of a Range field. nullopt for another unit than bytes, for anything malformed and for more than `maxRanges`: such a field is ignored, and the whole is
/// sent (RFC 9110 section 14.2).
std::optional<std::vector<ByteRange>> parseRange(std::string_view text, std::size_t maxRanges = 16);
/// "bytes=0-499, -500". RFC 9110 section 14.2.
std::string formatRange(const std::vector<ByteRange>& ranges);
inline std::string formatRange(const ByteRange& range) { return formatRange(std::vector<ByteRange>{range}); }

/// The value of a Content-Range field: which bytes these are, and of how many. RFC 9110 section 14.4.
class ContentRange {
 public:
  ContentRange() = default;
  ContentRange(std::uint64_t first, std::uint64_t last, std::optional<std::uint64_t> size) : first(first), last(last), size(size), satisfied(true) {}
  /// With status 416: "bytes */1234".
  static ContentRange unsatisfied(std::uint64_t size) {
    ContentRange range;
    range.size = size;
    return range;
  }

  std::uint64_t first = 0;
  std::uint64_t last = 0;                ///< included
  std::optional<std::uint64_t> size;     ///< of the whole; none: unknown
  bool satisfied = false;                ///< false: there is no such range, only the size counts

  std::uint64_t length() const noexcept { return satisfied ? last - first + 1 : 0; }

  /// nullopt when it is malformed, of another unit, ends before it begins, or does not fit into the size.
  static std::optional<ContentRange> parse(std::string_view text);
  std::string toString() const;

  friend bool operator==(const ContentRange&, const ContentRange&) = default;
};

}  // namespace weft::http
