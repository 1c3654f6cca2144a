#include <weft/net/socks5_network.hpp>

#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/failing_network.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

/// A SOCKS5 server that connects nowhere: after its reply it sends back what it gets.
struct Proxy {
  char method = 0;
  char login = 0;
  std::string reply{"\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38", 10};
  std::string greeting, credentials, request;          // what it got, in hexadecimal digits

  Deferred<> serve(Stream stream) {
    const std::string count = co_await stream.readExactly(2);
    const std::string methods = co_await stream.readExactly(static_cast<unsigned char>(count[1]));
    greeting = hex(count + methods);
    const std::string choice{5, method};
    co_await stream.write(choice);
    if (method == 2) {
      std::string read = co_await stream.readExactly(2);
      read += co_await stream.readExactly(static_cast<unsigned char>(read[1]) + 1u);
      read += co_await stream.readExactly(static_cast<unsigned char>(read.back()));
      credentials = hex(read);
      const std::string answer{1, login};
      co_await stream.write(answer);
    }
    std::string read = co_await stream.readExactly(5);
    const std::size_t left = read[3] == 1 ? 5u : read[3] == 4 ? 17u : static_cast<unsigned char>(read[4]) + 2u;
    read += co_await stream.readExactly(left);
    request = hex(read);
    co_await stream.write(reply);
    for (;;) {
      const std::string_view data = co_await stream.readSome();
      if (data.empty()) co_return;
      co_await stream.write(data);
    }
  }
};

struct World {
  ManualClock time;
  MemoryNetwork memory{time};
  Proxy proxy;
  std::unique_ptr<Port> port = memory.listen(1080, streamFactory([this](Stream stream) { return proxy.serve(std::move(stream)); }));

  std::shared_ptr<Transport> connect(const std::string& host, std::uint16_t to, Socks5Proxy through = Socks5Proxy("127.0.0.1")) {
    Socks5Network network(memory, std::move(through));
    auto connecting = network.connect(host, to);
    time.play(1);
    return successResultOf(connecting);
  }
  std::string errorOf(const std::string& host, Socks5Proxy through = Socks5Proxy("127.0.0.1")) {
    Socks5Network network(memory, std::move(through));
    auto connecting = network.connect(host, 80);
    time.play(60);
    return failureResultOf(connecting).what();
  }
};

}  // namespace

TEST_CASE("a SOCKS5 proxy is asked for a name, an IPv4 or an IPv6 address, and the connection is then the peer's") {
  World world;
  Stream stream(world.connect("example.com", 8080));
  CHECK(world.proxy.greeting == "050100");
  CHECK(world.proxy.request == "050100030b" + hex("example.com") + "1f90");
  auto echoed = stream.write("hello").addCallback([&] { return stream.readExactly(5); });
  world.time.play(1);
  CHECK(successResultOf(echoed) == "hello");
  world.connect("192.0.2.1", 80);
  CHECK(world.proxy.request == "05010001c00002010050");
  world.connect("2001:db8::1", 80);
  CHECK(world.proxy.request == "05010004" "20010db8000000000000000000000001" "0050");
}

TEST_CASE("what the peer says with the proxy's reply is the connection's first bytes") {
  World world;
  world.proxy.reply = std::string("\x05\x00\x00\x03\x04" "name\x04\x38", 11) + "220 ready\r\n";
  Stream stream(world.connect("example.com", 25));
  auto line = stream.readLine();
  world.time.play(1);
  CHECK(successResultOf(line) == "220 ready");
}

TEST_CASE("a login is offered when there is one, and given when the proxy wants it") {
  World world;
  const auto me = Socks5Proxy("127.0.0.1").login("me", "secret");
  world.connect("example.com", 80, me);
  CHECK(world.proxy.greeting == "05020002");
  CHECK(world.proxy.credentials.empty());
  world.proxy.method = 2;
  world.connect("example.com", 80, me);
  CHECK(world.proxy.credentials == "0102" + hex("me") + "06" + hex("secret"));
  world.proxy.login = 1;
  CHECK(world.errorOf("example.com", me) == "connecting to example.com:80 through the SOCKS5 proxy 127.0.0.1:1080: it refused the login of me");
  world.proxy.method = '\xff';
  CHECK(world.errorOf("example.com", me).ends_with("it takes no login by username and password"));
  CHECK(world.errorOf("example.com").ends_with("it wants a login"));
  CHECK_THROWS_AS(Socks5Proxy("127.0.0.1").login("", "x"), std::invalid_argument);
  CHECK_THROWS_AS(Socks5Proxy("127.0.0.1").login("x", std::string(256, 'x')), std::invalid_argument);
}

TEST_CASE("each way in which a SOCKS5 proxy refuses has its words") {
  World world;
  world.proxy.reply[1] = 2;
  CHECK(world.errorOf("example.com").ends_with("127.0.0.1:1080: its rules do not allow this connection"));
  world.proxy.reply[1] = 5;
  CHECK(world.errorOf("example.com").ends_with("connection refused"));
  world.proxy.reply[1] = '\x63';
  CHECK(world.errorOf("example.com").ends_with("a reply of no known meaning"));
  world.proxy.reply[1] = 0;
  world.proxy.reply[3] = 9;
  CHECK(world.errorOf("example.com").ends_with("it broke the protocol"));
  world.proxy.reply = "HTTP/1.1 400 Bad Request\r\n";
  CHECK(world.errorOf("example.com").ends_with("it broke the protocol"));
  CHECK(world.errorOf(std::string(256, 'a')).ends_with("a name has 1 to 255 bytes"));
  world.port.reset();
  CHECK(world.errorOf("example.com").find("127.0.0.1:1080") != std::string::npos);
}

TEST_CASE("a SOCKS5 proxy that says nothing, or hangs up, ends the attempt in time") {
  ManualClock time;
  MemoryNetwork memory(time);
  const auto silent = memory.listen(1080, streamFactory([](Stream stream) -> Deferred<> { co_await stream.readUntil("never"); }));
  const auto rude = memory.listen(1081, streamFactory([](Stream stream) -> Deferred<> { co_await stream.readExactly(2); }));
  Socks5Network network(memory, Socks5Proxy("127.0.0.1", 1080));
  auto waiting = network.connect("example.com", 80, ConnectOptions().timeout(5));
  time.play(4.9);
  assertNoResult(waiting);
  time.play(0.2);
  CHECK(failureResultOf(waiting).check<ConnectTimeout>());
  Socks5Network other(memory, Socks5Proxy("127.0.0.1", 1081));
  auto ended = other.connect("example.com", 80);
  time.play(1);
  CHECK(std::string(failureResultOf(ended).what()).ends_with("it closed the connection"));
  auto cancelled = network.connect("example.com", 80);
  time.play(1);
  cancelled.cancel();
  CHECK(failureResultOf(cancelled).check<CancelledError>());
}

TEST_CASE("a name may be looked up here, and the proxy get an address") {
  World world;
  world.connect("localhost", 80, Socks5Proxy("127.0.0.1").resolveHere(true));
  CHECK(world.proxy.request == "050100017f0000010050");
}

TEST_CASE("whichever operation fails, a connection through a SOCKS5 proxy ends in a transport or an error") {
  const auto runs = failEveryOperation([](Network& network) -> Deferred<> {
    Proxy proxy;
    proxy.method = 2;
    const auto port = network.listen(1080, streamFactory([&proxy](Stream stream) { return proxy.serve(std::move(stream)); }));
    Socks5Network through(network, Socks5Proxy("127.0.0.1").login("me", "secret"));
    auto connecting = through.connect("example.com", 80, ConnectOptions().timeout(10));
    Stream stream(co_await connecting);
    co_await stream.write("x");
    const std::string echoed = co_await stream.readExactly(1);
    CHECK(echoed == "x");
    co_await stream.close();
  });
  CHECK(runs.size() > 5);
}
