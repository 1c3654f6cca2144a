// WebSocketMessage: what travels over a WebSocket.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace weft::http {

/// Text is UTF-8, and checked; binary is any bytes. RFC 6455 section 5.6.
enum class WebSocketKind : std::uint8_t { Text = 1, Binary = 2 };

/// One message, whole.
class WebSocketMessage {
 public:
  WebSocketMessage() = default;
  explicit WebSocketMessage(std::string data, WebSocketKind kind = WebSocketKind::Text) : data(std::move(data)), kind(kind) {}

  std::string data;
  WebSocketKind kind = WebSocketKind::Text;

  bool isText() const noexcept { return kind == WebSocketKind::Text; }
  bool operator==(const WebSocketMessage&) const = default;
};

}  // namespace weft::http
