// One connection over a stream socket: TCP, UNIX. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/net/file_transport.hpp>
#include <weft/net/internal/connection.hpp>
#include <weft/net/internal/descriptor.hpp>
#include <weft/net/internal/write_queue.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include <sys/types.h>

struct msghdr;

namespace weft::net::detail {

/// What is the same for all families, and TCP. UnixConnection adds what only UNIX sockets can do; it costs TCP one test of a flag per read and write.
class SocketConnection : public Connection, public FileTransport, protected Descriptor {
 public:
  /// Takes a connected socket of the family of `peer`; `shared` as in Descriptor::open. Throws std::system_error.
  static std::shared_ptr<SocketConnection> connected(SocketLoop& loop, int socket, const Address& peer, bool shared = false);
  /// Connects to one address. `host` is for the errors of IP addresses. cancel closes at once.
  static Deferred<std::shared_ptr<Transport>> connect(SocketLoop& loop, const Address& address, const Address& from, std::string host);

  explicit SocketConnection(SocketLoop& loop) noexcept;
  ~SocketConnection() override;

  void write(std::string_view data) override;
  void writeOwned(std::string data) override;
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;
  bool sendsFiles() const noexcept override { return true; }
  void sendFile(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset, std::uint64_t length, std::string_view before = {}) override;
  std::size_t buffered() const noexcept override { return queue_.size(); }

  bool lendsReadBuffer() const noexcept override { return isOpen(); }
  ReadBuffer takeReadBuffer() override { return loop()->takeReadBuffer(); }

  /// Negative when it was closed.
  int descriptor() const noexcept { return socket(); }
  Address getHost() const override;
  Address getPeer() const override { return peer_; }
  Clock& clock() const noexcept override { return clock_; }
  void setTcpNoDelay(bool on) override;
  bool getTcpNoDelay() const override;
  void setTcpKeepAlive(bool on) override;
  bool getTcpKeepAlive() const override;

 protected:
  static constexpr std::size_t kMostDrained = SocketLoop::kReadBuffer * 16;

  // ---- what a family may do otherwise

  /// Instead of recv(), while takesMessages_: fills the loop's read buffer. -1 with EINTR: nothing, and reading may have been paused.
  virtual ssize_t receive() noexcept;
  /// Instead of sendmsg(), while sendsMessages_: may send less than there is. Gives what was sent, and in `size` what was tried.
  virtual ssize_t transmit(msghdr& message, std::size_t& size) noexcept;

  /// Throws away what has come and was not read, up to kMostDrained bytes.
  virtual void drain() noexcept;

  void startReading() override { callReadable(); }
  std::size_t queueSize() const noexcept { return queue_.size(); }

  bool takesMessages_ = false;
  bool sendsMessages_ = false;                         // nothing is sent past the queue then

 private:
  friend SocketLoop;
  struct Connecting;
  static constexpr std::uint32_t kNotListed = UINT32_MAX;
  static constexpr int kReadsPerEvent = 16;            // then other sockets get their turn
  static constexpr std::uint64_t kFileBytesPerEvent = 4 * 1024 * 1024;

  static std::shared_ptr<SocketConnection> make(SocketLoop& loop, const Address& peer);

  // Connection
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
  std::ptrdiff_t send(const char* data, std::size_t size, int flags = 0) noexcept;
  enum class FileSent : std::uint8_t { All, Full, TurnOver, Ended };
  /// What it takes now of a file; moves `offset` and `length` on.
  FileSent sendFileNow(const FileDescriptor& file, std::uint64_t& offset, std::uint64_t& length) noexcept;
  std::ptrdiff_t copyFilePiece(const FileDescriptor& file, std::uint64_t offset, std::uint64_t length, bool& full) noexcept;
  bool sendsNow() const noexcept { return queue_.empty() && !sendsMessages_; }
  void sendQueue() noexcept;
  void awaitRoom() noexcept;
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
