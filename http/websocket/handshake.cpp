#include <weft/http/websocket/internal/handshake.hpp>

#include <weft/http/base64.hpp>
#include <weft/http/internal/field_reader.hpp>
#include <weft/net/digest.hpp>

#include <algorithm>

namespace weft::http::detail {

std::string acceptOf(std::string_view key) {
  constexpr std::string_view kOfTheStandard = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return base64Encode(net::digest(net::DigestKind::Sha1, std::string(key).append(kOfTheStandard)));
}

std::string newWebSocketKey() { return base64Encode(net::randomBytes(16)); }

bool isWebSocketKey(std::string_view key) {
  const auto bytes = key.size() == 24 ? base64Decode(key) : std::nullopt;
  return bytes && bytes->size() == 16;
}

std::optional<std::vector<std::string>> parseSubprotocols(std::string_view text) {
  std::vector<std::string> names;
  FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) {
    std::string name(reader.token());
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return std::nullopt;
    names.push_back(std::move(name));
    reader.skipSpace();
    if (!reader.atEnd() && reader.peek() != ',') return std::nullopt;
  }
  return names;
}

}  // namespace weft::http::detail
