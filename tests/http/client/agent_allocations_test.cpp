// What a request costs in memory, over a real socket.
#include <weft/core/reactor.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/net/tcp_network.hpp>

#include <doctest/doctest.h>

#include "support/allocations.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace weft;

namespace {

// Answers every request of one connection with 1 KiB, on a thread of its own: allocations() counts those of the thread that asks.
class KeptConnectionServer {
 public:
  KeptConnectionServer() : listening_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listening_, 1) == 0);
    REQUIRE(getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~KeptConnectionServer() {
    shutdown(listening_, SHUT_RDWR);                                     // wakes who still waits for a connection
    thread_.join();
    close(listening_);
  }
  std::uint16_t port = 0;

 private:
  void serve() const {
    const std::string answer = "HTTP/1.1 200 OK\r\nServer: test\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n" + std::string(1024, 'x');
    const int connection = accept(listening_, nullptr, nullptr);
    std::array<char, 4096> buffer;
    while (read(connection, buffer.data(), buffer.size()) > 0)           // a request fits, and the next one comes after the answer
      if (write(connection, answer.data(), answer.size()) < 0) break;
    close(connection);
  }

  int listening_;
  std::thread thread_;
};

Deferred<std::uint64_t> countAllocations(http::Agent& agent, http::Url url, int warmUp, int counted) {
  std::uint64_t before = 0;
  for (int i = 0; i < warmUp + counted; ++i) {
    if (i == warmUp) before = test::allocations();
    http::Response response = co_await agent.get(url);
    const std::string body = co_await response.bytes();
    if (body.size() != 1024) co_return ~std::uint64_t{0};
  }
  co_return test::allocations() - before;
}

}  // namespace

TEST_CASE("once warm, a GET allocates the caller's copy of the URL and the body, and nothing else") {
  constexpr int kCounted = 500;
  KeptConnectionServer server;
  Reactor reactor;
  net::TcpNetwork network(reactor);
  http::Agent agent(network);
  const http::Url url("http://127.0.0.1:" + std::to_string(server.port) + "/a/page/of/some/length.html");
  std::uint64_t count = 0;
  auto done = countAllocations(agent, url, 100, kCounted).addCallback([&](std::uint64_t allocations) { count = allocations; }).addBoth([&](auto) {
    agent.close();
    reactor.callLater(0, [&] { reactor.stop(); });
  });
  reactor.run();
#ifndef WEFT_UNPOOLED
  CHECK(count == 2 * kCounted);
#endif
  CHECK(count >= 2 * kCounted);
}
