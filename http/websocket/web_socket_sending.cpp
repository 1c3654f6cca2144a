// What a WebSocket sends: messages as frames, several of them in one write.
#include <weft/http/text/utf8.hpp>
#include <weft/http/websocket/internal/mask.hpp>
#include <weft/http/websocket/internal/web_socket_connection.hpp>

#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace weft::http::detail {
namespace {

// A frame up to this size is copied behind the others.
constexpr std::size_t kGathers = 4096;
constexpr std::size_t kGatheredMost = 16 * 1024;
// Memory of a thread that is kept for the next frame.
constexpr std::size_t kKeptBuffer = 64 * 1024;

/// Where the frames of this thread are put together. One at a time has it.
struct Space {
  std::string bytes;
  bool taken = false;
};
Space& space() noexcept {
  static thread_local Space ours;
  return ours;
}

void giveBack(std::string& bytes) noexcept {
  bytes.clear();
  if (bytes.capacity() > kKeptBuffer) std::string().swap(bytes);
}

void appendFrame(std::string& out, const FrameHead& head, std::string_view payload, std::uint32_t key) {
  out.append(head.view());
  const std::size_t at = out.size();
  out.append(payload);
  if (key != 0) applyMask(out.data() + at, payload.size(), key);
}

}  // namespace

// Goes through what has come, as long as it is wanted.
void WebSocketConnection::process(std::string_view data) {
  const auto keep = shared_from_this();
  Space& ours = space();
  const bool gathers = !ours.taken;
  if (gathers) {
    ours.taken = true;
    gathered_ = &ours.bytes;
  }
  processing_ = true;
  try {
    while (!data.empty() && state_ != State::Finishing) {
      handle(reader_.next(data));
      if (!mustStop()) continue;
      paused_ = true;
      transport().pauseReading();
      if (!data.empty()) transport().unread(std::string(data));
      break;
    }
  } catch (const WebSocketProtocolError& error) {
    breakOff(error.code, error);
  }
  processing_ = false;
  flushGathered();
  gathered_ = nullptr;
  if (gathers) {
    giveBack(ours.bytes);
    ours.taken = false;
  }
}

void WebSocketConnection::flushGathered() {
  if (!gathered_ || gathered_->empty()) return;
  transport().write(*gathered_);
  gathered_->clear();
}

void WebSocketConnection::sendFrame(Opcode opcode, bool final, bool compressed, std::string_view payload) {
  const bool masked = role_ == WebSocketRole::Client;
  std::uint32_t key = 0;
  while (masked && key == 0) key = newMaskKey();
  const FrameHead head(opcode, final, compressed, payload.size(), masked ? std::optional(key) : std::nullopt);
  if (gathered_ && payload.size() <= kGathers) {
    appendFrame(*gathered_, head, payload, key);
    if (gathered_->size() >= kGatheredMost) flushGathered();
    return;
  }
  flushGathered();
  if (!masked) {
    transport().writeSequence({head.view(), payload});
    return;
  }
  if (Space& ours = space(); !ours.taken && payload.size() <= kGathers) {
    appendFrame(ours.bytes, head, payload, key);
    transport().write(ours.bytes);
    return giveBack(ours.bytes);
  }
  std::string frame;
  frame.reserve(head.view().size() + payload.size());
  appendFrame(frame, head, payload, key);
  transport().writeOwned(std::move(frame));
}

void WebSocketConnection::sendInFrames(std::string_view data, WebSocketKind kind, bool compressed) {
  auto opcode = static_cast<Opcode>(kind);
  const std::size_t most = setting_->options.fragmentSize;
  while (most > 0 && data.size() > most) {
    sendFrame(opcode, false, compressed, data.substr(0, most));
    data.remove_prefix(most);
    opcode = Opcode::Continuation;
    compressed = false;
  }
  sendFrame(opcode, true, compressed, data);
}

void WebSocketConnection::sendMessage(std::string_view data, WebSocketKind kind) {
  if (kind == WebSocketKind::Text && !isUtf8(data)) throw WebSocketUsageError("sending a text that is not UTF-8; bytes are sent by sendBinary()");
  const Compression& agreed = setting_->compression;
  const WebSocketCompression& options = setting_->options.compression;
  if (!agreed.agreed || agreed.sendBits < 9 || data.empty() || data.size() < options.from) return sendInFrames(data, kind, false);
  if (!deflater_) deflater_ = std::make_unique<MessageDeflater>(agreed.sendBits, agreed.sendKeepsContext, options.level);
  static thread_local std::string deflated;
  std::string bytes = std::exchange(deflated, {});
  bytes.clear();
  deflater_->deflate(data, bytes);
  // What did not become smaller is sent as it is, unless later messages may refer to it.
  if (bytes.size() < data.size() || deflater_->keepsContext()) sendInFrames(bytes, kind, true);
  else sendInFrames(data, kind, false);
  giveBack(bytes);
  deflated = std::move(bytes);
}

Deferred<> WebSocketConnection::send(std::string_view data, WebSocketKind kind) {
  if (state_ != State::Open || !hasTransport()) return fail(closedError());
  try {
    sendMessage(data, kind);
  } catch (const WebSocketUsageError&) {
    return fail(Failure());
  }
  if (transport().connected() && transport().buffered() == 0) return succeed();
  return transport().drained().addErrback([weak = weak_from_this()](Failure failure) -> Failure {
    if (failure.check<CancelledError>()) return failure;
    const auto self = weak.lock();
    return self && self->closeCode_ != 0 ? self->closedError() : Failure(WebSocketClosed(1006, {}, std::move(failure)));
  });
}

void WebSocketConnection::write(std::string_view data, WebSocketKind kind) {
  if (state_ == State::Open && hasTransport()) sendMessage(data, kind);
}

void WebSocketConnection::sendPing() {
  std::array<char, 4> number;
  ++pingNumber_;
  std::memcpy(number.data(), &pingNumber_, 4);
  sendFrame(Opcode::Ping, true, false, {number.data(), number.size()});
}

Deferred<std::chrono::nanoseconds> WebSocketConnection::ping() {
  if (state_ != State::Open || !hasTransport()) return fail<std::chrono::nanoseconds>(closedError());
  Deferred<std::chrono::nanoseconds> deferred;
  sendPing();
  rare().pings.push_back({pingNumber_, now(), deferred.takeTrigger()});
  return deferred;
}

void WebSocketConnection::sendClose(int code, std::string_view reason) {
  std::string payload;
  if (code != 1005) {
    payload.push_back(static_cast<char>(code >> 8));
    payload.push_back(static_cast<char>(code));
    payload.append(reason);
  }
  sendFrame(Opcode::Close, true, false, payload);
}

}  // namespace weft::http::detail
