#include <weft/http/websocket/internal/message_reader.hpp>

#include <weft/http/text/utf8.hpp>
#include <weft/http/websocket/internal/frame.hpp>
#include <weft/http/websocket/internal/mask.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::http::detail {
namespace {

constexpr std::size_t kUnmasking = 4096;
// Believed of a frame's length before its bytes have come.
constexpr std::uint64_t kBelievedLength = 64 * 1024;
// A message up to this size is copied out of the reader's own memory; a longer one takes the memory along.
constexpr std::size_t kCopiedMessage = 4096;

// Memory for messages, which the readers of a thread take turns to use: an idle connection has none, and a busy one does not ask the heap.
struct SpareMemory {
  ~SpareMemory() { gone = true; }
  static constexpr std::size_t kMost = 64 * 1024;
  std::string memory;
  static inline thread_local bool gone = false;
};
SpareMemory* spare() noexcept {
  static thread_local SpareMemory ours;
  return SpareMemory::gone ? nullptr : &ours;
}

[[noreturn]] void broken(std::string_view what) { throw WebSocketProtocolError(1002, what); }

}  // namespace

MessageReader::MessageReader(const WebSocketOptions& options, Side side, const Compression& compression) noexcept
    : options_(options), side_(side), compression_(compression) {}

MessageReader::~MessageReader() { release(); }

MessageReader::Event MessageReader::next(std::string_view& data) {
  if (delivered_) release();
  for (;;) {
    if (!inPayload_) {
      if (headNeeded_ == 0) {
        if (!fill(data, 2)) return Event::None;
        headNeeded_ = static_cast<std::uint8_t>(checkStart());
      }
      if (!fill(data, headNeeded_)) return Event::None;
      beginFrame();
    }
    if (const Event event = takePayload(data); event != Event::None) return event;
    if (data.empty()) return Event::None;
  }
}

bool MessageReader::fill(std::string_view& data, std::size_t size) noexcept {
  const std::size_t taken = std::min(data.size(), size - headSize_);
  if (taken > 0) std::memcpy(head_.data() + headSize_, data.data(), taken);
  headSize_ = static_cast<std::uint8_t>(headSize_ + taken);
  data.remove_prefix(taken);
  return headSize_ == size;
}

// The first two bytes: how long the head will be.
std::size_t MessageReader::checkStart() {
  const auto opcode = static_cast<Opcode>(head_[0] & kOpcodeBits);
  const std::uint8_t reserved = head_[0] & kReservedBits;
  const bool final = head_[0] & kFinBit;
  const std::uint8_t length = head_[1] & 0x7F;
  switch (opcode) {
    case Opcode::Continuation:
      if (!inMessage_) broken("a continuation frame, and no message has begun");
      if (reserved) broken("a reserved bit of a continuation frame is set");
      break;
    case Opcode::Text:
    case Opcode::Binary:
      if (inMessage_) broken("a new message before the last frame of the one before");
      if (reserved & ~(compression_.agreed ? kCompressedBit : 0)) broken("a reserved bit of a frame is set that no extension has asked for");
      if (options_.only && static_cast<std::uint8_t>(*options_.only) != static_cast<std::uint8_t>(opcode))
        throw WebSocketProtocolError(1003, opcode == Opcode::Text ? "a text message, where only binary ones are taken" : "a binary message, where only text is taken");
      break;
    case Opcode::Close:
    case Opcode::Ping:
    case Opcode::Pong:
      if (reserved) broken("a reserved bit of a control frame is set");
      if (!final) broken("a control frame in fragments");
      if (length > kMaxControl) broken("a control frame of more than 125 bytes");
      if (opcode == Opcode::Close && length == 1) broken("a Close frame with half a code");
      break;
    default: broken("a frame of an unknown kind, opcode " + std::to_string(head_[0] & kOpcodeBits));
  }
  const bool masked = head_[1] & kMaskBit;
  if (masked != (side_ == Side::Server)) broken(masked ? "a server's frame is masked" : "a client's frame is not masked");
  return std::size_t{2} + (length == 127 ? 8 : length == 126 ? 2 : 0) + (masked ? 4 : 0);
}

void MessageReader::beginFrame() {
  const std::uint8_t length = head_[1] & 0x7F;
  const std::size_t more = length == 127 ? 8 : length == 126 ? 2 : 0;
  left_ = length;
  if (more > 0) {
    left_ = 0;
    for (std::size_t at = 2; at < 2 + more; ++at) left_ = left_ << 8 | head_[at];
    if (left_ >> 63) broken("a frame's length is 2^63 or more");
    if (left_ < (more == 8 ? 0x10000U : 126U)) broken("a frame's length is written longer than it must be");
  }
  key_ = 0;
  if (side_ == Side::Server) std::memcpy(&key_, head_.data() + 2 + more, 4);
  inPayload_ = true;
  const auto opcode = static_cast<Opcode>(head_[0] & kOpcodeBits);
  if (opcode >= Opcode::Close) {
    control_.clear();
    return;
  }
  if (opcode != Opcode::Continuation) {
    kind_ = static_cast<WebSocketKind>(opcode);
    compressed_ = head_[0] & kCompressedBit;
    inMessage_ = true;
    fragments_ = 0;
    checked_ = 0;
    if (SpareMemory* shared = spare(); shared && message_.capacity() < shared->memory.capacity()) message_.swap(shared->memory);
    message_.clear();
  }
  if (++fragments_ > options_.maxFragments) throw WebSocketProtocolError(1009, "a message in more than " + std::to_string(options_.maxFragments) + " frames");
  if (left_ > options_.maxFrame) throw WebSocketProtocolError(1009, "a frame of " + std::to_string(left_) + " bytes, over the limit of " + std::to_string(options_.maxFrame));
  if (compressed_) {
    if (!inflater_) inflater_ = std::make_unique<MessageInflater>(compression_.receiveBits, compression_.receiveKeepsContext);
    return;
  }
  if (left_ > options_.maxMessage - message_.size()) throw WebSocketProtocolError(1009, "a message over the limit of " + std::to_string(options_.maxMessage) + " bytes");
  message_.reserve(std::max<std::size_t>(message_.capacity(), message_.size() + static_cast<std::size_t>(std::min(left_, kBelievedLength))));
}

MessageReader::Event MessageReader::takePayload(std::string_view& data) {
  std::string_view piece = data.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, data.size())));
  data.remove_prefix(piece.size());
  left_ -= piece.size();
  const bool isControl = head_[0] & 8;
  if (isControl) {
    const std::size_t before = control_.size();
    control_.append(piece);
    key_ = applyMask(control_.data() + before, piece.size(), key_);
  } else {
    addToMessage(piece);
  }
  if (left_ > 0) return Event::None;
  inPayload_ = false;
  headSize_ = headNeeded_ = 0;
  if (isControl) return endControl();
  return head_[0] & kFinBit ? endMessage() : Event::None;
}

void MessageReader::addToMessage(std::string_view piece) {
  if (!compressed_) {
    const std::size_t before = message_.size();
    message_.append(piece);
    if (side_ == Side::Server) key_ = applyMask(message_.data() + before, piece.size(), key_);
    checkText(false);
    return;
  }
  std::array<char, kUnmasking> unmasked;
  while (!piece.empty()) {
    const std::string_view part = piece.substr(0, kUnmasking);
    piece.remove_prefix(part.size());
    std::memcpy(unmasked.data(), part.data(), part.size());
    key_ = applyMask(unmasked.data(), part.size(), key_);
    checkInflated(inflater_->add({unmasked.data(), part.size()}, message_, options_.maxMessage));
    checkText(false);
  }
}

void MessageReader::checkInflated(MessageInflater::Result result) {
  if (result == MessageInflater::Result::Damaged) throw WebSocketProtocolError(1007, "a message whose compression is damaged");
  if (result == MessageInflater::Result::TooLarge) throw WebSocketProtocolError(1009, "a message that inflates to more than " + std::to_string(options_.maxMessage) + " bytes");
}

// Looks at what has come since, and at the character that was cut before.
void MessageReader::checkText(bool last) {
  if (kind_ != WebSocketKind::Text) return;
  const std::string_view fresh = std::string_view(message_).substr(checked_);
  const std::size_t cut = last ? 0 : cutSequence(fresh);
  if (!isUtf8(fresh.substr(0, fresh.size() - cut))) throw WebSocketProtocolError(1007, "a text message that is not UTF-8");
  checked_ += fresh.size() - cut;
}

MessageReader::Event MessageReader::endMessage() {
  if (compressed_) checkInflated(inflater_->finish(message_, options_.maxMessage));
  checkText(true);
  inMessage_ = false;
  delivered_ = true;
  return Event::Message;
}

MessageReader::Event MessageReader::endControl() {
  switch (static_cast<Opcode>(head_[0] & kOpcodeBits)) {
    case Opcode::Ping: return Event::Ping;
    case Opcode::Pong: return Event::Pong;
    default: break;
  }
  closeCode_ = 1005;
  if (control_.empty()) return Event::Close;
  closeCode_ = static_cast<std::uint16_t>(static_cast<unsigned char>(control_[0]) << 8 | static_cast<unsigned char>(control_[1]));
  if (!isCloseCode(closeCode_)) broken("a Close frame with the code " + std::to_string(closeCode_) + ", which may not be sent");
  if (!isUtf8(closeReason())) throw WebSocketProtocolError(1007, "a Close frame whose reason is not UTF-8");
  return Event::Close;
}

std::string MessageReader::takeMessage() {
  delivered_ = false;
  if (message_.size() > kCopiedMessage) return std::exchange(message_, {});
  std::string copy(message_);
  release();
  return copy;
}

// The message was used: its memory is for the next one, of whichever connection.
void MessageReader::release() noexcept {
  delivered_ = false;
  SpareMemory* shared = spare();
  if (shared && message_.capacity() > shared->memory.capacity() && message_.capacity() <= SpareMemory::kMost) message_.swap(shared->memory);
  std::string().swap(message_);
}

}  // namespace weft::http::detail
