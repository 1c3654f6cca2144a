#include <weft/net/policies/throttling.hpp>

#include <weft/net/error.hpp>
#include <weft/net/internal/connection.hpp>
#include <weft/net/internal/token_bucket.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace weft::net {

namespace detail {
namespace {

/// A transport whose carrier is another transport, at a limited pace. The connection below sees it as its protocol.
class ThrottledConnection final : public Protocol, public Connection {
 public:
  ThrottledConnection(std::shared_ptr<Protocol> inner, std::shared_ptr<TokenBucket> reading, std::shared_ptr<TokenBucket> writing)
      : inner_(std::move(inner)), reading_(std::move(reading)), writing_(std::move(writing)) {}

  // ---- Protocol: what the connection below says

  void makeConnection(Transport& transport) override {
    clock_ = &transport.clock();
    peer_ = transport.getPeer();
    Protocol::makeConnection(transport);
    transport.setWriteLimits(0, 0, kWriteLimit);       // drained() there means: all gone
    setProtocol(std::move(inner_));
  }
  void dataReceived(std::string_view data) override {
    held_.append(data);
    deliver();
  }
  void readConnectionLost() override {
    endHeld_ = true;
    deliver();
  }
  void connectionLost(const Failure& reason) override {
    lost_ = true;
    const auto self = shared_from_this();
    end(reason, false);
    finish();
    releaseSelf();
  }

  // ---- Transport: what the protocol above says

  void write(std::string_view data) override {
    if (!takesWrites() || data.empty()) return;
    if (buffered() > 0 && buffered() + data.size() > writeLimit()) return end(WriteBufferFull(writeLimit()), true);
    queue_.append(data);
    send();
    queued();
  }
  void writeOwned(std::string data) override { write(data); }
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override {
    std::string whole;
    for (const std::string_view part : parts) whole += part;
    write(whole);
  }
  std::size_t buffered() const noexcept override { return queue_.size() - sent_ + (hasTransport() ? transport().buffered() : 0); }
  Address getHost() const override { return hasTransport() ? transport().getHost() : Address(); }
  Address getPeer() const override { return peer_; }
  Clock& clock() const noexcept override { return *clock_; }
  void setTcpNoDelay(bool on) override {
    if (hasTransport()) transport().setTcpNoDelay(on);
  }
  bool getTcpNoDelay() const override { return !hasTransport() || transport().getTcpNoDelay(); }
  void setTcpKeepAlive(bool on) override {
    if (hasTransport()) transport().setTcpKeepAlive(on);
  }
  bool getTcpKeepAlive() const override { return hasTransport() && transport().getTcpKeepAlive(); }

 private:
  // ---- Connection

  void startReading() override {
    later([](ThrottledConnection& self) { self.deliver(); });
  }
  void flush() override {
    later([](ThrottledConnection& self) {
      if (self.buffered() == 0) self.wroteAll();
    });
  }
  void endWriting() noexcept override {
    if (!lost_) transport().loseWriteConnection();
  }
  void endCarrier(bool abort) noexcept override {
    queue_.clear();
    held_.clear();
    sent_ = 0;
    if (lost_ || !hasTransport()) return;
    if (abort) transport().abortConnection();
    else transport().loseConnection();
  }
  void finishAgain() override {
    later([](ThrottledConnection& self) {
      self.finish();
      self.releaseSelf();
    });
  }

  template <class F> void later(F call) {
    clock_->callLater(0, [self = std::static_pointer_cast<ThrottledConnection>(shared_from_this()), call] { call(*self); });
  }
  std::weak_ptr<ThrottledConnection> watch() { return std::static_pointer_cast<ThrottledConnection>(shared_from_this()); }

  // Gives the protocol what has come, as far as it wants it and may have it; what is left keeps the peer waiting.
  void deliver() {
    if (delivering_) return;
    const auto self = shared_from_this();
    delivering_ = true;
    std::size_t given = 0;
    while (given < held_.size() && wantsData()) {
      const std::size_t most = held_.size() - given;
      const std::size_t size = reading_ ? reading_->take(most, *clock_) : most;
      if (size == 0) {
        if (!std::exchange(readWaits_, true))
          reading_->wait([watch = watch()] {
            if (const auto self = watch.lock()) {
              self->readWaits_ = false;
              self->deliver();
            }
          }, *clock_);
        break;
      }
      const std::string piece = held_.substr(given, size);
      given += size;
      received(piece);
    }
    held_.erase(0, given);
    delivering_ = false;
    if (!hasTransport() || state() != State::Open) return;
    if (!held_.empty() || !wantsData()) transport().pauseReading();
    else if (std::exchange(endHeld_, false)) receivedEnd();
    else transport().resumeReading();
  }

  void send() {
    while (sent_ < queue_.size() && !writeWaits_) {
      const std::size_t most = queue_.size() - sent_;
      const std::size_t size = writing_ ? writing_->take(most, *clock_) : most;
      if (size == 0) {
        writeWaits_ = true;
        writing_->wait([watch = watch()] {
          if (const auto self = watch.lock()) self->sendMore();
        }, *clock_);
        return;
      }
      transport().write(std::string_view(queue_).substr(sent_, size));
      sent_ += size;
      if (sent_ == queue_.size() || sent_ > kHighMark) {
        queue_.erase(0, sent_);
        sent_ = 0;
      }
      if (!hasTransport() || transport().buffered() == 0) continue;
      writeWaits_ = true;
      transport().drained().addCallbacks([watch = watch()] {
        if (const auto self = watch.lock()) self->sendMore();
      }, [](const Failure&) {}).detach();              // connectionLost follows
    }
  }
  void sendMore() {
    writeWaits_ = false;
    if (state() == State::Ended || !hasTransport()) return;
    send();
    wroteSome();
    if (state() != State::Ended && buffered() == 0) wroteAll();
  }

  std::shared_ptr<Protocol> inner_;                    // until the connection is made
  std::shared_ptr<TokenBucket> reading_, writing_;
  std::string held_;                                   // has come, and waits
  std::string queue_;                                  // to go: from sent_ on
  std::size_t sent_ = 0;
  Clock* clock_ = nullptr;
  Address peer_;
  bool readWaits_ = false;                             // for tokens
  bool writeWaits_ = false;                            // for tokens, or for the connection below
  bool endHeld_ = false;                               // the peer's end has come, and waits
  bool delivering_ = false;
  bool lost_ = false;
};

std::shared_ptr<TokenBucket> bucketOf(double rate, std::optional<std::size_t> burst) {
  if (rate == 0) return nullptr;
  return std::make_shared<TokenBucket>(rate, burst ? static_cast<double>(*burst) : rate / 10);
}

double checkedRate(const char* which, double rate) {
  if (rate >= 0 && std::isfinite(rate)) return rate;
  throw std::invalid_argument(std::string("ThrottleLimits: ") + which + " needs a number of bytes per second from 0 on, not " + std::to_string(rate));
}

}  // namespace
}  // namespace detail

ThrottleLimits& ThrottleLimits::readRate(double bytesPerSecond) {
  readRate_ = detail::checkedRate("readRate", bytesPerSecond);
  return *this;
}
ThrottleLimits& ThrottleLimits::writeRate(double bytesPerSecond) {
  writeRate_ = detail::checkedRate("writeRate", bytesPerSecond);
  return *this;
}

ThrottlingFactory::ThrottlingFactory(std::shared_ptr<Factory> wrapped, const ThrottleLimits& limits)
    : WrappingFactory(std::make_shared<LimitTotalConnectionsFactory>(std::move(wrapped), limits.connections())),
      reading_(detail::bucketOf(limits.readRate(), limits.burst())),
      writing_(detail::bucketOf(limits.writeRate(), limits.burst())) {}

std::shared_ptr<Protocol> ThrottlingFactory::wrap(std::shared_ptr<Protocol> protocol, const Address&) {
  return std::make_shared<detail::ThrottledConnection>(std::move(protocol), reading_, writing_);
}

std::size_t ThrottlingFactory::connections() const noexcept { return static_cast<LimitTotalConnectionsFactory&>(wrapped()).connections(); }

}  // namespace weft::net
