// The ends of pipes, and whatever else is read and written as they are: terminals, files. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/net/file_descriptor.hpp>
#include <weft/net/internal/descriptor.hpp>
#include <weft/net/internal/write_queue.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace weft::net::detail {

/// What has pipes. `name` tells them apart. All but pipeWrote() and pipeWriteEnded() may come only while pipeWanted().
class PipeUser {
 public:
  virtual bool pipeWanted(int name) const noexcept = 0;
  virtual void pipeData(int name, std::string_view data) noexcept = 0;
  /// The reader has closed itself, at the end (0) or for an error.
  virtual void pipeReadEnded(int name, int error) noexcept = 0;
  /// The writer's buffer has become smaller.
  virtual void pipeWrote(int name) noexcept = 0;
  /// The writer has closed itself: nobody reads there any more, or an error. So many bytes will never be read.
  virtual void pipeWriteEnded(int name, int error, std::size_t lost) noexcept = 0;
  /// The reactor is being destroyed: close everything.
  virtual void pipeLoopEnds() noexcept = 0;

 protected:
  ~PipeUser() = default;
};

/// A call that happens exactly once: when it is made, or when whoever should have made it is gone.
template <class F> class RunOnce {
 public:
  explicit RunOnce(F function) : function_(std::move(function)) {}
  RunOnce(RunOnce&& other) noexcept : function_(std::move(other.function_)), due_(std::exchange(other.due_, false)) {}
  RunOnce& operator=(RunOnce&&) = delete;
  ~RunOnce() { (*this)(); }
  void operator()() noexcept {
    if (std::exchange(due_, false)) function_();
  }

 private:
  F function_;
  bool due_ = true;
};

/// Does the reactor's way of waiting work with it? Not with regular files and their like, which are always ready.
bool canBeWatched(int descriptor) noexcept;

/// Reads. Belongs to itself until it was closed. One that cannot be watched is asked once a turn.
class PipeReader final : private Descriptor {
 public:
  /// Throws std::system_error. Reads nothing before resume(). The descriptor must not block where it can be watched.
  static PipeReader* open(SocketLoop& loop, FileDescriptor descriptor, PipeUser& user, int name);
  void resume() noexcept { callReadable(); }
  /// The user will hear no more of it.
  void close() noexcept;

 private:
  static constexpr int kReadsPerEvent = 16;            // then others get their turn
  PipeReader(SocketLoop& loop, PipeUser& user, int name) noexcept : Descriptor(loop), user_(&user), name_(name) {}
  void readable() noexcept override;
  void writable() noexcept override {}
  void gone() noexcept override { delete this; }
  void loopEnds() noexcept override;

  PipeUser* user_;
  const int name_;
  bool watched_ = true;
};

/// Writes, and notices when nobody reads any more. Belongs to itself until it was closed. Makes the process ignore SIGPIPE, which such a write would otherwise die of.
class PipeWriter final : private Descriptor {
 public:
  static PipeWriter* open(SocketLoop& loop, FileDescriptor descriptor, PipeUser& user, int name);
  void write(std::string_view data);
  void writeOwned(std::string data);
  std::size_t size() const noexcept { return queue_.size(); }
  /// pipeWrote() follows from the loop, whether or not there is anything to write.
  void flush() noexcept { callWritable(); }
  /// Drops what was not written. The user will hear no more of it.
  void close() noexcept;

 private:
  PipeWriter(SocketLoop& loop, PipeUser& user, int name) noexcept : Descriptor(loop), user_(&user), name_(name) {}
  std::size_t writeNow(std::string_view data) noexcept;
  void readable() noexcept override;
  void writable() noexcept override;
  void gone() noexcept override { delete this; }
  void loopEnds() noexcept override;
  void broke() noexcept;

  WriteQueue queue_;
  PipeUser* user_;
  const int name_;
  int brokenBy_ = 0;
  std::size_t lost_ = 0;
};

}  // namespace weft::net::detail
