// What stands behind a Stream.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/net/internal/read_buffers.hpp>
#include <weft/net/stream.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net::detail {

/// How long operations may take.
struct StreamLimits {
  Delay readTimeout = 0;                               // 0: none
  Delay writeTimeout = 0;
  std::chrono::nanoseconds deadline = std::chrono::nanoseconds::max();

  template <class T> Deferred<T> apply(Deferred<T> deferred, Delay timeout, Clock& clock) const;
};

/// Buffers what comes until the Stream asks for it. Held by the transport, the Stream, and each read that is going on; holds the transport.
///
/// Bytes that a readSome() waits for are not copied where that would cost something: the reader gets a view of the buffer that the socket was read into. A reader that is back
/// for the next read before dataReceived() returns, as most are, was done with it; else the buffer is kept until then.
class StreamProtocol : public Protocol, public std::enable_shared_from_this<StreamProtocol> {
 public:
  /// The transport, for whoever has the Stream; null when the Stream is gone. Set before anything else.
  void setConnection(std::shared_ptr<Transport> connection) noexcept { connection_ = std::move(connection); }
  const std::shared_ptr<Transport>& connection() const noexcept { return connection_; }
  std::shared_ptr<Transport> takeConnection() noexcept { return std::move(connection_); }

  // Protocol
  void dataReceived(std::string_view data) override;
  void readConnectionLost() override;
  void connectionLost(const Failure& reason) override;

  std::size_t available() const noexcept { return buffer_.size() - begin_; }
  std::string_view view() const noexcept { return std::string_view(buffer_).substr(begin_); }
  /// Nothing more will come.
  bool ended() const noexcept { return ended_; }
  /// Why; null when it was a clean end, or none yet.
  const Failure& failure() const noexcept { return failure_; }
  bool failed() const noexcept { return failure_.exception() != nullptr; }
  bool paused() const noexcept { return paused_; }
  bool reading() const noexcept { return wake_.active() || some_.active(); }

  /// The Stream is called again: views that it has given out may die.
  void nextCall() noexcept {
    lent_ = false;
    if (kept_) [[unlikely]] ReadBuffers::give(std::move(kept_));
  }
  std::string_view takeView(std::size_t bytes);
  void unread(const std::string& data);
  std::string take(std::size_t bytes) { return std::string(takeView(bytes)); }

  /// Fires when that many bytes are here, or nothing more will come.
  Deferred<> wait(std::size_t bytes);
  Deferred<std::string_view> waitSome(std::size_t maxBytes);
  /// Fires when the connection is closed.
  Deferred<> waitClosed();
  /// The Stream is gone.
  void abandon(const char* why) noexcept;

  void setReadAhead(std::size_t bytes);
  StreamLimits& changeLimits() { return rare().limits; }
  const StreamLimits& limits() const noexcept { return rare_ ? rare_->limits : kNoLimits; }

 protected:
  static Stream streamOf(std::shared_ptr<StreamProtocol> protocol) { return Stream(std::move(protocol)); }

 private:
  /// What most Streams never need.
  struct Rare {
    StreamLimits limits;
    std::size_t readAhead = Stream::kReadAhead;
    std::vector<Trigger<>> closing;
  };
  static const StreamLimits kNoLimits;
  Rare& rare() {
    if (!rare_) rare_ = std::make_unique<Rare>();
    return *rare_;
  }
  std::size_t readAhead() const noexcept { return rare_ ? rare_->readAhead : Stream::kReadAhead; }
  bool lend(std::string_view data);
  void makeRoom(std::size_t wanted);
  void giveBuffer() noexcept;
  void wake();

  std::shared_ptr<Transport> connection_;
  std::string buffer_;
  std::size_t begin_ = 0;                              // what is before it was given out
  std::size_t wanted_ = 0;                             // bytes that wake_ or some_ waits for, or may have at most
  Trigger<> wake_;
  Trigger<std::string_view> some_;
  ReadBuffer kept_;                                    // what a view that was given out lies in
  std::unique_ptr<Rare> rare_;
  Failure failure_{nullptr};
  bool paused_ = false;
  bool ended_ = false;
  bool lost_ = false;
  bool lent_ = false;                                  // a view of the socket's buffer was given out, and may be in use
};

}  // namespace weft::net::detail
