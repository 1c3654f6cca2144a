#include <weft/net/file_descriptor.hpp>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace weft::net {

FileDescriptor FileDescriptor::copyOf(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw std::system_error(errno, std::generic_category(), "copying descriptor " + std::to_string(descriptor));
  return FileDescriptor(copy);
}

void FileDescriptor::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace weft::net
