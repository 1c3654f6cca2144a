#include <weft/crawler/feeds/output_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace weft::crawler {

FeedError::FeedError(std::string doing, std::string path, int code)
    : Error(doing + " " + (path == "-" ? std::string("the standard output") : path) + ": " + std::strerror(code)), path(std::move(path)), code(code) {}

OutputFile::OutputFile(std::string path, Mode mode, Packer packer) : path_(std::move(path)), isStdout_(path_ == "-"), packer_(std::move(packer)) {
  buffer_.reserve(kFlushAt + 4096);
  if (isStdout_) {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  do {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (mode == Mode::Append ? 0 : O_TRUNC), 0666);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) throw FeedError("cannot write to", path_, errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0 && !isStdout_) ::close(descriptor_);
}

void OutputFile::flush() {
  if (buffer_.empty()) return;
  if (packer_) {
    packer_(buffer_);
    lineEnds_.assign(lineEnds_.size(), buffer_.size());          // all of it, or nothing
  }
  write(buffer_);
  buffer_.clear();
  linesWritten_ += lineEnds_.size();
  lineEnds_.clear();
}

void OutputFile::write(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {      // a standard output that somebody made non-blocking
      pollfd wait{descriptor_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      failWrite(done, errno);
    }
  }
}

void OutputFile::failWrite(std::size_t done, int code) {
  const auto torn = std::upper_bound(lineEnds_.begin(), lineEnds_.end(), done);
  const std::size_t whole = torn == lineEnds_.begin() ? 0 : *std::prev(torn);
  struct stat status {};
  if (done > whole && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
    const off_t size = status.st_size - static_cast<off_t>(done - whole);
    if (size >= 0 && ::ftruncate(descriptor_, size) != 0) code = errno;
  }
  linesWritten_ += static_cast<std::uint64_t>(torn - lineEnds_.begin());
  lineEnds_.clear();
  buffer_.clear();
  throw FeedError("cannot write to", path_, code);
}

std::string OutputFile::beginning(std::size_t most) const {
  struct stat status {};
  if (isStdout_ || ::stat(path_.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return {};
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw FeedError("cannot read", path_, errno);
  std::string bytes(std::min(most, static_cast<std::size_t>(status.st_size)), '\0');
  const ssize_t count = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  const int code = errno;
  ::close(descriptor);
  if (count < 0) throw FeedError("cannot read", path_, code);
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

void OutputFile::close() {
  if (descriptor_ < 0) return;
  flush();
  const int descriptor = std::exchange(descriptor_, -1);
  if (!isStdout_ && ::close(descriptor) != 0 && errno != EINTR) throw FeedError("cannot finish writing to", path_, errno);
}

}  // namespace weft::crawler
