#include <weft/net/policies/timeouts.hpp>

#include <weft/net/error.hpp>

#include <string>
#include <utility>

namespace weft::net {

IdleTimeout::IdleTimeout(double seconds)
    : ConnectionAborted("the peer has taken nothing for " + std::to_string(seconds) + " seconds"), seconds(seconds) {}

void TimeoutProtocol::makeConnection(Transport& transport) {
  timer_ = transport.clock().callLater(period_, [this] { expired(); });
  ProtocolWrapper::makeConnection(transport);
}

void TimeoutProtocol::dataReceived(std::string_view data) {
  if (timer_.active()) timer_.reset(period_);
  ProtocolWrapper::dataReceived(data);
}

void TimeoutProtocol::connectionLost(const Failure& reason) {
  stop();
  ProtocolWrapper::connectionLost(reason);
}

void TimeoutProtocol::write(std::string_view data) {
  ProtocolWrapper::write(data);
  wrote();
}
void TimeoutProtocol::writeOwned(std::string data) {
  ProtocolWrapper::writeOwned(std::move(data));
  wrote();
}
void TimeoutProtocol::writeSequence(std::span<const std::string_view> parts) {
  ProtocolWrapper::writeSequence(parts);
  wrote();
}

// What goes out counts, what only queues up does not.
void TimeoutProtocol::wrote() {
  if (timer_.active() && buffered() == 0) timer_.reset(period_);
  else if (waiting_ == 0) waiting_ = buffered();
}

void TimeoutProtocol::expired() {
  if (!hasTransport()) return;
  const std::size_t waits = buffered();
  const bool taken = waits < waiting_;
  waiting_ = waits;
  if (taken) timer_ = clock().callLater(period_, [this] { expired(); });
  else timeoutConnection();
}

void TimeoutProtocol::timeoutConnection() {
  if (buffered() == 0) loseConnection();
  else abortConnection(IdleTimeout(period_.seconds()));
}

void TimeoutProtocol::stop() noexcept {
  if (timer_.active()) timer_.cancel();
}

std::shared_ptr<Protocol> TimeoutFactory::wrap(std::shared_ptr<Protocol> protocol, const Address&) {
  return std::make_shared<TimeoutProtocol>(std::move(protocol), period_);
}

}  // namespace weft::net
