#include <weft/net/internal/connection.hpp>

#include <weft/core/log.hpp>
#include <weft/net/error.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/unix_transport.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace weft::net::detail {

namespace {
}

constexpr int kProducerWarning = 30;                   // seconds

const Connection::Marks Connection::kMarks;

Connection::~Connection() {
  if (!registered()) return;
  state_ = State::Ended;
  const std::unique_ptr<Registered> gone = std::move(rare_->producer);
  if (gone->warning.active()) gone->warning.cancel();
  try {
    gone->producer->stopProducing();
  } catch (...) {
    kNetLog.failure(Failure(), "stopProducing threw");
  }
}

// Calls into the protocol. What it throws ends the connection.
template <class F> void Connection::callProtocol(const char* what, F call) noexcept {
  const bool nested = std::exchange(calling_, true);
  try {
    call(*protocol_);
  } catch (...) {
    Failure failure;
    kNetLog.failure(failure, what, " threw; closing the connection with ", getPeer());
    end(std::move(failure), false);
  }
  calling_ = nested;
  if (!nested && rare_ && !rare_->replaced.empty()) [[unlikely]] std::exchange(rare_->replaced, {}).clear();
}

void Connection::setProtocol(std::shared_ptr<Protocol> protocol) {
  if (protocol_) protocol_->clearTransport();
  std::swap(protocol_, protocol);
  if (calling_ && protocol) rare().replaced.push_back(std::move(protocol));
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
  rare().unread.insert(0, data);
  hasUnread_ = true;
  goOnReading();
}

void Connection::goOnReading() {
  if (wantsData()) startReading();
  else if ((hasUnread_ || endPending_) && protocol_ && state_ == State::Open && !paused_)
    clock().callLater(0, [self = shared_from_this(), this] { deliverUnread(); });
}

void Connection::deliverUnread() noexcept {
  if (!protocol_ || state_ != State::Open || paused_) return;
  if (std::exchange(hasUnread_, false)) {
    const std::string data = std::exchange(rare_->unread, {});
    received(data);
    goOnReading();
  } else if (std::exchange(endPending_, false)) {
    receivedEnd();
  }
}

Deferred<> Connection::drained() {
  if (state_ == State::Ended) return fail(reason_);
  if (buffered() <= marks().high) return succeed();
  std::vector<Trigger<>>& waiters = rare().waiters;
  std::erase_if(waiters, [](const Trigger<>& waiter) { return !waiter.active(); });
  Deferred<> deferred;
  waiters.push_back(deferred.takeTrigger());
  return deferred;
}

void Connection::fireDrained() {
  for (Trigger<>& waiter : std::exchange(rare_->waiters, {})) waiter.callback();
  if (registered() && std::exchange(registered()->paused, false)) callProducer("resumeProducing", [](Producer& producer) { producer.resumeProducing(); });
}

void Connection::setWriteLimits(std::size_t low, std::size_t high, std::size_t limit) {
  rare().marks = {std::min(low, high), high, limit};
  wroteSome();
  queued();
}

// ---- producers

template <class F> void Connection::callProducer(const char* what, F call) noexcept {
  const std::shared_ptr<Producer> producer = registered()->producer;      // it may unregister
  try {
    call(*producer);
  } catch (...) {
    Failure failure;
    kNetLog.failure(failure, what, " threw; closing the connection with ", getPeer());
    end(std::move(failure), false);
  }
}

void Connection::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (registered()) throw ProducerAlreadyRegistered();
  if (state_ != State::Open || writeClosing_) return producer->stopProducing();
  rare().producer = std::make_unique<Registered>(Registered{std::move(producer), streaming, false, false, {}});
  if (streaming) queued();
  else flush();
}

void Connection::unregisterProducer() {
  if (!registered()) return;
  const std::unique_ptr<Registered> gone = std::move(rare_->producer);
  if (gone->warning.active()) gone->warning.cancel();
  if (state_ == State::Closing || (state_ == State::Open && writeClosing_ && !writeClosed_)) flush();
}

// While a producer is registered every write comes by here.
bool Connection::takesProducersWrite() noexcept {
  if (state_ == State::Ended || writeClosed_) return false;
  if (!registered()->streaming && std::exchange(registered()->asked, false)) flush();      // then wroteAll() asks for more
  return true;
}

void Connection::pauseProducer() noexcept {
  if (!registered()->streaming || registered()->paused || state_ == State::Ended || buffered() <= marks().high) return;
  registered()->paused = true;
  callProducer("pauseProducing", [](Producer& producer) { producer.pauseProducing(); });
}

void Connection::waitForProducer() {
  if (registered()->warning.active()) return;
  registered()->warning = clock().callLater(kProducerWarning, [this] {
    kNetLog.warning("the connection with ", getPeer(), " was told to close ", kProducerWarning,
                 " s ago, and still waits for its producer to call unregisterProducer()");
  });
}

// ---- ending

void Connection::loseConnection() {
  if (state_ != State::Open) return;
  state_ = State::Closing;
  if (registered()) waitForProducer();
  else if (buffered() == 0) end(ConnectionDone(), false);
  else flush();
}

void Connection::loseWriteConnection() {
  if (state_ != State::Open || writeClosing_) return;
  writeClosing_ = true;
  if (registered()) waitForProducer();
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

void Connection::receivedDescriptor(FileDescriptor descriptor) noexcept {
  callProtocol("fileDescriptorReceived", [&](Protocol& protocol) {
    if (auto* const receiver = dynamic_cast<FileDescriptorReceiver*>(&protocol)) receiver->fileDescriptorReceived(std::move(descriptor));
  });
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
  if (registered()) {                                     // the end waits for it
    if (!registered()->streaming && !std::exchange(registered()->asked, true))
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
  if (rare_)
    for (Trigger<>& waiter : std::exchange(rare_->waiters, {})) waiter.errback(reason_);
  if (registered()) {
    callProducer("stopProducing", [](Producer& producer) { producer.stopProducing(); });
    unregisterProducer();
  }
  if (!protocol_) return;
  const std::shared_ptr<Protocol> protocol = protocol_;
  try {
    protocol->connectionLost(reason_);
  } catch (...) {
    kNetLog.failure(Failure(), "connectionLost threw");
  }
  protocol->clearTransport();
  if (protocol_ == protocol) protocol_.reset();
}

}  // namespace weft::net::detail
