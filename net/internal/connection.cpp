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

constexpr int kProducerWarning = 30;                   // seconds

Connection::~Connection() {
  if (!producer_) return;
  state_ = State::Ended;
  const std::unique_ptr<Registered> registered = std::move(producer_);
  if (registered->warning.active()) registered->warning.cancel();
  try {
    registered->producer->stopProducing();
  } catch (...) {
    kLog.failure(Failure(), "stopProducing threw");
  }
}

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
  callProtocol("handshakeCompleted", [this](Protocol& made) { introduce(made); });
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
  if (producer_ && std::exchange(producer_->paused, false)) callProducer("resumeProducing", [](Producer& producer) { producer.resumeProducing(); });
}

void Connection::setWriteLimits(std::size_t low, std::size_t high, std::size_t limit) {
  low_ = std::min(low, high);
  high_ = high;
  limit_ = limit;
  wroteSome();
  queued();
}

// ---- producers

template <class F> void Connection::callProducer(const char* what, F call) noexcept {
  const std::shared_ptr<Producer> producer = producer_->producer;      // it may unregister
  try {
    call(*producer);
  } catch (...) {
    Failure failure;
    kLog.failure(failure, what, " threw; closing the connection with ", getPeer());
    end(std::move(failure), false);
  }
}

void Connection::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (producer_) throw ProducerAlreadyRegistered();
  if (state_ != State::Open || writeClosing_) return producer->stopProducing();
  producer_ = std::make_unique<Registered>(Registered{std::move(producer), streaming, false, false, {}});
  if (streaming) queued();
  else flush();
}

void Connection::unregisterProducer() {
  const std::unique_ptr<Registered> gone = std::move(producer_);
  if (!gone) return;
  if (gone->warning.active()) gone->warning.cancel();
  if (state_ == State::Closing || (state_ == State::Open && writeClosing_ && !writeClosed_)) flush();
}

// While a producer is registered every write comes by here.
bool Connection::takesProducersWrite() noexcept {
  if (state_ == State::Ended || writeClosed_) return false;
  if (!producer_->streaming && std::exchange(producer_->asked, false)) flush();      // then wroteAll() asks for more
  return true;
}

void Connection::pauseProducer() noexcept {
  if (!producer_->streaming || producer_->paused || state_ == State::Ended || buffered() <= high_) return;
  producer_->paused = true;
  callProducer("pauseProducing", [](Producer& producer) { producer.pauseProducing(); });
}

void Connection::waitForProducer() {
  if (producer_->warning.active()) return;
  producer_->warning = clock().callLater(kProducerWarning, [this] {
    kLog.warning("the connection with ", getPeer(), " was told to close ", kProducerWarning,
                 " s ago, and still waits for its producer to call unregisterProducer()");
  });
}

// ---- ending

void Connection::loseConnection() {
  if (state_ != State::Open) return;
  state_ = State::Closing;
  if (producer_) waitForProducer();
  else if (buffered() == 0) end(ConnectionDone(), false);
  else flush();
}

void Connection::loseWriteConnection() {
  if (state_ != State::Open || writeClosing_) return;
  writeClosing_ = true;
  if (producer_) waitForProducer();
  else flush();
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
  if (producer_) {                                     // the end waits for it
    if (!producer_->streaming && !std::exchange(producer_->asked, true))
      callProducer("resumeProducing", [](Producer& producer) { producer.resumeProducing(); });
    return;
  }
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
  if (producer_) {
    callProducer("stopProducing", [](Producer& producer) { producer.stopProducing(); });
    unregisterProducer();
  }
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
