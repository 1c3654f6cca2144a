// The cache with its files on a reactor's pool, over sockets of this machine.
#include <weft/http/client/cache_agent.hpp>

#include <weft/core/reactor.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/tcp_network.hpp>

#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::http;

TEST_CASE("files are read and written on other threads, and the answers are the same") {
  test::TemporaryFolder folder;
  Reactor reactor;
  net::TcpNetwork network(reactor);
  const std::string large(std::size_t{2} * 1024 * 1024, 'x');
  int requests = 0;
  auto site = std::make_shared<Site>([&](Request request) -> Deferred<Response> {
    ++requests;
    Response response(200, request.url.path() == "/large" ? large : "small");
    response.setHeader("Cache-Control", "max-age=60");
    co_return response;
  });
  auto port = network.listen(0, site, net::ListenOptions().interface("127.0.0.1"));
  const std::string origin = "http://127.0.0.1:" + std::to_string(port->getHost().port());
  Agent agent(network);
  CacheAgent client(agent, CacheOptions(folder / "cache").setReactor(reactor));
  const auto program = [&]() -> Deferred<> {
    for (const char* path : {"/small", "/large"}) {
      Response first = co_await client.get(origin + path);
      const std::string body = co_await first.bytes();
      CHECK(body.size() == (std::string(path) == "/large" ? large.size() : 5));
      for (std::uint64_t before = client.stats().entries; client.stats().entries == before;) co_await deferLater(reactor, 0.001);       // it is kept a little later
      Response second = co_await client.get(origin + path);
      CHECK(second.history().cache == CacheUse::Fresh);
      const std::string again = co_await second.bytes();
      CHECK(again == body);
    }
  };
  Deferred<> running = program().addTimeout(30, reactor).addBoth([&](Outcome<> outcome) {
    reactor.stop();
    return outcome;
  });
  reactor.run();
  successResultOf(running);
  CHECK(requests == 2);
}
