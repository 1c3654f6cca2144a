#include <weft/http/websocket/internal/web_socket_connection.hpp>

#include <weft/core/log.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/http/text/utf8.hpp>
#include <weft/http/websocket/web_socket_protocol.hpp>
#include <weft/net/error.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

namespace weft::http::detail {
namespace {

// A pong waits, and only the last one, while so much waits before it: section 5.5.3.
constexpr std::size_t kPongBacklog = 64 * 1024;

bool isCleanCode(int code) noexcept { return code == 1000 || code == 1001 || code == 1005; }

// What a message that waits costs.
std::size_t weight(const WebSocketMessage& message) noexcept { return message.data.size() + sizeof message; }

}  // namespace

WebSocketConnection::WebSocketConnection(WebSocketRole role, std::shared_ptr<const WebSocketSetting> setting)
    : setting_(std::move(setting)),
      reader_(setting_->options, role == WebSocketRole::Server ? MessageReader::Side::Server : MessageReader::Side::Client, setting_->compression),
      role_(role) {}

WebSocketConnection::~WebSocketConnection() {
  if (timer_.active()) timer_.cancel();
}

void WebSocketConnection::connectionMade() {
  since_ = now();
  arm();
}

// ---- what comes in

void WebSocketConnection::dataReceived(std::string_view data) {
  if (state_ == State::Finishing) return;
  if (state_ == State::Open) since_ = now();
  awaitsPong_ = false;
  process(data);
}

void WebSocketConnection::handle(MessageReader::Event event) {
  switch (event) {
    case MessageReader::Event::None: return;
    case MessageReader::Event::Message: return messageReceived();
    case MessageReader::Event::Ping: return answerPing(reader_.control());
    case MessageReader::Event::Pong: return pongReceived(reader_.control());
    case MessageReader::Event::Close: return closeReceived();
  }
}

void WebSocketConnection::messageReceived() {
  if (state_ != State::Open) return;                   // this side has closed: nobody waits for it
  if (protocol_) {
    callProtocol("messageReceived", [this](WebSocketProtocol& protocol) { protocol.messageReceived(reader_.message(), reader_.kind()); });
    return;
  }
  WebSocketMessage message(reader_.takeMessage(), reader_.kind());
  if (receiver_.active()) {
    std::exchange(receiver_, {}).callback(Received(std::move(message)));
  } else {
    queuedBytes_ += weight(message);
    queue_.push_back(std::move(message));
  }
}

void WebSocketConnection::answerPing(std::string_view payload) {
  if (state_ != State::Open) return;
  if (transport().buffered() <= kPongBacklog) return sendFrame(Opcode::Pong, true, false, payload);
  if (std::exchange(rare().pong, std::string(payload))) return;
  transport()
      .drained()
      .addBoth([weak = weak_from_this()](Outcome<>) {
        const auto self = weak.lock();
        if (!self || !self->rare_->pong) return;
        const std::string pong = *std::exchange(self->rare_->pong, std::nullopt);
        if (self->state_ == State::Open) self->sendFrame(Opcode::Pong, true, false, pong);
      })
      .detach();
}

// It answers a ping of ours and those before it.
void WebSocketConnection::pongReceived(std::string_view payload) {
  std::uint32_t number = 0;
  if (payload.size() != sizeof number || !rare_) return;
  std::memcpy(&number, payload.data(), sizeof number);
  auto& pings = rare_->pings;
  const auto answered = std::find_if(pings.begin(), pings.end(), [number](const Pinged& ping) { return ping.number == number; });
  if (answered == pings.end()) return;
  std::vector<Pinged> done(std::make_move_iterator(pings.begin()), std::make_move_iterator(answered + 1));
  pings.erase(pings.begin(), answered + 1);
  const auto time = now();
  for (Pinged& ping : done) ping.trigger.callback(time - ping.at);
}

void WebSocketConnection::closeReceived() {
  const int code = reader_.closeCode();
  const std::string reason(reader_.closeReason());
  const bool answers = state_ == State::CloseSent;
  if (!answers) sendClose(code, {});
  Failure failure(nullptr);
  if (!answers && !isCleanCode(code)) failure = WebSocketClosed(code, reason);
  finish(code, reason, std::move(failure));
  // The server ends the connection, the client waits for that: section 7.1.1.
  if (role_ == WebSocketRole::Server) {
    flushGathered();
    transport().loseConnection();
  }
}

bool WebSocketConnection::mustStop() const noexcept { return state_ == State::Open && (userPaused_ || queuedBytes_ >= setting_->options.readAhead); }

void WebSocketConnection::goOn() {
  if (!paused_ || mustStop() || !hasTransport()) return;
  paused_ = false;
  if (state_ == State::Open) since_ = now();
  transport().resumeReading();
}

// ---- receiving

Deferred<WebSocketConnection::Received> WebSocketConnection::receive() {
  if (protocol_) return fail<Received>(WebSocketUsageError("receive(): this WebSocket's messages go to its protocol"));
  if (receiver_.active()) return fail<Received>(WebSocketUsageError("receive(): another one is waiting; one at a time"));
  if (queueAt_ < queue_.size()) {
    WebSocketMessage message = std::move(queue_[queueAt_++]);
    queuedBytes_ -= weight(message);
    if (queueAt_ == queue_.size()) {
      queue_.clear();
      queueAt_ = 0;
    }
    if (queuedBytes_ <= setting_->options.readAhead / 2) goOn();
    return succeed(Received(std::move(message)));
  }
  if (closeCode_ != 0) return failure_.exception() ? fail<Received>(failure_) : succeed(Received());
  std::vector<WebSocketMessage>().swap(queue_);        // an idle connection has no memory for it
  Deferred<Received> deferred;
  receiver_ = deferred.takeTrigger();
  return deferred;
}

void WebSocketConnection::setProtocol(std::shared_ptr<WebSocketProtocol> protocol, std::shared_ptr<WebSocket> socket) {
  if (!protocol) throw WebSocketUsageError("setProtocol(): there is no protocol");
  if (protocol_ || receiver_.active()) throw WebSocketUsageError("setProtocol(): this WebSocket's messages are waited for already");
  const auto keep = shared_from_this();
  protocol->socket_ = std::move(socket);
  protocol_ = std::move(protocol);
  callProtocol("connectionMade", [](WebSocketProtocol& made) { made.connectionMade(); });
  const std::vector<WebSocketMessage> waiting = std::exchange(queue_, {});
  queuedBytes_ = 0;
  for (std::size_t at = std::exchange(queueAt_, 0); at < waiting.size(); ++at)
    callProtocol("messageReceived", [&](WebSocketProtocol& made) { made.messageReceived(waiting[at].data, waiting[at].kind); });
  if (state_ == State::Ended) settle();
  goOn();
}

void WebSocketConnection::setPaused(bool paused) {
  userPaused_ = paused;
  if (!paused) return goOn();
  if (state_ != State::Open || paused_ || processing_ || !hasTransport()) return;
  paused_ = true;
  transport().pauseReading();
}

template <class F> void WebSocketConnection::callProtocol(const char* what, F call) {
  const auto protocol = protocol_;
  if (!protocol) return;
  try {
    call(*protocol);
  } catch (...) {
    kWebSocketLog.failure(Failure(), "WebSocketProtocol::", what);
    if (state_ == State::Open) breakOff(1011, WebSocketClosed(1011, "this side's protocol failed"));
  }
}

// ---- ending

Deferred<> WebSocketConnection::close(int code, std::string_view reason) {
  if (!isCloseCode(code)) return fail(WebSocketUsageError("close(): the code " + std::to_string(code) + " may not be sent; 1000 to 1003, 1007 to 1014 and 3000 to 4999 may"));
  if (reason.size() > kMaxControl - 2 || !isUtf8(reason)) return fail(WebSocketUsageError("close(): a reason is UTF-8 and at most 123 bytes long"));
  if (state_ == State::Open) {
    sendClose(code, reason);
    state_ = State::CloseSent;
    since_ = now();
    arm();
    goOn();                                            // to its answer
  }
  return whenClosed();
}

Deferred<> WebSocketConnection::whenClosed() {
  if (state_ == State::Ended) return succeed();
  Deferred<> deferred;
  std::erase_if(rare().closing, [](const Trigger<>& waiter) { return !waiter.active(); });
  rare().closing.push_back(deferred.takeTrigger());
  return deferred;
}

void WebSocketConnection::abort() {
  if (!hasTransport() || state_ == State::Ended) return;
  transport().abortConnection();
  if (closeCode_ != 0) return;
  state_ = State::Finishing;                           // whoever waits is told by connectionLost(), not in here
  closeCode_ = 1006;
  failure_ = WebSocketClosed(1006, {}, net::ConnectionAborted());
}

void WebSocketConnection::abandon() noexcept {
  std::vector<WebSocketMessage>().swap(queue_);
  queueAt_ = 0;
  queuedBytes_ = 0;
  if (state_ != State::Open || !hasTransport()) return;
  try {
    close(1001, {}).detach();
  } catch (...) {                                      // no memory for a Close
    transport().abortConnection();
  }
}

// The peer's mistake, or ours: it is told, and nothing more is read. Its bytes are still taken, or the system would send a reset that may overtake our Close.
void WebSocketConnection::breakOff(int code, Failure failure) {
  if (state_ == State::Open) sendClose(code, {});
  flushGathered();
  finish(code, {}, std::move(failure));
  transport().loseWriteConnection();
}

// The outcome is known; the connection has still to end.
void WebSocketConnection::finish(int code, std::string_view reason, Failure failure) {
  state_ = State::Finishing;
  closeCode_ = static_cast<std::uint16_t>(code);
  if (!reason.empty()) rare().closeReason = reason;
  failure_ = std::move(failure);
  since_ = now();
  arm();
  goOn();
  if (receiver_.active()) {
    if (failure_.exception()) std::exchange(receiver_, {}).errback(failure_);
    else std::exchange(receiver_, {}).callback(Received());
  }
}

void WebSocketConnection::connectionLost(const Failure& reason) {
  const auto keep = shared_from_this();
  if (timer_.active()) timer_.cancel();
  state_ = State::Ended;
  if (closeCode_ == 0) {
    closeCode_ = 1006;
    failure_ = WebSocketClosed(1006, {}, reason);
  }
  if (receiver_.active()) std::exchange(receiver_, {}).errback(failure_);
  if (rare_) {
    for (Pinged& ping : std::exchange(rare_->pings, {})) ping.trigger.errback(closedError());
    for (Trigger<>& trigger : std::exchange(rare_->closing, {})) trigger.callback();
  }
  settle();
}

// The protocol's last call.
void WebSocketConnection::settle() {
  callProtocol("closed", [this](WebSocketProtocol& protocol) { protocol.closed(closeCode_, closeReason()); });
  if (const auto protocol = std::exchange(protocol_, nullptr)) protocol->socket_.reset();
}

Failure WebSocketConnection::closedError() const {
  if (closeCode_ != 0) {
    const auto* const known = failure_.exception() ? failure_.as<WebSocketClosed>() : nullptr;
    return known ? WebSocketClosed(*known) : WebSocketClosed(closeCode_, closeReason());
  }
  return WebSocketClosed(1000, "close() was called");
}

const std::string& WebSocketConnection::closeReason() const noexcept {
  static const std::string none;
  return rare_ ? rare_->closeReason : none;
}

// ---- time: one timer, which looks when something is due and is never moved while bytes come

std::chrono::nanoseconds WebSocketConnection::deadline() const noexcept {
  const WebSocketOptions& options = setting_->options;
  if (state_ != State::Open) return since_ + options.closeTimeout.value();
  if (awaitsPong_) return pingedAt_ + options.pongTimeout.value();
  if (options.pingInterval == Delay(0)) return std::chrono::nanoseconds::max();
  return since_ + options.pingInterval.value();
}

void WebSocketConnection::arm() {
  const auto due = deadline();
  if (state_ == State::Ended || due == std::chrono::nanoseconds::max() || !hasTransport()) return;
  if (timer_.active() && timer_.getTime() <= due) return;
  const auto left = std::max(due - now(), std::chrono::nanoseconds(0));
  if (timer_.active()) timer_.reset(left);
  else timer_ = transport().clock().callLater(left, [this] { checkTime(); });
}

void WebSocketConnection::checkTime() {
  // Who does not read cannot see that the peer is alive.
  if (state_ == State::Open && paused_) {
    since_ = now();
    awaitsPong_ = false;
  }
  if (now() < deadline()) return arm();
  const WebSocketOptions& options = setting_->options;
  if (state_ == State::Open && !awaitsPong_) {
    sendPing();
    awaitsPong_ = true;
    pingedAt_ = now();
    return arm();
  }
  if (state_ == State::Open) return transport().abortConnection(WebSocketTimeout("a ping", options.pongTimeout.seconds()));
  transport().abortConnection(WebSocketTimeout("Close", options.closeTimeout.seconds()));
}

}  // namespace weft::http::detail
