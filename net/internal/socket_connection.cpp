#include <weft/net/internal/socket_connection.hpp>

#include <weft/net/error.hpp>
#include <weft/net/internal/socket.hpp>
#include <weft/net/internal/unix_connection.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

namespace weft::net::detail {

}  // namespace weft::net::detail

namespace weft::net {

SendFileFailed::SendFileFailed(std::uint64_t missing, int systemError)
    : ConnectionAborted("a file that was being sent " + (systemError ? "cannot be read: " + detail::systemErrorText(systemError) : std::string("has become shorter")) + "; " +
                        std::to_string(missing) + " bytes of it were not sent"),
      missing(missing), systemError(systemError) {}

}  // namespace weft::net

namespace weft::net::detail {

struct SocketConnection::Connecting {
  Trigger<std::shared_ptr<Transport>> trigger;
  std::string host;
};

namespace {

constexpr std::size_t kGather = 64;                    // pieces of one sendmsg

Failure connectFailure(const std::string& host, const Address& address, int error) {
  const std::string text = systemErrorText(error);
  if (address.family() == Address::Family::Unix) {
    if (error == ECONNREFUSED || error == ENOENT) return ConnectionRefused(address, text, error);
    return ConnectError(address, text, error);
  }
  const std::uint16_t port = address.port();
  switch (error) {
    case ECONNREFUSED: return ConnectionRefused(host, port, text, error);
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL: return HostUnreachable(host, port, text, error);
    default: return ConnectError(host, port, text, error);
  }
}

bool isFull(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

void resetOnClose(int socket) noexcept {
  const linger reset{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

}  // namespace

SocketConnection::SocketConnection(SocketLoop& loop) noexcept : Descriptor(loop), clock_(loop.reactor()) {}

std::shared_ptr<SocketConnection> SocketConnection::make(SocketLoop& loop, const Address& peer) {
  if (peer.family() == Address::Family::Unix) return std::make_shared<UnixConnection>(loop);
  return std::make_shared<SocketConnection>(loop);
}

std::shared_ptr<SocketConnection> SocketConnection::connected(SocketLoop& loop, int socket, const Address& peer, bool shared) {
  auto connection = make(loop, peer);
  connection->open(socket, shared);
  connection->peer_ = peer;
  if (peer.family() != Address::Family::Unix) connection->setTcpNoDelay(true);
  return connection;
}

// ---- connecting

Deferred<std::shared_ptr<Transport>> SocketConnection::connect(SocketLoop& loop, const Address& address, const Address& from, std::string host) {
  const int socket = ::socket(familyOf(address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return fail<std::shared_ptr<Transport>>(connectFailure(host, address, errno));
  auto connection = make(loop, address);
  const SocketAddress to(address);
  int error = 0;
  if (from) {
    const SocketAddress local(from);
    if (::bind(socket, local.data(), local.length) != 0) error = errno;
  }
  // Connect before it is watched: an unconnected socket would report a hang-up at once.
  if (!error && ::connect(socket, to.data(), to.length) != 0 && errno != EINPROGRESS) error = errno;
  try {
    connection->open(socket);
  } catch (const std::system_error& e) {
    return fail<std::shared_ptr<Transport>>(connectFailure(host, address, e.code().value()));
  }
  if (error) return fail<std::shared_ptr<Transport>>(connectFailure(host, address, error));
  if (address.family() != Address::Family::Unix) connection->setTcpNoDelay(true);
  connection->peer_ = address;
  Deferred<std::shared_ptr<Transport>> result([raw = connection.get()] { raw->end(ConnectionAborted(), false); });
  connection->connecting_ = std::make_unique<Connecting>(Connecting{result.takeTrigger(), std::move(host)});
  connection->holdSelf();
  connection->awaitWritable();
  return result;
}

void SocketConnection::connectEnded(int error) noexcept {
  const std::unique_ptr<Connecting> connecting = std::move(connecting_);
  if (error) {
    end(ConnectionLost(systemErrorText(error), error), false);
    connecting->trigger.errback(connectFailure(connecting->host, peer_, error));
    return;
  }
  const std::shared_ptr<Transport> self = shared_from_this();
  releaseSelf();
  connecting->trigger.callback(self);
}

// ---- reading

// Edges are reported once. After a read that did not fill the buffer the socket is empty, but an end or an error may have come with the very bytes that were just
// read, and would never be reported. So it is read again until it says "nothing there", except where the bytes were answered at once: a write that went
// through proves that there was no error, and a peer that ended its side together with a request is rare enough to be found 10 ms later or more (look()).
// So an exchange costs one recv and one send; the second recv would add 5 % to it.
void SocketConnection::readable() noexcept {
  lookWanted_ = false;
  SocketLoop& loop = *this->loop();
  for (int reads = 0; wantsData(); ++reads) {
    if (reads == kReadsPerEvent) return callReadable();
    const ssize_t count = takesMessages_ ? receive() : ::recv(socket(), loop.readBuffer(), SocketLoop::kReadBuffer, 0);
    if (count > 0) {
      sentFreely_ = false;
      received({loop.readBuffer(), static_cast<std::size_t>(count)});
      if (sentFreely_ && static_cast<std::size_t>(count) < SocketLoop::kReadBuffer && wantsData()) {
        wantLook();
        return awaitReadable();
      }
    } else if (count == 0) {
      if (brokenBy_) end(ConnectionLost(systemErrorText(brokenBy_), brokenBy_), false);
      else receivedEnd();
      return;
    } else if (isFull(errno) && !brokenBy_) {
      return awaitReadable();
    } else if (errno != EINTR) {
      const int error = brokenBy_ ? brokenBy_ : errno;
      return end(ConnectionLost(systemErrorText(error), error), false);
    }
  }
}

void SocketConnection::wantLook() {
  lookWanted_ = true;
  lookWantedAt_ = loop()->sweeps();
  if (lookAgainIndex_ == kNotListed) loop()->lookAgain(*this);
}

void SocketConnection::look() noexcept {
  if (std::exchange(lookWanted_, false) && isOpen()) readable();
}

// ---- writing

std::ptrdiff_t SocketConnection::send(const char* data, std::size_t size, int flags) noexcept {
  for (;;) {
    const ssize_t count = ::send(socket(), data, size, MSG_NOSIGNAL | flags);
    if (count >= 0) {
      sentFreely_ = static_cast<std::size_t>(count) == size;
      return count;
    }
    if (isFull(errno)) return 0;
    if (errno != EINTR) {
      broke(errno);
      return -1;
    }
  }
}

// What the peer sent before it broke the connection can still be read; then the end comes, with this error as its reason.
void SocketConnection::broke(int error) noexcept {
  brokenBy_ = error;
  queue_.clear(loop());
  if (wantsData()) callReadable();
  else end(ConnectionLost(systemErrorText(error), error), false);
}

bool SocketConnection::overLimit(std::size_t more) {
  if (queue_.empty() || queue_.inMemory() + more <= writeLimit()) return false;
  end(WriteBufferFull(writeLimit()), true);
  return true;
}

void SocketConnection::write(std::string_view data) {
  if (!takesWrites() || brokenBy_ || data.empty()) return;
  if (sendsNow()) {
    const std::ptrdiff_t sent = send(data.data(), data.size());
    if (sent < 0 || static_cast<std::size_t>(sent) == data.size()) return;
    data.remove_prefix(static_cast<std::size_t>(sent));
  } else if (overLimit(data.size())) {
    return;
  }
  queueRest(data);
  queued();
}

void SocketConnection::queueRest(std::string_view rest) {
  queue_.append(rest, *loop());
  awaitRoom();
}

void SocketConnection::awaitRoom() noexcept {
  holdSelf();
  if (sendsMessages_) callWritable();                  // what was queued was not tried before
  else awaitWritable();
}

void SocketConnection::writeOwned(std::string data) {
  if (!takesWrites() || brokenBy_ || data.empty()) return;
  std::size_t done = 0;
  if (sendsNow()) {
    const std::ptrdiff_t sent = send(data.data(), data.size());
    if (sent < 0 || static_cast<std::size_t>(sent) == data.size()) return;
    done = static_cast<std::size_t>(sent);
  } else if (overLimit(data.size())) {
    return;
  }
  queue_.appendOwned(std::move(data), done, *loop());
  awaitRoom();
  queued();
}

void SocketConnection::writeSequence(std::span<const std::string_view> parts) {
  if (!takesWrites() || brokenBy_) return;
  while (sendsNow() && !parts.empty()) {
    std::array<iovec, kGather> pieces;
    const std::size_t count = std::min(parts.size(), kGather);
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      pieces[i].iov_base = const_cast<char*>(parts[i].data());
      pieces[i].iov_len = parts[i].size();
      size += parts[i].size();
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    ssize_t sent = ::sendmsg(socket(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!isFull(errno)) return broke(errno);
      sent = 0;
    }
    auto rest = static_cast<std::size_t>(sent);
    sentFreely_ = rest == size;
    for (std::size_t i = 0; i < count && rest < size; ++i) {
      const std::size_t skip = std::min(rest, parts[i].size());
      rest -= skip;
      size -= parts[i].size();
      if (skip < parts[i].size()) queueRest(parts[i].substr(skip));
    }
    parts = parts.subspan(count);
  }
  for (const std::string_view part : parts) {
    if (overLimit(part.size())) return;
    queueRest(part);
  }
  queued();
}

void SocketConnection::writable() noexcept {
  if (connecting_) return connectEnded(getOption(socket(), SOL_SOCKET, SO_ERROR));
  sendQueue();
  if (isOpen() && queue_.empty() && !brokenBy_) {
    wroteAll();
    if (isOpen() && !protocol() && !pending()) releaseSelf();      // nobody but its user
  }
}

void SocketConnection::sendQueue() noexcept {
  while (!queue_.empty()) {
    if (auto part = queue_.firstFile(); part.file) {
      const std::uint64_t before = part.length;
      const FileSent sent = sendFileNow(*part.file, part.offset, part.length);
      if (sent == FileSent::Ended) return;
      queue_.consume(before - part.length, *loop());
      wroteSome();
      if (!isOpen()) return;
      if (sent == FileSent::Full) return awaitWritable();
      if (sent == FileSent::TurnOver) return callWritable();
      continue;
    }
    std::array<iovec, kGather> pieces;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = queue_.gather(pieces.data(), kGather);
    std::size_t size = 0;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) size += pieces[i].iov_len;
    const ssize_t sent = sendsMessages_ ? transmit(message, size) : ::sendmsg(socket(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!isFull(errno)) return broke(errno);
      return awaitWritable();
    }
    queue_.consume(static_cast<std::size_t>(sent), *loop());
    wroteSome();
    if (!isOpen()) return;
    if (static_cast<std::size_t>(sent) < size) return awaitWritable();
  }
}

// ---- files

void SocketConnection::sendFile(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset, std::uint64_t length, std::string_view before) {
  if (!sendsFiles()) throw Error("sendFile(): this transport cannot send files (see sendsFiles()): read the file, and write what was read");
  if (!takesWrites() || brokenBy_) return;
  if (length == 0) return write(before);
  static const bool ignored = (ignoreBrokenPipes(), true);         // sendfile() has no MSG_NOSIGNAL
  static_cast<void>(ignored);
  bool full = false;
  if (sendsNow()) {
    if (!before.empty()) {
      const std::ptrdiff_t sent = send(before.data(), before.size(), MSG_MORE);
      if (sent < 0) return;
      before.remove_prefix(static_cast<std::size_t>(sent));
      full = !before.empty();
    }
    if (!full) {
      const FileSent sent = sendFileNow(*file, offset, length);
      if (sent == FileSent::All || sent == FileSent::Ended) return;
      full = sent == FileSent::Full;
    }
  } else if (overLimit(before.size())) {
    return;
  } else {
    full = true;                                       // as it was before
  }
  queue_.append(before, *loop());
  queue_.appendFile(std::move(file), offset, length);
  holdSelf();
  if (full) awaitWritable();
  else callWritable();
  queued();
}

// A short count does not say that the socket is full, and its edge would never come: so it is asked until it says so itself.
SocketConnection::FileSent SocketConnection::sendFileNow(const FileDescriptor& file, std::uint64_t& offset, std::uint64_t& length) noexcept {
  for (std::uint64_t turn = kFileBytesPerEvent; length > 0;) {
    if (turn == 0) return FileSent::TurnOver;
    auto at = static_cast<off_t>(offset);
    ssize_t count = ::sendfile(socket(), file.get(), &at, static_cast<std::size_t>(std::min(length, turn)));
    bool full = false;
    if (count < 0 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {      // a file system that cannot
      count = copyFilePiece(file, offset, std::min(length, turn), full);
      if (!isOpen() || brokenBy_) return FileSent::Ended;
    }
    if (count > 0) {
      offset += static_cast<std::uint64_t>(count);
      length -= static_cast<std::uint64_t>(count);
      turn -= static_cast<std::uint64_t>(count);
      sentFreely_ = length == 0;
      if (!full) continue;
    }
    if (full) return FileSent::Full;
    if (count == 0) {
      end(SendFileFailed(length), true);
      return FileSent::Ended;
    }
    if (isFull(errno)) return FileSent::Full;
    if (errno == EINTR) continue;
    if (errno == EIO || errno == ENOMEM || errno == EBADF || errno == EISDIR || errno == EOVERFLOW || errno == ESPIPE) end(SendFileFailed(length, errno), true);
    else broke(errno);
    return FileSent::Ended;
  }
  return FileSent::All;
}

// In place of sendfile(): 0 at the file's end, -1 with errno when it cannot be read. The socket's own errors end the connection.
std::ptrdiff_t SocketConnection::copyFilePiece(const FileDescriptor& file, std::uint64_t offset, std::uint64_t length, bool& full) noexcept {
  std::array<char, 16 * 1024> piece;
  const ssize_t count = ::pread(file.get(), piece.data(), std::min<std::uint64_t>(length, piece.size()), static_cast<off_t>(offset));
  if (count <= 0) {
    if (count < 0 && errno != EINTR) end(SendFileFailed(length, errno), true);
    return count;
  }
  const std::ptrdiff_t sent = send(piece.data(), static_cast<std::size_t>(count));
  full = sent < count;
  return sent;
}

ssize_t SocketConnection::receive() noexcept { return ::recv(socket(), loop()->readBuffer(), SocketLoop::kReadBuffer, 0); }
void SocketConnection::drain() noexcept { ::recv(socket(), nullptr, kMostDrained, MSG_TRUNC | MSG_DONTWAIT); }
ssize_t SocketConnection::transmit(msghdr& message, std::size_t&) noexcept { return ::sendmsg(socket(), &message, MSG_NOSIGNAL); }

void SocketConnection::flush() {
  holdSelf();
  callWritable();
}

// ---- the end

SocketConnection::~SocketConnection() {
  if (loop()) loop()->forget(*this);
  // Nobody ever gave it a protocol: the peer learns at once that nobody is there.
  if (isOpen()) resetOnClose(socket());
}

void SocketConnection::endWriting() noexcept { ::shutdown(socket(), SHUT_WR); }

void SocketConnection::endCarrier(bool abort) noexcept {
  if (!isOpen()) return;
  holdSelf();
  loop()->forget(*this);
  lookWanted_ = false;
  queue_.clear(loop());
  if (abort) {
    resetOnClose(socket());
  } else {
    // Bytes that nobody has read would turn the close into a reset, which can destroy what was sent before. Those that are here already need not.
    drain();
  }
  close();
}

void SocketConnection::gone() noexcept {
  finish();
  releaseSelf();
}

void SocketConnection::loopEnds() noexcept {
  if (!isOpen()) return;
  const std::unique_ptr<Connecting> connecting = std::move(connecting_);
  const Failure reason = ConnectionAborted("the reactor has ended");
  end(reason, true);
  if (connecting) connecting->trigger.errback(reason);
  finish();
}

void SocketConnection::finishAgain() {
  if (!loop()) return finish();
  clock_.callLater(0, [self = shared_from_this(), this] {
    finish();
    releaseSelf();
  });
}

// ---- facts and options

Address SocketConnection::getHost() const { return isOpen() ? localAddress(socket()) : Address(); }

void SocketConnection::setTcpNoDelay(bool on) {
  if (isOpen()) setOption(socket(), IPPROTO_TCP, TCP_NODELAY, on);
}
bool SocketConnection::getTcpNoDelay() const { return isOpen() && getOption(socket(), IPPROTO_TCP, TCP_NODELAY) != 0; }
void SocketConnection::setTcpKeepAlive(bool on) {
  if (isOpen()) setOption(socket(), SOL_SOCKET, SO_KEEPALIVE, on);
}
bool SocketConnection::getTcpKeepAlive() const { return isOpen() && getOption(socket(), SOL_SOCKET, SO_KEEPALIVE) != 0; }

}  // namespace weft::net::detail
