// Frames of HTTP/2 made by hand, for tests of what no good peer would send (RFC 9113 section 4.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace weft::test {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum FrameType : std::uint8_t { kData = 0, kHeaders = 1, kPriority = 2, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7, kWindowUpdate = 8, kContinuation = 9 };
enum FrameFlag : std::uint8_t { kNoFlag = 0, kEndStream = 1, kAck = 1, kEndHeaders = 4 };

inline std::string number32(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}) {
  std::string bytes = number32(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  return bytes + number32(stream) + std::string(payload);
}

/// Fields as literals that are not indexed, without Huffman's code (RFC 7541 section 6.2.2). Names and values up to 16 KiB.
inline std::string fieldBlock(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string block;
  const auto text = [&block](std::string_view value) {
    if (value.size() < 127) {
      block.push_back(static_cast<char>(value.size()));
    } else {
      const std::size_t rest = value.size() - 127;
      block.push_back(0x7F);
      block.push_back(static_cast<char>(0x80 | (rest & 0x7F)));
      block.push_back(static_cast<char>(rest >> 7));
    }
    block.append(value);
  };
  for (const auto& [name, value] : fields) {
    block.push_back(0);
    text(name);
    text(value);
  }
  return block;
}

inline std::string getBlock(std::string_view path = "/") { return fieldBlock({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", path}}); }

/// A whole GET.
inline std::string getFrame(std::uint32_t stream, std::string_view path = "/") { return frame(kHeaders, kEndStream | kEndHeaders, stream, getBlock(path)); }

/// What a client begins with.
inline std::string opening() { return std::string(kPreface) + frame(kSettings, kNoFlag, 0); }

}  // namespace weft::test
