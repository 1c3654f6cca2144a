#include <weft/net/internal/unix_connection.hpp>

#include <weft/net/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace weft::net::detail {

PeerCredentials UnixConnection::peerCredentials() const {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(socket(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    throw std::system_error(errno, std::generic_category(), "asking who the peer is");
  return {credentials.pid, credentials.uid, credentials.gid};
}

// ---- receiving

void UnixConnection::startReading() {
  takesMessages_ = !incoming_.empty() || !held_.empty() || dynamic_cast<FileDescriptorReceiver*>(protocol().get());
  SocketConnection::startReading();
}

// Descriptors are given first. If that makes the protocol pause, what is left waits here, with the bytes behind it.
ssize_t UnixConnection::receive() noexcept {
  char* const buffer = loop()->readBuffer();
  ssize_t count = 0;
  if (incoming_.empty() && held_.empty()) {
    iovec piece{buffer, SocketLoop::kReadBuffer};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    count = ::recvmsg(socket(), &message, MSG_CMSG_CLOEXEC);
    if (count <= 0 || (message.msg_controllen == 0 && !(message.msg_flags & MSG_CTRUNC))) return count;
    if (!takeDescriptors(message)) {
      errno = EMFILE;
      return -1;
    }
    held_.assign(buffer, static_cast<std::size_t>(count));
  }
  while (!incoming_.empty() && wantsData()) {
    FileDescriptor descriptor = std::move(incoming_.front());
    incoming_.pop_front();
    receivedDescriptor(std::move(descriptor));
  }
  if (!wantsData()) {
    errno = EINTR;
    return -1;
  }
  count = static_cast<ssize_t>(held_.copy(loop()->readBuffer(), held_.size()));
  held_.clear();
  return count;
}

// False: some were lost, for want of free descriptors.
bool UnixConnection::takeDescriptors(const msghdr& message) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor;
      std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof descriptor, sizeof descriptor);
      incoming_.emplace_back(descriptor);
    }
  }
  return !(message.msg_flags & MSG_CTRUNC);
}

// The loop's buffer may be in use by the protocol that closes; MSG_TRUNC alone does not throw away here.
void UnixConnection::drain() noexcept {
  std::array<char, 8 * 1024> buffer;
  for (std::size_t drained = 0; drained < kMostDrained; drained += buffer.size())
    if (::recv(socket(), buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) return;
}

// ---- sending

void UnixConnection::sendFileDescriptor(int descriptor) {
  if (!takesWrites()) return;
  if (queueSize() != outgoingAt_) together_ = 0;
  if (together_ == kMostDescriptors)
    throw std::length_error("at most " + std::to_string(kMostDescriptors) + " descriptors can be sent with one byte; write something first");
  outgoing_.push_back({FileDescriptor::copyOf(descriptor), queueSize() - outgoingAt_});
  ++together_;
  outgoingAt_ = queueSize();
  sendsMessages_ = true;
}

ssize_t UnixConnection::transmit(msghdr& message, std::size_t& size) noexcept {
  // Those that are due now go with the first byte; the bytes end where the next one belongs.
  std::size_t due = 0;
  while (due < outgoing_.size() && outgoing_[due].bytesBefore == 0) ++due;
  if (due < outgoing_.size()) {
    std::size_t room = outgoing_[due].bytesBefore;
    size = std::min(size, room);
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
      message.msg_iov[i].iov_len = std::min(message.msg_iov[i].iov_len, room);
      room -= message.msg_iov[i].iov_len;
    }
  }
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  if (due > 0) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(due * sizeof(int));
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(due * sizeof(int));
    for (std::size_t i = 0; i < due; ++i) {
      const int descriptor = outgoing_[i].descriptor.get();
      std::memcpy(CMSG_DATA(header) + i * sizeof descriptor, &descriptor, sizeof descriptor);
    }
  }
  const ssize_t sent = ::sendmsg(socket(), &message, MSG_NOSIGNAL);
  if (sent > 0) {
    outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(due));
    if (outgoing_.empty()) together_ = 0;
    if (outgoing_.empty()) {
      outgoingAt_ = 0;
    } else {
      const std::size_t passed = static_cast<std::size_t>(sent);
      outgoing_.front().bytesBefore -= passed;
      outgoingAt_ -= passed;
    }
    sendsMessages_ = !outgoing_.empty();
  }
  return sent;
}

}  // namespace weft::net::detail
