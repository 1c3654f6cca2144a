// One connection over a UNIX socket. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/net/internal/socket_connection.hpp>
#include <weft/net/unix_transport.hpp>

#include <cstddef>
#include <deque>
#include <string>

namespace weft::net::detail {

/// Adds descriptors that travel along with the bytes, and who the peer is.
class UnixConnection final : public SocketConnection, public UnixTransport {
 public:
  using SocketConnection::SocketConnection;

  bool sendsFiles() const noexcept override { return false; }

  void sendFileDescriptor(int descriptor) override;
  PeerCredentials peerCredentials() const override;

 private:
  static constexpr std::size_t kMostDescriptors = 253;           // of one message, says the kernel

  void startReading() override;
  ssize_t receive() noexcept override;
  ssize_t transmit(msghdr& message, std::size_t& size) noexcept override;
  void drain() noexcept override;
  bool takeDescriptors(const msghdr& message);

  struct Outgoing {
    FileDescriptor descriptor;
    std::size_t bytesBefore;                           // of the queue, since the one before it
  };
  std::deque<Outgoing> outgoing_;
  std::size_t outgoingAt_ = 0;                         // the sum of their bytesBefore
  std::size_t together_ = 0;                           // how many wait for the same byte
  std::deque<FileDescriptor> incoming_;                // not yet given to the protocol
  std::string held_;                                   // the bytes that came after those
};

}  // namespace weft::net::detail
