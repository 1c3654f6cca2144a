#include <weft/net/standard_io.hpp>

#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"
#include "worlds.hpp"

#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

using namespace weft;
using namespace weft::net;
using weft::test::openDescriptors;
using weft::test::TemporaryFolder;

// Row H19. With descriptors of the test's own in the place of 0 and 1.

namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    reads = FileDescriptor(ends[0]);
    writes = FileDescriptor(ends[1]);
  }
  FileDescriptor reads, writes;
};

bool nonBlocking(const FileDescriptor& descriptor) { return (::fcntl(descriptor.get(), F_GETFL) & O_NONBLOCK) != 0; }

std::string readAll(const FileDescriptor& descriptor) {
  std::string all;
  char buffer[4096];
  while (const ssize_t size = ::read(descriptor.get(), buffer, sizeof buffer)) {
    REQUIRE(size > 0);
    all.append(buffer, static_cast<std::size_t>(size));
  }
  return all;
}

void put(const FileDescriptor& descriptor, std::string_view text) { REQUIRE(::write(descriptor.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())); }

bool isNull(const FileDescriptor& descriptor) {
  struct stat null {}, it {};
  return ::stat("/dev/null", &null) == 0 && ::fstat(descriptor.get(), &it) == 0 && null.st_rdev == it.st_rdev;
}

class Echo : public Protocol {
 public:
  void dataReceived(std::string_view data) override { transport().write(data); }
  void connectionLost(const Failure& why) override { reason = why; }
  Failure reason{nullptr};
};

}  // namespace

TEST_CASE("pipes: what comes in is read, what is written goes out, and both are given back as they were") {
  TcpWorld world;
  Pipe input, output;
  auto echo = std::make_shared<Echo>();
  standardIO(world.reactor, input.reads.get(), output.writes.get())->setProtocol(echo);
  CHECK(nonBlocking(input.reads));
  put(input.writes, "words");
  put(input.writes, std::string(50'000, 'x'));
  input.writes.close();
  REQUIRE(world.until([&] { return bool(echo->reason.check<ConnectionDone>()); }));
  CHECK(readAll(output.reads) == "words" + std::string(50'000, 'x'));           // the end is seen, though the number is still open
  CHECK(isNull(output.writes));
  CHECK(isNull(input.reads));
}

TEST_CASE("half-close: the reader of our output sees its end while our input goes on") {
  TcpWorld world;
  Pipe input, output;
  const FileDescriptor sameInput = FileDescriptor::copyOf(input.reads.get());
  Stream stream(standardIO(world.reactor, input.reads.get(), output.writes.get()));
  resultOf(world, stream.write("all"));
  stream.closeWriting();
  world.settle();
  CHECK(readAll(output.reads) == "all");
  put(input.writes, "more");
  CHECK(resultOf(world, stream.readExactly(4)) == "more");
  CHECK(nonBlocking(sameInput));
  resultOf(world, stream.close());
  CHECK(!nonBlocking(sameInput));
}

TEST_CASE("a large output waits for its reader") {
  TcpWorld world;
  Pipe input, output;
  auto transport = standardIO(world.reactor, input.reads.get(), output.writes.get());
  auto echo = std::make_shared<Echo>();
  transport->setProtocol(echo);
  transport->write(std::string(100'000, 'a'));
  transport->writeSequence({std::string_view("b"), std::string_view("c")});
  transport->writeOwned(std::string(100'000, 'd'));
  CHECK(transport->buffered() > 100'000);
  auto drained = transport->drained();
  CHECK(!drained.called());
  transport->loseConnection();
  std::string got;
  char buffer[65536];
  ::fcntl(output.reads.get(), F_SETFL, O_NONBLOCK);
  REQUIRE(world.until([&] {
    const ssize_t size = ::read(output.reads.get(), buffer, sizeof buffer);
    if (size > 0) got.append(buffer, static_cast<std::size_t>(size));
    return size == 0;
  }));
  CHECK(got == std::string(100'000, 'a') + "bc" + std::string(100'000, 'd'));
  resultOf(world, std::move(drained));
  REQUIRE(world.until([&] { return bool(echo->reason.check<ConnectionDone>()); }));
}

TEST_CASE("a reader that goes away ends it with a broken pipe, not with a signal") {
  TcpWorld world;
  for (const bool writes : {true, false}) {
    Pipe input, output;
    auto echo = std::make_shared<Echo>();
    auto transport = standardIO(world.reactor, input.reads.get(), output.writes.get());
    transport->setProtocol(echo);
    world.settle();
    output.reads.close();
    if (writes) transport->write("x");
    REQUIRE(world.until([&] { return bool(echo->reason.check<ConnectionLost>()); }));
    CHECK(echo->reason.as<ConnectionLost>()->systemError == EPIPE);
  }
}

TEST_CASE("a transport that never got a protocol gives the descriptors back when it is dropped") {
  TcpWorld world;
  Pipe input, output;
  const FileDescriptor sameInput = FileDescriptor::copyOf(input.reads.get());
  auto transport = standardIO(world.reactor, input.reads.get(), output.writes.get());
  CHECK(nonBlocking(sameInput));
  transport.reset();
  world.settle();
  CHECK(!nonBlocking(sameInput));
}

TEST_CASE("files, which no loop can watch: read to the end, and written") {
  TcpWorld world;
  TemporaryFolder folder;
  const std::string text(300'000, 'f');
  std::ofstream(folder / "in") << text;
  const FileDescriptor input(::open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC));
  const FileDescriptor output(::open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  auto echo = std::make_shared<Echo>();
  standardIO(world.reactor, input.get(), output.get())->setProtocol(echo);
  REQUIRE(world.until([&] { return bool(echo->reason.check<ConnectionDone>()); }));
  std::stringstream written;
  written << std::ifstream(folder / "out").rdbuf();
  CHECK(written.str() == text);
  CHECK(!isNull(output));
}

TEST_CASE("/dev/null as input ends at once, and takes every output") {
  TcpWorld world;
  const FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Stream stream(standardIO(world.reactor, null.get(), null.get()));
  resultOf(world, stream.write("gone"));
  CHECK(resultOf(world, stream.read()).empty());
  resultOf(world, stream.close());
}

TEST_CASE("a full disk is the reason of the end") {
  TcpWorld world;
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) return;
  Pipe input;
  auto echo = std::make_shared<Echo>();
  auto transport = standardIO(world.reactor, input.reads.get(), full.get());
  transport->setProtocol(echo);
  transport->write("x");
  REQUIRE(world.until([&] { return bool(echo->reason.check<ConnectionLost>()); }));
  CHECK(echo->reason.as<ConnectionLost>()->systemError == ENOSPC);
}

TEST_CASE("a terminal stays a terminal afterwards, blocking as before") {
  TcpWorld world;
  const FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(::grantpt(master.get()) == 0);
  REQUIRE(::unlockpt(master.get()) == 0);
  char name[128];
  REQUIRE(::ptsname_r(master.get(), name, sizeof name) == 0);
  const FileDescriptor terminal(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  Stream stream(standardIO(world.reactor, terminal.get(), terminal.get()));
  put(master, "typed\n");
  CHECK(resultOf(world, stream.readUntil("\n")) == "typed\n");
  resultOf(world, stream.write("shown"));
  CHECK(nonBlocking(terminal));
  resultOf(world, stream.close());
  CHECK(!nonBlocking(terminal));
  CHECK(::isatty(terminal.get()));
}

TEST_CASE("a closed descriptor is an error with its number; a reactor that ends gives all back") {
  const int before = openDescriptors();
  {
    Pipe input, output;
    const FileDescriptor sameInput = FileDescriptor::copyOf(input.reads.get());
    auto echo = std::make_shared<Echo>();
    {
      TcpWorld world;
      CHECK_THROWS_WITH_AS(standardIO(world.reactor, 9999, output.writes.get()), doctest::Contains("9999"), std::system_error);
      auto transport = standardIO(world.reactor, input.reads.get(), output.writes.get());
      transport->setProtocol(echo);
      transport->write(std::string(1'000'000, 'x'));
    }
    CHECK(echo->reason.check<ConnectionAborted>());
    CHECK(!nonBlocking(sameInput));
  }
  CHECK(openDescriptors() == before);
}
