#include <weft/net/endpoints/standard_io_endpoint.hpp>

#include "../worlds.hpp"

#include <weft/net/adopt.hpp>
#include <weft/net/endpoints/endpoint_string.hpp>
#include <weft/net/protocols/line_receiver.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <memory>
#include <string>
#include <system_error>

using namespace weft;
using namespace weft::net;

namespace {

class Twice : public LineOnlyReceiver {
 public:
  Twice() : LineOnlyReceiver("\n") {}
  void lineReceived(std::string_view line) override { sendLine(std::string(line) + std::string(line)); }
};

class Counted : public Factory {
 public:
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override {
    CHECK(!peer);
    return refuses ? nullptr : std::make_shared<Twice>();
  }
  void doStart() override { ++started; }
  void doStop() override { ++stopped; }
  bool refuses = false;
  int started = 0, stopped = 0;
};

/// A conversation as inetd gives it: one socket for input and output, whose other end is `caller`.
struct Conversation {
  explicit Conversation(TcpWorld& world) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    ours = FileDescriptor(ends[0]);
    caller = Stream(adoptStreamConnection(world.reactor, FileDescriptor(ends[1])));
  }
  FileDescriptor ours;
  Stream caller;
};

}  // namespace

// J7

TEST_CASE("standard input and output are a server's only connection, and it outlives its port") {
  TcpWorld world;
  Conversation conversation(world);
  StandardIOEndpoint endpoint(world.reactor, conversation.ours.get(), conversation.ours.get());
  auto factory = std::make_shared<Counted>();
  auto port = resultOf(world, endpoint.listen(factory));
  CHECK(!port->getHost());
  CHECK(factory->started == 1);
  resultOf(world, conversation.caller.write("one\ntwo\n"));
  CHECK(resultOf(world, conversation.caller.readExactly(14)) == "oneone\ntwotwo\n");
  resultOf(world, port->stopListening());
  CHECK(factory->stopped == 1);
  resultOf(world, conversation.caller.write("three\n"));
  CHECK(resultOf(world, conversation.caller.readExactly(11)) == "threethree\n");
  conversation.caller.closeWriting();
  CHECK(resultOf(world, conversation.caller.read()).empty());
}

TEST_CASE("a factory that gives no protocol for the standard input, and descriptors that are closed, are errors of the Deferred") {
  TcpWorld world;
  Conversation conversation(world);
  auto factory = std::make_shared<Counted>();
  factory->refuses = true;
  errorOf<NoProtocol>(world, StandardIOEndpoint(world.reactor, conversation.ours.get(), conversation.ours.get()).listen(factory));
  CHECK(factory->stopped == 1);
  errorOf<std::system_error>(world, StandardIOEndpoint(world.reactor, 9999, conversation.ours.get()).listen(factoryOf<Twice>()));
}

TEST_CASE("the string of a stdio endpoint takes no arguments, and is for servers") {
  TcpWorld world;
  static_cast<void>(serverFromString(world.network, "stdio:"));
  CHECK_THROWS_WITH_AS(static_cast<void>(serverFromString(world.network, "stdio:1")), "an endpoint of type stdio takes no arguments\n  stdio:1\n        ^", EndpointStringError);
  CHECK_THROWS_WITH_AS(static_cast<void>(clientFromString(world.network, "stdio:")), doctest::Contains("endpoints of type stdio are for servers only"), EndpointStringError);
}
