// The frame of RFC 6455 section 5.2, as it is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace weft::http::detail {

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

constexpr std::uint8_t kFinBit = 0x80;
constexpr std::uint8_t kCompressedBit = 0x40;      // RSV1 of a message's first frame: RFC 7692 section 6
constexpr std::uint8_t kReservedBits = 0x70;
constexpr std::uint8_t kOpcodeBits = 0x0F;
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::size_t kMaxControl = 125;           // bytes of a control frame: section 5.5

/// The codes that a Close frame may carry: those of RFC 6455 section 7.4.1 and of IANA's registry, but for those that only stand for what was not said; and those of libraries and programs.
constexpr bool isCloseCode(int code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/// What stands before a frame's payload:
///
///     | FIN RSV opcode | MASK length | length, of 2 or 8 bytes | key, of 4 |
class FrameHead {
 public:
  FrameHead(Opcode opcode, bool final, bool compressed, std::uint64_t length, std::optional<std::uint32_t> mask) noexcept {
    bytes_[0] = static_cast<char>(static_cast<std::uint8_t>(opcode) | (final ? kFinBit : 0) | (compressed ? kCompressedBit : 0));
    const std::uint8_t masked = mask ? kMaskBit : 0;
    if (length < 126) {
      bytes_[1] = static_cast<char>(masked | length);
    } else if (length <= 0xFFFF) {
      bytes_[1] = static_cast<char>(masked | 126);
      appendNumber(length, 2);
    } else {
      bytes_[1] = static_cast<char>(masked | 127);
      appendNumber(length, 8);
    }
    if (mask) {
      std::memcpy(bytes_.data() + size_, &*mask, 4);
      size_ += 4;
    }
  }
  std::string_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  void appendNumber(std::uint64_t number, int bytes) noexcept {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) bytes_[size_++] = static_cast<char>(number >> shift);
  }
  std::array<char, 14> bytes_;
  std::size_t size_ = 2;
};

}  // namespace weft::http::detail
