// Frames as the tests write them, right ones and wrong ones.
#pragma once

#include <weft/http/websocket/errors.hpp>
#include <weft/http/websocket/internal/message_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::test {

/// One frame. `first` is its first byte: 0x81 is a whole text, 0x01 the first piece of one, 0x80 a last piece, 0xC1 a compressed text, 0x88 Close, 0x89 Ping, 0x8A Pong.
inline std::string frame(int first, std::string_view payload, bool masked = true) {
  std::string bytes(1, static_cast<char>(first));
  const char mask = masked ? '\x80' : '\0';
  const std::size_t size = payload.size();
  if (size < 126) {
    bytes += static_cast<char>(mask | static_cast<char>(size));
  } else if (size <= 0xFFFF) {
    bytes += static_cast<char>(mask | 126);
    bytes += static_cast<char>(size >> 8);
    bytes += static_cast<char>(size);
  } else {
    bytes += static_cast<char>(mask | 127);
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(static_cast<std::uint64_t>(size) >> shift);
  }
  if (!masked) return bytes.append(payload);
  constexpr std::string_view kKey = "\x37\xfa\x21\x3d";
  bytes += kKey;
  for (std::size_t at = 0; at < size; ++at) bytes += static_cast<char>(payload[at] ^ kKey[at % 4]);
  return bytes;
}

inline std::string closeFrame(int code, std::string_view reason = {}, bool masked = true) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code)};
  return frame(0x88, payload.append(reason), masked);
}

/// What a reader makes of bytes that come in pieces of `size`: one line per event, and the error at the end.
inline std::vector<std::string> eventsOf(std::string_view bytes, std::size_t size, const http::WebSocketOptions& options = {},
                                         http::detail::MessageReader::Side side = http::detail::MessageReader::Side::Server, const http::detail::Compression& compression = {}) {
  using http::detail::MessageReader;
  std::vector<std::string> events;
  MessageReader reader(options, side, compression);
  try {
    for (std::size_t from = 0; from < bytes.size(); from += size) {
      std::string_view piece = bytes.substr(from, size);
      while (!piece.empty()) {
        switch (reader.next(piece)) {
          case MessageReader::Event::None: break;
          case MessageReader::Event::Message: events.push_back((reader.kind() == http::WebSocketKind::Text ? "text " : "binary ") + reader.takeMessage()); break;
          case MessageReader::Event::Ping: events.push_back("ping " + std::string(reader.control())); break;
          case MessageReader::Event::Pong: events.push_back("pong " + std::string(reader.control())); break;
          case MessageReader::Event::Close: events.push_back("close " + std::to_string(reader.closeCode()) + " " + std::string(reader.closeReason())); break;
        }
      }
    }
  } catch (const http::WebSocketProtocolError& error) {
    events.push_back("error " + std::to_string(error.code));
  }
  return events;
}

}  // namespace weft::test
