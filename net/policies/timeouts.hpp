// TimeoutMixin, TimeoutFactory: connections that are idle for too long are closed.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/net/policies/protocol_wrapper.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace weft::net {

/// A protocol with one timer, on the clock of its transport. Derive from it with the protocol that it is to be:
///
///     class Login : public TimeoutMixin<LineReceiver> {
///       void connectionMade() override { setTimeout(30); }
///       void lineReceived(std::string_view line) override { resetTimeout(); … }
///     };
///
/// The timer stops by itself when the connection ends; who overrides connectionLost calls this one's.
template <std::derived_from<Protocol> Base = Protocol> class TimeoutMixin : public Base {
 public:
  using Base::Base;
  ~TimeoutMixin() override { stop(); }

  /// Calls timeoutConnection() when `period` has passed without resetTimeout(); nullopt: no more timeouts, as at first. Gives the period so far. Needs a transport.
  std::optional<Delay> setTimeout(std::optional<Delay> period) {
    stop();
    std::optional<Delay> before = std::exchange(period_, period);
    if (period_) timer_ = this->transport().clock().callLater(*period_, [this] { timeoutConnection(); });
    return before;
  }
  /// The period begins anew. Without one nothing happens.
  void resetTimeout() {
    if (timer_.active()) timer_.reset(*period_);
  }
  std::optional<Delay> timeout() const noexcept { return period_; }

  void connectionLost(const Failure& reason) override {
    stop();
    Base::connectionLost(reason);
  }

 protected:
  /// The time is up. As it stands, closes the connection.
  virtual void timeoutConnection() { this->transport().loseConnection(); }

 private:
  void stop() noexcept {
    if (timer_.active()) timer_.cancel();
  }
  std::optional<Delay> period_;
  DelayedCall timer_;
};

/// Why TimeoutFactory ended a connection whose peer did not take what was written to it.
class IdleTimeout : public ConnectionAborted {
 public:
  explicit IdleTimeout(double seconds);
  double seconds;
};

/// Closes its connection when nothing has come, and nothing that was written has been taken by the peer, for a while.
class TimeoutProtocol : public ProtocolWrapper {
 public:
  TimeoutProtocol(std::shared_ptr<Protocol> protocol, Delay period) : ProtocolWrapper(std::move(protocol)), period_(period) {}
  ~TimeoutProtocol() override { stop(); }

  void makeConnection(Transport& transport) override;
  void dataReceived(std::string_view data) override;
  void connectionLost(const Failure& reason) override;
  void write(std::string_view data) override;
  void writeOwned(std::string data) override;
  using ProtocolWrapper::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;

 protected:
  /// As it stands: loseConnection(), or, where bytes wait that the peer does not take, abortConnection() with IdleTimeout.
  virtual void timeoutConnection();

 private:
  void wrote();
  void expired();
  void stop() noexcept;

  Delay period_;
  DelayedCall timer_;
  std::size_t waiting_ = 0;                            // bytes not taken when the timer was set
};

/// Puts a TimeoutProtocol around each protocol. 30 minutes unless set.
class TimeoutFactory : public WrappingFactory {
 public:
  explicit TimeoutFactory(std::shared_ptr<Factory> wrapped, Delay period = std::chrono::minutes(30))
      : WrappingFactory(std::move(wrapped)), period_(period) {}

 protected:
  std::shared_ptr<Protocol> wrap(std::shared_ptr<Protocol> protocol, const Address& peer) override;

 private:
  Delay period_;
};

}  // namespace weft::net
