#include <weft/crawler/feeds/output_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weft::crawler {

FeedError::FeedError(std::string doing, std::string path, int code)
    : Error(doing + " " + (path == "-" ? std::string("the standard output") : path) + ": " + std::strerror(code)), path(std::move(path)), code(code) {}

OutputFile::OutputFile(std::string path, Mode mode) : path_(std::move(path)), isStdout_(path_ == "-") {
  buffer_.reserve(kFlushAt + 4096);
  if (isStdout_) {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  do {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (mode == Mode::Append ? O_APPEND : O_TRUNC), 0666);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) throw FeedError("cannot write to", path_, errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0 && !isStdout_) ::close(descriptor_);
}

void OutputFile::flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {      // a standard output that somebody made non-blocking
      pollfd wait{descriptor_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      failWrite(done, errno);
    }
  }
  buffer_.clear();
  linesWritten_ += std::exchange(linesWaiting_, 0);
}

void OutputFile::failWrite(std::size_t done, int code) {
  const std::size_t lineEnd = buffer_.rfind('\n', done ? done - 1 : 0);
  const std::size_t whole = done && lineEnd != std::string::npos ? lineEnd + 1 : 0;
  struct stat status {};
  if (done > whole && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
    const off_t size = status.st_size - static_cast<off_t>(done - whole);
    if (size >= 0 && ::ftruncate(descriptor_, size) != 0) code = errno;
  }
  linesWritten_ += static_cast<std::uint64_t>(std::count(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(whole), '\n'));
  linesWaiting_ = 0;
  buffer_.clear();
  throw FeedError("cannot write to", path_, code);
}

void OutputFile::close() {
  if (descriptor_ < 0) return;
  flush();
  const int descriptor = std::exchange(descriptor_, -1);
  if (!isStdout_ && ::close(descriptor) != 0 && errno != EINTR) throw FeedError("cannot finish writing to", path_, errno);
}

}  // namespace weft::crawler
