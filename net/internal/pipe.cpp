#include <weft/net/internal/pipe.hpp>

#include <weft/net/internal/socket.hpp>

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

namespace weft::net::detail {

bool canBeWatched(int descriptor) noexcept {
  const FileDescriptor probe(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  return !probe || ::epoll_ctl(probe.get(), EPOLL_CTL_ADD, descriptor, &event) == 0 || errno != EPERM;
}

// ---- reading

PipeReader* PipeReader::open(SocketLoop& loop, FileDescriptor descriptor, PipeUser& user, int name) {
  auto* const reader = new PipeReader(loop, user, name);
  reader->watched_ = canBeWatched(descriptor.get());
  try {
    reader->Descriptor::open(descriptor.release(), true);
  } catch (...) {
    delete reader;
    throw;
  }
  return reader;
}

void PipeReader::close() noexcept {
  user_ = nullptr;
  if (isOpen()) Descriptor::close();
}

void PipeReader::loopEnds() noexcept {
  if (user_) user_->pipeLoopEnds();
}

void PipeReader::readable() noexcept {
  for (int reads = 0; user_ && user_->pipeWanted(name_); ++reads) {
    char* const buffer = loop()->readBuffer();
    if (reads == kReadsPerEvent || (reads > 0 && !watched_)) return callReadable();
    const ssize_t count = ::read(socket(), buffer, SocketLoop::kReadBuffer);
    if (count > 0) {
      user_->pipeData(name_, {buffer, static_cast<std::size_t>(count)});
    } else if (count < 0 && errno == EAGAIN) {
      return awaitReadable();
    } else if (count == 0 || errno != EINTR) {
      const int error = count == 0 || errno == EIO ? 0 : errno;  // EIO: the other side of a terminal has closed
      PipeUser* const user = std::exchange(user_, nullptr);
      Descriptor::close();
      user->pipeReadEnded(name_, error);
    }
  }
}

// ---- writing

PipeWriter* PipeWriter::open(SocketLoop& loop, FileDescriptor descriptor, PipeUser& user, int name) {
  ignoreBrokenPipes();
  auto* const writer = new PipeWriter(loop, user, name);
  const bool watched = canBeWatched(descriptor.get());
  try {
    writer->Descriptor::open(descriptor.release(), true);
  } catch (...) {
    delete writer;
    throw;
  }
  if (watched) writer->awaitReadable();                // an end that is only written becomes "readable" when its reader goes
  return writer;
}

void PipeWriter::close() noexcept {
  user_ = nullptr;
  if (!isOpen()) return;
  queue_.clear(loop());
  Descriptor::close();
}

void PipeWriter::loopEnds() noexcept {
  if (user_) user_->pipeLoopEnds();
}

void PipeWriter::readable() noexcept {
  pollfd state{socket(), POLLOUT, 0};
  if (::poll(&state, 1, 0) == 1 && (state.revents & (POLLERR | POLLHUP))) {
    if (!brokenBy_) brokenBy_ = EPIPE;
    broke();
  } else {
    awaitReadable();                                   // of a terminal or socket: there is something to read
  }
}

// How much was taken. That it is broken is told from the loop.
std::size_t PipeWriter::writeNow(std::string_view data) noexcept {
  for (;;) {
    const ssize_t count = ::write(socket(), data.data(), data.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) {
      brokenBy_ = errno;
      lost_ += data.size();
      callWritable();
      return data.size();
    }
  }
}

void PipeWriter::write(std::string_view data) {
  if (brokenBy_) {
    lost_ += data.size();
    return;
  }
  if (queue_.empty()) data.remove_prefix(writeNow(data));
  if (data.empty()) return;
  queue_.append(data, *loop());
  awaitWritable();
}

void PipeWriter::writeOwned(std::string data) {
  if (brokenBy_ || !queue_.empty()) {
    if (brokenBy_) lost_ += data.size();
    else queue_.appendOwned(std::move(data), 0, *loop());
    return;
  }
  const std::size_t done = writeNow(data);
  if (done == data.size()) return;
  queue_.appendOwned(std::move(data), done, *loop());
  awaitWritable();
}

void PipeWriter::writable() noexcept {
  if (!user_) return;
  while (!brokenBy_ && !queue_.empty()) {
    std::array<iovec, 64> pieces;
    const std::size_t count = queue_.gather(pieces.data(), pieces.size());
    const ssize_t sent = ::writev(socket(), pieces.data(), static_cast<int>(count));
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return awaitWritable();
      brokenBy_ = errno;
      break;
    }
    queue_.consume(static_cast<std::size_t>(sent), *loop());
    user_->pipeWrote(name_);
    if (!user_) return;
  }
  if (brokenBy_) broke();
  else user_->pipeWrote(name_);
}

void PipeWriter::broke() noexcept {
  const std::size_t lost = lost_ + queue_.size();
  const int error = brokenBy_;
  PipeUser* const user = std::exchange(user_, nullptr);
  if (!user) return;
  queue_.clear(loop());
  Descriptor::close();
  user->pipeWriteEnded(name_, error, lost);
}

}  // namespace weft::net::detail
