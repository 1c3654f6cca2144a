#include <weft/net/internal/child.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::net {

SpawnError::SpawnError(std::string executable, std::string_view what, int systemError)
    : Error("starting " + executable + ": " + std::string(what) + ": " + detail::systemErrorText(systemError)), executable(std::move(executable)),
      systemError(systemError) {}

namespace {
std::string endText(std::optional<int> exitCode, std::optional<int> signal) {
  if (exitCode) return "the process has exited with " + std::to_string(*exitCode);
  if (!signal) return "the process has ended, and somebody else learned how";
  const char* const name = ::sigabbrev_np(*signal);
  return "the process was ended by signal " + std::to_string(*signal) + (name ? " (SIG" + std::string(name) + ')' : std::string());
}
}  // namespace

ProcessTerminated::ProcessTerminated(std::optional<int> exitCode, std::optional<int> signal)
    : Error(endText(exitCode, signal)), exitCode(exitCode), signal(signal) {}

namespace detail {

namespace {

/// What the child tells when it could not become the program.
struct Trouble {
  enum Step : int { Descriptors, Session, Folder, Group, User, Exec } step;
  int error;
};

std::string nameOf(Trouble::Step step, const ProcessOptions& options) {
  switch (step) {
    case Trouble::Descriptors: return "arranging its descriptors";
    case Trouble::Session: return "giving it a session of its own";
    case Trouble::Folder: return "changing to " + options.workingFolder();
    case Trouble::Group: return "taking its group";
    case Trouble::User: return "taking its user";
    default: return "running it";
  }
}

/// Everything that the child needs, made before the fork: afterwards it may neither allocate nor take a lock.
struct Plan {
  std::vector<std::string> candidates;                 // paths of the program
  std::vector<std::string> text;
  std::vector<char*> arguments, environment;
  std::string folder;
  std::vector<std::pair<int, int>> descriptors;        // child's number, ours
  int highest = 2;
  int mostDescriptors = 1024;
  int trouble = -1;
  const ProcessOptions* options = nullptr;
};

std::vector<std::string> candidatesOf(const std::string& executable) {
  if (executable.find('/') != std::string::npos) return {executable};
  const char* const path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/local/bin:/usr/bin:/bin";
  std::vector<std::string> found;
  for (;;) {
    const std::size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    found.push_back(folder.empty() ? executable : folder + '/' + executable);
    if (colon == std::string_view::npos) return found;
    rest.remove_prefix(colon + 1);
  }
}

[[noreturn]] void fail(const Plan& plan, Trouble::Step step, int error) noexcept {
  const Trouble trouble{step, error};
  [[maybe_unused]] const ssize_t written = ::write(plan.trouble, &trouble, sizeof trouble);
  ::_exit(127);
}

// Puts each descriptor where it belongs, and closes everything else.
void arrange(Plan& plan) noexcept {
  // First out of the way of each other: numbers that are both a source and a goal.
  const int trouble = ::fcntl(plan.trouble, F_DUPFD_CLOEXEC, plan.highest + 1);
  if (trouble < 0) fail(plan, Trouble::Descriptors, errno);
  plan.trouble = trouble;
  for (auto& [goal, ours] : plan.descriptors) {
    ours = ::fcntl(ours, F_DUPFD_CLOEXEC, plan.highest + 1);
    if (ours < 0) fail(plan, Trouble::Descriptors, errno);
  }
  for (const auto& [goal, ours] : plan.descriptors)
    if (::dup2(ours, goal) < 0) fail(plan, Trouble::Descriptors, errno);
  for (int number = 0; number <= plan.highest; ++number) {
    bool wanted = false;
    for (const auto& [goal, ours] : plan.descriptors) wanted |= goal == number;
    if (!wanted) ::close(number);
  }
  if (::syscall(SYS_close_range, static_cast<unsigned>(plan.highest) + 1, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) != 0)
    for (int number = plan.highest + 1; number < plan.mostDescriptors; ++number) ::fcntl(number, F_SETFD, FD_CLOEXEC);
}

void resetSignals() noexcept {
  for (int number = 1; number < NSIG; ++number)
    if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The child's side of the fork: system calls only.
[[noreturn]] void becomeProgram(Plan& plan) noexcept {
  const ProcessOptions& options = *plan.options;
  resetSignals();
  if ((options.newSession() || options.terminal()) && ::setsid() < 0) fail(plan, Trouble::Session, errno);
  if (options.newProcessGroup() && !options.newSession() && !options.terminal() && ::setpgid(0, 0) != 0) fail(plan, Trouble::Session, errno);
  arrange(plan);
  if (options.terminal() && ::ioctl(0, TIOCSCTTY, 0) != 0) fail(plan, Trouble::Session, errno);
  if (!plan.folder.empty() && ::chdir(plan.folder.c_str()) != 0) fail(plan, Trouble::Folder, errno);
  // Raw calls: glibc's would tell all threads, of which there are none here.
  if (options.group()) {
    const gid_t group = *options.group();
    if (::syscall(SYS_setgroups, 0, nullptr) != 0 && errno != EPERM) fail(plan, Trouble::Group, errno);
    if (::syscall(SYS_setresgid, group, group, group) != 0) fail(plan, Trouble::Group, errno);
  }
  if (options.user()) {
    const uid_t user = *options.user();
    if (::syscall(SYS_setresuid, user, user, user) != 0) fail(plan, Trouble::User, errno);
  }
  int error = ENOENT;
  for (const std::string& path : plan.candidates) {
    ::execve(path.c_str(), plan.arguments.data(), plan.environment.data());
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
  }
  fail(plan, Trouble::Exec, error);
}

void doNotBlock(const FileDescriptor& descriptor) noexcept { ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK); }

FileDescriptor openTerminal(const std::string& executable, FileDescriptor& theirs) {
  FileDescriptor ours(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  char name[128];
  if (!ours || ::grantpt(ours.get()) != 0 || ::unlockpt(ours.get()) != 0 || ::ptsname_r(ours.get(), name, sizeof name) != 0)
    throw SpawnError(executable, "making a terminal for it", errno);
  theirs = FileDescriptor(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!theirs) throw SpawnError(executable, "making a terminal for it", errno);
  doNotBlock(ours);
  return ours;
}

void refuseNul(const std::string& executable, const std::string& text) {
  if (text.find('\0') != std::string::npos) throw SpawnError(executable, "a text for it contains a NUL byte", EINVAL);
}

/// The child's ends of everything, and ours in `child`.
void openDescriptors(const std::string& executable, const ProcessOptions& options, Child& child, Plan& plan, std::vector<FileDescriptor>& theirs) {
  const auto keep = [&](int goal, FileDescriptor end) {
    plan.descriptors.emplace_back(goal, end.get());
    theirs.push_back(std::move(end));
  };
  if (options.terminal()) {
    FileDescriptor terminal;
    FileDescriptor ours = openTerminal(executable, terminal);
    child.writes.emplace(0, FileDescriptor::copyOf(ours.get()));
    child.reads.emplace(1, std::move(ours));
    for (int goal = 0; goal < 3; ++goal) plan.descriptors.emplace_back(goal, terminal.get());
    theirs.push_back(std::move(terminal));
  }
  for (const auto& [goal, what] : options.descriptors()) {
    if (goal < 0) throw SpawnError(executable, "there is no descriptor " + std::to_string(goal), EBADF);
    if (options.terminal() && goal < 3) continue;
    plan.highest = std::max(plan.highest, goal);
    switch (what.kind()) {
      case ChildDescriptor::Kind::Given:
        if (::fcntl(what.descriptor(), F_GETFD) < 0)
          throw SpawnError(executable, "giving it our descriptor " + std::to_string(what.descriptor()), errno);
        plan.descriptors.emplace_back(goal, what.descriptor());
        break;
      case ChildDescriptor::Kind::Null: {
        FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
        if (!null) throw SpawnError(executable, "opening /dev/null", errno);
        keep(goal, std::move(null));
        break;
      }
      default: {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw SpawnError(executable, "making a pipe", errno);
        const bool weRead = what.kind() == ChildDescriptor::Kind::ParentReads;
        FileDescriptor ours(ends[weRead ? 0 : 1]);
        FileDescriptor other(ends[weRead ? 1 : 0]);
        doNotBlock(ours);
        keep(goal, std::move(other));
        (weRead ? child.reads : child.writes).emplace(goal, std::move(ours));
      }
    }
  }
}

void fillTexts(const std::string& executable, const std::vector<std::string>& arguments, const ProcessOptions& options, Plan& plan) {
  plan.candidates = candidatesOf(executable);
  plan.folder = options.workingFolder();
  refuseNul(executable, executable);
  refuseNul(executable, plan.folder);
  plan.text.push_back(options.name().empty() ? executable : options.name());
  plan.text.insert(plan.text.end(), arguments.begin(), arguments.end());
  const std::size_t count = plan.text.size();
  if (options.environment())
    for (const auto& [name, value] : *options.environment()) plan.text.push_back(name + '=' + value);
  for (std::size_t i = 0; i < plan.text.size(); ++i) {
    refuseNul(executable, plan.text[i]);
    (i < count ? plan.arguments : plan.environment).push_back(plan.text[i].data());
  }
  if (!options.environment())
    for (char** variable = environ; variable && *variable; ++variable) plan.environment.push_back(*variable);
  plan.arguments.push_back(nullptr);
  plan.environment.push_back(nullptr);
}

}  // namespace

Child startChild(const std::string& executable, const std::vector<std::string>& arguments, const ProcessOptions& options) {
  if (executable.empty()) throw SpawnError("\"\"", "its name is empty", ENOENT);
  Child child{};
  Plan plan;
  plan.options = &options;
  std::vector<FileDescriptor> theirs;
  fillTexts(executable, arguments, options, plan);
  try {
    openDescriptors(executable, options, child, plan, theirs);
  } catch (const std::system_error& error) {
    throw SpawnError(executable, "making its descriptors", error.code().value());
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) plan.mostDescriptors = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1'000'000));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw SpawnError(executable, "making a pipe", errno);
  FileDescriptor trouble(ends[0]), theirTrouble(ends[1]);
  plan.trouble = theirTrouble.get();

  // No handler of ours may run in the child.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  child.pid = ::fork();
  if (child.pid == 0) becomeProgram(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child.pid < 0) throw SpawnError(executable, "making a process", error);

  theirTrouble.close();
  theirs.clear();
  Trouble told{};
  ssize_t size;
  do size = ::read(trouble.get(), &told, sizeof told);
  while (size < 0 && errno == EINTR);
  if (size == static_cast<ssize_t>(sizeof told)) {
    while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    throw SpawnError(executable, nameOf(told.step, options), told.error);
  }
  child.watch = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.watch) {
    const int why = errno;
    ::kill(child.pid, SIGKILL);
    while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    throw SpawnError(executable, "watching it", why);
  }
  ::fcntl(child.watch.get(), F_SETFD, FD_CLOEXEC);
  return child;
}

// ---- its end

ChildWatch* ChildWatch::start(SocketLoop& loop, FileDescriptor watch, pid_t pid, bool outlivesReactor, Exited exited) {
  auto* const result = new ChildWatch(loop, pid, outlivesReactor, std::move(exited));
  try {
    result->open(watch.release(), true);
  } catch (...) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    delete result;
    throw;
  }
  result->callReadable();                              // it may have ended already
  return result;
}

bool ChildWatch::signal(int number) noexcept { return isOpen() && ::kill(pid_, number) == 0; }

// Until it is reaped, its process id is nobody else's: so the id can be used for signals, too.
bool ChildWatch::reap(int flags) noexcept {
  siginfo_t info{};
  int result;
  do result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | flags);
  while (result != 0 && errno == EINTR);
  if (result == 0 && info.si_pid == 0) return false;
  Exited exited = std::move(exited_);
  close();
  if (result != 0) exited(ProcessTerminated(std::nullopt, std::nullopt));
  else if (info.si_code != CLD_EXITED) exited(ProcessTerminated(std::nullopt, info.si_status));
  else if (info.si_status != 0) exited(ProcessTerminated(info.si_status, std::nullopt));
  else exited(ProcessDone());
  return true;
}

void ChildWatch::readable() noexcept {
  if (!reap(WNOHANG)) awaitReadable();
}

void ChildWatch::loopEnds() noexcept {
  if (!isOpen()) return;
  if (outlivesReactor_) {
    Exited exited = std::move(exited_);
    close();
    exited(ProcessLeftRunning());
    return;
  }
  ::kill(pid_, SIGKILL);
  reap(0);
}

}  // namespace detail
}  // namespace weft::net
