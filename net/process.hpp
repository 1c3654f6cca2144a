// Child processes: with callbacks, as a transport, with Streams, or only for what they print.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/core/reactor.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/net/process_options.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/transport.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// A child process, seen from here. `executable` is looked for in our PATH unless it holds a '/'; `arguments` come after its name.
///
/// Ownership: lives while somebody holds it; until processEnded() the loop does. When its reactor is destroyed first, its pipes are closed, and a child that still
/// runs is killed and waited for (ProcessOptions::outlivesReactor says otherwise). Thread: the reactor's. Nothing is left of a child that has ended: it is waited
/// for by its own id, without SIGCHLD.
class ProcessTransport {
 public:
  ProcessTransport() = default;
  ProcessTransport(const ProcessTransport&) = delete;
  ProcessTransport& operator=(const ProcessTransport&) = delete;
  virtual ~ProcessTransport() = default;

  virtual pid_t pid() const noexcept = 0;
  /// Not yet reaped?
  virtual bool running() const noexcept = 0;

  /// Writes to the child's standard input, or to another descriptor that we write. Never blocks; dropped when that is closed.
  void write(std::string_view data) { writeToChild(0, data); }
  virtual void writeToChild(int childDescriptor, std::string_view data) = 0;
  /// Bytes written but not yet taken, of all descriptors.
  virtual std::size_t buffered() const noexcept = 0;
  /// Fires when no more than 16 KiB are buffered; at once unless more than 64 KiB are. Errbacks ConnectionDone when the child ends first. cancel: the wait ends, nothing else.
  virtual Deferred<> drained() = 0;
  /// More than that many bytes waiting for a child that does not read close that descriptor: childConnectionLost, and what was written is lost. 256 MiB at first.
  virtual void setWriteLimit(std::size_t bytes) noexcept = 0;

  /// Sends what was written, then closes: the child sees the end of its input. Of one that we read: closes now, and writing there ends the child mostly.
  virtual void closeChildDescriptor(int childDescriptor) = 0;
  void closeStdin() { closeChildDescriptor(0); }
  void closeStdout() { closeChildDescriptor(1); }
  void closeStderr() { closeChildDescriptor(2); }
  /// Closes all of them.
  virtual void loseConnection() = 0;

  /// Sends a signal: SIGTERM, or by name: "TERM", "KILL", "HUP", "INT"... Throws ProcessExitedAlready, std::invalid_argument for a name that there is not.
  virtual void signalProcess(int signal) = 0;
  void signalProcess(std::string_view name);

  /// No output is read before resumeReading(); the child then waits when its pipes are full.
  virtual void pauseReading() = 0;
  virtual void resumeReading() = 0;
};

/// A signal for a process that has ended already.
class ProcessExitedAlready : public Error {
 public:
  ProcessExitedAlready() : Error("the process has ended already") {}
};

/// What happens to one child, in Twisted's callback manner. Order: connectionMade once; data; childConnectionLost once for each descriptor; processExited once, when it
/// has ended; processEnded once and last, when it has ended and all its pipes are at their end (what it started may hold them open). None inside another.
/// An exception that leaves one of these is logged.
class ProcessProtocol {
 public:
  ProcessProtocol() = default;
  ProcessProtocol(const ProcessProtocol&) = delete;
  ProcessProtocol& operator=(const ProcessProtocol&) = delete;
  virtual ~ProcessProtocol() = default;

  virtual void connectionMade() {}
  /// Output of the child. `data` dies when this returns. Calls outReceived and errReceived for 1 and 2.
  virtual void childDataReceived(int childDescriptor, std::string_view data) {
    if (childDescriptor == 1) outReceived(data);
    else if (childDescriptor == 2) errReceived(data);
  }
  virtual void outReceived(std::string_view data) { static_cast<void>(data); }
  virtual void errReceived(std::string_view data) { static_cast<void>(data); }
  /// The child has closed its end, or we did. Calls inConnectionLost, outConnectionLost and errConnectionLost for 0, 1 and 2.
  virtual void childConnectionLost(int childDescriptor) {
    if (childDescriptor == 0) inConnectionLost();
    else if (childDescriptor == 1) outConnectionLost();
    else if (childDescriptor == 2) errConnectionLost();
  }
  virtual void inConnectionLost() {}
  virtual void outConnectionLost() {}
  virtual void errConnectionLost() {}
  /// `reason` holds ProcessDone or ProcessTerminated.
  virtual void processExited(const Failure& reason) { static_cast<void>(reason); }
  virtual void processEnded(const Failure& reason) { static_cast<void>(reason); }

  /// From connectionMade() until processEnded() has returned.
  ProcessTransport& transport() const noexcept { return *transport_; }
  bool hasTransport() const noexcept { return transport_ != nullptr; }
  /// Called by the transport.
  void setTransport(ProcessTransport* transport) noexcept { transport_ = transport; }

 private:
  ProcessTransport* transport_ = nullptr;
};

/// Starts a child and gives what happens to it to `protocol`, whose connectionMade is called before this returns. All descriptors that `options` does not name are
/// closed in the child; signals are as in a fresh process. Throws SpawnError when it could not be started, with the system's reason.
///
///     spawnProcess(reactor, std::make_shared<Sorter>(), "sort", {"-r"});
std::shared_ptr<ProcessTransport> spawnProcess(Reactor& reactor, std::shared_ptr<ProcessProtocol> protocol, std::string executable,
                                               std::vector<std::string> arguments = {}, const ProcessOptions& options = {});

/// A child's standard input and output as one connection, as if it were a server's: what is written goes to its input; its standard error is ours, unless `options`
/// say otherwise about 2. loseConnection() closes its input after what was written and stops reading; abortConnection() kills it (SIGKILL). The connection is over when
/// its output ends. Throws SpawnError.
std::shared_ptr<Transport> processTransport(Reactor& reactor, std::string executable, std::vector<std::string> arguments = {},
                                            const ProcessOptions& options = ProcessOptions().descriptor(2, ChildDescriptor::given(2)));

/// A child with Streams: the coroutine face.
///
///     Process sort(reactor, "sort", {});
///     co_await sort.in().write("b\na\n");
///     sort.in().closeWriting();
///     std::string sorted = co_await sort.out().readExactly(4);
///     co_await sort.ended();
///
/// Dropped, it closes the pipes and leaves the child to end by itself; it is waited for in any case.
class Process {
 public:
  /// Starts it. Throws SpawnError.
  Process(Reactor& reactor, std::string executable, std::vector<std::string> arguments = {}, const ProcessOptions& options = {});
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  pid_t pid() const noexcept;
  /// Its descriptors 0, 1 and 2. Empty (false) where the options made no such pipe. Read out() and err() both, or a child that fills one waits for ever.
  Stream& in() noexcept;
  Stream& out() noexcept;
  Stream& err() noexcept;
  /// Fires with its exit code. Errors: ProcessTerminated when a signal ended it. May be asked for once. cancel: the wait ends, nothing else.
  Deferred<int> ended();
  /// As ProcessTransport's.
  void signalProcess(int signal);
  void signalProcess(std::string_view name);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// ---- only what comes out

/// More came out than was allowed: the child was killed.
class ProcessOutputTooLong : public Error {
 public:
  ProcessOutputTooLong(const std::string& executable, std::size_t limit);
  std::size_t limit;
};
/// It wrote to its standard error, which is an error for getProcessOutput().
class ProcessWroteToStderr : public Error {
 public:
  ProcessWroteToStderr(const std::string& executable, std::string text);
  std::string text;                                    // what it wrote first
};

/// What a child printed, and how it ended.
struct ProcessResult {
  ProcessResult(std::string out, std::string err, int code) : out(std::move(out)), err(std::move(err)), code(code) {}
  std::string out, err;
  int code;
};

inline constexpr std::size_t kMostProcessOutput = 64 * 1024 * 1024;

/// Runs a program without input and fires with all of its standard output, when it has ended with whatever code. Errors: SpawnError, ProcessTerminated when a signal
/// ended it, ProcessWroteToStderr (the child is killed) unless `errorsToo`, which takes its standard error into the output as it comes; ProcessOutputTooLong beyond
/// `limit` bytes. cancel kills the child, CancelledError.
Deferred<std::string> getProcessOutput(Reactor& reactor, std::string executable, std::vector<std::string> arguments = {},
                                       const ProcessOptions& options = {}, bool errorsToo = false, std::size_t limit = kMostProcessOutput);
/// Its exit code only; the output is dropped.
Deferred<int> getProcessValue(Reactor& reactor, std::string executable, std::vector<std::string> arguments = {}, const ProcessOptions& options = {});
/// Both outputs, apart, and the code. `limit` counts for each.
Deferred<ProcessResult> getProcessOutputAndValue(Reactor& reactor, std::string executable, std::vector<std::string> arguments = {},
                                                 const ProcessOptions& options = {}, std::size_t limit = kMostProcessOutput);

}  // namespace weft::net
