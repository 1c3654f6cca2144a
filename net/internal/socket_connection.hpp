// One TCP connection. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/net/internal/connection.hpp>
#include <weft/net/internal/descriptor.hpp>
#include <weft/net/internal/write_queue.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace weft::net::detail {

class SocketConnection final : public Connection, private Descriptor {
 public:
  /// Takes an accepted socket. Throws std::system_error.
  static std::shared_ptr<SocketConnection> accepted(SocketLoop& loop, int socket, const Address& peer);
  /// Connects to one address. `host` is for the errors. cancel closes at once.
  static Deferred<std::shared_ptr<Transport>> connect(SocketLoop& loop, const Address& address, const Address& from, std::string host);

  explicit SocketConnection(SocketLoop& loop) noexcept;
  ~SocketConnection() override;

  void write(std::string_view data) override;
  void writeOwned(std::string data) override;
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;
  std::size_t buffered() const noexcept override { return queue_.size(); }

  bool lendsReadBuffer() const noexcept override { return isOpen(); }
  std::unique_ptr<char[]> takeReadBuffer() override { return loop()->takeReadBuffer(); }

  Address getHost() const override;
  Address getPeer() const override;
  Clock& clock() const noexcept override { return clock_; }
  void setTcpNoDelay(bool on) override;
  bool getTcpNoDelay() const override;
  void setTcpKeepAlive(bool on) override;
  bool getTcpKeepAlive() const override;

 private:
  friend SocketLoop;
  struct Connecting;
  static constexpr std::uint32_t kNotListed = UINT32_MAX;
  static constexpr int kReadsPerEvent = 16;            // then other sockets get their turn

  // Connection
  void startReading() override { callReadable(); }
  void flush() override;
  void endWriting() noexcept override;
  void endCarrier(bool abort) noexcept override;
  void finishAgain() override;

  // Descriptor
  void readable() noexcept override;
  void writable() noexcept override;
  void gone() noexcept override;
  void loopEnds() noexcept override;

  // SocketLoop
  bool isLookDue(std::uint32_t sweeps) const noexcept { return !lookWanted_ || sweeps - lookWantedAt_ > 1; }
  void look() noexcept;
  void wantLook();

  /// What the socket takes now; -1 when it is broken.
  std::ptrdiff_t send(const char* data, std::size_t size) noexcept;
  void sendQueue() noexcept;
  void queueRest(std::string_view rest);
  bool overLimit(std::size_t more);
  void broke(int error) noexcept;
  void connectEnded(int error) noexcept;

  Clock& clock_;
  WriteQueue queue_;
  std::unique_ptr<Connecting> connecting_;
  Address peer_;
  std::uint32_t lookAgainIndex_ = kNotListed;
  std::uint32_t lookWantedAt_ = 0;
  int brokenBy_ = 0;                                   // errno of a failed write
  bool lookWanted_ = false;
  bool sentFreely_ = false;                            // a write went out since this was last cleared
};

}  // namespace weft::net::detail
