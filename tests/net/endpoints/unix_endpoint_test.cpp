#include <weft/net/endpoints/unix_endpoint.hpp>

#include "../worlds.hpp"
#include "support/temporary_folder.hpp"

#include <weft/net/endpoints/endpoint_string.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::TemporaryFolder;

namespace {

class Quiet : public Protocol {
  void dataReceived(std::string_view) override {}
};

}  // namespace

// J4, J6

TEST_CASE("UNIX endpoints connect to each other, made by hand or of strings") {
  TcpWorld world;
  const TemporaryFolder folder;
  const std::string path = folder / "x.sock";
  UNIXServerEndpoint server(world.reactor, path, UnixListenOptions().mode(0600));
  auto port = resultOf(world, server.listen(factoryOf<Quiet>()));
  CHECK(port->getHost() == Address::unixPath(path));
  UNIXClientEndpoint client(world.reactor, path);
  CHECK(resultOf(world, client.connect())->getPeer() == Address::unixPath(path));
  CHECK(resultOf(world, clientFromString(world.network, "unix:" + path + ":timeout=5")->connect())->connected());
  resultOf(world, port->stopListening());
  errorOf<ConnectionRefused>(world, clientFromString(world.network, "unix:path=" + path)->connect());

  port = resultOf(world, serverFromString(world.network, "unix:" + path + ":mode=640:backlog=5")->listen(factoryOf<Quiet>()));
  struct stat facts {};
  REQUIRE(stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0640);
  CHECK(std::filesystem::is_symlink(path + ".lock"));
  errorOf<CannotListenError>(world, serverFromString(world.network, "unix:" + path)->listen(factoryOf<Quiet>()));
  CHECK(resultOf(world, client.connect())->connected());
}

TEST_CASE("a UNIX endpoint may have an abstract name, and go without a lock") {
  TcpWorld world;
  const TemporaryFolder folder;
  const std::string name = "@" + (folder / "name");
  auto abstract = resultOf(world, serverFromString(world.network, "unix:" + name)->listen(factoryOf<Quiet>()));
  CHECK(resultOf(world, clientFromString(world.network, "unix:" + name)->connect())->connected());
  const std::string path = folder / "y.sock";
  auto port = resultOf(world, serverFromString(world.network, "unix:" + path + ":lockfile=0")->listen(factoryOf<Quiet>()));
  CHECK(!std::filesystem::exists(std::filesystem::symlink_status(path + ".lock")));
}

TEST_CASE("an attempt of a UNIX endpoint can be cancelled") {
  TcpWorld world;
  const TemporaryFolder folder;
  auto port = resultOf(world, UNIXServerEndpoint(world.reactor, folder / "x.sock", UnixListenOptions().backlog(0)).listen(factoryOf<Quiet>()));
  UNIXClientEndpoint client(world.reactor, folder / "x.sock");
  std::vector<Deferred<std::shared_ptr<Transport>>> attempts;
  for (int i = 0; i < 5; ++i) attempts.push_back(client.connect());      // the queue is full after the first
  Deferred<std::shared_ptr<Transport>> last = std::move(attempts.back());
  attempts.pop_back();
  REQUIRE(!last.called());
  last.cancel();
  errorOf<CancelledError>(world, std::move(last));
  for (auto& attempt : attempts) CHECK(resultOf(world, std::move(attempt))->connected());
}

TEST_CASE("a UNIX endpoint's string that makes no sense is refused") {
  TcpWorld world;
  CHECK_THROWS_WITH_AS(static_cast<void>(serverFromString(world.network, "unix:/run/x:mode=888")),
                       "mode is a number of up to four octal digits such as 660\n  unix:/run/x:mode=888\n                   ^", EndpointStringError);
  CHECK_THROWS_WITH_AS(static_cast<void>(serverFromString(world.network, "unix:/run/x:lockfile=yes")),
                       "lockfile is a number from 0 to 1, not \"yes\"\n  unix:/run/x:lockfile=yes\n                       ^", EndpointStringError);
  CHECK_THROWS_AS(static_cast<void>(clientFromString(world.network, "unix:")), EndpointStringError);
  MemoryWorld memory;
  CHECK_THROWS_WITH_AS(static_cast<void>(clientFromString(memory.network, "unix:/run/x")),
                       "an endpoint of type unix needs the reactor of a TcpNetwork, and there is none\n  unix:/run/x\n  ^", EndpointStringError);
}
