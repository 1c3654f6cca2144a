// What stands behind a Stream.
#pragma once

#include <weft/net/stream.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net::detail {

/// Buffers what comes until the Stream asks for it. Held by the transport, the Stream, and each read that is going on.
class StreamProtocol : public Protocol, public std::enable_shared_from_this<StreamProtocol> {
 public:
  // Protocol
  void dataReceived(std::string_view data) override;
  void readConnectionLost() override;
  void connectionLost(const Failure& reason) override;

  std::size_t available() const noexcept { return buffer_.size() - begin_; }
  std::string_view view() const noexcept { return std::string_view(buffer_).substr(begin_); }
  /// Nothing more will come.
  bool ended() const noexcept { return ended_; }
  /// Why, unless it was a clean end.
  const std::optional<Failure>& failure() const noexcept { return failure_; }
  bool lost() const noexcept { return lost_; }
  bool paused() const noexcept { return paused_; }
  bool reading() const noexcept { return wake_.active() || some_.active(); }

  std::string_view takeView(std::size_t bytes);
  void unread(const std::string& data);
  void setReadAhead(std::size_t bytes) noexcept;
  std::string take(std::size_t bytes) { return std::string(takeView(bytes)); }

  /// Fires when that many bytes are here, or nothing more will come.
  Deferred<> wait(std::size_t bytes);
  Deferred<std::string_view> waitSome(std::size_t maxBytes);
  /// Fires when the connection is closed.
  Deferred<> waitClosed();
  /// The Stream is gone.
  void abandon(const char* why) noexcept;

 protected:
  static Stream streamOf(const std::shared_ptr<StreamProtocol>& protocol) {
    return Stream(protocol->transport().shared_from_this(), protocol);
  }

 private:
  void makeRoom(std::size_t wanted);
  void giveBuffer();
  void wake();

  std::string buffer_;
  std::size_t begin_ = 0;                              // what is before it was given out
  std::size_t readAhead_ = Stream::kReadAhead;
  std::size_t wanted_ = 0;                             // bytes that wake_ or some_ waits for, or may have at most
  Trigger<> wake_;
  Trigger<std::string_view> some_;
  std::vector<Trigger<>> closing_;
  std::optional<Failure> failure_;
  bool paused_ = false;
  bool ended_ = false;
  bool lost_ = false;
};

}  // namespace weft::net::detail
