#include <weft/net/tcp_network.hpp>

#include "support/open_descriptors.hpp"
#include "worlds.hpp"

#include <weft/core/log.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using weft::test::openDescriptors;

namespace {

class Echo : public Protocol {
 public:
  void dataReceived(std::string_view data) override { transport().write(data); }
};

class Silent : public Protocol {
 public:
  void dataReceived(std::string_view) override {}
  void connectionLost(const Failure&) override { lost = true; }
  bool lost = false;
};

/// A port of loopback that answers no more attempts to connect: its queue is full and nobody accepts.
class FullPort {
 public:
  FullPort() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 0) == 0);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      callers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      ::connect(callers_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~FullPort() {
    for (const int caller : callers_) ::close(caller);
    ::close(listener_);
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  std::uint16_t port = 0;

 private:
  int listener_;
  std::vector<int> callers_;
};

Deferred<std::string> ask(Network& network, std::string host, std::uint16_t port) {
  auto transport = co_await network.connect(std::move(host), port);
  Stream stream(std::move(transport));
  co_await stream.write("hello");
  std::string answer = co_await stream.readExactly(5);
  co_await stream.close();
  co_return answer;
}

}  // namespace

TEST_CASE("a message comes back from an echo server") {
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
  CHECK(port->getHost().host() == "127.0.0.1");
  CHECK(port->getHost().port() != 0);
  CHECK(resultOf(world, ask(world.network, "127.0.0.1", port->getHost().port())) == "hello");
}

TEST_CASE("a name is looked up without blocking the loop, and each of its addresses is tried") {
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());       // nobody listens on ::1
  CHECK(resultOf(world, ask(world.network, "localhost", port->getHost().port())) == "hello");
  const auto addresses = resultOf(world, world.network.resolve("localhost", 80));
  REQUIRE(!addresses.empty());
  for (const Address& address : addresses) CHECK(address.port() == 80);
}

TEST_CASE("a refused connection says to whom") {      // H10
  TcpWorld world;
  const auto refused = errorOf<ConnectionRefused>(world, world.network.connect("127.0.0.1", 1));
  CHECK(std::string(refused.what()) == "connecting to 127.0.0.1:1: connection refused");
  CHECK(refused.host == "127.0.0.1");
  CHECK(refused.port == 1);
  CHECK(refused.systemError == ECONNREFUSED);
  CHECK(errorOf<ConnectionRefused>(world, world.network.connect("localhost", 1)).host == "localhost");
}

TEST_CASE("a name that cannot be one is a DNSLookupError") {
  TcpWorld world;
  for (const std::string& name : {std::string(), std::string("a\0b", 3), std::string(300, 'x')}) {
    const auto error = errorOf<DNSLookupError>(world, world.network.connect(name, 80));
    CHECK(error.host == name);
    CHECK(error.port == 80);
  }
}

TEST_CASE("a connection that nobody answers times out, and its socket is closed") {      // H10
  TcpWorld world;
  FullPort full;
  resultOf(world, world.network.resolve("127.0.0.1", 1));
  const int before = openDescriptors();
  const auto timeout = errorOf<ConnectTimeout>(world, world.network.connect("127.0.0.1", full.port, ConnectOptions().timeout(0.02)));
  CHECK(timeout.seconds == doctest::Approx(0.02));
  CHECK(std::string(timeout.what()) == "connecting to 127.0.0.1:" + std::to_string(full.port) + ": no connection after 0.02 seconds");
  CHECK(openDescriptors() == before);
}

TEST_CASE("cancelling an attempt to connect closes its socket at once") {      // H10
  TcpWorld world;
  FullPort full;
  world.settle();
  const int before = openDescriptors();
  auto connecting = world.network.connect("127.0.0.1", full.port);
  CHECK(openDescriptors() == before + 1);
  connecting.cancel();
  CHECK(openDescriptors() == before);
  errorOf<CancelledError>(world, std::move(connecting));
  world.settle();
}

TEST_CASE("cancelling during the look-up ends with CancelledError") {
  TcpWorld world;
  auto connecting = world.network.connect("localhost", 80);
  connecting.cancel();
  errorOf<CancelledError>(world, std::move(connecting));
  world.settle();
}

TEST_CASE("a taken port is a CannotListenError at once") {      // H9
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
  const std::uint16_t number = port->getHost().port();
  const int before = openDescriptors();
  try {
    static_cast<void>(world.network.listen(number, factoryOf<Echo>(), world.loopback()));
    FAIL("it listens twice");
  } catch (const CannotListenError& error) {
    CHECK(error.port == number);
    CHECK(error.systemError == EADDRINUSE);
    CHECK(std::string(error.what()) == "listening on 127.0.0.1:" + std::to_string(number) + ": address already in use");
  }
  CHECK_THROWS_AS(static_cast<void>(world.network.listen(0, factoryOf<Echo>(), ListenOptions().interface("localhost"))), CannotListenError);
  CHECK_THROWS_AS(static_cast<void>(world.network.listen(0, factoryOf<Echo>(), ListenOptions().interface("203.0.113.1"))), CannotListenError);
  CHECK(openDescriptors() == before);
}

TEST_CASE("a port that stopped, or was dropped, accepts no more; its connections live on") {      // H9
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
  const std::uint16_t number = port->getHost().port();
  Stream open(resultOf(world, world.network.connect("127.0.0.1", number)));
  resultOf(world, open.write("1"));
  CHECK(resultOf(world, open.readExactly(1)) == "1");

  resultOf(world, port->stopListening());
  resultOf(world, port->stopListening());
  errorOf<ConnectionRefused>(world, world.network.connect("127.0.0.1", number));
  port = world.network.listen(number, factoryOf<Echo>(), world.loopback());       // free again
  CHECK(resultOf(world, ask(world.network, "127.0.0.1", number)) == "hello");
  port.reset();
  errorOf<ConnectionRefused>(world, world.network.connect("127.0.0.1", number));

  resultOf(world, open.write("2"));
  CHECK(resultOf(world, open.readExactly(1)) == "2");
}

TEST_CASE("a factory that stops its own port while it builds a protocol") {
  TcpWorld world;
  std::unique_ptr<Port> port;
  auto stopping = factory([&]() -> std::shared_ptr<Protocol> {
    port.reset();
    return std::make_shared<Echo>();
  });
  port = world.network.listen(0, stopping, world.loopback());
  stopping.reset();
  const std::uint16_t number = port->getHost().port();
  CHECK(resultOf(world, ask(world.network, "127.0.0.1", number)) == "hello");
  errorOf<ConnectionRefused>(world, world.network.connect("127.0.0.1", number));
}

TEST_CASE("IPv6 works where the machine has it, also for IPv4 callers of the address of all") {
  TcpWorld world;
  std::unique_ptr<Port> port;
  try {
    port = world.network.listen(0, factoryOf<Echo>(), ListenOptions().interface("::1"));
  } catch (const CannotListenError&) {
    MESSAGE("no IPv6 on this machine");
    return;
  }
  CHECK(port->getHost().host() == "::1");
  CHECK(resultOf(world, ask(world.network, "::1", port->getHost().port())) == "hello");
  CHECK(resultOf(world, ask(world.network, "[::1]", port->getHost().port())) == "hello");
}

TEST_CASE("a connection comes from where it is told to") {      // H10
  TcpWorld world;
  Address from;
  auto port = world.network.listen(0, factory([&](const Address& peer) {
                                     from = peer;
                                     return std::make_shared<Echo>();
                                   }),
                                   world.loopback());
  ConnectOptions options;
  options.bindAddress(*Address::parse("127.0.0.9", 0));
  auto transport = resultOf(world, world.network.connect("127.0.0.1", port->getHost().port(), options));
  REQUIRE(world.until([&] { return bool(from); }));
  CHECK(from.host() == "127.0.0.9");
  CHECK(transport->getHost() == from);
  options.bindAddress(*Address::parse("::1", 0));
  errorOf<HostUnreachable>(world, world.network.connect("127.0.0.1", port->getHost().port(), options));
}

TEST_CASE("small writes are sent at once unless asked otherwise; keep-alive is for who wants it") {      // H7
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
  auto transport = resultOf(world, world.network.connect("127.0.0.1", port->getHost().port()));
  CHECK(transport->getTcpNoDelay());
  transport->setTcpNoDelay(false);
  CHECK(!transport->getTcpNoDelay());
  CHECK(!transport->getTcpKeepAlive());
  transport->setTcpKeepAlive(true);
  CHECK(transport->getTcpKeepAlive());
  transport->abortConnection();
  CHECK(!transport->getTcpNoDelay());
  transport->setTcpNoDelay(true);
}

TEST_CASE("out of descriptors: accepting pauses without burning the processor, says so once, and goes on") {      // H11, fault 4
  LogCapture log;
  TcpWorld world;
  int accepted = 0;
  auto port = world.network.listen(0, factory([&] {
                                     ++accepted;
                                     return std::make_shared<Silent>();
                                   }),
                                   world.loopback());
  world.settle();
  std::vector<int> callers;
  for (int i = 0; i < 3; ++i) callers.push_back(::socket(AF_INET, SOCK_STREAM, 0));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 0;                                   // no new descriptor, whatever is free
  ::setrlimit(RLIMIT_NOFILE, &none);
  sockaddr_in address = FullPort::loopback(port->getHost().port());
  for (const int caller : callers) CHECK(::connect(caller, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  rusage start{}, end{};
  ::getrusage(RUSAGE_SELF, &start);
  const auto until = world.reactor.now() + std::chrono::milliseconds(600);
  while (world.reactor.now() < until) world.reactor.iterate(0.1);
  ::getrusage(RUSAGE_SELF, &end);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(accepted == 0);
  CHECK(log.count(LogLevel::Error) == 1);
  CHECK(log.contains("connections wait until there is room again"));
  const auto micros = [](const rusage& usage) { return usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec; };
  CHECK(micros(end) - micros(start) < 200'000);
  CHECK(world.until([&] { return accepted == 3; }));
  for (const int caller : callers) ::close(caller);
  world.settle();
}

TEST_CASE("out of descriptors: connecting fails with an error that says so") {
  TcpWorld world;
  world.settle();
  static_cast<void>(world.network.connect("127.0.0.1", 1).addErrback([](const Failure&) { return std::shared_ptr<Transport>(); }));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto connecting = world.network.connect("127.0.0.1", 80);
  ::setrlimit(RLIMIT_NOFILE, &before);
  const auto error = errorOf<ConnectError>(world, std::move(connecting));
  CHECK(error.systemError == EMFILE);
  CHECK(std::string(error.what()).find("too many open files") != std::string::npos);
}

TEST_CASE("a thousand connections come and go without leaving a descriptor behind") {
  TcpWorld world;
  auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
  world.settle();
  const int before = openDescriptors();
  int done = 0;
  auto visit = [&]() -> Deferred<> {
    for (int i = 0; i < 50; ++i) {
      std::string answer = co_await ask(world.network, "127.0.0.1", port->getHost().port());
      if (answer == "hello") ++done;
    }
  };
  std::vector<Deferred<>> visits;
  for (int i = 0; i < 20; ++i) visits.push_back(visit());
  REQUIRE(world.until([&] { return done == 1000; }));
  CHECK(world.until([&] { return openDescriptors() == before; }));
}

TEST_CASE("two reactors on one thread, one after the other, have networks of their own") {
  for (int i = 0; i < 2; ++i) {
    TcpWorld world;
    auto port = world.network.listen(0, factoryOf<Echo>(), world.loopback());
    CHECK(resultOf(world, ask(world.network, "127.0.0.1", port->getHost().port())) == "hello");
  }
}
