#include <weft/defer/filesystem_lock.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>

#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

// Row D8.
namespace weft::test {
namespace {

// A folder of its own, gone at the end.
struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weft-lock-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  Folder(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string lock() const { return (path / "the.lock").string(); }
  std::filesystem::path path;
};

// The id of a process that has ended.
pid_t endedProcess() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

TEST_CASE("one object at a time holds the lock") {
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock), b(folder.lock(), clock);
  CHECK(a.lock());
  CHECK(a.locked());
  CHECK(a.clean());
  CHECK_FALSE(b.lock());
  a.unlock();
  CHECK(b.lock());
}

TEST_CASE("the lock goes with its object, and only then") {
  const Folder folder;
  ManualClock clock;
  {
    DeferredFilesystemLock a(folder.lock(), clock);
    CHECK(a.lock());
    { DeferredFilesystemLock other(folder.lock(), clock); }
    CHECK(std::filesystem::is_symlink(folder.lock()));
  }
  CHECK_FALSE(std::filesystem::is_symlink(folder.lock()));
}

TEST_CASE("unlocking what is not held, and locking twice, are errors") {
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock);
  CHECK_THROWS_AS(a.unlock(), DeferError);
  CHECK(a.lock());
  CHECK_THROWS_AS((void)a.lock(), DeferError);
}

TEST_CASE("deferUntilLocked takes a free lock at once, and looks at a held one every second") {
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock), b(folder.lock(), clock);
  successResultOf(a.deferUntilLocked());
  auto waiting = b.deferUntilLocked();
  clock.advance(5);
  assertNoResult(waiting);
  a.unlock();
  assertNoResult(waiting);
  clock.advance(1);
  successResultOf(waiting);
  CHECK(b.locked());
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("deferUntilLocked fails with TimeoutError in time, also between two looks") {
  const UnhandledErrors none;
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock), b(folder.lock(), clock);
  CHECK(a.lock());
  auto waiting = b.deferUntilLocked(2.5);
  clock.play(2.4);
  assertNoResult(waiting);
  clock.play(0.1);
  CHECK(failureResultOf<TimeoutError>(waiting).as<TimeoutError>()->seconds == doctest::Approx(2.5));
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("one wait at a time: a second fails with AlreadyTryingToLockError, the first goes on") {
  const UnhandledErrors none;
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock), b(folder.lock(), clock);
  CHECK(a.lock());
  auto first = b.deferUntilLocked();
  failureResultOf<AlreadyTryingToLockError>(b.deferUntilLocked());
  a.unlock();
  clock.advance(1);
  successResultOf(first);
}

TEST_CASE("cancelling stops trying and removes the timer; one may try again") {
  const UnhandledErrors none;
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock), b(folder.lock(), clock);
  CHECK(a.lock());
  auto waiting = b.deferUntilLocked();
  waiting.cancel();
  failureResultOf<CancelledError>(waiting);
  CHECK(clock.getDelayedCalls().empty());
  auto again = b.deferUntilLocked();
  a.unlock();
  clock.advance(1);
  successResultOf(again);
}

TEST_CASE("a wait whose Deferred was dropped goes on, alone") {
  const UnhandledErrors none;
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock), b(folder.lock(), clock);
  CHECK(a.lock());
  b.deferUntilLocked().detach();
  failureResultOf<AlreadyTryingToLockError>(b.deferUntilLocked());
  CHECK(clock.getDelayedCalls().size() == 1);
  a.unlock();
  clock.advance(1);
  CHECK(b.locked());
}

TEST_CASE("a lock whose object goes while it waits fails with AbandonedError") {
  const UnhandledErrors none;
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock);
  CHECK(a.lock());
  Deferred<> waiting(nullptr);
  {
    DeferredFilesystemLock b(folder.lock(), clock);
    waiting = b.deferUntilLocked();
  }
  failureResultOf<AbandonedError>(waiting);
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a callback that gets the lock may destroy it") {
  const Folder folder;
  ManualClock clock;
  DeferredFilesystemLock a(folder.lock(), clock);
  CHECK(a.lock());
  auto b = std::make_unique<DeferredFilesystemLock>(folder.lock(), clock);
  b->deferUntilLocked().addCallback([&] { b.reset(); }).detach();
  a.unlock();
  clock.advance(1);
  CHECK(b == nullptr);
  CHECK_FALSE(std::filesystem::is_symlink(folder.lock()));
}

TEST_CASE("the lock of a process that has gone is taken over, and known as not clean") {
  const Folder folder;
  ManualClock clock;
  std::filesystem::create_symlink(std::to_string(endedProcess()), folder.lock());
  DeferredFilesystemLock a(folder.lock(), clock);
  CHECK(a.lock());
  CHECK_FALSE(a.clean());
  a.unlock();
  CHECK(a.lock());
  CHECK(a.clean());
}

TEST_CASE("what is no lock, and a folder that is not there, are FilesystemLockErrors with path and errno") {
  const UnhandledErrors none;
  const Folder folder;
  ManualClock clock;
  std::filesystem::create_symlink("not-a-process", folder.lock());
  DeferredFilesystemLock a(folder.lock(), clock);
  CHECK_THROWS_AS((void)a.lock(), FilesystemLockError);
  failureResultOf<FilesystemLockError>(a.deferUntilLocked());
  DeferredFilesystemLock b((folder.path / "missing" / "lock").string(), clock);
  try {
    (void)b.lock();
    FAIL("lock() did not throw");
  } catch (const FilesystemLockError& error) {
    CHECK(error.error == ENOENT);
    CHECK(error.path.find("missing") != std::string::npos);
  }
}

}  // namespace
}  // namespace weft::test
