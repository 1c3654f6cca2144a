// Int8StringReceiver, Int16StringReceiver, Int32StringReceiver: strings behind their length.
#pragma once

#include <weft/net/error.hpp>
#include <weft/net/protocols/frame_receiver.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::net {

/// sendString() of more than the length in front of it can say.
class StringTooLongError : public Error {
 public:
  StringTooLongError(std::size_t length, std::size_t most);
  std::size_t length;
  std::size_t most;
};

/// Strings of any bytes, each behind its length, a big-endian number without sign of 1, 2 or 4 bytes: the ground of the three below.
class IntStringReceiver : public FrameReceiver {
 public:
  static constexpr std::size_t kMaxLength = 99999;

  /// A string without its length; a view that dies when this returns.
  virtual void stringReceived(std::string_view string) = 0;
  /// A string longer than maxLength is announced. As it stands, the connection is closed. Overridden to leave it open, that string is dropped as it comes, and the next
  /// one is received.
  virtual void lengthLimitExceeded(std::size_t length);

  /// Throws StringTooLongError. (The peer's maxLength may be lower than what the prefix can say.)
  void sendString(std::string_view string);

  /// In bytes, without the prefix.
  void setMaxLength(std::size_t bytes) noexcept { maxLength_ = bytes; }
  std::size_t maxLength() const noexcept { return maxLength_; }

 protected:
  explicit IntStringReceiver(std::uint8_t prefixBytes) noexcept : prefixBytes_(prefixBytes) {}
  std::size_t findFrame(std::string_view bytes) final;
  void frameReceived(std::string_view frame) final;

 private:
  std::size_t maxLength_ = kMaxLength;
  std::size_t announced_ = 0;                          // by the prefix that was read last
  std::uint64_t dropping_ = 0;                         // bytes still to come of a string that is too long
  std::uint8_t prefixBytes_;
  bool tooLong_ = false;                               // the frame is the prefix of such a string
  bool dropped_ = false;                               // the frame is a part of one
};

/// Lengths up to 255.
class Int8StringReceiver : public IntStringReceiver {
 public:
  Int8StringReceiver() noexcept : IntStringReceiver(1) {}
};

/// Lengths up to 65535.
class Int16StringReceiver : public IntStringReceiver {
 public:
  Int16StringReceiver() noexcept : IntStringReceiver(2) {}
};

/// Lengths up to 4 GiB less one byte; as with the others more than maxLength is refused.
class Int32StringReceiver : public IntStringReceiver {
 public:
  Int32StringReceiver() noexcept : IntStringReceiver(4) {}
};

}  // namespace weft::net
