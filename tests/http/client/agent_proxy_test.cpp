// An Agent behind proxies: forwarded requests, tunnels, SOCKS.

#include <weft/http/client/agent.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/gather.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/auth/credentials.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/start_tls.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::http;

namespace {

/// An HTTP proxy: a CONNECT is a tunnel, anything else is answered with what it got.
class Proxy {
 public:
  explicit Proxy(net::Network& network) : network_(network), port_(network.listen(3128, net::streamFactory([this](net::Stream stream) { return serve(std::move(stream)); }))) {}

  std::vector<std::string> heads;

 private:
  Deferred<> serve(net::Stream client) {
    for (;;) {
      const std::string head = co_await client.readUntil("\r\n\r\n");
      heads.push_back(head);
      if (head.starts_with("CONNECT ")) {
        const std::string authority = head.substr(8, head.find(' ', 8) - 8);
        const std::size_t colon = authority.rfind(':');
        auto connecting = network_.connect(authority.substr(0, colon), static_cast<std::uint16_t>(std::stoi(authority.substr(colon + 1))));
        net::Stream server(co_await connecting);
        co_await client.write("HTTP/1.1 200 OK\r\n\r\n");
        auto there = net::pump(client, server).addCallback([&server](std::uint64_t) { server.closeWriting(); });
        auto back = net::pump(server, client).addCallback([&client](std::uint64_t) { client.closeWriting(); });
        co_await gatherResults(std::move(there), std::move(back));
        co_return;
      }
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(head.size()) + "\r\n\r\n" + head;
      co_await client.write(answer);
    }
  }

  net::Network& network_;
  std::unique_ptr<net::Port> port_;
};

struct World {
  World() {
    memory.addHost("example.com");
    memory.addHost("proxy.example");
  }
  std::string bodyOf(Agent& agent, const char* url) {
    auto text = agent.get(url).addCallback([](Response response) { return response.text(); });
    time.play(5);
    return successResultOf(text);
  }

  ManualClock time;
  net::MemoryNetwork memory{time};
  Proxy proxy{memory};
};

constexpr const char* kProxy = "http://me:secret@proxy.example:3128";

}  // namespace

TEST_CASE("http through an HTTP proxy is one request with the whole URL, and the connection is used again") {      // L13
  World world;
  Agent agent(world.memory, AgentOptions().setProxies(ProxySettings().all(kProxy)).setUserAgent(""));
  CHECK(world.bodyOf(agent, "http://user:password@example.com/a?b#c") ==
        "GET http://example.com/a?b HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\nHost: example.com\r\n\r\n");
  CHECK(world.bodyOf(agent, "http://example.com/again").starts_with("GET http://example.com/again HTTP/1.1\r\n"));
  CHECK(world.bodyOf(agent, "http://nobody.knows:81/").starts_with("GET http://nobody.knows:81/ HTTP/1.1\r\n"));      // the proxy looks names up
  CHECK(agent.stats().connects == 2);                  // one for each origin
  CHECK(agent.stats().reused == 1);
}

TEST_CASE("https through an HTTP proxy is a tunnel in which the server proves who it is, and the proxy's login stays out of it") {
  World world;
  const net::CertificateAuthority authority;
  const net::TlsServerContext context(net::CertificateOptions(authority.issue(net::CertificateDetails("example.com"))));
  std::string seen;
  const auto port = world.memory.listen(443, net::streamFactory([&](net::Stream stream) -> Deferred<> {
    auto secure = net::startTLS(stream.detach(), context);
    net::Stream inside(co_await secure);
    seen = co_await inside.readUntil("\r\n\r\n");
    co_await inside.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
  }));
  const auto trusting = net::TlsClientOptions().trustRoot(net::trustRootFromCertificates({authority.certificate()}));
  Agent agent(world.memory, AgentOptions().setProxies(ProxySettings().all(kProxy)).setTls(trusting).setUserAgent(""));
  CHECK(world.bodyOf(agent, "https://example.com/x") == "secret");
  CHECK(seen == "GET /x HTTP/1.1\r\nHost: example.com\r\n\r\n");
  REQUIRE(world.proxy.heads.size() == 1);
  CHECK(world.proxy.heads[0] == "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
}

TEST_CASE("hosts that are excepted are reached directly, and a proxy that is not there is an error of connecting") {
  World world;
  const auto direct = world.memory.listen(80, net::streamFactory([](net::Stream stream) -> Deferred<> {
    co_await stream.readUntil("\r\n\r\n");
    co_await stream.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ndirect");
  }));
  Agent agent(world.memory, AgentOptions().setProxies(ProxySettings().all("http://proxy.example:9").except("example.com")));
  CHECK(world.bodyOf(agent, "http://example.com/") == "direct");
  auto refused = agent.get("http://other.example/");
  world.time.play(5);
  CHECK(failureResultOf(refused).check<net::ConnectionRefused>());
}

TEST_CASE("everything goes through a SOCKS5 proxy as if directly") {
  World world;
  std::string asked;
  const auto socks = world.memory.listen(1080, net::streamFactory([&](net::Stream stream) -> Deferred<> {
    co_await stream.readExactly(3);
    co_await stream.write(std::string_view("\x05\x00", 2));
    const std::string head = co_await stream.readExactly(5);
    asked = co_await stream.readExactly(static_cast<unsigned char>(head[4]) + 2u);
    co_await stream.write(std::string_view("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10));
    co_await stream.readUntil("\r\n\r\n");
    co_await stream.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsocks");
  }));
  Agent agent(world.memory, AgentOptions().setProxies(ProxySettings().all("socks5h://proxy.example")));
  CHECK(world.bodyOf(agent, "http://example.com/") == "socks");
  CHECK(asked == std::string("example.com\0\x50", 13));
  Agent wrong(world.memory, AgentOptions().setProxies(ProxySettings().all("http://a%3Ab:c@proxy.example")));
  auto refused = wrong.get("http://example.com/");
  CHECK(failureResultOf(refused).check<AuthError>());      // a login that Basic cannot carry
}
