// Base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// With padding. RFC 4648 section 4.
std::string base64Encode(std::string_view bytes);
/// nullopt for a character that is none of base64's, and for a length that none can have. Padding may be missing. RFC 4648 section 4.
std::optional<std::string> base64Decode(std::string_view text);

}  // namespace weft::http
