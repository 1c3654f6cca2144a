#include <weft/net/process.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/child.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/internal/pipe.hpp>
#include <weft/net/internal/pipe_connection.hpp>

#include <cctype>
#include <csignal>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::net {

namespace {

int signalNumber(std::string_view name) {
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (int number = 1; number < NSIG; ++number)
    if (const char* const known = ::sigabbrev_np(number); known && name == known) return number;
  throw std::invalid_argument("there is no signal \"" + std::string(name) + '"');
}

}  // namespace

void ProcessTransport::signalProcess(std::string_view name) { signalProcess(signalNumber(name)); }

ProcessOutputTooLong::ProcessOutputTooLong(const std::string& executable, std::size_t limit)
    : Error(executable + " was killed: more than " + std::to_string(limit) + " bytes came out of it"), limit(limit) {}

ProcessWroteToStderr::ProcessWroteToStderr(const std::string& executable, std::string text)
    : Error(executable + " wrote to its standard error: " + text), text(std::move(text)) {}

namespace detail {

/// A child with a ProcessProtocol.
class ChildProcess final : public ProcessTransport, private PipeUser, public std::enable_shared_from_this<ChildProcess> {
 public:
  static constexpr std::size_t kLowMark = 16 * 1024;
  static constexpr std::size_t kHighMark = 64 * 1024;

  explicit ChildProcess(std::shared_ptr<ProcessProtocol> protocol) noexcept : protocol_(std::move(protocol)) {}
  ~ChildProcess() override { closeAll(); }

  void start(SocketLoop& loop, Child child, bool outlivesReactor) {
    pid_ = child.pid;
    loop_ = &loop;
    watch_ = ChildWatch::start(loop, std::move(child.watch), pid_, outlivesReactor, [this](const Failure& reason) { exited(reason); });
    self_ = shared_from_this();
    try {
      for (auto& [number, descriptor] : child.writes) writers_.emplace(number, PipeWriter::open(loop, std::move(descriptor), *this, number));
      for (auto& [number, descriptor] : child.reads) readers_.emplace(number, PipeReader::open(loop, std::move(descriptor), *this, number));
    } catch (...) {                                    // it has never been: nobody is told of its end
      protocol_ = std::make_shared<ProcessProtocol>();
      closeAll();
      watch_->signal(SIGKILL);
      throw;
    }
    protocol_->setTransport(this);
    tell("connectionMade", [](ProcessProtocol& protocol) { protocol.connectionMade(); });
    for (const auto& [number, reader] : readers_) reader->resume();
  }

  pid_t pid() const noexcept override { return pid_; }
  bool running() const noexcept override { return watch_ != nullptr; }

  void writeToChild(int number, std::string_view data) override {
    const auto found = writers_.find(number);
    if (found == writers_.end() || closing_.contains(number) || data.empty()) return;
    PipeWriter& writer = *found->second;
    if (writer.size() > 0 && writer.size() + data.size() > limit_) {
      kProcessLog.warning("process ", pid_, " does not read: ", writer.size(), " bytes wait for it; closing its descriptor ", number);
      drop(found);
      return;
    }
    writer.write(data);
  }
  std::size_t buffered() const noexcept override {
    std::size_t size = 0;
    for (const auto& [number, writer] : writers_) size += writer->size();
    return size;
  }
  Deferred<> drained() override {
    if (ended_) return fail(ConnectionDone());
    if (buffered() <= kHighMark) return succeed();
    std::erase_if(waiters_, [](const Trigger<>& waiter) { return !waiter.active(); });
    Deferred<> deferred;
    waiters_.push_back(deferred.takeTrigger());
    return deferred;
  }
  void setWriteLimit(std::size_t bytes) noexcept override { limit_ = bytes; }

  void closeChildDescriptor(int number) override {
    if (const auto writer = writers_.find(number); writer != writers_.end()) {
      closing_.insert(number);
      writer->second->flush();                         // and pipeWrote() closes it
    } else if (const auto reader = readers_.find(number); reader != readers_.end()) {
      reader->second->close();
      readers_.erase(reader);
      tellLater(number);
    }
  }
  void loseConnection() override {
    const auto writers = writers_;
    for (const auto& [number, writer] : writers) closeChildDescriptor(number);
    const auto readers = readers_;
    for (const auto& [number, reader] : readers) closeChildDescriptor(number);
  }
  void signalProcess(int number) override {
    if (!watch_) throw ProcessExitedAlready();
    watch_->signal(number);
  }

  void pauseReading() override { paused_ = true; }
  void resumeReading() override {
    if (!std::exchange(paused_, false)) return;
    for (const auto& [number, reader] : readers_) reader->resume();
  }

 private:
  template <class F> void tell(const char* what, F call) noexcept {
    try {
      call(*protocol_);
    } catch (...) {
      kProcessLog.failure(Failure(), what, " threw, of process ", pid_);
    }
  }

  // PipeUser
  bool pipeWanted(int) const noexcept override { return !paused_; }
  void pipeData(int number, std::string_view data) noexcept override {
    tell("childDataReceived", [&](ProcessProtocol& protocol) { protocol.childDataReceived(number, data); });
  }
  void pipeReadEnded(int number, int) noexcept override {
    readers_.erase(number);
    lost(number);
  }
  void pipeWrote(int number) noexcept override {
    if (!waiters_.empty() && buffered() <= kLowMark)
      for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.callback();
    const auto writer = writers_.find(number);
    if (writer == writers_.end() || writer->second->size() > 0 || !closing_.contains(number)) return;
    writer->second->close();
    writers_.erase(writer);
    lost(number);
  }
  void pipeWriteEnded(int number, int, std::size_t) noexcept override {
    writers_.erase(number);
    lost(number);
  }
  void pipeLoopEnds() noexcept override {
    const std::shared_ptr<ChildProcess> self = shared_from_this();
    closeAll();
    endWhenAllIsOver();                                // unless its watch is still to come
  }

  void drop(std::map<int, PipeWriter*>::iterator writer) {
    const int number = writer->first;
    writer->second->close();
    writers_.erase(writer);
    tellLater(number);
  }
  void tellLater(int number) {
    ++telling_;
    loop_->reactor().callLater(0, RunOnce([self = shared_from_this(), number] {
                                 --self->telling_;
                                 self->lost(number);
                               }));
  }
  void lost(int number) noexcept {
    tell("childConnectionLost", [number](ProcessProtocol& protocol) { protocol.childConnectionLost(number); });
    endWhenAllIsOver();
  }
  void exited(const Failure& reason) noexcept {
    watch_ = nullptr;
    reason_ = reason;
    tell("processExited", [this](ProcessProtocol& protocol) { protocol.processExited(reason_); });
    endWhenAllIsOver();
  }
  void endWhenAllIsOver() noexcept {
    if (ended_ || watch_ || !readers_.empty() || !writers_.empty() || telling_ > 0) return;
    ended_ = true;
    for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.errback(ConnectionDone());
    const std::shared_ptr<ChildProcess> self = std::move(self_);
    tell("processEnded", [this](ProcessProtocol& protocol) { protocol.processEnded(reason_); });
    protocol_->setTransport(nullptr);
  }
  void closeAll() noexcept {
    for (const auto& [number, reader] : readers_) reader->close();
    for (const auto& [number, writer] : writers_) writer->close();
    readers_.clear();
    writers_.clear();
  }

  std::shared_ptr<ChildProcess> self_;                 // until it has ended
  std::shared_ptr<ProcessProtocol> protocol_;
  SocketLoop* loop_ = nullptr;
  ChildWatch* watch_ = nullptr;                        // null: reaped
  std::map<int, PipeReader*> readers_;
  std::map<int, PipeWriter*> writers_;
  std::set<int> closing_;                             // writers that close when they have written all
  std::vector<Trigger<>> waiters_;
  Failure reason_{nullptr};
  std::size_t limit_ = 256 * 1024 * 1024;
  int telling_ = 0;
  pid_t pid_ = -1;
  bool paused_ = false;
  bool ended_ = false;
};

}  // namespace detail

std::shared_ptr<ProcessTransport> spawnProcess(Reactor& reactor, std::shared_ptr<ProcessProtocol> protocol, std::string executable,
                                               std::vector<std::string> arguments, const ProcessOptions& options) {
  detail::Child child = detail::startChild(executable, arguments, options);
  auto process = std::make_shared<detail::ChildProcess>(std::move(protocol));
  try {
    process->start(detail::SocketLoop::of(reactor), std::move(child), options.outlivesReactor());
  } catch (const std::system_error& error) {
    throw SpawnError(executable, "watching it", error.code().value());
  }
  return process;
}

// ---- as transports

namespace {

using Pipe = detail::PipeConnection;

FileDescriptor take(std::map<int, FileDescriptor>& from, int number) {
  const auto found = from.find(number);
  return found == from.end() ? FileDescriptor() : std::move(found->second);
}

/// What signals need, kept for as long as the child runs.
struct Running {
  detail::ChildWatch* watch = nullptr;
  Failure reason{nullptr};
  Trigger<int> ended;
  bool asked = false;

  void exited(const Failure& how) {
    watch = nullptr;
    reason = how;
    if (ended.active()) tell(std::exchange(ended, {}));
  }
  void tell(Trigger<int> trigger) const {
    if (reason.check<ProcessDone>()) trigger.callback(0);
    else if (const auto* const terminated = reason.as<ProcessTerminated>(); terminated && terminated->exitCode) trigger.callback(*terminated->exitCode);
    else trigger.errback(reason);
  }
};

std::shared_ptr<Running> watchChild(detail::SocketLoop& loop, detail::Child& child, const ProcessOptions& options) {
  auto running = std::make_shared<Running>();
  running->watch = detail::ChildWatch::start(loop, std::move(child.watch), child.pid, options.outlivesReactor(),
                                             [running](const Failure& reason) { running->exited(reason); });
  return running;
}

}  // namespace

std::shared_ptr<Transport> processTransport(Reactor& reactor, std::string executable, std::vector<std::string> arguments, const ProcessOptions& options) {
  detail::Child child = detail::startChild(executable, arguments, options);
  detail::SocketLoop& loop = detail::SocketLoop::of(reactor);
  const auto running = watchChild(loop, child, options);
  auto connection = Pipe::make(loop, {take(child.reads, 1), nullptr}, {take(child.writes, 0), nullptr}, Pipe::WhenUnread::ReadOn);
  connection->onAbort([running] {
    if (running->watch) running->watch->signal(SIGKILL);
  });
  return connection;
}

struct Process::State {
  pid_t pid = -1;
  Stream in, out, err;
  std::shared_ptr<Running> running;
};

Process::Process(Reactor& reactor, std::string executable, std::vector<std::string> arguments, const ProcessOptions& options)
    : state_(std::make_shared<State>()) {
  detail::Child child = detail::startChild(executable, arguments, options);
  detail::SocketLoop& loop = detail::SocketLoop::of(reactor);
  state_->pid = child.pid;
  state_->running = watchChild(loop, child, options);
  const auto streamOf = [&](FileDescriptor in, FileDescriptor out) {
    return Stream(Pipe::make(loop, {std::move(in), nullptr}, {std::move(out), nullptr}, Pipe::WhenUnread::End));
  };
  if (FileDescriptor in = take(child.writes, 0)) state_->in = streamOf({}, std::move(in));
  if (FileDescriptor out = take(child.reads, 1)) state_->out = streamOf(std::move(out), {});
  if (FileDescriptor err = take(child.reads, 2)) state_->err = streamOf(std::move(err), {});
}

Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;
pid_t Process::pid() const noexcept { return state_->pid; }
Stream& Process::in() noexcept { return state_->in; }
Stream& Process::out() noexcept { return state_->out; }
Stream& Process::err() noexcept { return state_->err; }

Deferred<int> Process::ended() {
  if (std::exchange(state_->running->asked, true)) throw std::logic_error("Process::ended() was asked for already");
  Deferred<int> deferred;
  if (state_->running->watch) state_->running->ended = deferred.takeTrigger();
  else state_->running->tell(deferred.takeTrigger());
  return deferred;
}

void Process::signalProcess(int signal) {
  if (!state_->running->watch) throw ProcessExitedAlready();
  state_->running->watch->signal(signal);
}
void Process::signalProcess(std::string_view name) { signalProcess(signalNumber(name)); }

// ---- only what comes out

namespace {

enum class Errors : std::uint8_t { Refuse, Join, Keep };

class Gathering final : public ProcessProtocol {
 public:
  Gathering(std::string executable, Errors errors, std::size_t limit) : executable_(std::move(executable)), limit_(limit), errors_(errors) {}

  void connectionMade() override { transport().closeStdin(); }
  void outReceived(std::string_view data) override { take(out_, data); }
  void errReceived(std::string_view data) override {
    if (errors_ == Errors::Refuse) giveUp(ProcessWroteToStderr(executable_, std::string(data.substr(0, 1000))));
    else take(errors_ == Errors::Join ? out_ : err_, data);
  }
  void processEnded(const Failure& reason) override {
    if (!result.active()) return;
    const auto* const terminated = reason.as<ProcessTerminated>();
    if (terminated && !terminated->exitCode) result.errback(reason);
    else result.callback(ProcessResult(std::move(out_), std::move(err_), terminated ? *terminated->exitCode : 0));
  }
  void kill() {
    if (!hasTransport()) return;
    if (transport().running()) transport().signalProcess(SIGKILL);
    transport().loseConnection();
  }
  Trigger<ProcessResult> result;

 private:
  void giveUp(Failure why) {
    kill();
    if (result.active()) result.errback(std::move(why));
  }
  void take(std::string& to, std::string_view data) {
    if (!result.active()) return;
    if (to.size() + data.size() > limit_) giveUp(ProcessOutputTooLong(executable_, limit_));
    else to += data;
  }
  std::string executable_, out_, err_;
  std::size_t limit_;
  Errors errors_;
};

Deferred<ProcessResult> gather(Reactor& reactor, std::string executable, std::vector<std::string> arguments, const ProcessOptions& options, Errors errors,
                               std::size_t limit) {
  const auto gathering = std::make_shared<Gathering>(executable, errors, limit);
  Deferred<ProcessResult> result([weak = std::weak_ptr<Gathering>(gathering)] {
    if (const auto held = weak.lock()) held->kill();
  });
  gathering->result = result.takeTrigger();
  try {
    spawnProcess(reactor, gathering, std::move(executable), std::move(arguments), options);
  } catch (...) {
    std::exchange(gathering->result, {}).errback(Failure());
  }
  return result;
}

}  // namespace

Deferred<std::string> getProcessOutput(Reactor& reactor, std::string executable, std::vector<std::string> arguments, const ProcessOptions& options,
                                       bool errorsToo, std::size_t limit) {
  return gather(reactor, std::move(executable), std::move(arguments), options, errorsToo ? Errors::Join : Errors::Refuse, limit)
      .addCallback([](ProcessResult result) { return std::move(result.out); });
}

Deferred<int> getProcessValue(Reactor& reactor, std::string executable, std::vector<std::string> arguments, const ProcessOptions& options) {
  ProcessOptions quiet = options;
  quiet.descriptor(1, ChildDescriptor::null()).descriptor(2, ChildDescriptor::null());
  return gather(reactor, std::move(executable), std::move(arguments), quiet, Errors::Keep, 0).addCallback([](const ProcessResult& result) { return result.code; });
}

Deferred<ProcessResult> getProcessOutputAndValue(Reactor& reactor, std::string executable, std::vector<std::string> arguments, const ProcessOptions& options,
                                                 std::size_t limit) {
  return gather(reactor, std::move(executable), std::move(arguments), options, Errors::Keep, limit);
}

}  // namespace weft::net
