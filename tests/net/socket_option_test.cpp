#include <weft/net/socket_option.hpp>

#include "worlds.hpp"

#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

using namespace weft;
using namespace weft::net;

// Row H7, and what its complaint asks for.

namespace {
class Silent : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
};
}  // namespace

TEST_CASE("any option of a socket can be set and read, with its type") {
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Silent>(), world.loopback());
  auto transport = resultOf(world, world.network.connect("127.0.0.1", port->getHost().port()));
  setSocketOption(*transport, kKeepAlive, true);
  setSocketOption(*transport, kKeepAliveIdleSeconds, 60);
  CHECK(transport->getTcpKeepAlive());
  CHECK(getSocketOption(*transport, kKeepAliveIdleSeconds) == 60);
  CHECK(getSocketOption(*transport, kNoDelay));
  setSocketOption(*transport, kReceiveBufferBytes, 50'000);
  CHECK(getSocketOption(*transport, kReceiveBufferBytes) == 100'000);
  setSocketOption(*transport, SocketOption<int>(IPPROTO_TCP, TCP_USER_TIMEOUT), 5000);
  CHECK(getSocketOption(*transport, kUserTimeoutMilliseconds) == 5000);
}

TEST_CASE("an option that there is not, or a transport without a socket, is an error that says so") {
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Silent>(), world.loopback());
  auto transport = resultOf(world, world.network.connect("127.0.0.1", port->getHost().port()));
  CHECK_THROWS_WITH_AS(setSocketOption(*transport, SocketOption<int>(SOL_SOCKET, 9999), 1), "setting option 9999 of level 1: protocol not available",
                       SocketOptionError);
  CHECK_THROWS_AS(setSocketOption(*transport, kKeepAliveIdleSeconds, -1), SocketOptionError);
  transport->abortConnection();
  CHECK_THROWS_AS(static_cast<void>(getSocketOption(*transport, kNoDelay)), SocketOptionError);

  MemoryWorld memory;
  auto listening = memory.network.listen(80, factoryOf<Silent>());
  auto inMemory = resultOf(memory, memory.network.connect("127.0.0.1", 80));
  try {
    setSocketOption(*inMemory, kNoDelay, true);
    FAIL("memory has a socket");
  } catch (const SocketOptionError& error) {
    CHECK(error.systemError == ENOTSOCK);
    CHECK(std::string(error.what()).ends_with("this transport has no socket"));
  }
}

TEST_CASE("two ports may share one port number where both ask for it") {
  TcpWorld world;
  auto options = world.loopback().reusePort();
  auto first = world.network.listen(0, factoryOf<Silent>(), options);
  const std::uint16_t number = first->getHost().port();
  auto second = world.network.listen(number, factoryOf<Silent>(), options);
  CHECK(second->getHost() == first->getHost());
  CHECK_THROWS_AS(static_cast<void>(world.network.listen(number, factoryOf<Silent>(), world.loopback())), CannotListenError);
  CHECK(bool(resultOf(world, world.network.connect("127.0.0.1", number))));
}
