// DeferredFilesystemLock: one process at a time.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>

#include <memory>
#include <optional>
#include <string>

namespace weft {

/// deferUntilLocked() while another one of the same lock is waiting.
class AlreadyTryingToLockError : public DeferError {
 public:
  AlreadyTryingToLockError() : DeferError("DeferredFilesystemLock: somebody is waiting for this lock already") {}
};
/// The lock's file could not be made, read or removed.
class FilesystemLockError : public DeferError {
 public:
  FilesystemLockError(const std::string& what, const std::string& path, int error);
  std::string path;
  int error;                                           // errno
};

/// A lock between processes: a symbolic link that names its holder's process id, made in one step by the file system. A link whose process is gone is taken over.
///
/// Waiting looks at the link once a second of `clock`. For a process on the same machine; not for network file systems.
class DeferredFilesystemLock {
 public:
  DeferredFilesystemLock(std::string path, Clock& clock);
  DeferredFilesystemLock(const DeferredFilesystemLock&) = delete;
  DeferredFilesystemLock& operator=(const DeferredFilesystemLock&) = delete;
  /// Gives the lock back, if it is held.
  ~DeferredFilesystemLock();

  /// Takes it if it is free. Throws FilesystemLockError.
  bool lock();
  /// Throws DeferError when this object does not hold it.
  void unlock();
  bool locked() const noexcept { return locked_; }
  /// Did the one before us give it back, rather than die with it? Known when locked.
  bool clean() const noexcept { return clean_; }

  /// Fires when it is ours; fails with TimeoutError, FilesystemLockError, AlreadyTryingToLockError. Cancelling it stops trying.
  Deferred<> deferUntilLocked(std::optional<Delay> timeout = std::nullopt, std::source_location made = std::source_location::current());

 private:
  void tryAgain();

  std::string path_;
  Clock& clock_;
  Trigger<> waiting_;
  DelayedCall retry_;
  std::optional<std::chrono::nanoseconds> deadline_;
  double timeoutSeconds_ = 0;
  bool locked_ = false, clean_ = true;
};

}  // namespace weft
