#include <weft/net/endpoints/process_endpoint.hpp>

#include "../worlds.hpp"

#include <weft/net/endpoints/endpoint_string.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft;
using namespace weft::net;

namespace {

template <class Endpoint> std::string answerOf(TcpWorld& world, Endpoint& endpoint, std::string text) {
  Stream stream(resultOf(world, endpoint.connect()));
  resultOf(world, stream.write(text));
  stream.closeWriting();
  std::string all;
  for (;;) {
    const std::string some = resultOf(world, stream.read());
    if (some.empty()) return all;
    all += some;
  }
}

}  // namespace

// J7
TEST_CASE("a process is an endpoint: each connection is a child of its own") {
  TcpWorld world;
  ProcessEndpoint cat(world.reactor, "/bin/cat");
  CHECK(answerOf(world, cat, "hello") == "hello");
  CHECK(answerOf(world, cat, "again") == "again");
  auto sort = clientFromString(world.network, "process:sort:-r:-u");
  CHECK(answerOf(world, *sort, "a\nb\na\n") == "b\na\n");
  auto echo = clientFromString(world.network, R"(process:echo:a\:b:c\=d)");
  CHECK(answerOf(world, *echo, "") == "a:b c=d\n");
}

TEST_CASE("a process endpoint's child has the surroundings that its options say") {
  TcpWorld world;
  ProcessEndpoint shell(world.reactor, "sh", {"-c", "echo $GREETING; pwd; echo for nobody >&2"},
                        ProcessOptions().environment({{"GREETING", "good morning"}, {"PATH", "/usr/bin:/bin"}}).workingFolder("/").descriptor(2, ChildDescriptor::null()));
  CHECK(answerOf(world, shell, "") == "good morning\n/\n");
}

TEST_CASE("a program that is not there is a SpawnError of the Deferred") {
  TcpWorld world;
  CHECK(errorOf<SpawnError>(world, clientFromString(world.network, "process:/no/such/program")->connect()).executable == "/no/such/program");
  CHECK_THROWS_WITH_AS(static_cast<void>(clientFromString(world.network, "process:")), "an endpoint of type process needs the argument executable\n  process:\n          ^",
                       EndpointStringError);
}
