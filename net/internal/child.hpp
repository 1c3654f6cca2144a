// Starting a child process, and learning of its end. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/net/file_descriptor.hpp>
#include <weft/net/internal/descriptor.hpp>
#include <weft/net/process_options.hpp>

#include <map>
#include <string>
#include <vector>

namespace weft::net::detail {

/// A child that has been started, with our ends of its pipes, which do not block.
struct Child {
  pid_t pid;
  FileDescriptor watch;                                // a pidfd
  std::map<int, FileDescriptor> reads, writes;         // by the child's number
};

/// Starts it, and waits (some milliseconds at most) until it runs the program. Throws SpawnError.
Child startChild(const std::string& executable, const std::vector<std::string>& arguments, const ProcessOptions& options);

/// Waits for a child's end and reaps it; nobody else's, and without SIGCHLD. Belongs to itself.
class ChildWatch final : private Descriptor {
 public:
  using Exited = UniqueFunction<void(const Failure&)>;
  /// `exited` gets ProcessDone or ProcessTerminated, once; from the loop, or from the reactor's destructor, which kills the child unless it `outlivesReactor`.
  static ChildWatch* start(SocketLoop& loop, FileDescriptor watch, pid_t pid, bool outlivesReactor, Exited exited);
  /// False when it has ended.
  bool signal(int number) noexcept;

 private:
  ChildWatch(SocketLoop& loop, pid_t pid, bool outlivesReactor, Exited exited) noexcept
      : Descriptor(loop), exited_(std::move(exited)), pid_(pid), outlivesReactor_(outlivesReactor) {}
  void readable() noexcept override;
  void writable() noexcept override {}
  void gone() noexcept override { delete this; }
  void loopEnds() noexcept override;
  bool reap(int flags) noexcept;

  Exited exited_;
  const pid_t pid_;
  const bool outlivesReactor_;
};

}  // namespace weft::net::detail
