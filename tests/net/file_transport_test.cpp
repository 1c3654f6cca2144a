#include <weft/net/file_transport.hpp>

#include "worlds.hpp"

#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"

#include <weft/net/transport.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

using namespace weft;
using namespace weft::net;

namespace {

class Recorder : public Protocol {
 public:
  void dataReceived(std::string_view bytes) override { data += bytes; }
  void connectionLost(const Failure& why) override {
    reason = why;
    lost = true;
  }
  std::string data;
  Failure reason{nullptr};
  bool lost = false;
};

FileTransport& files(Transport& transport) { return dynamic_cast<FileTransport&>(transport); }

std::string numbered(std::size_t bytes) {
  std::string text;
  for (int line = 0; text.size() < bytes; ++line) text += std::to_string(line) + '\n';
  text.resize(bytes);
  return text;
}

/// A connection, and a file on the server's side.
struct FileWorld : TcpWorld {
  std::shared_ptr<Recorder> server = std::make_shared<Recorder>();
  std::shared_ptr<Recorder> client = std::make_shared<Recorder>();
  std::unique_ptr<Port> port;
  test::TemporaryFolder folder;
  std::string content;
  std::string path = folder / "file";
  std::shared_ptr<FileDescriptor> file;

  explicit FileWorld(std::size_t bytes) : content(numbered(bytes)) {
    std::ofstream(path, std::ios::binary) << content;
    file = std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    port = network.listen(0, factory([this] { return server; }), loopback());
    resultOf(*this, connectProtocol(network, "127.0.0.1", port->getHost().port(), client));
    REQUIRE(until([this] { return server->hasTransport(); }));
  }
  ~FileWorld() {
    if (!client->lost) client->transport().abortConnection();
    if (!server->lost) server->transport().abortConnection();
    until([this] { return client->lost && server->lost; });
  }
};

}  // namespace

TEST_CASE("a file goes out between what was written before it and after it") {
  FileWorld world(100'000);
  Transport& transport = world.server->transport();
  CHECK(files(transport).sendsFiles());
  transport.write("before ");
  files(transport).sendFile(world.file, 0, 100'000, "head ");
  transport.write(" between ");
  files(transport).sendFile(world.file, 99'990, 10);
  files(transport).sendFile(world.file, 5, 0, " nothing of it");
  transport.loseConnection();
  REQUIRE(world.until([&] { return world.client->lost; }));
  CHECK(world.client->data == "before head " + world.content + " between " + world.content.substr(99'990) + " nothing of it");
  CHECK(::lseek(world.file->get(), 0, SEEK_CUR) == 0);
  CHECK(world.file.use_count() == 1);
}

TEST_CASE("parts of a file wait for a client that does not read, in order with the rest and without taking memory") {
  constexpr std::size_t kSize = 24'000'000;
  FileWorld world(kSize);
  Transport& transport = world.server->transport();
  transport.setWriteLimits(16 * 1024, 64 * 1024, 1000);      // the file would be far beyond
  world.client->transport().pauseReading();
  files(transport).sendFile(world.file, 0, kSize, "head ");
  CHECK(transport.buffered() > kSize / 2);
  CHECK(world.file.use_count() == 2);
  transport.write("middle");
  files(transport).sendFile(world.file, 0, 100, "second ");
  auto drained = transport.drained();
  world.settle();
  CHECK(transport.connected());
  CHECK_FALSE(drained.called());
  world.client->transport().resumeReading();
  REQUIRE(world.until([&] { return world.client->data.size() == kSize + 5 + 6 + 7 + 100; }));
  CHECK(world.client->data == "head " + world.content + "middlesecond " + world.content.substr(0, 100));
  CHECK(drained.called());
  CHECK(transport.buffered() == 0);
  CHECK(world.file.use_count() == 1);
}

TEST_CASE("what is in memory behind a file still has its limit") {
  FileWorld world(24'000'000);
  Transport& transport = world.server->transport();
  transport.setWriteLimits(16 * 1024, 64 * 1024, 1000);
  world.client->transport().pauseReading();
  files(transport).sendFile(world.file, 0, 24'000'000);
  transport.write(std::string(1000, 'a'));
  CHECK(transport.connected());
  transport.write("b");
  REQUIRE(world.until([&] { return world.server->lost; }));
  CHECK(world.server->reason.check<WriteBufferFull>());
  CHECK(world.file.use_count() == 1);
}

TEST_CASE("a file that has become shorter aborts the connection: the client cannot take it for whole") {
  constexpr std::size_t kSize = 24'000'000;
  FileWorld world(kSize);
  world.client->transport().pauseReading();
  files(world.server->transport()).sendFile(world.file, 0, kSize);
  REQUIRE(::truncate(world.path.c_str(), 20'000'000) == 0);
  world.client->transport().resumeReading();
  REQUIRE(world.until([&] { return world.server->lost && world.client->lost; }));
  REQUIRE(world.server->reason.check<SendFileFailed>());
  CHECK(world.server->reason.as<SendFileFailed>()->missing == kSize - 20'000'000);
  CHECK(world.server->reason.as<SendFileFailed>()->systemError == 0);
  CHECK(std::string(world.server->reason.what()) == "the connection was aborted: a file that was being sent has become shorter; 4000000 bytes of it were not sent");
  CHECK(world.client->reason.check<ConnectionLost>());
  CHECK(world.client->data.size() <= 20'000'000);

  FileWorld empty(100);
  files(empty.server->transport()).sendFile(empty.file, 100, 1, "head");      // none of it is there
  REQUIRE(empty.until([&] { return empty.server->lost; }));
  CHECK(empty.server->reason.check<SendFileFailed>());
}

TEST_CASE("a client that resets ends the transfer, and the file is let go") {
  FileWorld world(24'000'000);
  world.client->transport().pauseReading();
  files(world.server->transport()).sendFile(world.file, 0, 24'000'000);
  CHECK(world.file.use_count() == 2);
  world.client->transport().abortConnection();
  REQUIRE(world.until([&] { return world.server->lost; }));
  CHECK(world.server->reason.check<ConnectionLost>());
  CHECK(world.file.use_count() == 1);
}

TEST_CASE("a client that resets between two parts ends the connection, and not the process") {
  FileWorld world(1'000'000);
  world.client->transport().abortConnection();
  REQUIRE(world.until([&] { return world.client->lost; }));
  for (int i = 0; i < 3 && !world.server->lost; ++i) files(world.server->transport()).sendFile(world.file, 0, 1'000'000);      // the first may still go out, others are a broken pipe
  REQUIRE(world.until([&] { return world.server->lost; }));
  CHECK(world.server->reason.check<ConnectionLost>());
}

TEST_CASE("a file that cannot be read aborts the connection with the system's reason") {
  FileWorld world(1000);
  const auto writeOnly = std::make_shared<FileDescriptor>(::open(world.path.c_str(), O_WRONLY | O_CLOEXEC));
  files(world.server->transport()).sendFile(writeOnly, 0, 1000);
  REQUIRE(world.until([&] { return world.server->lost; }));
  REQUIRE(world.server->reason.check<SendFileFailed>());
  CHECK(world.server->reason.as<SendFileFailed>()->systemError == EBADF);
}

TEST_CASE("a file of a file system without sendfile is read instead") {
  FileWorld world(1);
  const auto environment = std::make_shared<FileDescriptor>(::open("/proc/self/environ", O_RDONLY | O_CLOEXEC));
  std::string expected(1 << 20, '\0');
  const ssize_t count = ::pread(environment->get(), expected.data(), expected.size(), 0);
  REQUIRE(count > 20);
  expected.resize(static_cast<std::size_t>(count));
  files(world.server->transport()).sendFile(environment, 10, static_cast<std::uint64_t>(count) - 10, "head ");
  world.server->transport().loseConnection();
  REQUIRE(world.until([&] { return world.client->lost; }));
  CHECK(world.client->data == "head " + expected.substr(10));
}

TEST_CASE_TEMPLATE("a transport that cannot send files says so, or is no FileTransport", World, UnixWorld, MemoryWorld) {
  World world;
  auto server = std::make_shared<Recorder>();
  auto client = std::make_shared<Recorder>();
  auto port = world.network.listen(0, factory([&] { return server; }), world.loopback());
  resultOf(world, connectProtocol(world.network, "127.0.0.1", port->getHost().port(), client));
  if (auto* const files = dynamic_cast<FileTransport*>(&client->transport())) {
    CHECK_FALSE(files->sendsFiles());
    CHECK_THROWS_AS(files->sendFile(nullptr, 0, 1), net::Error);
  } else {
    CHECK_FALSE(World::kSockets);
  }
  client->transport().abortConnection();
  CHECK(world.until([&] { return client->lost; }));
}

TEST_CASE("a file is not sent on a connection that has ended") {
  FileWorld world(1000);
  const auto keep = world.server->transport().shared_from_this();
  world.server->transport().abortConnection();
  files(*keep).sendFile(world.file, 0, 1000, "head");
  CHECK(world.file.use_count() == 1);
  CHECK(keep->buffered() == 0);
}
