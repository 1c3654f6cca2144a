#include <weft/net/endpoints/adopted_endpoint.hpp>

#include "../worlds.hpp"
#include "support/open_descriptors.hpp"
#include "support/scale.hpp"

#include <weft/net/adopt.hpp>
#include <weft/net/endpoints/endpoint_string.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::openDescriptors;

namespace {

class Quiet : public Protocol {
  void dataReceived(std::string_view) override {}
};

FileDescriptor listeningSocket() {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(socket.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(listen(socket.get(), 5) == 0);
  return socket;
}

/// As if systemd had given this process all descriptors from 3 up to `last`, which is called "web".
class FromSystemd {
 public:
  explicit FromSystemd(int last) {
    std::string names;
    for (int i = 3; i < last; ++i) names += "other:";
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(last - 2).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", (names + "web").c_str(), 1);
  }
  FromSystemd(const FromSystemd&) = delete;
  ~FromSystemd() {
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }
};

std::string refusal(TcpWorld& world, const std::string& text) {
  try {
    static_cast<void>(serverFromString(world.network, text));
  } catch (const EndpointStringError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

// J7, O7

TEST_CASE("a socket that somebody else has opened is an endpoint, again and again") {
  TcpWorld world;
  FileDescriptor socket = listeningSocket();
  AdoptedStreamServerEndpoint endpoint(world.reactor, socket.get());
  socket.close();
  for (int i = 0; i < 2; ++i) {
    auto port = resultOf(world, endpoint.listen(factoryOf<Quiet>()));
    CHECK(port->getHost() == endpoint.getHost());
    CHECK(resultOf(world, world.network.connect("127.0.0.1", port->getHost().port()))->connected());
    resultOf(world, port->stopListening());
  }
}

TEST_CASE("a descriptor that is no listening socket is refused by its number, and none is left open") {
  TcpWorld world;
  world.settle();
  const int before = openDescriptors();
  {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    CHECK_THROWS_WITH_AS(AdoptedStreamServerEndpoint(world.reactor, socket.get()),
                         doctest::Contains(("taking over descriptor " + std::to_string(socket.get()) + ": it does not listen").c_str()), CannotAdoptError);
    CHECK_THROWS_WITH_AS(AdoptedStreamServerEndpoint(world.reactor, 9999), "taking over descriptor 9999: bad file descriptor", CannotAdoptError);
  }
  CHECK(openDescriptors() == before);
}

#if !defined(WEFT_TEST_SANITIZED)                        // UBSan looks at objects through a pipe, and takes them for broken where there is none
TEST_CASE("without room for another descriptor an adopted socket's listen() says so") {
  TcpWorld world;
  AdoptedStreamServerEndpoint endpoint(world.reactor, listeningSocket().get());
  world.settle();
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 1;                                   // standard input, and no more
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto listening = endpoint.listen(factoryOf<Quiet>());
  ::setrlimit(RLIMIT_NOFILE, &before);
  const auto error = errorOf<CannotListenError>(world, std::move(listening));
  CHECK(std::string(error.what()).starts_with("listening on " + endpoint.getHost().toString() + ": "));
  CHECK(error.systemError == EMFILE);
}
#endif

TEST_CASE("systemd's variables count for the process that they name, and only when they make sense") {
  const ListenFDs two = ListenFDs::fromValues("17", "2", "web:admin", 17);
  CHECK(two.descriptors() == std::vector<int>{3, 4});
  CHECK(two.named("admin") == std::vector<int>{4});
  CHECK(two.named("other").empty());
  CHECK(ListenFDs::fromValues("17", "3", "web", 17).named("web") == std::vector<int>{3});
  CHECK(ListenFDs::fromValues("17", "2", "web:web:web", 17).named("web") == std::vector<int>{3, 4});
  CHECK(ListenFDs::fromValues("18", "2", nullptr, 17).descriptors().empty());
  CHECK(ListenFDs::fromValues(nullptr, "2", nullptr, 17).descriptors().empty());
  for (const char* count : {"", "0", "-1", "two", "2x", "1000000", "99999999999999999999"}) {
    CAPTURE(count);
    CHECK(ListenFDs::fromValues("17", count, nullptr, 17).descriptors().empty());
  }
}

TEST_CASE("a socket of systemd is an endpoint by its index, or by its name") {
  TcpWorld world;
  const FileDescriptor socket = listeningSocket();
  const FromSystemd systemd(socket.get());
  const std::string index = std::to_string(socket.get() - 3);
  for (const std::string& text : {"systemd:domain=INET:index=" + index, "systemd:index=" + index, "systemd:INET:" + index, std::string("systemd:name=web")}) {
    CAPTURE(text);
    auto port = resultOf(world, serverFromString(world.network, text)->listen(factoryOf<Quiet>()));
    CHECK(resultOf(world, world.network.connect("127.0.0.1", port->getHost().port()))->connected());
  }
  CHECK((::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a socket of systemd that is not there, or not what it should be, is refused where the string says so") {
  TcpWorld world;
  CHECK(refusal(world, "systemd:domain=INET:index=0") ==
        "systemd has given this process no sockets (LISTEN_FDS and LISTEN_PID say how many)\n  systemd:domain=INET:index=0\n                            ^");
  CHECK(refusal(world, "systemd:").starts_with("a socket of systemd is told by its index or by its name: give one of the two\n"));
  CHECK(refusal(world, "systemd:index=0:name=web").ends_with("\n                       ^"));
  CHECK(refusal(world, "systemd:domain=IPX:index=0") == "domain is INET, INET6 or UNIX\n  systemd:domain=IPX:index=0\n                 ^");
  CHECK(refusal(world, "systemd:index=first").starts_with("index is a number from 0 to 1023, not \"first\"\n"));

  const FileDescriptor socket = listeningSocket(), plain(::socket(AF_INET, SOCK_STREAM, 0));
  const int last = std::max(socket.get(), plain.get());
  const FromSystemd systemd(last);
  CHECK(refusal(world, "systemd:name=mail").starts_with("systemd has given this process " + std::to_string(last - 2) + " socket"));
  CHECK(refusal(world, "systemd:index=" + std::to_string(plain.get() - 3)).starts_with("taking over descriptor " + std::to_string(plain.get()) + ": it does not listen"));
  const std::string wrong = refusal(world, "systemd:domain=UNIX:index=" + std::to_string(socket.get() - 3));
  CHECK(wrong.starts_with("this socket listens on 127.0.0.1:"));
  CHECK(wrong.find(", which is INET\n") != std::string::npos);
  CHECK(wrong.ends_with("\n                 ^"));
}
