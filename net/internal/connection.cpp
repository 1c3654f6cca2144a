#include <weft/net/internal/connection.hpp>

#include <weft/core/log.hpp>
#include <weft/net/error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace weft::net::detail {

namespace {
const Logger kLog("weft.net");
}

Connection::~Connection() = default;

// Calls into the protocol. What it throws ends the connection.
template <class F> void Connection::callProtocol(const char* what, F call) noexcept {
  const bool nested = std::exchange(calling_, true);
  try {
    call(*protocol_);
  } catch (...) {
    Failure failure;
    kLog.failure(failure, what, " threw; closing the connection with ", getPeer());
    end(std::move(failure), false);
  }
  calling_ = nested;
  if (!nested && !replaced_.empty()) [[unlikely]] std::exchange(replaced_, {}).clear();
}

void Connection::setProtocol(std::shared_ptr<Protocol> protocol) {
  if (protocol_) protocol_->clearTransport();
  std::swap(protocol_, protocol);
  if (calling_ && protocol) replaced_.push_back(std::move(protocol));
  endPending_ = readEnded_;
  if (!protocol_) {
    clock().callLater(0, [self = shared_from_this(), this] {      // not in here: the carrier may be calling
      if (!protocol_ && state_ == State::Open && buffered() == 0) releaseSelf();
    });
    return;
  }
  holdSelf();
  callProtocol("connectionMade", [this](Protocol& made) { made.makeConnection(*this); });
  if (finished_) finishAgain();
  else goOnReading();
}

void Connection::unread(std::string data) {
  if (state_ == State::Ended || data.empty()) return;
  if (unread_) unread_->insert(0, data);
  else unread_ = std::make_unique<std::string>(std::move(data));
  goOnReading();
}

void Connection::goOnReading() {
  if (wantsData()) startReading();
  else if ((unread_ || endPending_) && protocol_ && state_ == State::Open && !paused_)
    clock().callLater(0, [self = shared_from_this(), this] { deliverUnread(); });
}

void Connection::deliverUnread() noexcept {
  if (!protocol_ || state_ != State::Open || paused_) return;
  if (unread_) {
    const std::unique_ptr<std::string> data = std::move(unread_);
    received(*data);
    goOnReading();
  } else if (std::exchange(endPending_, false)) {
    receivedEnd();
  }
}

Deferred<> Connection::drained() {
  if (state_ == State::Ended) return fail(reason_);
  if (buffered() <= high_) return succeed();
  std::erase_if(waiters_, [](const Trigger<>& waiter) { return !waiter.active(); });
  Deferred<> deferred;
  waiters_.push_back(deferred.takeTrigger());
  return deferred;
}

void Connection::fireDrained() {
  for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.callback();
}

void Connection::setWriteLimits(std::size_t low, std::size_t high, std::size_t limit) {
  low_ = std::min(low, high);
  high_ = high;
  limit_ = limit;
  wroteSome();
}

void Connection::loseConnection() {
  if (state_ != State::Open) return;
  state_ = State::Closing;
  if (buffered() == 0) end(ConnectionDone(), false);
  else flush();
}

void Connection::loseWriteConnection() {
  if (!takesWrites()) return;
  writeClosing_ = true;
  flush();
}

void Connection::abortConnection() { abortConnection(ConnectionAborted()); }

void Connection::abortConnection(Failure reason) { end(std::move(reason), true); }

void Connection::resumeReading() {
  if (std::exchange(paused_, false)) goOnReading();
}

void Connection::received(std::string_view data) noexcept {
  callProtocol("dataReceived", [data](Protocol& protocol) { protocol.dataReceived(data); });
}

void Connection::receivedEnd() noexcept {
  readEnded_ = true;
  if (writeClosed_) {
    end(ConnectionDone(), false);
    return;
  }
  callProtocol("readConnectionLost", [](Protocol& protocol) { protocol.readConnectionLost(); });
}

void Connection::wroteAll() noexcept {
  if (state_ == State::Closing) {
    end(ConnectionDone(), false);
  } else if (state_ == State::Open && writeClosing_ && !writeClosed_) {
    writeClosed_ = true;
    endWriting();
    if (readEnded_) end(ConnectionDone(), false);
    else if (protocol_) callProtocol("writeConnectionLost", [](Protocol& protocol) { protocol.writeConnectionLost(); });
  }
}

void Connection::end(Failure reason, bool abort) noexcept {
  if (state_ == State::Ended) return;
  state_ = State::Ended;
  reason_ = std::move(reason);
  endCarrier(abort);
}

void Connection::finish() noexcept {
  finished_ = true;
  for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.errback(reason_);
  if (!protocol_) return;
  const std::shared_ptr<Protocol> protocol = protocol_;
  try {
    protocol->connectionLost(reason_);
  } catch (...) {
    kLog.failure(Failure(), "connectionLost threw");
  }
  protocol->clearTransport();
  if (protocol_ == protocol) protocol_.reset();
}

}  // namespace weft::net::detail
