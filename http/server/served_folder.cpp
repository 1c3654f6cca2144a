#include <weft/http/server/internal/served_folder.hpp>

#include <weft/http/file_error.hpp>
#include <weft/http/percent_encoding.hpp>
#include <weft/http/text/utf8.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

namespace weft::http::detail {
namespace {

constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;     // O_NONBLOCK: a FIFO without a writer does not hold us
constexpr int kTries = 16;                                               // while others rename folders on the way

int openat2(int folder, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept {
  open_how how{};
  how.flags = flags;
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, folder, path, &how, sizeof how));
}

bool mayBeServed(std::string_view name, bool isFirst, bool dotFiles) noexcept {
  if (name.empty() || name == "." || name == ".." || name.find_first_of(std::string_view("/\\\0", 3)) != std::string_view::npos) return false;
  if (name.front() == '.' && !dotFiles && !(isFirst && name == ".well-known")) return false;
  return isUtf8(name);
}

}  // namespace

std::optional<ServedPath> ServedPath::of(std::string_view urlPath, bool dotFiles) {
  ServedPath result;
  if (urlPath.starts_with('/')) urlPath.remove_prefix(1);
  else if (!urlPath.empty()) return std::nullopt;
  else return result;                                  // the folder, without its slash
  const bool onlySlash = urlPath.empty();
  result.slash = onlySlash || urlPath.ends_with('/');
  if (urlPath.ends_with('/')) urlPath.remove_suffix(1);
  if (urlPath.empty()) return onlySlash ? std::optional(result) : std::nullopt;
  result.path.reserve(urlPath.size());
  for (std::size_t at = 0; at <= urlPath.size();) {
    const std::size_t end = std::min(urlPath.find('/', at), urlPath.size());
    if (at > 0) result.path.push_back('/');
    const std::size_t begin = result.path.size();
    appendPercentDecoded(result.path, urlPath.substr(at, end - at));
    if (!mayBeServed(std::string_view(result.path).substr(begin), at == 0, dotFiles)) return std::nullopt;
    at = end + 1;
  }
  return result;
}

ServedFolder::ServedFolder(std::string path, bool outsideLinks, bool oldSystem)
    : path_(std::move(path)), folder_(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), outsideLinks_(outsideLinks) {
  if (!folder_) throw FileError("opening", path_, errno);
  if (oldSystem) return;
  const net::FileDescriptor probe(openat2(folder_.get(), ".", O_PATH | O_CLOEXEC, RESOLVE_BENEATH));
  openat2_ = static_cast<bool>(probe);
  const net::FileDescriptor cached(openat2(folder_.get(), ".", O_PATH | O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_CACHED));
  cached_ = cached || errno == EAGAIN;
}

OpenedFile ServedFolder::open(const std::string& path, Wait wait) const noexcept {
  OpenedFile opened;
  const char* const name = path.empty() ? "." : path.c_str();
  int file = -1;
  if (openat2_) {
    if (wait == Wait::No && !cached_) {
      opened.wouldWait = true;
      return opened;
    }
    file = openWithin(name, wait);
    if (file < 0 && errno == EAGAIN && wait == Wait::No) {
      opened.wouldWait = true;
      return opened;
    }
  } else if (wait == Wait::No) {
    opened.wouldWait = true;
    return opened;
  } else {
    file = outsideLinks_ ? ::openat(folder_.get(), name, kFlags) : openStepwise(name);
  }
  if (file < 0) {
    opened.error = errno;
    return opened;
  }
  opened.file = net::FileDescriptor(file);
  if (::fstat(file, &opened.facts) != 0) {
    opened.error = errno;
    opened.file.close();
  }
  return opened;
}

int ServedFolder::openWithin(const char* path, Wait wait) const noexcept {
  const std::uint64_t resolve = RESOLVE_NO_MAGICLINKS | (outsideLinks_ ? 0 : RESOLVE_BENEATH) | (wait == Wait::No ? RESOLVE_CACHED : 0);
  for (int tries = 0;; ++tries) {
    const int file = openat2(folder_.get(), path, kFlags, resolve);
    if (file >= 0 || (errno != EINTR && (errno != EAGAIN || wait == Wait::No)) || tries == kTries) return file;
  }
}

// Folder by folder, each opened within the one before.
int ServedFolder::openStepwise(const char* path) const noexcept {
  net::FileDescriptor folder;
  std::string_view rest(path);
  for (;;) {
    const int within = folder ? folder.get() : folder_.get();
    const std::size_t slash = rest.find('/');
    char name[256];                                    // NAME_MAX and its NUL
    const std::string_view step = rest.substr(0, slash);
    if (step.size() >= sizeof name) {
      errno = ENAMETOOLONG;
      return -1;
    }
    std::memcpy(name, step.data(), step.size());
    name[step.size()] = '\0';
    if (slash == std::string_view::npos) return ::openat(within, name, kFlags | O_NOFOLLOW);
    net::FileDescriptor next(::openat(within, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return -1;
    folder = std::move(next);
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace weft::http::detail
