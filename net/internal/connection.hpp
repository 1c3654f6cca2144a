// What all transports share: the protocol and its order of events.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/net/file_descriptor.hpp>
#include <weft/net/internal/read_buffers.hpp>
#include <weft/net/transport.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::net::detail {

/// A Transport without a carrier. The carrier (a socket, a memory link) derives from it and
/// - calls received() and receivedEnd() from its loop, while wantsData();
/// - asks takesWrites() before each write, calls queued() last in one that has made its buffer larger, and wroteSome() when it has become smaller;
/// - implements the hooks; once endCarrier() was called it calls finish() from its loop, and then releaseSelf().
class Connection : public Transport {
 public:
  enum class State : std::uint8_t { Open, Closing, Ended };

  static constexpr std::size_t kLowMark = 16 * 1024;
  static constexpr std::size_t kHighMark = 64 * 1024;
  static constexpr std::size_t kWriteLimit = 256 * 1024 * 1024;

  ~Connection() override;

  void setProtocol(std::shared_ptr<Protocol> protocol) final;
  const std::shared_ptr<Protocol>& protocol() const noexcept final { return protocol_; }
  Deferred<> drained() final;
  void setWriteLimits(std::size_t low, std::size_t high, std::size_t limit) final;
  void loseConnection() final;
  void loseWriteConnection() final;
  void abortConnection() final;
  void abortConnection(Failure reason) final;
  bool connected() const noexcept final { return state_ == State::Open; }
  void pauseReading() final { paused_ = true; }
  void resumeReading() final;
  void unread(std::string data) final;
  void registerProducer(std::shared_ptr<Producer> producer, bool streaming) final;
  void unregisterProducer() final;

  /// Does takeReadBuffer() give one?
  virtual bool lendsReadBuffer() const noexcept { return false; }
  /// In dataReceived: the buffer in which its bytes lie, which is then the caller's; they stay where they are.
  virtual ReadBuffer takeReadBuffer() { return nullptr; }

 protected:
  // ---- for the carrier to call

  State state() const noexcept { return state_; }
  bool wantsData() const noexcept { return protocol_ && state_ == State::Open && !paused_ && !readEnded_ && !hasUnread_; }
  /// May anything be written?
  bool takesWrites() noexcept {
    if (rare_ && rare_->producer) [[unlikely]] return takesProducersWrite();
    return state_ == State::Open && !writeClosing_;
  }
  bool writeClosing() const noexcept { return writeClosing_; }
  /// Does something wait for the moment at which all has been sent: an end, or a pull producer? Then wroteAll() is wanted.
  bool awaitsAllSent() const noexcept { return state_ == State::Closing || writeClosing_ || (rare_ && rare_->producer && !rare_->producer->streaming); }
  std::size_t writeLimit() const noexcept { return marks().limit; }
  std::size_t lowMark() const noexcept { return marks().low; }
  /// After end().
  const Failure& reason() const noexcept { return reason_; }

  /// Gives `data` to the protocol.
  void received(std::string_view data) noexcept;
  /// Gives a descriptor to a protocol that takes such.
  void receivedDescriptor(FileDescriptor descriptor) noexcept;
  /// The peer will send no more.
  void receivedEnd() noexcept;
  /// The end of a write that had to buffer something.
  void queued() noexcept {
    if (rare_ && rare_->producer) [[unlikely]] pauseProducer();
  }
  /// The buffer has become smaller.
  void wroteSome() {
    if (rare_ && buffered() <= rare_->marks.low) [[unlikely]] fireDrained();
  }
  /// Everything that had been written has been sent: goes on with what waited for that.
  void wroteAll() noexcept;
  /// It is over, for this reason. `abort`: the peer should see a reset. Calls endCarrier().
  void end(Failure reason, bool abort) noexcept;
  /// Calls connectionLost and lets go of the protocol. From the loop, after end().
  void finish() noexcept;

  /// While the loop has to do with it, a connection holds itself.
  void holdSelf() {
    if (!self_) self_ = shared_from_this();
  }
  void releaseSelf() noexcept { self_.reset(); }

  // ---- hooks

  /// Tells a new protocol what it may want to know before its connectionMade.
  virtual void introduce(Protocol& protocol) { static_cast<void>(protocol); }
  /// Begin, or go on, to read: from the loop, not in here.
  virtual void startReading() = 0;
  /// loseConnection or loseWriteConnection: call wroteAll() once nothing is buffered; from the loop, not in here.
  virtual void flush() = 0;
  /// Tell the peer that no more will come.
  virtual void endWriting() noexcept = 0;
  /// Close, and drop what is buffered. finish() must follow, from the loop.
  virtual void endCarrier(bool abort) noexcept = 0;
  /// A protocol came only after finish() had been called: call it again, from the loop.
  virtual void finishAgain() = 0;

 private:
  template <class F> void callProtocol(const char* what, F call) noexcept;
  void fireDrained();
  struct Registered {
    std::shared_ptr<Producer> producer;
    bool streaming;
    bool paused = false;                               // push: by us
    bool asked = false;                                // pull: it has not written since
    DelayedCall warning;                               // that loseConnection() waits for it
  };
  struct Marks {
    std::size_t low = kLowMark;
    std::size_t high = kHighMark;
    std::size_t limit = kWriteLimit;
  };
  /// What most connections never need. A third of an idle one's memory, if it were not apart.
  struct Rare {
    std::vector<std::shared_ptr<Protocol>> replaced;   // those whose callbacks are running, after setProtocol() in there
    std::vector<Trigger<>> waiters;                    // of drained()
    std::unique_ptr<Registered> producer;
    std::string unread;                                // goes to the protocol before anything new
    Marks marks;
  };
  static const Marks kMarks;
  const Marks& marks() const noexcept { return rare_ ? rare_->marks : kMarks; }
  Rare& rare() {
    if (!rare_) rare_ = std::make_unique<Rare>();
    return *rare_;
  }
  Registered* registered() const noexcept { return rare_ ? rare_->producer.get() : nullptr; }
  template <class F> void callProducer(const char* what, F call) noexcept;
  bool takesProducersWrite() noexcept;
  void pauseProducer() noexcept;
  void waitForProducer();
  void goOnReading();
  void deliverUnread() noexcept;

  std::shared_ptr<Transport> self_;
  std::shared_ptr<Protocol> protocol_;
  std::unique_ptr<Rare> rare_;
  Failure reason_{nullptr};
  State state_ = State::Open;
  bool paused_ = false;
  bool hasUnread_ = false;
  bool readEnded_ = false;
  bool endPending_ = false;                            // the protocol came after the peer's end, and is still to be told
  bool writeClosing_ = false;                          // loseWriteConnection() was called
  bool writeClosed_ = false;
  bool finished_ = false;
  bool calling_ = false;                               // a callback of the protocol runs
};

}  // namespace weft::net::detail
