// StringTransport: a transport that only writes down what a protocol does.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/net/error.hpp>
#include <weft/net/transport.hpp>

#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// For testing a protocol without a connection, as in Twisted. The test plays the peer.
///
///     auto echo = std::make_shared<Echo>();
///     StringTransport transport;
///     transport.setProtocol(echo);
///     transport.receive("hello");
///     CHECK(transport.value() == "hello");
///
/// loseConnection() and abortConnection() are only noted; the connection ends when the test says lose(). May live on the stack, or in a shared_ptr where
/// a Stream is to hold it.
class StringTransport : public Transport {
 public:
  /// Has a ManualClock of its own unless given one.
  StringTransport() = default;
  explicit StringTransport(Clock& clock) : clock_(&clock) {}
  ~StringTransport() override;

  // ---- what the protocol has done

  /// Everything written since the start or the last clear().
  const std::string& value() const noexcept { return value_; }
  /// The same, and forgets it.
  std::string take() { return std::exchange(value_, {}); }
  void clear() { value_.clear(); }
  /// How many writes it took.
  std::size_t writes() const noexcept { return writes_; }
  bool disconnecting() const noexcept { return disconnecting_; }
  bool aborted() const noexcept { return aborted_; }
  bool writeClosed() const noexcept { return writeClosed_; }
  bool readingPaused() const noexcept { return paused_; }
  /// What registerProducer() was given; null without one.
  const std::shared_ptr<Producer>& producer() const noexcept { return producer_; }
  bool streaming() const noexcept { return streaming_; }

  // ---- what the peer does

  /// Bytes come in, whether or not reading is paused, after what was put back with unread(). What the protocol throws comes out of here.
  void receive(std::string_view data);
  /// The same in pieces of `size` bytes.
  void receiveInPieces(std::string_view data, std::size_t size);
  /// The peer ends its side.
  void receiveEnd() { protocol_->readConnectionLost(); }
  /// The connection is over: connectionLost(reason). No effect the second time.
  void lose(Failure reason = ConnectionDone());
  /// From now on that many bytes count as not yet sent: drained() waits accordingly, and a push producer is paused or resumed. A pull producer is asked by the
  /// test: `transport.producer()->resumeProducing()`.
  void setBuffered(std::size_t bytes);

  void setHost(const Address& address) noexcept { host_ = address; }
  void setPeer(const Address& address) noexcept { peer_ = address; }

  // ---- Transport

  void setProtocol(std::shared_ptr<Protocol> protocol) override;
  const std::shared_ptr<Protocol>& protocol() const noexcept override { return protocol_; }
  void write(std::string_view data) override;
  void writeOwned(std::string data) override { write(data); }
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;
  void registerProducer(std::shared_ptr<Producer> producer, bool streaming) override;
  /// Throws Error where none is registered: a protocol that does this has lost count.
  void unregisterProducer() override;
  std::size_t buffered() const noexcept override { return buffered_; }
  Deferred<> drained() override;
  void setWriteLimits(std::size_t low, std::size_t high, std::size_t) override;
  void loseConnection() override { disconnecting_ = true; }
  void loseWriteConnection() override { writeClosed_ = true; }
  void abortConnection() override { aborted_ = disconnecting_ = true; }
  void abortConnection(Failure) override { abortConnection(); }
  bool connected() const noexcept override { return !lost_ && !disconnecting_; }
  void pauseReading() override { paused_ = true; }
  void resumeReading() override { paused_ = false; }
  /// Kept until the next receive() or setProtocol().
  void unread(std::string data) override { unread_.insert(0, data); }
  Address getHost() const override { return host_; }
  Address getPeer() const override { return peer_; }
  Clock& clock() const noexcept override { return clock_ ? *clock_ : ownClock_; }

 private:
  bool takesWrites() const noexcept { return !lost_ && (producer_ || (!disconnecting_ && !writeClosed_)); }

  mutable ManualClock ownClock_;
  Clock* clock_ = nullptr;
  std::shared_ptr<Protocol> protocol_;
  std::string value_;
  std::string unread_;
  std::size_t writes_ = 0;
  std::size_t buffered_ = 0;
  std::size_t low_ = 16 * 1024;
  std::size_t high_ = 64 * 1024;
  std::vector<Trigger<>> waiters_;
  std::shared_ptr<Producer> producer_;
  Address host_ = Address::loopback(80);
  Address peer_ = Address::loopback(54321);
  bool disconnecting_ = false;
  bool aborted_ = false;
  bool writeClosed_ = false;
  bool paused_ = false;
  bool lost_ = false;
  bool streaming_ = false;
  bool producerPaused_ = false;
};

}  // namespace weft::net
