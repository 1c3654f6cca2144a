// Transport: one end of a connection, whatever carries it.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/net/address.hpp>
#include <weft/net/producer.hpp>
#include <weft/net/protocol.hpp>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weft::net {

class TlsFacts;

/// One end of a connection: bytes in order, both ways. TCP, in memory, a test's recording: all the same from here.
///
/// Ownership: a transport lives while somebody holds it. From setProtocol() until connectionLost() the loop itself does, so that a connection with a protocol
/// needs no other owner. One that never got a protocol is aborted when its last pointer goes. After the connection has ended the object may still be held: then
/// writes are dropped, as in Twisted, and connected() says no. When its reactor is destroyed first, the connection is aborted; connectionLost() is then
/// called out of the reactor's destructor, and may cancel timers but not start anything.
///
/// Thread: the reactor's.
class Transport : public Consumer, public Producer, public std::enable_shared_from_this<Transport> {
 public:
  Transport() = default;
  ~Transport() override = default;

  /// Hands the connection to `protocol`: calls its makeConnection(), then begins to read. Nothing is read before. A second call passes the connection on (an
  /// upgrade): the old protocol is let go without connectionLost, and the new one gets what comes from now on. If the connection has ended in the meantime,
  /// connectionMade is still called, and connectionLost follows from the loop. If the peer had ended its side already, the new protocol is told of that as well, from the loop.
  /// Null: the protocol is let go, and nothing is read until the next one comes; till then the transport is its holder's again.
  virtual void setProtocol(std::shared_ptr<Protocol> protocol) = 0;
  virtual const std::shared_ptr<Protocol>& protocol() const noexcept = 0;

  // ---- writing: never blocks; dropped when the connection has ended or its writing side was closed

  /// Sends `data`, now if the way is free (one system call), else what is left is copied and sent when it is.
  void write(std::string_view data) override = 0;
  /// The same for bytes that may be kept instead of copied.
  virtual void writeOwned(std::string data) = 0;
  /// All parts at once: one system call, one packet where they fit.
  virtual void writeSequence(std::span<const std::string_view> parts) = 0;
  void writeSequence(std::initializer_list<std::string_view> parts) { writeSequence(std::span(parts.begin(), parts.size())); }

  /// Bytes written but not yet taken by the system.
  virtual std::size_t buffered() const noexcept = 0;
  /// Fires when no more than the low mark is buffered; at once unless more than the high mark is. So `co_await transport.drained()` after each write is all that a
  /// fast writer needs. Errbacks the reason when the connection ends first. cancel: the wait ends, nothing else.
  virtual Deferred<> drained() = 0;
  /// Of drained(), and the most that may ever be buffered: a write beyond `limit` aborts the connection with WriteBufferFull. At first 16 KiB, 64 KiB, 256 MiB.
  virtual void setWriteLimits(std::size_t low, std::size_t high, std::size_t limit) = 0;

  // Consumer::registerProducer: the same marks for a producer, in Twisted's manner.

  // ---- ending

  /// Stops reading, sends what has been written, then closes: ConnectionDone. Calling it again changes nothing. A registered producer is waited for: it may write until
  /// it calls unregisterProducer(). If that never comes the connection never closes (a warning is logged after 30 s); unregisterProducer() here, or
  /// abortConnection(), ends it at once.
  virtual void loseConnection() = 0;
  /// Sends what has been written (a registered producer is waited for as above), then tells the peer that no more will come. Reading goes on; when the peer has ended its side too, the connection is
  /// over (connectionLost, without readConnectionLost).
  virtual void loseWriteConnection() = 0;
  /// Closes now and drops what has not been sent; the peer sees a reset. connectionLost() gets ConnectionAborted (or `reason`), from the loop, not from in here.
  virtual void abortConnection() = 0;
  virtual void abortConnection(Failure reason) = 0;
  /// Neither ended nor told to end.
  virtual bool connected() const noexcept = 0;

  // ---- back-pressure from the reader

  /// dataReceived is not called again before resumeReading(). What the peer sends fills the system's buffers, and then the peer waits. A connection that breaks
  /// meanwhile may be noticed only after resumeReading().
  virtual void pauseReading() = 0;
  virtual void resumeReading() = 0;
  /// Puts bytes back that were taken but belong to the next protocol: they come first, from the loop, to whoever is the protocol then. For upgrades, where a reader has
  /// read beyond the last byte that was for it. Dropped when the connection has ended.
  virtual void unread(std::string data) = 0;

  // Producer: the peer's bytes.
  void pauseProducing() final { pauseReading(); }
  void resumeProducing() final { resumeReading(); }
  void stopProducing() final { loseConnection(); }

  // ---- facts

  virtual Address getHost() const = 0;
  virtual Address getPeer() const = 0;
  /// The clock of whatever runs this transport, for timeouts.
  virtual Clock& clock() const noexcept = 0;
  /// Of a TLS connection what its handshake has agreed upon (<weft/net/tls/facts.hpp>); null for any other.
  virtual const TlsFacts* tlsFacts() const noexcept { return nullptr; }

  // ---- options; without effect where there is no such thing

  /// On from the start: small writes are sent at once instead of waiting for the peer's acknowledgement.
  virtual void setTcpNoDelay(bool on) { static_cast<void>(on); }
  virtual bool getTcpNoDelay() const { return true; }
  /// Off from the start: probes that notice a dead peer, after hours unless the system says otherwise.
  virtual void setTcpKeepAlive(bool on) { static_cast<void>(on); }
  virtual bool getTcpKeepAlive() const { return false; }
};

}  // namespace weft::net
