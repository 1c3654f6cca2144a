#include <weft/net/adopt.hpp>

#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"
#include "worlds.hpp"

#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

using namespace weft;
using namespace weft::net;
using weft::test::openDescriptors;

// Row H16.

namespace {

class Echo : public Protocol {
 public:
  void dataReceived(std::string_view data) override { transport().write(data); }
};

Deferred<std::string> ask(std::shared_ptr<Transport> transport) {
  Stream stream(std::move(transport));
  co_await stream.write("hello");
  std::string answer = co_await stream.readExactly(5);
  co_await stream.close();
  co_return answer;
}

FileDescriptor listening(std::uint16_t& port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 5) == 0);
  socklen_t length = sizeof address;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  port = ntohs(address.sin_port);
  return socket;
}

}  // namespace

TEST_CASE("a listening socket that somebody else made serves connections") {
  TcpWorld world;
  std::uint16_t number = 0;
  FileDescriptor socket = listening(number);
  const FileDescriptor theirs = FileDescriptor::copyOf(socket.get());
  world.settle();
  auto port = adoptStreamPort(world.reactor, std::move(socket), factoryOf<Echo>());
  CHECK(port->getHost() == Address::loopback(number));
  for (int round = 0; round < 2; ++round) {            // and again, after it was given back
    auto transport = resultOf(world, world.network.connect("127.0.0.1", number));
    CHECK(resultOf(world, ask(std::move(transport))) == "hello");
    resultOf(world, port->stopListening());
    if (round == 0) port = adoptStreamPort(world.reactor, FileDescriptor::copyOf(theirs.get()), factoryOf<Echo>());
  }
}

TEST_CASE("a connected socket that somebody else made becomes a transport") {
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port->getHost().port());
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  auto transport = adoptStreamConnection(world.reactor, std::move(socket));
  CHECK(transport->getPeer() == port->getHost());
  CHECK(resultOf(world, ask(std::move(transport))) == "hello");
}

TEST_CASE("one end of a pair of sockets, whose other end another process may hold") {
  TcpWorld world;
  int sockets[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  const FileDescriptor kept = FileDescriptor::copyOf(sockets[0]);
  auto transport = adoptStreamConnection(world.reactor, FileDescriptor(sockets[0]));
  adoptStreamConnection(world.reactor, FileDescriptor(sockets[1]))->setProtocol(std::make_shared<Echo>());
  CHECK(transport->getPeer().family() == Address::Family::Unix);
  CHECK(resultOf(world, ask(std::move(transport))) == "hello");
}

TEST_CASE("what is no such socket is refused with its number and why, and closed") {
  TcpWorld world;
  world.settle();
  std::uint16_t number = 0;
  const int before = openDescriptors();
  int pipes[2];
  REQUIRE(::pipe(pipes) == 0);
  CHECK_THROWS_WITH_AS(static_cast<void>(adoptStreamConnection(world.reactor, FileDescriptor(pipes[0]))),
                       ("taking over descriptor " + std::to_string(pipes[0]) + ": socket operation on non-socket").c_str(), CannotAdoptError);
  CHECK_THROWS_AS(static_cast<void>(adoptStreamPort(world.reactor, FileDescriptor(pipes[1]), factoryOf<Echo>())), CannotAdoptError);
  CHECK_THROWS_WITH_AS(static_cast<void>(adoptStreamConnection(world.reactor, listening(number))), doctest::Contains("it listens"), CannotAdoptError);
  CHECK_THROWS_WITH_AS(static_cast<void>(adoptStreamPort(world.reactor, FileDescriptor(::socket(AF_INET, SOCK_STREAM, 0)), factoryOf<Echo>())),
                       doctest::Contains("it does not listen"), CannotAdoptError);
  CHECK_THROWS_WITH_AS(static_cast<void>(adoptStreamConnection(world.reactor, FileDescriptor(::socket(AF_INET, SOCK_STREAM, 0)))),
                       doctest::Contains("not connected"), CannotAdoptError);
  CHECK_THROWS_WITH_AS(static_cast<void>(adoptStreamConnection(world.reactor, FileDescriptor(::socket(AF_INET, SOCK_DGRAM, 0)))),
                       doctest::Contains("not a stream socket"), CannotAdoptError);
  CHECK_THROWS_AS(static_cast<void>(adoptStreamConnection(world.reactor, FileDescriptor())), CannotAdoptError);
  CHECK(openDescriptors() == before);
}
