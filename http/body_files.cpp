#include <weft/http/internal/body_files.hpp>

#include <weft/core/internal/replaceable.hpp>
#include <weft/http/file_error.hpp>

#include <cerrno>
#include <random>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

namespace weft::http::detail {
namespace {

constexpr int kMostNames = 100;        // that somebody else has taken already

std::string randomName() {
  static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  thread_local std::minstd_rand random(std::random_device{}());
  std::string name;
  for (int i = 0; i < 8; ++i) name.push_back(kLetters[random() % (sizeof kLetters - 1)]);
  return name;
}

}  // namespace

PartFile::PartFile(std::string path) : path_(std::move(path)) {
  const auto place = weft::detail::replaceable(path_);
  if (!place) {
    file_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file_ < 0) throw FileError("opening", path_, errno);
    return;
  }
  place_ = *place;
  int error = EEXIST;
  for (int i = 0; file_ < 0 && error == EEXIST && i < kMostNames; ++i) {
    partPath_ = place_ + '.' + randomName() + ".part";
    file_ = ::open(partPath_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    error = errno;
  }
  if (file_ < 0) throw FileError("creating", path_, error);
}

PartFile::~PartFile() {
  if (file_ >= 0) ::close(file_);
  if (!partPath_.empty()) ::unlink(partPath_.c_str());
}

void PartFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw FileError("writing", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void PartFile::finish() {
  if (::close(std::exchange(file_, -1)) != 0) throw FileError("writing", path_, errno);     // some file systems say only here that there was no room
  if (partPath_.empty()) return;
  if (::rename(partPath_.c_str(), place_.c_str()) != 0) throw FileError("replacing", path_, errno);
  partPath_.clear();
}

}  // namespace weft::http::detail
