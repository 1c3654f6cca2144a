#include <weft/http/forms/internal/upload_file.hpp>

#include <weft/core/internal/replaceable.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/internal/body_files.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

namespace weft::http::detail {
namespace {

constexpr std::size_t kUploadPiece = 64 * 1024;

}  // namespace

std::string UploadFile::temporaryFolder() const {
  std::error_code none;
  return folder_.empty() ? std::filesystem::temp_directory_path(none).string() : folder_;
}

void UploadFile::open() {
  if (file_) return;
  const std::string folder = temporaryFolder();
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {      // a file system that does not know such files
    std::string name = folder + "/.upload-XXXXXX";
    file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file >= 0) ::unlink(name.c_str());
  }
  if (file < 0) throw FileError("creating", folder + "/(upload)", errno);
  file_ = net::FileDescriptor(file);
}

void UploadFile::write(std::string_view bytes) {
  open();
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw FileError("writing", temporaryFolder() + "/(upload)", errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string UploadFile::read() const {
  std::string all;
  while (file_) {
    const std::size_t at = all.size();
    all.resize(at + kUploadPiece);
    const ssize_t count = ::pread(file_.get(), all.data() + at, kUploadPiece, static_cast<off_t>(at));
    all.resize(at + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count < 0 && errno != EINTR) throw FileError("reading", temporaryFolder() + "/(upload)", errno);
    if (count == 0) break;
  }
  return all;
}

void UploadFile::saveTo(const std::string& path) {
  if (linkTo(path)) return;
  PartFile copy(path);
  std::string piece(kUploadPiece, '\0');
  for (off_t at = 0; file_;) {
    const ssize_t count = ::pread(file_.get(), piece.data(), kUploadPiece, at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw FileError("reading", temporaryFolder() + "/(upload)", errno);
    if (count == 0) break;
    copy.write(std::string_view(piece).substr(0, static_cast<std::size_t>(count)));
    at += count;
  }
  copy.finish();
}

// A name beside `path` first, then the step that replaces it. False: it has to be copied.
bool UploadFile::linkTo(const std::string& path) {
  const auto place = weft::detail::replaceable(path);
  if (!file_ || !place) return false;
  const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
  for (int i = 0; i < 100; ++i) {
    const std::string name = *place + '.' + std::to_string(::getpid()) + '-' + std::to_string(file_.get()) + '-' + std::to_string(i) + ".part";
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      if (errno == EEXIST) continue;
      return false;
    }
    if (::rename(name.c_str(), place->c_str()) == 0) return true;
    const int error = errno;
    ::unlink(name.c_str());
    throw FileError("replacing", path, error);
  }
  return false;
}

}  // namespace weft::http::detail
