#include <weft/net/testing/string_transport.hpp>

namespace weft::net {

StringTransport::~StringTransport() {
  if (protocol_) protocol_->clearTransport();
}

void StringTransport::setProtocol(std::shared_ptr<Protocol> protocol) {
  if (protocol_) protocol_->clearTransport();
  protocol_ = std::move(protocol);
  if (!protocol_) return;
  protocol_->makeConnection(*this);
  if (!unread_.empty()) receive({});
}

void StringTransport::receive(std::string_view data) {
  if (unread_.empty()) return protocol_->dataReceived(data);
  std::string all = std::exchange(unread_, {});
  all += data;
  protocol_->dataReceived(all);
}

void StringTransport::receiveInPieces(std::string_view data, std::size_t size) {
  for (; !data.empty(); data.remove_prefix(std::min(size, data.size()))) receive(data.substr(0, size));
}

void StringTransport::lose(Failure reason) {
  if (std::exchange(lost_, true)) return;
  for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.errback(reason);
  if (const std::shared_ptr<Producer> producer = std::exchange(producer_, nullptr)) producer->stopProducing();
  if (!protocol_) return;
  const std::shared_ptr<Protocol> protocol = std::move(protocol_);
  protocol->connectionLost(reason);
  protocol->clearTransport();
}

void StringTransport::setBuffered(std::size_t bytes) {
  buffered_ = bytes;
  if (buffered_ <= low_)
    for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.callback();
  if (!producer_ || !streaming_) return;
  if (buffered_ <= low_ && std::exchange(producerPaused_, false)) producer_->resumeProducing();
  else if (buffered_ > high_ && !std::exchange(producerPaused_, true)) producer_->pauseProducing();
}

void StringTransport::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (producer_) throw ProducerAlreadyRegistered();
  if (lost_ || disconnecting_ || writeClosed_) return producer->stopProducing();
  producer_ = std::move(producer);
  streaming_ = streaming;
  producerPaused_ = false;
}

void StringTransport::unregisterProducer() {
  if (!producer_) throw net::Error("unregisterProducer(): no producer is registered with this StringTransport");
  producer_.reset();
}

void StringTransport::write(std::string_view data) {
  if (!takesWrites()) return;
  ++writes_;
  value_ += data;
}

void StringTransport::writeSequence(std::span<const std::string_view> parts) {
  if (!takesWrites()) return;
  ++writes_;
  for (const std::string_view part : parts) value_ += part;
}

Deferred<> StringTransport::drained() {
  if (lost_) return fail(ConnectionDone());
  if (buffered_ <= high_) return succeed();
  Deferred<> deferred;
  waiters_.push_back(deferred.takeTrigger());
  return deferred;
}

void StringTransport::setWriteLimits(std::size_t low, std::size_t high, std::size_t) {
  low_ = low;
  high_ = high;
}

}  // namespace weft::net
