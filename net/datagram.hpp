// Datagrams: DatagramProtocol in Twisted's manner, DatagramSocket for coroutines, and where both come from.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/net/address.hpp>
#include <weft/net/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace weft::net {

/// A datagram, or an option of a datagram socket, that the system refused: too long, no right to broadcast, no such group. Loss on the way is no error.
class DatagramError : public Error {
 public:
  DatagramError(std::string_view doing, const Address& address, int systemError);
  Address address;
  int systemError;                                     // errno
};

/// One end that sends and receives datagrams. Thread: the reactor's. After stopListening() nothing is sent and nothing comes.
class DatagramTransport {
 public:
  DatagramTransport() = default;
  DatagramTransport(const DatagramTransport&) = delete;
  DatagramTransport& operator=(const DatagramTransport&) = delete;
  virtual ~DatagramTransport() = default;

  /// Sends one datagram now. False where it was lost right here, since the system's buffer is full or there is no way: nothing is queued, as datagrams may be lost
  /// anyway. Throws DatagramError where it never could be sent.
  virtual bool write(std::string_view data, const Address& to) = 0;
  /// The same to the address that connect() was given. Throws std::logic_error without one.
  virtual bool write(std::string_view data) = 0;
  /// From now on only datagrams from there are received, and a missing listener there is noticed (connectionRefused). Throws DatagramError.
  virtual void connect(const Address& peer) = 0;

  virtual Address getHost() const = 0;
  virtual void pauseReading() = 0;
  virtual void resumeReading() = 0;
  /// Ends it. Fires after stopProtocol(). May be called again.
  virtual Deferred<> stopListening() = 0;
  virtual bool listening() const noexcept = 0;

  // ---- options; DatagramError where there is no such thing

  /// May it send to broadcast addresses? Off at first.
  virtual void setBroadcastAllowed(bool on) = 0;
  virtual bool getBroadcastAllowed() const = 0;
  /// Receive what is sent to the multicast group `group`, on the interface with that numeric address (IPv6: its scope number); empty: the system's choice.
  virtual void joinGroup(const Address& group, const Address& interface = {}) = 0;
  virtual void leaveGroup(const Address& group, const Address& interface = {}) = 0;
  /// How many routers a multicast datagram may pass. 1 at first: the local network.
  virtual void setTTL(int hops) = 0;
  virtual int getTTL() const = 0;
  /// Does this machine see its own multicast? On at first.
  virtual void setLoopbackMode(bool on) = 0;
  virtual bool getLoopbackMode() const = 0;
  /// Where multicast leaves: as with joinGroup().
  virtual void setOutgoingInterface(const Address& interface) = 0;
};

/// What happens at one end. Order: startProtocol once, datagramReceived any number of times, stopProtocol once and last. None inside another. What datagramReceived
/// throws is logged, and the next datagram comes.
class DatagramProtocol {
 public:
  DatagramProtocol() = default;
  DatagramProtocol(const DatagramProtocol&) = delete;
  DatagramProtocol& operator=(const DatagramProtocol&) = delete;
  virtual ~DatagramProtocol() = default;

  virtual void startProtocol() {}
  virtual void stopProtocol() {}
  /// One datagram, whole; it may be empty. `data` dies when this returns.
  virtual void datagramReceived(std::string_view data, const Address& from) = 0;
  /// After connect(): nobody listens there.
  virtual void connectionRefused() {}

  DatagramTransport& transport() const noexcept { return *transport_; }
  bool hasTransport() const noexcept { return transport_ != nullptr; }
  /// Called by the transport.
  void setTransport(DatagramTransport* transport) noexcept { transport_ = transport; }

 private:
  DatagramTransport* transport_ = nullptr;
};

/// Owns a DatagramTransport: destroyed, it stops it. Move-only.
class DatagramPort {
 public:
  DatagramPort() noexcept = default;
  explicit DatagramPort(std::shared_ptr<DatagramTransport> transport) noexcept : transport_(std::move(transport)) {}
  DatagramPort(DatagramPort&&) noexcept = default;
  DatagramPort& operator=(DatagramPort&& other) noexcept {
    std::swap(transport_, other.transport_);
    return *this;
  }
  ~DatagramPort() {
    if (transport_) transport_->stopListening().detach();
  }
  DatagramTransport* operator->() const noexcept { return transport_.get(); }
  DatagramTransport& operator*() const noexcept { return *transport_; }
  explicit operator bool() const noexcept { return transport_ != nullptr; }

 private:
  std::shared_ptr<DatagramTransport> transport_;
};

/// How to listen for datagrams.
class DatagramOptions {
 public:
  DatagramOptions() = default;
  /// Let several sockets listen at the same address: for multicast, where each gets all. Off unless set.
  DatagramOptions& shareAddress(bool on = true) {
    shareAddress_ = on;
    return *this;
  }
  bool shareAddress() const noexcept { return shareAddress_; }

 private:
  bool shareAddress_ = false;
};

/// What code takes that needs datagrams. UdpNetwork is the real one, MemoryDatagrams the one of tests and simulations.
class DatagramNetwork {
 public:
  DatagramNetwork() = default;
  DatagramNetwork(const DatagramNetwork&) = delete;
  DatagramNetwork& operator=(const DatagramNetwork&) = delete;
  virtual ~DatagramNetwork() = default;

  /// Receives what is sent to `at` (port 0: any free one) and gives it to `protocol`, whose startProtocol is called before this returns. Throws CannotListenError.
  [[nodiscard("a dropped DatagramPort listens no more")]] virtual DatagramPort listen(const Address& at, std::shared_ptr<DatagramProtocol> protocol,
                                                                                      const DatagramOptions& options = {}) = 0;
  virtual Clock& clock() noexcept = 0;
};

/// One datagram that came.
struct Datagram {
  Datagram(std::string data, const Address& from) : data(std::move(data)), from(from) {}
  std::string data;
  Address from;
};

/// Datagrams for coroutines.
///
///     DatagramSocket socket(network, Address::loopback(0));
///     socket.write("hello", server);
///     Datagram answer = co_await socket.receive();
///
/// What comes while nobody waits is kept up to a limit; beyond it the newest are dropped and counted, as a full socket would do. Destroyed, it closes, and a receive()
/// that waits ends with ConnectionAborted. Move-only. Thread: the reactor's.
class DatagramSocket {
 public:
  static constexpr std::size_t kMostDatagrams = 256;
  static constexpr std::size_t kMostBytes = 1024 * 1024;

  /// Throws CannotListenError.
  DatagramSocket(DatagramNetwork& network, const Address& at, const DatagramOptions& options = {}, std::size_t mostDatagrams = kMostDatagrams,
                 std::size_t mostBytes = kMostBytes);
  DatagramSocket(DatagramSocket&&) noexcept;
  DatagramSocket& operator=(DatagramSocket&&) = delete;
  ~DatagramSocket();

  /// The next datagram. Errors: ConnectionRefused once after connect() when nobody listens there, ConnectionAborted when it was closed. One at a time
  /// (AlreadyReading). cancel: nothing that came is lost.
  Deferred<Datagram> receive();
  bool write(std::string_view data, const Address& to) { return port_->write(data, to); }
  bool write(std::string_view data) { return port_->write(data); }
  /// As DatagramTransport::connect().
  void connect(const Address& peer);
  /// See there for getHost(), groups and options.
  DatagramTransport& transport() const noexcept { return *port_; }
  /// How many datagrams found no room.
  std::uint64_t dropped() const noexcept;
  Deferred<> close() { return port_->stopListening(); }

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;
  DatagramPort port_;
};

}  // namespace weft::net
