#include <weft/net/standard_io.hpp>

#include <weft/net/internal/pipe_connection.hpp>

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::net {

namespace {

struct stat statusOf(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    throw std::system_error(errno, std::generic_category(), "looking at descriptor " + std::to_string(descriptor));
  return status;
}

/// Sets a descriptor's open file non-blocking, and back.
class NonBlocking {
 public:
  explicit NonBlocking(int descriptor) : descriptor_(descriptor), flags_(::fcntl(descriptor, F_GETFL)) {
    if (!detail::canBeWatched(descriptor)) flags_ = -1;
    else ::fcntl(descriptor_, F_SETFL, flags_ | O_NONBLOCK);
  }
  NonBlocking(const NonBlocking&) = delete;
  ~NonBlocking() {
    if (flags_ >= 0) ::fcntl(descriptor_, F_SETFL, flags_);
  }

 private:
  int descriptor_;
  int flags_;
};

/// One of the two, until it is closed.
class StandardEnd {
 public:
  StandardEnd(int descriptor, std::shared_ptr<NonBlocking> mode) : mode_(std::move(mode)), descriptor_(descriptor) {
    const mode_t kind = statusOf(descriptor).st_mode;
    givesUp_ = S_ISFIFO(kind) || S_ISSOCK(kind);
  }
  StandardEnd(const StandardEnd&) = delete;
  ~StandardEnd() {
    mode_.reset();                                     // before the number means something else
    if (!givesUp_) return;
    const FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (null) ::dup2(null.get(), descriptor_);
  }

 private:
  std::shared_ptr<NonBlocking> mode_;
  int descriptor_;
  bool givesUp_;
};

}  // namespace

std::shared_ptr<Transport> standardIO(Reactor& reactor, int input, int output) {
  const struct stat in = statusOf(input), out = statusOf(output);
  // A terminal is mostly one open file for both: then it stays non-blocking until both are done.
  const bool same = in.st_dev == out.st_dev && in.st_ino == out.st_ino;
  const auto inMode = std::make_shared<NonBlocking>(input);
  const auto outMode = same ? inMode : std::make_shared<NonBlocking>(output);
  return detail::PipeConnection::make(detail::SocketLoop::of(reactor), {FileDescriptor::copyOf(input), std::make_shared<StandardEnd>(input, inMode)},
                                      {FileDescriptor::copyOf(output), std::make_shared<StandardEnd>(output, outMode)},
                                      detail::PipeConnection::WhenUnread::End);
}

}  // namespace weft::net
