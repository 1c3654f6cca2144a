// Character references by name: &amp; and its 2230 siblings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::html {

/// One row of the table in section 13.5 of the HTML standard. `name` has no ampersand, and ends with a semicolon unless
/// the reference is also known without one. `second` is 0 for all but the few that stand for two code points.
struct NamedReference {
  std::string_view name;
  char32_t first, second;
};

inline constexpr std::size_t kNamedReferenceCount = 2231;
inline constexpr std::size_t kLongestReferenceName = 32;  // CounterClockwiseContourIntegral;

extern const NamedReference kNamedReferences[kNamedReferenceCount];  // sorted by the bytes of the name

/// The longest row whose name is a prefix of `text` (what follows the ampersand), or null.
const NamedReference* findNamedReference(std::string_view text) noexcept;

/// The code point that a numeric reference to `number` means (section 13.2.5.80): windows-1252 for 0x80 to 0x9F, U+FFFD
/// for what is none.
char32_t numericReference(std::uint32_t number) noexcept;

}  // namespace weft::html
