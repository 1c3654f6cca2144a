// MessageReader: from bytes to messages. RFC 6455 sections 5 to 7, RFC 7692.
#pragma once

#include <weft/http/websocket/errors.hpp>
#include <weft/http/websocket/internal/deflate.hpp>
#include <weft/http/websocket/options.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::http::detail {

/// What both sides have agreed upon about permessage-deflate, seen from this one.
struct Compression {
  bool agreed = false;
  bool sendKeepsContext = false;
  bool receiveKeepsContext = false;
  std::uint8_t sendBits = 15;        // 8: zlib cannot, so nothing is compressed
  std::uint8_t receiveBits = 15;

  bool operator==(const Compression&) const = default;
};

/// Reads frames, checks them, and puts messages together. The bytes may come in any pieces: the events are the same, and an error comes with the first byte that shows it (a wrong
/// UTF-8 sequence, too, within a message that has only begun).
///
/// What waits is bounded by WebSocketOptions::maxMessage, and grows only as bytes come, whatever length a frame announces. The options must outlive it.
class MessageReader {
 public:
  enum class Event : std::uint8_t { None, Message, Ping, Pong, Close };
  enum class Side : std::uint8_t { Client, Server };

  /// `side` is this one: a server wants every frame masked, a client none.
  MessageReader(const WebSocketOptions& options, Side side, const Compression& compression) noexcept;
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;
  ~MessageReader();

  /// Takes bytes off the front of `data`, up to the end of the next message or control frame; None when they are used up. Throws WebSocketProtocolError; call nothing more then.
  Event next(std::string_view& data);

  /// After Message. The view stays until the next call.
  WebSocketKind kind() const noexcept { return kind_; }
  std::string_view message() const noexcept { return message_; }
  /// The same as a string of its own; instead of message().
  std::string takeMessage();
  /// After Ping, Pong and Close: the payload. Stays until the next call.
  std::string_view control() const noexcept { return control_; }
  /// After Close: 1005 where it has none.
  int closeCode() const noexcept { return closeCode_; }
  std::string_view closeReason() const noexcept { return control().substr(control_.empty() ? 0 : 2); }

 private:
  bool fill(std::string_view& data, std::size_t size) noexcept;
  std::size_t checkStart();
  void beginFrame();
  Event takePayload(std::string_view& data);
  Event endControl();
  Event endMessage();
  void addToMessage(std::string_view piece);
  void checkInflated(MessageInflater::Result result);
  void checkText(bool last);
  void release() noexcept;

  const WebSocketOptions& options_;
  std::string message_;
  std::string control_;
  std::unique_ptr<MessageInflater> inflater_;
  std::uint64_t left_ = 0;                             // of the frame's payload
  std::size_t checked_ = 0;                            // so much of a text is known to be whole characters
  std::uint32_t key_ = 0;
  std::uint32_t fragments_ = 0;
  std::array<unsigned char, 14> head_;
  std::uint8_t headSize_ = 0;
  std::uint8_t headNeeded_ = 0;                        // 0: not known before the second byte
  std::uint16_t closeCode_ = 0;
  WebSocketKind kind_ = WebSocketKind::Text;
  const Side side_;
  const Compression compression_;
  bool inPayload_ = false;
  bool inMessage_ = false;                             // a message has begun, and its last frame has not come
  bool compressed_ = false;
  bool delivered_ = false;                             // message_ was given out
};

}  // namespace weft::http::detail
