#include <weft/net/internal/small_file.hpp>

#include <cerrno>
#include <cstddef>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::net::detail {

namespace {

constexpr std::size_t kLargest = 16 * 1024 * 1024;

struct OpenFile {
  int descriptor;
  ~OpenFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

std::int64_t nanoseconds(const timespec& time) noexcept { return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec; }

}  // namespace

std::string readSmallFile(const std::string& path) {
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw std::system_error(errno, std::generic_category(), "opening " + path);
  }
  std::string text;
  char part[16 * 1024];
  for (;;) {
    const ssize_t count = ::read(file.descriptor, part, sizeof part);
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw std::system_error(errno, std::generic_category(), "reading " + path);
    text.append(part, static_cast<std::size_t>(count));
    if (text.size() > kLargest) throw std::system_error(EFBIG, std::generic_category(), "reading " + path);
  }
}

FileState FileState::of(const std::string& path) noexcept {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

}  // namespace weft::net::detail
