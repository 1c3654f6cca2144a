#include <weft/net/policies/protocol_wrapper.hpp>

#include <weft/core/log.hpp>
#include <weft/net/error.hpp>
#include <weft/net/internal/loggers.hpp>

#include <utility>

namespace weft::net {

namespace {
}

ProtocolWrapper::~ProtocolWrapper() {
  if (inner_) inner_->clearTransport();
}

// ---- what the connection says

void ProtocolWrapper::wrapTransport(std::shared_ptr<Transport> below) {
  below_ = std::move(below);
  clock_ = &below_->clock();
  peer_ = below_->getPeer();
  Protocol::makeConnection(*below_);
}

void ProtocolWrapper::makeConnection(Transport& transport) {
  clock_ = &transport.clock();
  peer_ = transport.getPeer();
  Protocol::makeConnection(transport);
  if (inner_) inner_->makeConnection(*this);
}

void ProtocolWrapper::dataReceived(std::string_view data) {
  if (const std::shared_ptr<Protocol> inner = inner_) inner->dataReceived(data);
  replaced_.clear();
}

void ProtocolWrapper::readConnectionLost() {
  if (const std::shared_ptr<Protocol> inner = inner_) inner->readConnectionLost();
  replaced_.clear();
}

void ProtocolWrapper::writeConnectionLost() {
  if (const std::shared_ptr<Protocol> inner = inner_) inner->writeConnectionLost();
}

void ProtocolWrapper::connectionLost(const Failure& reason) {
  reason_ = reason;
  if (const std::shared_ptr<Protocol> inner = inner_) {
    try {
      inner->connectionLost(reason);
    } catch (...) {
      kNetLog.failure(Failure(), "connectionLost threw");
    }
    inner->clearTransport();
    if (inner_ == inner) inner_.reset();
  }
  clearTransport();
}

// ---- what the protocol says

void ProtocolWrapper::setProtocol(std::shared_ptr<Protocol> protocol) {
  if (inner_) inner_->clearTransport();
  std::swap(inner_, protocol);
  const bool wasUsed = protocol != nullptr;
  if (protocol) replaced_.push_back(std::move(protocol));
  if (!inner_) {                                       // nothing may come while nobody is there
    if (hasTransport()) transport().pauseReading();
    return;
  }
  if (const auto below = std::move(below_)) return below->setProtocol(std::static_pointer_cast<ProtocolWrapper>(shared_from_this()));
  if (!clock_) return;                                 // makeConnection() is still to come
  try {
    inner_->makeConnection(*this);
  } catch (...) {
    Failure failure;
    kNetLog.failure(failure, "connectionMade threw; closing the connection with ", peer_);
    abortConnection(std::move(failure));
  }
  if (reason_) {
    clock_->callLater(0, [self = std::static_pointer_cast<ProtocolWrapper>(shared_from_this())] { self->connectionLost(Failure(*self->reason_)); });
  } else if (!wasUsed && !paused_ && hasTransport()) {
    transport().resumeReading();
  }
}

void ProtocolWrapper::write(std::string_view data) {
  if (hasTransport()) transport().write(data);
}
void ProtocolWrapper::writeOwned(std::string data) {
  if (hasTransport()) transport().writeOwned(std::move(data));
}
void ProtocolWrapper::writeSequence(std::span<const std::string_view> parts) {
  if (hasTransport()) transport().writeSequence(parts);
}
std::size_t ProtocolWrapper::buffered() const noexcept { return hasTransport() ? transport().buffered() : 0; }
Deferred<> ProtocolWrapper::drained() {
  if (hasTransport()) return transport().drained();
  return fail(reason_ ? *reason_ : Failure(ConnectionDone()));
}
void ProtocolWrapper::setWriteLimits(std::size_t low, std::size_t high, std::size_t limit) {
  if (hasTransport()) transport().setWriteLimits(low, high, limit);
}
void ProtocolWrapper::registerProducer(std::shared_ptr<Producer> producer, bool streaming) {
  if (hasTransport()) transport().registerProducer(std::move(producer), streaming);
  else producer->stopProducing();
}
void ProtocolWrapper::unregisterProducer() {
  if (hasTransport()) transport().unregisterProducer();
}
void ProtocolWrapper::loseConnection() {
  if (hasTransport()) transport().loseConnection();
}
void ProtocolWrapper::loseWriteConnection() {
  if (hasTransport()) transport().loseWriteConnection();
}
void ProtocolWrapper::abortConnection() {
  if (hasTransport()) transport().abortConnection();
}
void ProtocolWrapper::abortConnection(Failure reason) {
  if (hasTransport()) transport().abortConnection(std::move(reason));
}
void ProtocolWrapper::pauseReading() {
  paused_ = true;
  if (hasTransport()) transport().pauseReading();
}
void ProtocolWrapper::resumeReading() {
  paused_ = false;
  if (inner_ && hasTransport()) transport().resumeReading();
}
void ProtocolWrapper::unread(std::string data) {
  if (hasTransport()) transport().unread(std::move(data));
}
Address ProtocolWrapper::getHost() const { return hasTransport() ? transport().getHost() : Address(); }
void ProtocolWrapper::setTcpNoDelay(bool on) {
  if (hasTransport()) transport().setTcpNoDelay(on);
}
void ProtocolWrapper::setTcpKeepAlive(bool on) {
  if (hasTransport()) transport().setTcpKeepAlive(on);
}

// ---- the factory

WrappingFactory::~WrappingFactory() = default;

std::shared_ptr<Protocol> WrappingFactory::buildProtocol(const Address& peer) {
  std::shared_ptr<Protocol> protocol = wrapped_->buildProtocol(peer);
  return protocol ? wrap(std::move(protocol), peer) : nullptr;
}

std::shared_ptr<Protocol> WrappingFactory::wrap(std::shared_ptr<Protocol> protocol, const Address&) {
  return std::make_shared<ProtocolWrapper>(std::move(protocol));
}

void WrappingFactory::doStart() { use_ = std::make_unique<detail::FactoryUse>(wrapped_); }
void WrappingFactory::doStop() { use_.reset(); }

}  // namespace weft::net
