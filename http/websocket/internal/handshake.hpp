// What both sides of the opening handshake compute. RFC 6455 section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http::detail {

constexpr std::string_view kWebSocketVersion = "13";

/// The field Sec-WebSocket-Accept that goes with a key.
std::string acceptOf(std::string_view key);
/// 16 random bytes in base64.
std::string newWebSocketKey();
/// 16 bytes in base64?
bool isWebSocketKey(std::string_view key);
/// The tokens of Sec-WebSocket-Protocol, in order. nullopt: not a list of tokens, or one that names a protocol twice.
std::optional<std::vector<std::string>> parseSubprotocols(std::string_view text);

}  // namespace weft::http::detail
