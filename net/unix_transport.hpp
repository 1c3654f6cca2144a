// UnixTransport: what only UNIX sockets can do.
#pragma once

#include <weft/net/file_descriptor.hpp>
#include <weft/net/transport.hpp>

#include <sys/types.h>

namespace weft::net {

/// Who opened the other end of a UNIX socket, as the kernel says.
struct PeerCredentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

/// The further abilities of a Transport that is a UNIX socket.
///
///     if (UnixTransport* socket = UnixTransport::of(transport())) socket->sendFileDescriptor(file.get());
class UnixTransport {
 public:
  UnixTransport() = default;
  UnixTransport(const UnixTransport&) = delete;
  UnixTransport& operator=(const UnixTransport&) = delete;

  /// This side of `transport`, or null where it is no UNIX socket. Lives as long as that.
  static UnixTransport* of(Transport& transport) noexcept { return dynamic_cast<UnixTransport*>(&transport); }

  /// Sends a copy of `descriptor` (copied at once: close yours when you like) with the next byte that is written: the peer gets it before that byte. Without a byte
  /// after it, it is never sent. Nothing happens where write() would do nothing. Throws std::system_error where it cannot be copied, std::length_error when 253 wait for
  /// that byte already.
  virtual void sendFileDescriptor(int descriptor) = 0;
  /// Of when the connection was made. Throws std::system_error when it has ended.
  virtual PeerCredentials peerCredentials() const = 0;

 protected:
  ~UnixTransport() = default;
};

/// A Protocol that also derives from this one gets the descriptors that its peer sends. For any other they are closed unseen.
class FileDescriptorReceiver {
 public:
  /// Called before dataReceived gets the byte that it came with; sometimes before bytes ahead of that one too, as the kernel does not say where in a read it was. In the
  /// order in which they were sent. Not while reading is paused. What it throws ends the connection, as with dataReceived.
  virtual void fileDescriptorReceived(FileDescriptor descriptor) = 0;

 protected:
  ~FileDescriptorReceiver() = default;
};

}  // namespace weft::net
