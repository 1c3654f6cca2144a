// Network: where connections come from.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/net/address.hpp>
#include <weft/net/error.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// How to connect. `network.connect(host, port, ConnectOptions().timeout(5))`.
class ConnectOptions {
 public:
  ConnectOptions() = default;
  /// For everything from the look-up of the name to the connection. 30 s unless set.
  ConnectOptions& timeout(Delay delay) {
    timeout_ = delay;
    return *this;
  }
  Delay timeout() const noexcept { return timeout_; }
  /// The address to come from; a port of 0 means any. Only addresses of its family are tried.
  ConnectOptions& bindAddress(const Address& address) {
    bindAddress_ = address;
    return *this;
  }
  const Address& bindAddress() const noexcept { return bindAddress_; }
  /// Of a name with several addresses: how long after one attempt the next begins, if none has answered (RFC 8305 section 5). 0.25 s unless set.
  ConnectOptions& attemptDelay(Delay delay) {
    attemptDelay_ = delay;
    return *this;
  }
  Delay attemptDelay() const noexcept { return attemptDelay_; }
  /// Of the timeout, how much the look-up of the name may take: DNSTimeout after that. As long as the timeout unless set.
  ConnectOptions& lookupTimeout(Delay delay) {
    lookupTimeout_ = delay;
    return *this;
  }
  Delay lookupTimeout() const noexcept { return std::min(lookupTimeout_, timeout_); }
  /// Is called with the addresses of a name once they are known, before they are tried; not for a numeric address. For who wants to know how long the look-up took. It should
  /// not throw, and may be called after connect() was cancelled.
  ConnectOptions& onLookedUp(std::function<void(const std::vector<Address>& addresses)> callback) {
    lookedUp_ = std::move(callback);
    return *this;
  }
  const std::function<void(const std::vector<Address>& addresses)>& onLookedUp() const noexcept { return lookedUp_; }

 private:
  Delay timeout_ = 30;
  Delay lookupTimeout_ = Delay(std::chrono::nanoseconds(Delay::kMaxNanoseconds));
  Delay attemptDelay_ = 0.25;
  Address bindAddress_;
  std::function<void(const std::vector<Address>&)> lookedUp_;
};

/// How to listen. `network.listen(8080, factory, ListenOptions().interface("127.0.0.1"))`.
class ListenOptions {
 public:
  ListenOptions() = default;
  /// A numeric address of this machine. Empty, as it is at first: every IPv4 address ("::" is every address, IPv4 too).
  ListenOptions& interface(std::string address) {
    interface_ = std::move(address);
    return *this;
  }
  const std::string& interface() const noexcept { return interface_; }
  /// How many connections may wait to be accepted. The system has its own upper limit. 1024 unless set.
  ListenOptions& backlog(int connections) {
    backlog_ = connections;
    return *this;
  }
  int backlog() const noexcept { return backlog_; }
  /// Let other ports that say the same, also those of other processes of this user, listen at the same number: the system spreads the connections. Off unless set.
  ListenOptions& reusePort(bool on = true) {
    reusePort_ = on;
    return *this;
  }
  bool reusePort() const noexcept { return reusePort_; }

 private:
  std::string interface_;
  int backlog_ = 1024;
  bool reusePort_ = false;
};

/// Something that listens. Destroying it stops it; connections that it has accepted live on. May outlive its reactor.
class Port {
 public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  virtual ~Port() = default;
  /// Where it listens: with the real port number where 0 was asked for.
  virtual Address getHost() const = 0;
  /// Accepts no more; fires when the address is free again. Open connections live on. May be called again.
  virtual Deferred<> stopListening() = 0;
};

/// What code takes that needs connections. TcpNetwork is the real one, MemoryNetwork the one of tests and simulations.
class Network {
 public:
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  /// A connection to a name or numeric address. The addresses of the name race each other, see happyEyeballs(). Fires with a transport that reads nothing until it
  /// is given a protocol (setProtocol, or a Stream around it). Errors: DNSLookupError, ConnectionRefused, HostUnreachable, ConnectTimeout, else
  /// ConnectError; where several addresses failed, what they have in common. cancel: closes at once, CancelledError.
  virtual Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options = {}) = 0;

  /// Accepts connections on `port` (0: any free one, see Port::getHost) and gives each a protocol of `factory`, until the Port is stopped or destroyed. It listens
  /// when this returns. Throws CannotListenError.
  [[nodiscard("a dropped Port listens no more")]] virtual std::unique_ptr<Port> listen(
      std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) = 0;

  /// The addresses of a name, with that port, in the order in which to try them; never none. A numeric address is its own answer. Errors: DNSLookupError.
  virtual Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) = 0;

  /// The time in which this network lives.
  virtual Clock& clock() noexcept = 0;
};

/// Connects and hands the connection to `protocol`. Fires with it after its connectionMade.
///
///     auto client = co_await connectProtocol(network, "127.0.0.1", port, std::make_shared<Client>());
template <std::derived_from<Protocol> P>
Deferred<std::shared_ptr<P>> connectProtocol(Network& network, std::string host, std::uint16_t port, std::shared_ptr<P> protocol,
                                             const ConnectOptions& options = {}) {
  return network.connect(std::move(host), port, options)
      .addCallback([protocol = std::move(protocol)](std::shared_ptr<Transport> transport) mutable {
        transport->setProtocol(protocol);
        return std::move(protocol);
      });
}

}  // namespace weft::net
