// Hello, World! by a Router and a coroutine: to be measured from outside, beside servers that do the same.
#include <weft/core/reactor.hpp>
#include <weft/http/server/router.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/tcp_network.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace weft;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "hello PORT: answers every GET / with Hello, World! until it is killed\n");
    return 2;
  }
  Reactor reactor;
  net::TcpNetwork network(reactor);
  http::Router router;
  router.get("/", [](http::Request) -> Deferred<http::Response> { co_return http::Response(200, "Hello, World!", "text/plain"); });
  auto port = network.listen(static_cast<std::uint16_t>(std::atoi(argv[1])), std::make_shared<http::Site>(router), net::ListenOptions().interface("127.0.0.1"));
  reactor.run();
}
