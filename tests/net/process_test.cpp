#include <weft/net/process.hpp>

#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"
#include "worlds.hpp"

#include <weft/core/log.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::openDescriptors;
using weft::test::TemporaryFolder;

// Rows H17 and H18. Real processes: the commands of every machine.

namespace {

/// Writes down what happens to a child.
class Recorder : public ProcessProtocol {
 public:
  void connectionMade() override {
    events.push_back("made");
    if (onMade) onMade(*this);
  }
  void childDataReceived(int number, std::string_view data) override {
    output[number] += data;
    if (onData) onData(*this);
  }
  void childConnectionLost(int number) override { events.push_back("lost " + std::to_string(number)); }
  void processExited(const Failure& why) override {
    events.push_back("exited");
    exit = why;
  }
  void processEnded(const Failure& why) override {
    events.push_back("ended");
    reason = why;
    ended = true;
  }
  std::function<void(Recorder&)> onMade, onData;
  std::vector<std::string> events;
  std::map<int, std::string> output;
  Failure exit{nullptr}, reason{nullptr};
  bool ended = false;
};

class Deaf : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
};

using Texts = std::vector<std::string>;

struct World : TcpWorld {
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  std::shared_ptr<ProcessTransport> spawn(std::string executable, Texts arguments = {}, const ProcessOptions& options = {}) {
    return spawnProcess(reactor, recorder, std::move(executable), std::move(arguments), options);
  }
  std::shared_ptr<ProcessTransport> shell(std::string script, const ProcessOptions& options = {}) { return spawn("sh", {"-c", std::move(script)}, options); }
  bool untilEnded() {
    return until([this] { return recorder->ended; });
  }
};

Texts only(const std::vector<std::string>& events, std::string_view what) {
  Texts found;
  for (const std::string& event : events)
    if (event.starts_with(what)) found.push_back(event);
  return found;
}

/// Has this process no child left, neither running nor a zombie?
bool noChildren() { return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }

}  // namespace

TEST_CASE("a child gets its input, answers, and ends: each event once, in order") {
  World world;
  auto process = world.spawn("cat");
  CHECK(process->running());
  CHECK(process->pid() > 0);
  process->write("to and ");
  process->write("fro");
  process->closeStdin();
  process->write("dropped");
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1] == "to and fro");
  const Texts& events = world.recorder->events;
  CHECK(events.front() == "made");
  CHECK(events.back() == "ended");
  CHECK(only(events, "lost").size() == 3);
  CHECK(only(events, "exited").size() == 1);
  CHECK(only(events, "ended").size() == 1);
  CHECK(world.recorder->exit.check<ProcessDone>());
  CHECK(world.recorder->reason.check<ProcessDone>());
  CHECK(!process->running());
  CHECK(!world.recorder->hasTransport());
  CHECK_THROWS_AS(process->signalProcess("TERM"), ProcessExitedAlready);
  CHECK(noChildren());
}

TEST_CASE("both outputs come apart, with the code it exited with") {
  World world;
  world.shell("echo out; echo err >&2; exit 3");
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1] == "out\n");
  CHECK(world.recorder->output[2] == "err\n");
  REQUIRE(world.recorder->reason.check<ProcessTerminated>());
  const auto* const terminated = world.recorder->reason.as<ProcessTerminated>();
  CHECK(terminated->exitCode == 3);
  CHECK(!terminated->signal);
  CHECK(std::string(terminated->what()) == "the process has exited with 3");
}

TEST_CASE("a signal ends it, and the reason says which") {
  World world;
  auto process = world.spawn("cat");
  CHECK_THROWS_WITH_AS(process->signalProcess("NOSUCH"), "there is no signal \"NOSUCH\"", std::invalid_argument);
  process->signalProcess("TERM");
  REQUIRE(world.untilEnded());
  REQUIRE(world.recorder->reason.check<ProcessTerminated>());
  const auto* const terminated = world.recorder->reason.as<ProcessTerminated>();
  CHECK(terminated->signal == SIGTERM);
  CHECK(!terminated->exitCode);
  CHECK(std::string(terminated->what()) == "the process was ended by signal 15 (SIGTERM)");
}

TEST_CASE("a program that cannot be started is an error before there is a child, with its name and why") {
  World world;
  TemporaryFolder folder;
  std::ofstream(folder / "text") << "no program";
  const int before = openDescriptors();
  try {
    world.spawn("no-such-program-of-weft");
    FAIL("it started");
  } catch (const SpawnError& error) {
    CHECK(error.executable == "no-such-program-of-weft");
    CHECK(error.systemError == ENOENT);
    CHECK(std::string(error.what()) == "starting no-such-program-of-weft: running it: no such file or directory");
  }
  CHECK_THROWS_WITH_AS(world.spawn(folder / "text"), doctest::Contains("permission denied"), SpawnError);
  CHECK_THROWS_WITH_AS(world.spawn("cat", {}, ProcessOptions().workingFolder("/no/such/folder")), doctest::Contains("changing to /no/such/folder"), SpawnError);
  CHECK_THROWS_AS(world.spawn(""), SpawnError);
  CHECK_THROWS_AS(world.spawn("cat", {std::string("a\0b", 3)}), SpawnError);
  CHECK_THROWS_AS(world.spawn("cat", {}, ProcessOptions().descriptor(5, ChildDescriptor::given(9999))), SpawnError);
  CHECK_THROWS_AS(world.spawn("cat", {}, ProcessOptions().descriptor(-5, ChildDescriptor::null())), SpawnError);
  CHECK(openDescriptors() == before);
  CHECK(world.recorder->events.empty());
  CHECK(noChildren());
}

TEST_CASE("environment, folder and name are what was asked for") {
  World world;
  TemporaryFolder folder;
  world.shell("pwd; env | grep WEFT; echo $0", ProcessOptions().environment({{"WEFT_TEST", "a b"}, {"PATH", "/usr/bin:/bin"}}).workingFolder(folder / ".").name("weft-sh"));
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1].starts_with("/"));
  CHECK(world.recorder->output[1].ends_with("\nWEFT_TEST=a b\nweft-sh\n"));
  CHECK(std::filesystem::equivalent(world.recorder->output[1].substr(0, world.recorder->output[1].find('\n')), folder / "."));
}

TEST_CASE("the child has the descriptors that were named, and no other") {
  World world;
  TemporaryFolder folder;
  const FileDescriptor leak(::open("/dev/null", O_RDONLY));      // without close-on-exec, and still not in the child
  std::ofstream(folder / "file") << "from a file\n";
  const FileDescriptor file(::open((folder / "file").c_str(), O_RDONLY));
  ProcessOptions options;
  options.descriptor(0, ChildDescriptor::null()).descriptor(5, ChildDescriptor::given(file.get())).descriptor(7, ChildDescriptor::parentReads());
  world.spawn("ls", {"/proc/self/fd"}, options);
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1] == "0\n1\n2\n3\n5\n7\n");             // 3 is the folder that ls reads

  World other;
  options.descriptor(3, ChildDescriptor::parentWrites());
  auto process = other.shell("cat <&5; cat <&3 >&7; cat", options);
  process->writeToChild(3, "three to seven");
  process->closeChildDescriptor(3);
  REQUIRE(other.untilEnded());
  CHECK(other.recorder->output[1] == "from a file\n");
  CHECK(other.recorder->output[7] == "three to seven");
  CHECK(only(other.recorder->events, "lost").size() == 4);
}

TEST_CASE("descriptors may change places") {
  World world;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor reads(ends[0]), writes(ends[1]);
  ProcessOptions options;
  options.descriptors({{reads.get(), ChildDescriptor::given(writes.get())}, {writes.get(), ChildDescriptor::given(reads.get())}, {1, ChildDescriptor::parentReads()}});
  world.shell("echo crossed >&" + std::to_string(reads.get()) + "; head -n 1 <&" + std::to_string(writes.get()), options);
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1] == "crossed\n");
}

TEST_CASE("signals are as in a fresh process") {
  World world;
  ::signal(SIGUSR1, SIG_IGN);
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  world.shell("grep -E 'Sig(Blk|Ign)' /proc/self/status");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGUSR1, SIG_DFL);
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1] == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("a terminal of its own: the child sees one, in a session of its own") {
  World world;
  auto process = world.shell("test -t 0 && test -t 1 && test -t 2 && echo yes; read line; echo \"got $line\"", ProcessOptions().terminal());
  process->write("words\n");
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1].find("yes\r\n") != std::string::npos);
  CHECK(world.recorder->output[1].find("got words\r\n") != std::string::npos);
  CHECK(world.recorder->reason.check<ProcessDone>());
}

TEST_CASE("a session or process group of its own") {
  for (const bool session : {true, false}) {
    World world;
    auto process = world.shell("read line", session ? ProcessOptions().newSession() : ProcessOptions().newProcessGroup());
    CHECK(::getpgid(process->pid()) == process->pid());
    CHECK((::getsid(process->pid()) == process->pid()) == session);
    process->closeStdin();
    REQUIRE(world.untilEnded());
  }
}

TEST_CASE("a child that does not read: writes wait for it, and beyond the limit its input is closed") {
  World world;
  LogCapture log;
  auto process = world.shell("read go; sleep 0; cat | wc -c");
  world.settle();
  const std::string block(100'000, 'x');
  CHECK(process->drained().called());
  process->write("go\n");
  for (int i = 0; i < 10; ++i) process->write(block);
  CHECK(process->buffered() > 64 * 1024);
  auto drained = process->drained();
  CHECK(!drained.called());
  resultOf(world, std::move(drained));
  process->closeStdin();
  REQUIRE(world.untilEnded());
  CHECK(std::atoi(world.recorder->output[1].c_str()) == 1'000'000);

  World other;
  auto deaf = other.spawn("sleep", {"100"});
  deaf->setWriteLimit(1'000'000);
  for (int i = 0; i < 20; ++i) deaf->write(block);
  REQUIRE(other.until([&] { return !only(other.recorder->events, "lost 0").empty(); }));
  CHECK(deaf->buffered() == 0);
  CHECK(log.contains("does not read"));
  deaf->signalProcess(SIGKILL);
  REQUIRE(other.untilEnded());
}

TEST_CASE("a child that talks without end waits while nobody reads") {
  World world;
  auto process = world.spawn("yes");
  REQUIRE(world.until([&] { return world.recorder->output[1].size() > 100'000; }));
  process->pauseReading();
  const std::size_t before = world.recorder->output[1].size();
  world.settle();
  CHECK(world.recorder->output[1].size() == before);
  process->resumeReading();
  REQUIRE(world.until([&] { return world.recorder->output[1].size() > before; }));
  process->closeStdout();                              // and so it ends
  REQUIRE(world.until([&] { return world.recorder->exit.check<ProcessTerminated>(); }));
  CHECK(world.recorder->exit.as<ProcessTerminated>()->signal == SIGPIPE);
  REQUIRE(world.untilEnded());
}

TEST_CASE("processEnded waits for those who still hold the pipes, processExited does not") {
  World world;
  world.shell("(read line <&3; echo late) & exit 0", ProcessOptions().descriptor(3, ChildDescriptor::parentWrites()));
  REQUIRE(world.until([&] { return world.recorder->exit.check<ProcessDone>(); }));
  world.settle();
  CHECK(!world.recorder->ended);
  world.recorder->transport().writeToChild(3, "now\n");
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->output[1] == "late\n");
}

TEST_CASE("what a protocol throws is logged, and the child goes on") {
  LogCapture log;
  World world;
  world.recorder->onMade = [](Recorder&) { throw std::runtime_error("not made"); };
  world.recorder->onData = [](Recorder&) { throw std::runtime_error("no data"); };
  world.shell("echo a");
  REQUIRE(world.untilEnded());
  CHECK(log.contains("connectionMade threw"));
  CHECK(log.contains("no data"));
  CHECK(world.recorder->reason.check<ProcessDone>());
}

TEST_CASE("a protocol may close, or kill, from inside its callbacks") {
  World world;
  world.recorder->onData = [](Recorder& self) {
    self.transport().loseConnection();
    self.transport().signalProcess("KILL");
  };
  world.spawn("yes");
  REQUIRE(world.untilEnded());
  CHECK(world.recorder->reason.as<ProcessTerminated>()->signal.has_value());
  CHECK(only(world.recorder->events, "lost").size() == 3);
}

TEST_CASE("a reactor that is destroyed takes its children along: no zombie, no descriptor, each told once") {
  const int before = openDescriptors();
  auto recorder = std::make_shared<Recorder>();
  std::shared_ptr<ProcessTransport> process;
  {
    World world;
    world.recorder = recorder;
    process = world.spawn("sleep", {"1000"});
    process->write(std::string(1'000'000, 'x'));
    auto closing = std::make_shared<Recorder>();
    spawnProcess(world.reactor, closing, "sleep", {"1000"})->closeStdout();
    processTransport(world.reactor, "sleep", {"1000"})->setProtocol(std::make_shared<Deaf>());
  }
  CHECK(recorder->ended);
  CHECK(recorder->reason.as<ProcessTerminated>()->signal == SIGKILL);
  CHECK(!process->running());
  process->write("x");
  process->loseConnection();
  CHECK(noChildren());
  process.reset();
  CHECK(openDescriptors() == before);
}

TEST_CASE("a child that may outlive its reactor does") {
  auto recorder = std::make_shared<Recorder>();
  pid_t pid = 0;
  {
    World world;
    world.recorder = recorder;
    pid = world.spawn("sleep", {"1000"}, ProcessOptions().outlivesReactor())->pid();
  }
  CHECK(recorder->reason.check<ProcessLeftRunning>());
  CHECK(::kill(pid, 0) == 0);
  ::kill(pid, SIGKILL);
  CHECK(::waitpid(pid, nullptr, 0) == pid);
}

TEST_CASE("fifty children come and go without leaving a descriptor or a zombie") {
  World world;
  world.settle();
  const int before = openDescriptors();
  for (int round = 0; round < 5; ++round) {
    std::vector<Deferred<std::string>> outputs;
    for (int i = 0; i < 10; ++i) outputs.push_back(getProcessOutput(world.reactor, "echo", {std::to_string(i)}));
    for (int i = 0; i < 10; ++i) CHECK(resultOf(world, std::move(outputs[static_cast<std::size_t>(i)])) == std::to_string(i) + '\n');
  }
  world.settle();
  CHECK(openDescriptors() == before);
  CHECK(noChildren());
}

// ---- as a connection, and as Streams

TEST_CASE("a process is one connection: what is written comes back through it") {
  World world;
  Stream stream(processTransport(world.reactor, "tr", {"a-z", "A-Z"}));
  resultOf(world, stream.write("shout"));
  stream.closeWriting();
  CHECK(resultOf(world, stream.readExactly(5)) == "SHOUT");
  CHECK(resultOf(world, stream.read()).empty());
  resultOf(world, stream.close());
  CHECK(world.until(noChildren));
}

TEST_CASE("a process that stops reading may go on talking; that bytes were lost is the reason at its end") {
  World world;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor reads(ends[0]), writes(ends[1]);
  Stream stream(processTransport(world.reactor, "sh", {"-c", "exec 0</dev/null; echo ready; read go <&3; echo done"},
                                 ProcessOptions().descriptor(3, ChildDescriptor::given(reads.get()))));
  CHECK(resultOf(world, stream.readUntil("ready\n")) == "ready\n");
  resultOf(world, stream.write("nobody reads this"));
  world.settle();
  REQUIRE(::write(writes.get(), "\n", 1) == 1);
  CHECK(resultOf(world, stream.readUntil("done\n")) == "done\n");
  CHECK(errorOf<ConnectionLost>(world, stream.read()).systemError == EPIPE);
}

TEST_CASE("aborting a process's connection kills it") {
  World world;
  {
    Stream stream(processTransport(world.reactor, "sleep", {"1000"}));
    stream.abort();
    errorOf<ConnectionAborted>(world, stream.read());
  }
  CHECK(world.until(noChildren));
}

TEST_CASE("a Process has Streams and an exit code") {
  World world;
  auto sorted = [&]() -> Deferred<std::string> {
    Process sort(world.reactor, "sort");
    co_await sort.in().write("b\nc\na\n");
    sort.in().closeWriting();
    std::string text = co_await sort.out().readExactly(6);
    const std::string none = co_await sort.err().read();
    const int code = co_await sort.ended();
    co_return text + none + std::to_string(code);
  };
  CHECK(resultOf(world, sorted()) == "a\nb\nc\n0");
  Process killed(world.reactor, "sleep", {"1000"});
  killed.signalProcess("INT");
  CHECK(errorOf<ProcessTerminated>(world, killed.ended()).signal == SIGINT);
  CHECK_THROWS_AS(killed.signalProcess("INT"), ProcessExitedAlready);
  Process seven(world.reactor, "sh", {"-c", "exit 7"}, ProcessOptions().descriptor(0, ChildDescriptor::null()));
  CHECK(!seven.in());
  CHECK(resultOf(world, seven.ended()) == 7);
  CHECK(noChildren());
}

// ---- only what comes out

TEST_CASE("getProcessOutput, getProcessValue, getProcessOutputAndValue") {
  World world;
  CHECK(resultOf(world, getProcessOutput(world.reactor, "sh", {"-c", "cat; echo hello; exit 2"})) == "hello\n");
  CHECK(resultOf(world, getProcessValue(world.reactor, "sh", {"-c", "echo noise; exit 4"})) == 4);
  const ProcessResult both = resultOf(world, getProcessOutputAndValue(world.reactor, "sh", {"-c", "echo a; echo b >&2; exit 5"}));
  CHECK(both.out == "a\n");
  CHECK(both.err == "b\n");
  CHECK(both.code == 5);
  CHECK(resultOf(world, getProcessOutput(world.reactor, "sh", {"-c", "echo b >&2"}, {}, true)) == "b\n");
  CHECK(errorOf<ProcessWroteToStderr>(world, getProcessOutput(world.reactor, "sh", {"-c", "echo oops >&2"})).text == "oops\n");
  CHECK(errorOf<ProcessTerminated>(world, getProcessOutput(world.reactor, "sh", {"-c", "kill -9 $$"})).signal == SIGKILL);
  errorOf<ProcessTerminated>(world, getProcessValue(world.reactor, "sh", {"-c", "kill -9 $$"}));
  errorOf<SpawnError>(world, getProcessOutput(world.reactor, "no-such-program-of-weft"));
}

TEST_CASE("output beyond the limit kills the child; so does cancelling") {
  World world;
  const auto error = errorOf<ProcessOutputTooLong>(world, getProcessOutput(world.reactor, "yes", {}, {}, false, 100'000));
  CHECK(error.limit == 100'000);
  CHECK(std::string(error.what()) == "yes was killed: more than 100000 bytes came out of it");
  auto cancelled = getProcessOutput(world.reactor, "sleep", {"1000"});
  world.settle();
  cancelled.cancel();
  errorOf<CancelledError>(world, std::move(cancelled));
  CHECK(world.until(noChildren));
}
