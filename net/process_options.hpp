// ProcessOptions: how a child process is started.
#pragma once

#include <weft/net/error.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace weft::net {

/// What one of a child's descriptors is.
class ChildDescriptor {
 public:
  enum class Kind : std::uint8_t { ParentReads, ParentWrites, Given, Null };
  /// A pipe whose other end this side reads: the child's output.
  static ChildDescriptor parentReads() noexcept { return {Kind::ParentReads, -1}; }
  /// A pipe whose other end this side writes: the child's input.
  static ChildDescriptor parentWrites() noexcept { return {Kind::ParentWrites, -1}; }
  /// The same open file as our `descriptor`, which stays ours and must be open while the child is started.
  static ChildDescriptor given(int descriptor) noexcept { return {Kind::Given, descriptor}; }
  /// /dev/null.
  static ChildDescriptor null() noexcept { return {Kind::Null, -1}; }

  Kind kind() const noexcept { return kind_; }
  int descriptor() const noexcept { return descriptor_; }

 private:
  ChildDescriptor(Kind kind, int descriptor) noexcept : descriptor_(descriptor), kind_(kind) {}
  int descriptor_;
  Kind kind_;
};

/// How to start a child process: `spawnProcess(reactor, protocol, "sort", {"-r"}, ProcessOptions().workingFolder("/tmp"))`.
class ProcessOptions {
 public:
  using Environment = std::map<std::string, std::string>;
  using Descriptors = std::map<int, ChildDescriptor>;

  ProcessOptions() = default;
  /// The child's whole environment. Ours unless set.
  ProcessOptions& environment(Environment variables) {
    environment_ = std::move(variables);
    return *this;
  }
  const std::optional<Environment>& environment() const noexcept { return environment_; }
  /// Where it starts. Our own folder unless set.
  ProcessOptions& workingFolder(std::string path) {
    workingFolder_ = std::move(path);
    return *this;
  }
  const std::string& workingFolder() const noexcept { return workingFolder_; }
  /// What the child takes for its own name (its argv[0]): the executable unless set.
  ProcessOptions& name(std::string text) {
    name_ = std::move(text);
    return *this;
  }
  const std::string& name() const noexcept { return name_; }
  /// Whom it runs as; needs the right to. Setting a group also drops the supplementary ones.
  ProcessOptions& user(uid_t id) {
    user_ = id;
    return *this;
  }
  ProcessOptions& group(gid_t id) {
    group_ = id;
    return *this;
  }
  std::optional<uid_t> user() const noexcept { return user_; }
  std::optional<gid_t> group() const noexcept { return group_; }
  /// All descriptors that the child has; every other one is closed in it. Unless set: pipes, 0 written and 1 and 2 read by us.
  ProcessOptions& descriptors(Descriptors map) {
    descriptors_ = std::move(map);
    return *this;
  }
  ProcessOptions& descriptor(int number, ChildDescriptor what) {
    descriptors_.insert_or_assign(number, what);
    return *this;
  }
  const Descriptors& descriptors() const noexcept { return descriptors_; }
  /// A terminal of its own as descriptors 0, 1 and 2, in a session of its own, instead of those pipes. All its output comes as descriptor 1.
  ProcessOptions& terminal(bool on = true) {
    terminal_ = on;
    return *this;
  }
  bool terminal() const noexcept { return terminal_; }
  /// Leads a session, or a process group, of its own: signals from our terminal do not reach it, and `kill(-pid)` reaches it with its own children.
  ProcessOptions& newSession(bool on = true) {
    newSession_ = on;
    return *this;
  }
  ProcessOptions& newProcessGroup(bool on = true) {
    newProcessGroup_ = on;
    return *this;
  }
  bool newSession() const noexcept { return newSession_; }
  bool newProcessGroup() const noexcept { return newProcessGroup_; }
  /// A child that still runs when its reactor is destroyed is killed (SIGKILL) and waited for, so that it cannot stay as a zombie. With this it is left alone (its
  /// protocol is told ProcessLeftRunning), and so is the duty to wait for it.
  ProcessOptions& outlivesReactor(bool on = true) {
    outlivesReactor_ = on;
    return *this;
  }
  bool outlivesReactor() const noexcept { return outlivesReactor_; }

 private:
  std::optional<Environment> environment_;
  std::string workingFolder_;
  std::string name_;
  std::optional<uid_t> user_;
  std::optional<gid_t> group_;
  Descriptors descriptors_{{0, ChildDescriptor::parentWrites()}, {1, ChildDescriptor::parentReads()}, {2, ChildDescriptor::parentReads()}};
  bool terminal_ = false;
  bool newSession_ = false;
  bool newProcessGroup_ = false;
  bool outlivesReactor_ = false;
};

/// The child could not be started: no such program, no right to run it, no such folder, no room for another process.
class SpawnError : public Error {
 public:
  SpawnError(std::string executable, std::string_view what, int systemError);
  std::string executable;
  int systemError;                                     // errno
};

/// How a child ended: the reasons that ProcessProtocol gets. ProcessDone: it exited with 0.
class ProcessDone : public Error {
 public:
  ProcessDone() : Error("the process has exited with 0") {}
};
/// It exited with another code, or a signal ended it.
class ProcessTerminated : public Error {
 public:
  ProcessTerminated(std::optional<int> exitCode, std::optional<int> signal);
  std::optional<int> exitCode;
  std::optional<int> signal;
};

/// Its reactor was destroyed and has left it running (ProcessOptions::outlivesReactor).
class ProcessLeftRunning : public Error {
 public:
  ProcessLeftRunning() : Error("the reactor has ended, and the process was left running") {}
};

}  // namespace weft::net
