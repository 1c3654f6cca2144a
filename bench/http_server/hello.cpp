// Hello, World! by a Router and a coroutine: to be measured from outside, beside servers that do the same.
#include <weft/core/reactor.hpp>
#include <weft/http/server/router.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/endpoint.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace weft;

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "hello PORT [TLS-PORT]: answers every GET / with Hello, World!, in HTTP/1 and HTTP/2, until it is killed\n");
    return 2;
  }
  Reactor reactor;
  net::TcpNetwork network(reactor);
  http::Router router;
  router.get("/", [](http::Request) -> Deferred<http::Response> { co_return http::Response(200, "Hello, World!", "text/plain"); });
  const auto site = std::make_shared<http::Site>(router);
  const auto here = net::ListenOptions().interface("127.0.0.1");
  const auto port = network.listen(static_cast<std::uint16_t>(std::atoi(argv[1])), site, here);
  std::unique_ptr<net::Port> secure;
  if (argc == 3) {
    net::CertificateOptions tls(net::CertificateAuthority("of the bench").issue(net::CertificateDetails("localhost")));
    tls.acceptableProtocols({"h2", "http/1.1"});
    secure = network.listen(static_cast<std::uint16_t>(std::atoi(argv[2])), std::make_shared<net::TlsFactory>(net::TlsServerContext(tls), site), here);
  }
  reactor.run();
}
