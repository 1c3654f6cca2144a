// The indexes of the WHATWG Encoding standard: from the number of a character in its encoding to its code point.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::http::detail {

enum class Codec : std::uint8_t { Utf8, Utf16Le, Utf16Be, SingleByte, Big5, EucJp, EucKr, Gb18030, Iso2022Jp, ShiftJis, Replacement, UserDefined };

struct EncodingInfo {
  std::string_view name;
  Codec codec;
  const char* converter;             // ICU's, of a single-byte encoding; nullptr where there is none
};

/// By its name in lower case, as encodingForLabel() gives it; nullptr when there is none.
const EncodingInfo* findEncoding(std::string_view name) noexcept;

/// Code points by pointer; 0 where there is none. Made at the first use from ICU's converters, in 1 to 4 ms, and kept; thread-safe.
using EncodingIndex = std::vector<char32_t>;
const EncodingIndex& big5Index();
const EncodingIndex& eucKrIndex();
const EncodingIndex& gb18030Index();
const EncodingIndex& jis0208Index();
const EncodingIndex& jis0212Index();

/// The code points of the bytes 0x80 to 0xFF; 0 where there is none.
using SingleByteIndex = std::array<char16_t, 128>;
const SingleByteIndex& singleByteIndex(const EncodingInfo& encoding);

/// The code point of a four-byte sequence of gb18030. WHATWG Encoding section 5, "index gb18030 ranges code point".
std::optional<char32_t> gb18030RangesCodePoint(std::uint32_t pointer) noexcept;

}  // namespace weft::http::detail
