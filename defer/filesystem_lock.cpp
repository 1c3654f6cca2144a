#include <weft/defer/filesystem_lock.hpp>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace weft {

namespace {

// Takes the link of a dead holder away. Of several who see it at once only one may, and it must not hit the link of a new holder: so they do it one by one, under a lock on
// the folder (which the system gives back whatever happens to us), and only if the link is still the one that was seen.
void removeStale(const std::string& path, const char* holder) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw FilesystemLockError("taking over", path, errno);
  int error = ::flock(descriptor, LOCK_EX) == 0 ? 0 : errno;
  if (!error) {
    char now[32] = {};
    if (::readlink(path.c_str(), now, sizeof now - 1) > 0 && std::strcmp(now, holder) == 0 && ::unlink(path.c_str()) != 0) error = errno;
  }
  ::close(descriptor);
  if (error) throw FilesystemLockError("taking over", path, error);
}

}  // namespace

FilesystemLockError::FilesystemLockError(const std::string& what, const std::string& path, int error)
    : DeferError(what + " the lock " + path + ": " + std::strerror(error)), path(path), error(error) {}

DeferredFilesystemLock::DeferredFilesystemLock(std::string path, Clock& clock) : path_(std::move(path)), clock_(clock) {}

DeferredFilesystemLock::~DeferredFilesystemLock() {
  if (retry_.active()) retry_.cancel();
  if (locked_) ::unlink(path_.c_str());
}

bool DeferredFilesystemLock::lock() {
  if (locked_) throw DeferError("DeferredFilesystemLock: " + path_ + " is held already, by this object");
  clean_ = true;
  const std::string mine = std::to_string(::getpid());
  for (;;) {
    if (::symlink(mine.c_str(), path_.c_str()) == 0) return locked_ = true;
    if (errno != EEXIST) throw FilesystemLockError("making", path_, errno);
    char holder[32] = {};
    const ssize_t length = ::readlink(path_.c_str(), holder, sizeof holder - 1);
    if (length < 0) {
      if (errno == ENOENT) continue;                   // given back meanwhile
      throw FilesystemLockError("reading", path_, errno);
    }
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(holder, holder + length, pid);
    const bool number = error == std::errc() && end == holder + length && pid > 0;
    if (!number) throw FilesystemLockError("understanding", path_, EINVAL);
    if (::kill(pid, 0) == 0 || errno != ESRCH) return false;
    removeStale(path_, holder);
    clean_ = false;
  }
}

void DeferredFilesystemLock::unlock() {
  if (!locked_) throw DeferError("DeferredFilesystemLock: " + path_ + " is not held by this object");
  locked_ = false;
  if (::unlink(path_.c_str()) != 0) throw FilesystemLockError("removing", path_, errno);
}

Deferred<> DeferredFilesystemLock::deferUntilLocked(std::optional<Delay> timeout, std::source_location made) {
  if (waiting_.pending()) return fail(AlreadyTryingToLockError(), made);
  Deferred<> ours([this] {
    if (retry_.active()) retry_.cancel();
  }, made);
  waiting_ = ours.takeTrigger();
  deadline_.reset();
  if (timeout) {
    deadline_ = clock_.now() + timeout->value();
    timeoutSeconds_ = timeout->seconds();
  }
  tryAgain();
  return ours;
}

void DeferredFilesystemLock::tryAgain() {
  try {
    if (lock()) {
      Trigger<> ours = std::move(waiting_);
      return ours.callback();
    }
  } catch (...) {
    Trigger<> ours = std::move(waiting_);
    return ours.errback();
  }
  std::chrono::nanoseconds wait = std::chrono::seconds(1);
  if (deadline_) {
    const auto left = *deadline_ - clock_.now();
    if (left <= left.zero()) {
      Trigger<> ours = std::move(waiting_);
      return ours.errback(TimeoutError(timeoutSeconds_));
    }
    if (left < wait) wait = left;
  }
  retry_ = clock_.callLater(wait, [this] { tryAgain(); });
}

}  // namespace weft
