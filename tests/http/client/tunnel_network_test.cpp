#include <weft/http/client/tunnel_network.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/auth/credentials.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/failing_network.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/start_tls.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace weft;
using namespace weft::http;

namespace {

/// A proxy that connects nowhere: after its answer it sends back what it gets.
struct Proxy {
  std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n";
  std::string asked;

  Deferred<> serve(net::Stream stream) {
    asked = co_await stream.readUntil("\r\n\r\n");
    co_await stream.write(answer);
    for (;;) {
      const std::string_view data = co_await stream.readSome();
      if (data.empty()) co_return;
      co_await stream.write(data);
    }
  }
};

struct World {
  ManualClock time;
  net::MemoryNetwork memory{time};
  Proxy proxy;
  std::unique_ptr<net::Port> port = memory.listen(3128, net::streamFactory([this](net::Stream stream) { return proxy.serve(std::move(stream)); }));

  std::shared_ptr<net::Transport> connect(const std::string& host, std::uint16_t to, HttpProxy through = HttpProxy("http://127.0.0.1:3128")) {
    TunnelNetwork network(memory, std::move(through));
    auto connecting = network.connect(host, to);
    time.play(1);
    return successResultOf(connecting);
  }
  Failure failureOf(const std::string& host) {
    TunnelNetwork network(memory, HttpProxy("http://me:secret@127.0.0.1:3128"));
    auto connecting = network.connect(host, 80, net::ConnectOptions().timeout(5));
    time.play(10);
    return failureResultOf(connecting);
  }
};

}  // namespace

TEST_CASE("a tunnel is asked for by CONNECT, and is then the peer's connection from its first byte") {
  World world;
  world.proxy.answer = "HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n220 ready\r\n";
  net::Stream stream(world.connect("example.com", 443));
  CHECK(world.proxy.asked == "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  auto line = stream.readLine();
  world.time.play(1);
  CHECK(successResultOf(line) == "220 ready");
  world.connect("2001:db8::1", 443);
  CHECK(world.proxy.asked.starts_with("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n"));
}

TEST_CASE("the login of a proxy's URL is sent to it, and its own fields") {
  World world;
  world.connect("example.com", 443, HttpProxy("http://me:s%40cret@127.0.0.1:3128").header("X-Team", "a"));
  CHECK(world.proxy.asked == "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic bWU6c0BjcmV0\r\nX-Team: a\r\n\r\n");
  CHECK(HttpProxy("http://me:secret@proxy:3128").url().href() == "http://proxy:3128/");
  CHECK_THROWS_AS(HttpProxy("socks5://proxy"), UnsupportedScheme);
  CHECK_THROWS_AS(HttpProxy("http://a%3Ab:c@proxy"), AuthError);
}

TEST_CASE("a proxy that refuses, hangs up, talks nonsense or says nothing is an error that names it without the password") {
  World world;
  world.proxy.answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 3\r\n\r\nno!";
  const Failure refused = world.failureOf("example.com");
  REQUIRE(refused.check<TunnelError>());
  CHECK(refused.as<TunnelError>()->status == 407);
  CHECK(std::string(refused.what()) == "connecting to example.com:80 through the proxy http://127.0.0.1:3128/: 407 Proxy Authentication Required");
  world.proxy.answer = "SSH-2.0-OpenSSH_9.2\r\n";
  CHECK(world.failureOf("example.com").check<TunnelError>());
  world.proxy.answer = "HTTP/1.1 200 ";
  CHECK(world.failureOf("example.com").check<net::ConnectTimeout>());
  CHECK(world.failureOf("exa\r\nmple").check<TunnelError>());
  CHECK(world.failureOf("").check<TunnelError>());
  world.port = world.memory.listen(3129, net::streamFactory([](net::Stream stream) -> Deferred<> { co_await stream.readUntil("\r\n\r\n"); }));
  TunnelNetwork rude(world.memory, HttpProxy("http://127.0.0.1:3129"));
  auto ended = rude.connect("example.com", 80);
  world.time.play(1);
  CHECK(std::string(failureResultOf(ended).what()).ends_with("it closed the connection"));
  auto cancelled = TunnelNetwork(world.memory, HttpProxy("http://127.0.0.1:3129")).connect("example.com", 80);
  cancelled.cancel();
  CHECK(failureResultOf(cancelled).check<CancelledError>());
}

TEST_CASE("a proxy of scheme https is spoken to over TLS") {
  World world;
  const net::CertificateAuthority authority;
  const net::TlsServerContext server(net::CertificateOptions(authority.issue(net::CertificateDetails("proxy.example"))));
  Proxy proxy;
  const auto port = world.memory.listen(443, net::streamFactory([&](net::Stream stream) -> Deferred<> {
    auto secure = net::startTLS(stream.detach(), server);
    net::Stream inside(co_await secure);
    co_await proxy.serve(std::move(inside));
  }));
  world.memory.addHost("proxy.example");
  const net::TlsClientContext trusting(net::TlsClientOptions().trustRoot(net::trustRootFromCertificates({authority.certificate()})));
  net::Stream stream(world.connect("example.com", 80, HttpProxy("https://proxy.example").tls(trusting)));
  CHECK(proxy.asked.starts_with("CONNECT example.com:80 "));
  TunnelNetwork untrusting(world.memory, HttpProxy("https://proxy.example").tls(net::TlsClientContext(net::TlsClientOptions().trustRoot(net::trustRootFromCertificates({net::CertificateAuthority().certificate()})))));
  auto refused = untrusting.connect("example.com", 80);
  world.time.play(1);
  CHECK(failureResultOf(refused).check<net::CertificateError>());
}

TEST_CASE("whichever operation fails, a connection through an HTTP proxy ends in a transport or an error") {
  const auto runs = net::failEveryOperation([](net::Network& network) -> Deferred<> {
    Proxy proxy;
    const auto port = network.listen(3128, net::streamFactory([&proxy](net::Stream stream) { return proxy.serve(std::move(stream)); }));
    TunnelNetwork through(network, HttpProxy("http://127.0.0.1:3128"));
    auto connecting = through.connect("example.com", 80, net::ConnectOptions().timeout(10));
    net::Stream stream(co_await connecting);
    co_await stream.write("x");
    const std::string echoed = co_await stream.readExactly(1);
    CHECK(echoed == "x");
    co_await stream.close();
  });
  CHECK(runs.size() > 4);
}
