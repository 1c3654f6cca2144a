#include <weft/net/unix_network.hpp>

#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"
#include "worlds.hpp"

#include <weft/core/log.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::openDescriptors;
using weft::test::TemporaryFolder;

// Row H15. That UNIX sockets behave as every transport does is in transport_test.cpp.

namespace {

struct World {
  Reactor reactor;
  UnixNetwork network{reactor};
  bool until(const std::function<bool()>& done) {
    const auto end = reactor.now() + std::chrono::seconds(20);
    while (!done() && reactor.now() < end) reactor.iterate(0.005);
    return done();
  }
  void settle() {
    for (int i = 0; i < 20; ++i) reactor.iterate(0);
  }
};

class Echo : public Protocol {
 public:
  void dataReceived(std::string_view data) override { transport().write(data); }
};

/// Writes down what comes, descriptors too, with how many bytes were before each.
class Collector : public Protocol, public FileDescriptorReceiver {
 public:
  void dataReceived(std::string_view bytes) override { data += bytes; }
  void fileDescriptorReceived(FileDescriptor descriptor) override {
    bytesBefore.push_back(data.size());
    descriptors.push_back(std::move(descriptor));
    if (onDescriptor) onDescriptor(*this);
  }
  void connectionLost(const Failure& why) override {
    lost = true;
    reason = why;
  }
  std::function<void(Collector&)> onDescriptor;
  std::string data;
  std::vector<FileDescriptor> descriptors;
  std::vector<std::size_t> bytesBefore;
  Failure reason{nullptr};
  bool lost = false;
};

Deferred<std::string> ask(UnixNetwork& network, std::string path) {
  auto transport = co_await network.connect(std::move(path));
  Stream stream(std::move(transport));
  co_await stream.write("hello");
  std::string answer = co_await stream.readExactly(5);
  co_await stream.close();
  co_return answer;
}

/// Leaves the file of a socket behind on which nobody listens.
void leaveSocketFile(const std::string& path) {
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string contentOf(const FileDescriptor& descriptor) {
  char buffer[100];
  const ssize_t size = ::pread(descriptor.get(), buffer, sizeof buffer, 0);
  return size < 0 ? std::string("error") : std::string(buffer, static_cast<std::size_t>(size));
}

/// A pair of transports with a Collector each.
struct Pair {
  World world;
  std::shared_ptr<Collector> one = std::make_shared<Collector>();
  std::shared_ptr<Collector> other = std::make_shared<Collector>();
  Pair() {
    auto [first, second] = socketPair(world.reactor);
    first->setProtocol(one);
    second->setProtocol(other);
  }
  UnixTransport& unix() { return *UnixTransport::of(one->transport()); }
  FileDescriptor file(const std::string& text) {
    const std::string path = folder / ("file" + std::to_string(++files));
    std::ofstream(path) << text;
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }
  TemporaryFolder folder;
  int files = 0;
};

}  // namespace

TEST_CASE("a message comes back over a path, and over an abstract name") {
  World world;
  TemporaryFolder folder;
  for (const std::string& name : {folder / "echo", "@weft-test-" + std::to_string(::getpid())}) {
    CAPTURE(name);
    auto port = world.network.listen(name, factoryOf<Echo>());
    CHECK(port->getHost() == Address::unixPath(name));
    Deferred<std::string> answer = ask(world.network, name);
    CHECK(resultOf(world, std::move(answer)) == "hello");
  }
  CHECK(!exists(folder / "echo"));
}

TEST_CASE("the socket's file has the permissions that were asked for, and goes with the port") {
  World world;
  TemporaryFolder folder;
  const std::string path = folder / "x";
  auto port = world.network.listen(path, factoryOf<Echo>(), UnixListenOptions().mode(0620));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0620);
  resultOf(world, port->stopListening());
  CHECK(!exists(path));
  resultOf(world, port->stopListening());
  CHECK(errorOf<ConnectionRefused>(world, world.network.connect(path)).systemError == ENOENT);
}

TEST_CASE("what a dead process left behind is replaced, what a living one uses is not") {
  LogCapture log;
  World world;
  TemporaryFolder folder;
  const std::string path = folder / "x";
  leaveSocketFile(path);
  const auto refused = errorOf<ConnectionRefused>(world, world.network.connect(path));
  CHECK(std::string(refused.what()) == "connecting to unix:" + path + ": connection refused");
  CHECK(refused.host == path);
  const int before = openDescriptors();
  auto port = world.network.listen(path, factoryOf<Echo>());
  CHECK(log.contains("on which nobody listens"));
  try {
    static_cast<void>(world.network.listen(path, factoryOf<Echo>()));
    FAIL("it listens twice");
  } catch (const CannotListenError& error) {
    CHECK(error.systemError == EADDRINUSE);
    CHECK(error.interface == path);
    CHECK(std::string(error.what()) == "listening on unix:" + path + ": address already in use");
  }
  CHECK(resultOf(world, ask(world.network, path)) == "hello");
  port.reset();
  CHECK(openDescriptors() == before);
}

TEST_CASE("a file that is no socket is left alone, with an error that says so") {
  World world;
  TemporaryFolder folder;
  std::ofstream(folder / "x") << "precious";
  CHECK_THROWS_WITH_AS(static_cast<void>(world.network.listen(folder / "x", factoryOf<Echo>())),
                       doctest::Contains("a file of that name which is no socket"), CannotListenError);
  CHECK(exists(folder / "x"));
  CHECK_THROWS_AS(static_cast<void>(world.network.listen(folder / "no/such/folder", factoryOf<Echo>())), CannotListenError);
}

TEST_CASE("a port removes only its own file") {
  World world;
  TemporaryFolder folder;
  auto first = world.network.listen(folder / "x", factoryOf<Echo>());
  ::unlink((folder / "x").c_str());
  auto second = world.network.listen(folder / "x", factoryOf<Echo>());
  first.reset();
  CHECK(exists(folder / "x"));
  CHECK(resultOf(world, ask(world.network, folder / "x")) == "hello");
}

TEST_CASE("names that cannot be one are errors that say why") {
  World world;
  for (const std::string& name : {std::string(), std::string("@"), std::string(108, 'x'), std::string("a\0b", 3)}) {
    CAPTURE(name);
    CHECK_THROWS_AS(static_cast<void>(world.network.listen(name, factoryOf<Echo>())), CannotListenError);
    errorOf<ConnectError>(world, world.network.connect(name));
  }
  CHECK(std::string(errorOf<ConnectError>(world, world.network.connect(std::string(108, 'x'))).what()).ends_with("has at most 107 bytes, this one has 108"));
  TemporaryFolder folder;
  std::string longest = folder / "";
  longest.resize(107, 'x');
  auto port = world.network.listen(longest, factoryOf<Echo>());
  CHECK(resultOf(world, ask(world.network, longest)) == "hello");
}

TEST_CASE("with a lock file, a second listener is refused and a dead one's lock is taken over") {
  LogCapture log;
  World world;
  TemporaryFolder folder;
  const std::string path = folder / "x";
  const auto locking = UnixListenOptions().lockFile();
  auto port = world.network.listen(path, factoryOf<Echo>(), locking);
  CHECK(exists(path + ".lock"));
  CHECK_THROWS_WITH_AS(static_cast<void>(world.network.listen(path, factoryOf<Echo>(), locking)), doctest::Contains("holds " ), CannotListenError);
  CHECK(exists(path + ".lock"));
  port.reset();
  CHECK(!exists(path + ".lock"));

  const pid_t child = ::fork();                        // a process that dies with both left behind
  if (child == 0) {
    static_cast<void>(::symlink(std::to_string(::getpid()).c_str(), (path + ".lock").c_str()));
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  leaveSocketFile(path);
  port = world.network.listen(path, factoryOf<Echo>(), locking);
  CHECK(resultOf(world, ask(world.network, path)) == "hello");
}

TEST_CASE("a caller waits while the listener's queue is full, until its time is over") {
  World world;
  TemporaryFolder folder;
  const std::string path = folder / "full";
  FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener.get(), 0) == 0);
  auto first = resultOf(world, world.network.connect(path));
  const auto timeout = errorOf<ConnectTimeout>(world, world.network.connect(path, ConnectOptions().timeout(0.02)));
  CHECK(std::string(timeout.what()) == "connecting to unix:" + path + ": no connection after 0.02 seconds");
  auto waiting = world.network.connect(path);
  auto cancelled = world.network.connect(path);
  world.settle();
  CHECK(!waiting.called());
  cancelled.cancel();
  errorOf<CancelledError>(world, std::move(cancelled));
  const FileDescriptor accepted(::accept(listener.get(), nullptr, nullptr));
  CHECK(bool(resultOf(world, std::move(waiting))));
}

TEST_CASE("a peer's process, user and group are known") {
  World world;
  TemporaryFolder folder;
  auto server = std::make_shared<Collector>();
  auto port = world.network.listen(folder / "x", factory([&] { return server; }));
  auto transport = resultOf(world, world.network.connect(folder / "x"));
  REQUIRE(world.until([&] { return server->hasTransport(); }));
  const PeerCredentials peer = UnixTransport::of(server->transport())->peerCredentials();
  CHECK(peer.pid == ::getpid());
  CHECK(peer.uid == ::getuid());
  CHECK(peer.gid == ::getgid());
  transport->abortConnection();
  CHECK_THROWS_AS(static_cast<void>(UnixTransport::of(*transport)->peerCredentials()), std::system_error);
}

TEST_CASE("a pair of sockets talks both ways, without names") {
  Pair pair;
  CHECK(pair.one->transport().getPeer() == Address::unixPath(""));
  CHECK(pair.one->transport().getHost() == Address::unixPath(""));
  pair.one->transport().write("there");
  pair.other->transport().write("back");
  REQUIRE(pair.world.until([&] { return pair.other->data == "there" && pair.one->data == "back"; }));
  pair.one->transport().loseConnection();
  REQUIRE(pair.world.until([&] { return pair.one->lost && pair.other->lost; }));
  CHECK(pair.other->reason.check<ConnectionDone>());
}

TEST_CASE("unread bytes do not spoil a close: the peer sees a clean end") {
  Pair pair;
  pair.one->transport().pauseReading();
  pair.other->transport().write(std::string(50'000, 'x'));
  pair.world.settle();
  pair.one->transport().loseConnection();
  REQUIRE(pair.world.until([&] { return pair.other->lost; }));
  CHECK(pair.other->reason.check<ConnectionDone>());
}

TEST_CASE("a descriptor arrives before the bytes that follow it, wherever it was sent") {
  Pair pair;
  {
    FileDescriptor first = pair.file("first"), second = pair.file("second"), third = pair.file("third");
    pair.one->transport().write("a");
    pair.unix().sendFileDescriptor(first.get());
    pair.one->transport().write("b");
    pair.unix().sendFileDescriptor(second.get());
    pair.unix().sendFileDescriptor(third.get());
    pair.one->transport().writeSequence({"c", "d"});
    pair.one->transport().writeOwned("e");
  }
  REQUIRE(pair.world.until([&] { return pair.other->data.ends_with('e'); }));
  CHECK(pair.other->data == "abcde");
  REQUIRE(pair.other->descriptors.size() == 3);
  CHECK(pair.other->bytesBefore[0] <= 1);
  CHECK(pair.other->bytesBefore[1] <= 2);
  CHECK(pair.other->bytesBefore[2] <= 2);
  CHECK(contentOf(pair.other->descriptors[0]) == "first");
  CHECK(contentOf(pair.other->descriptors[1]) == "second");
  CHECK(contentOf(pair.other->descriptors[2]) == "third");
  CHECK((::fcntl(pair.other->descriptors[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("descriptors keep their places in a long queue to a peer that reads late") {
  Pair pair;
  pair.other->transport().pauseReading();
  const FileDescriptor file = pair.file("x");
  std::string expected;
  std::vector<std::size_t> places;
  for (int i = 0; i < 20; ++i) {
    const std::string piece(static_cast<std::size_t>(i) * 20'000 + 1, static_cast<char>('a' + i));
    pair.unix().sendFileDescriptor(file.get());
    pair.one->transport().write(piece);
    places.push_back(expected.size());
    expected += piece;
  }
  pair.one->transport().loseConnection();
  pair.world.settle();
  pair.other->transport().resumeReading();
  REQUIRE(pair.world.until([&] { return pair.other->lost; }));
  CHECK(bool(pair.other->data == expected));
  CHECK(pair.one->reason.check<ConnectionDone>());
  REQUIRE(pair.other->bytesBefore.size() == places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    CHECK(pair.other->bytesBefore[i] <= places[i]);
    if (i > 0) CHECK(pair.other->bytesBefore[i] > places[i - 1]);  // at most a read too early
  }
}

TEST_CASE("a receiver that pauses at a descriptor gets neither the next one nor the bytes before it resumes") {
  Pair pair;
  pair.other->onDescriptor = [](Collector& self) { self.transport().pauseReading(); };
  const FileDescriptor file = pair.file("x");
  pair.unix().sendFileDescriptor(file.get());
  pair.unix().sendFileDescriptor(file.get());
  pair.one->transport().write("bytes");
  pair.one->transport().loseConnection();
  REQUIRE(pair.world.until([&] { return pair.other->descriptors.size() == 1; }));
  pair.world.settle();
  CHECK(pair.other->descriptors.size() == 1);
  pair.other->transport().resumeReading();
  REQUIRE(pair.world.until([&] { return pair.other->descriptors.size() == 2; }));
  pair.world.settle();
  CHECK(pair.other->data.empty());
  pair.other->transport().resumeReading();
  REQUIRE(pair.world.until([&] { return pair.other->lost; }));
  CHECK(pair.other->data == "bytes");
}

TEST_CASE("a receiver that throws, or aborts, at a descriptor") {
  LogCapture log;
  for (const bool throws : {true, false}) {
    Pair pair;
    pair.other->onDescriptor = [throws](Collector& self) {
      if (throws) throw std::runtime_error("not this one");
      self.transport().abortConnection();
    };
    const FileDescriptor file = pair.file("x");
    pair.unix().sendFileDescriptor(file.get());
    pair.unix().sendFileDescriptor(file.get());
    pair.one->transport().write("bytes");
    REQUIRE(pair.world.until([&] { return pair.other->lost && pair.one->lost; }));
    CHECK(pair.other->descriptors.size() == 1);
    CHECK(pair.other->data.empty());
    if (throws) CHECK(pair.other->reason.check<std::runtime_error>());
    else CHECK(pair.other->reason.check<ConnectionAborted>());
  }
  CHECK(log.contains("fileDescriptorReceived threw"));
}

TEST_CASE("no descriptor is left: not those that nobody wanted, nor those that were never sent") {
  const int before = openDescriptors();
  {
    Pair pair;
    const FileDescriptor file = pair.file("x");
    pair.other->transport().setProtocol(std::make_shared<Echo>());
    for (int i = 0; i < 10; ++i) {
      pair.unix().sendFileDescriptor(file.get());
      pair.one->transport().write("x");
    }
    REQUIRE(pair.world.until([&] { return pair.one->data == "xxxxxxxxxx"; }));
    CHECK_THROWS_AS(pair.unix().sendFileDescriptor(-1), std::system_error);
    for (int i = 0; i < 253; ++i) pair.unix().sendFileDescriptor(file.get());
    CHECK_THROWS_AS(pair.unix().sendFileDescriptor(file.get()), std::length_error);
    pair.one->transport().abortConnection();
    pair.unix().sendFileDescriptor(file.get());
    pair.world.settle();
  }
  CHECK(openDescriptors() == before);
}

TEST_CASE("253 descriptors come with one byte") {
  Pair pair;
  const FileDescriptor file = pair.file("x");
  for (int i = 0; i < 253; ++i) pair.unix().sendFileDescriptor(file.get());
  pair.one->transport().write("y");
  REQUIRE(pair.world.until([&] { return pair.other->data.ends_with('y'); }));
  CHECK(pair.other->descriptors.size() == 253);
}

TEST_CASE("descriptors that find no room in the receiver end the connection with an error that says so") {
  Pair pair;
  pair.other->transport().pauseReading();
  const FileDescriptor file = pair.file("x");
  pair.unix().sendFileDescriptor(file.get());
  pair.one->transport().write("y");
  pair.world.settle();                                 // sent
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  rlimit none = limit;
  none.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &none);
  pair.other->transport().resumeReading();
  const bool lost = pair.world.until([&] { return pair.other->lost; });
  ::setrlimit(RLIMIT_NOFILE, &limit);
  REQUIRE(lost);
  REQUIRE(pair.other->reason.check<ConnectionLost>());
  CHECK(pair.other->reason.as<ConnectionLost>()->systemError == EMFILE);
}
