#include <weft/net/tls/start_tls.hpp>

#include "tls_pair.hpp"

#include <weft/defer/testing.hpp>

#include <algorithm>
#include <numeric>

using namespace weft;
using namespace weft::net;

namespace {

const TlsClientContext& trusting() {
  static const TlsClientContext context(trustingOptions().sessionResumption(false));
  return context;
}

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

void echo(Keeper& keeper) {
  keeper.onData = [](Keeper& self) { self.transport().write(std::exchange(self.data, {})); };
}

/// A server of a line protocol: "STARTTLS\n" is answered "go\n", and what follows is TLS.
class Upgrading : public Protocol, public std::enable_shared_from_this<Upgrading> {
 public:
  explicit Upgrading(const TlsServerContext& context) : context_(context) {}
  void dataReceived(std::string_view data) override {
    received += data;
    if (secure) return transport().write("secure: " + std::exchange(received, {}));
    const std::size_t end = received.find('\n');
    if (end == std::string::npos) return;
    transport().write("go\n");
    transport().unread(received.substr(end + 1));
    received.clear();
    startTLS(transport().shared_from_this(), context_)
        .addCallback([self = shared_from_this()](std::shared_ptr<Transport> upgraded) {
          self->secure = true;
          upgraded->setProtocol(self);
        })
        .detach();
  }
  void connectionLost(const Failure&) override { ++losses; }
  std::string received;
  bool secure = false;
  int losses = 0;

 private:
  TlsServerContext context_;
};

/// A client that says STARTTLS and goes on at once with its first flight, so that both come in one read.
Deferred<std::string> upgradeEagerly(Network& network, TlsClientContext client) {
  auto transport = co_await network.connect("127.0.0.1", 25);
  transport->write("STARTTLS\n");
  Stream plain(std::move(transport));
  auto line = plain.readLine();
  const auto answer = co_await line;
  if (answer != "go") co_return "?";
  const TlsClientConnectionOptions options = optionsForClientTLS("localhost", client);
  auto secure = co_await startTLS(plain.detach(), options);
  Stream stream(std::move(secure));
  co_await stream.write("hello");
  auto read = stream.readExactly(13);
  std::string said = co_await read;
  co_await stream.close();
  co_return said;
}

}  // namespace

// K3

TEST_CASE("startTLS upgrades a connection in mid-stream on both sides, from a Protocol and from a Stream") {
  MemoryWorld world;
  const TlsServerContext context(localhostOptions());
  auto server = std::make_shared<Upgrading>(context);
  auto port = world.network.listen(25, factory([&] { return server; }));
  CHECK(resultOf(world, upgradeEagerly(world.network, trusting())) == "secure: hello");
  world.settle();
  CHECK(server->losses == 1);
}

TEST_CASE("bytes of TLS that came in the same read as the upgrade are not lost, however they are cut") {
  for (const std::size_t chunk : {1, 7, 64 * 1024}) {
    MemoryWorld world;
    world.network.setLink(MemoryLink().latency(0.001).chunks(chunk, chunk));
    const TlsServerContext context(localhostOptions());
    auto server = std::make_shared<Upgrading>(context);
    auto port = world.network.listen(25, factory([&] { return server; }));
    auto plain = resultOf(world, world.network.connect("127.0.0.1", 25));
    // The client does not wait for "go": it skips that line in front of the server's flight.
    plain->write("STARTTLS\n");
    class Skip : public Protocol, public std::enable_shared_from_this<Skip> {
     public:
      void dataReceived(std::string_view data) override {
        line += data;
        if (line.size() < 3) return;
        transport().unread(line.substr(3));
        done = true;
        transport().setProtocol(nullptr);
      }
      std::string line;
      bool done = false;
    };
    auto skip = std::make_shared<Skip>();
    plain->setProtocol(skip);
    REQUIRE(world.until([&] { return skip->done; }));
    auto secure = resultOf(world, startTLS(plain, optionsForClientTLS("localhost", trusting())));
    auto keeper = std::make_shared<Keeper>();
    secure->setProtocol(keeper);
    secure->write("x");
    REQUIRE(world.until([&] { return keeper->data == "secure: x"; }));
  }
}

// K4

TEST_CASE("TLS in TLS: the inner handshake is with another host") {
  MemoryWorld world;
  const TlsServerContext outer(localhostOptions());
  const TlsServerContext inner(CertificateOptions(testAuthority().issue(CertificateDetails("inner.example"))));
  std::shared_ptr<Keeper> server = std::make_shared<Keeper>();
  echo(*server);
  auto port = world.network.listen(443, std::make_shared<TlsFactory>(outer, std::make_shared<TlsFactory>(inner, factory([&] { return server; }))));
  auto plain = resultOf(world, world.network.connect("127.0.0.1", 443));
  auto tunnel = resultOf(world, startTLS(plain, optionsForClientTLS("localhost", trusting())));
  auto secure = resultOf(world, startTLS(tunnel, optionsForClientTLS("inner.example", trusting())));
  CHECK(secure->tlsFacts()->peerCertificate()->commonName() == "inner.example");
  auto client = std::make_shared<Keeper>();
  secure->setProtocol(client);
  const std::string large = pattern(300'000);
  secure->write(large);
  REQUIRE(world.until([&] { return client->data.size() == large.size(); }));
  CHECK(client->data == large);
  secure->loseConnection();
  REQUIRE(world.until([&] { return client->lost && server->lost; }));
  CHECK(server->reason.check<ConnectionDone>());
  CHECK(!plain->connected());
}

TEST_CASE("small writes of one turn leave as one record, large ones as full records at once") {
  TlsServer server;
  const auto client = server.open(trusting());
  auto& transport = client->transport();
  for (int i = 0; i < 1000; ++i) transport.write("0123456789");
  CHECK(transport.buffered() == 10'000);               // waits for the turn's end
  server.world.settle();
  CHECK(server.protocols.back()->pieces == 1);
  CHECK(server.protocols.back()->data.size() == 10'000);
  transport.write("x");
  transport.write(pattern(100'000));
  CHECK(transport.buffered() < 64 * 1024);             // what the link's window did not take
  REQUIRE(server.world.until([&] { return server.protocols.back()->data.size() == 110'001; }));
}

TEST_CASE("ten megabytes echoed in pieces of any size: all of it, in order, with bounded buffers") {
  for (const std::size_t chunk : {1'000, 64 * 1024}) {
    TlsServer server(localhostOptions(), MemoryLink().latency(0.001).chunks(1, chunk));
    std::size_t most = 0;
    server.port = nullptr;
    auto port = server.world.network.listen(444, std::make_shared<TlsFactory>(server.context, streamFactory([&](Stream stream) -> Deferred<> {
                                              for (;;) {
                                                auto data = co_await stream.readSome();
                                                if (data.empty()) co_return;
                                                co_await stream.write(data);
                                                most = std::max(most, stream.transport().buffered());
                                              }
                                            })));
    auto plain = resultOf(server.world, server.world.network.connect("127.0.0.1", 444));
    auto secure = resultOf(server.world, startTLS(plain, optionsForClientTLS("localhost", trusting())));
    const std::string large = pattern(10'000'000);
    auto client = std::make_shared<Keeper>();
    secure->setProtocol(client);
    auto sending = [&]() -> Deferred<> {
      std::string_view rest = large;
      for (std::size_t size = 1; !rest.empty(); size = size * 3 % 50'021 + 1) {
        const std::string_view piece = rest.substr(0, size);
        secure->write(piece);
        most = std::max(most, secure->buffered());
        co_await secure->drained();
        rest.remove_prefix(piece.size());
      }
      secure->loseWriteConnection();
    };
    resultOf(server.world, sending());
    REQUIRE(server.world.until([&] { return client->lost; }));
    CHECK(client->data == large);
    CHECK(client->reason.check<ConnectionDone>());
    CHECK(most < 256 * 1024);
  }
}

TEST_CASE("byte by byte comes the same as at once") {
  std::string results[2];
  for (const std::size_t chunk : {1, 64 * 1024}) {
    TlsServer server(localhostOptions(), MemoryLink().latency(0.001).chunks(chunk, chunk));
    server.prepare = echo;
    const auto client = server.open(trusting());
    client->transport().write(pattern(5'000));
    client->transport().loseWriteConnection();
    REQUIRE(server.world.until([&] { return client->data.size() == 5'000; }));
    results[chunk == 1] = client->data;
  }
  CHECK(results[0] == results[1]);
}

TEST_CASE("a pause that comes with an end holds both back until resumeReading") {
  TlsServer server;
  server.prepare = [](Keeper& keeper) { keeper.onData = [](Keeper& self) { self.transport().pauseReading(); }; };
  const auto client = server.open(trusting());
  client->transport().write(pattern(200'000));
  client->transport().loseConnection();
  const auto held = server.protocols.back();
  for (int i = 0; i < 20 && held->data.size() < 200'000; ++i) {
    server.world.settle();
    CHECK(held->pieces == i + 1);
    CHECK(!held->lost);
    held->transport().resumeReading();
  }
  REQUIRE(server.world.until([&] { return held->lost; }));
  CHECK(held->data == pattern(200'000));
  CHECK(held->reason.check<ConnectionDone>());
}

TEST_CASE("a transport with a handshake behind it keeps what comes until it gets a protocol") {
  TlsServer server;
  server.prepare = [](Keeper& keeper) { keeper.onMade = [](Keeper& self) { self.transport().write("greeting"); }; };
  auto transport = server.connected(trusting());
  server.world.settle();
  auto keeper = std::make_shared<Keeper>();
  transport->setProtocol(keeper);
  REQUIRE(server.world.until([&] { return keeper->data == "greeting"; }));
  keeper.reset();
  auto next = std::make_shared<Keeper>();
  transport->setProtocol(next);
  server.protocols.back()->transport().write("more");
  REQUIRE(server.world.until([&] { return next->data == "more"; }));
}

// ---- the end; fault 18

TEST_CASE("an end without close_notify is TlsTruncated, with what came before it delivered") {
  TlsServer server;
  server.prepare = [](Keeper& keeper) { keeper.onMade = [](Keeper& self) { self.transport().write("half of it"); }; };
  auto plain = resultOf(server.world, server.world.network.connect("127.0.0.1", 443));
  auto secure = resultOf(server.world, startTLS(plain, optionsForClientTLS("localhost", trusting())));
  auto client = std::make_shared<Keeper>();
  secure->setProtocol(client);
  server.world.settle();
  plain->loseConnection();                             // below TLS: the server sees a bare end
  REQUIRE(server.world.until([&] { return server.protocols.back()->lost && client->lost; }));
  CHECK(server.protocols.back()->reason.check<TlsTruncated>());
  CHECK(server.protocols.back()->reason.check<ConnectionLost>());
  CHECK(client->reason.check<TlsTruncated>());
  CHECK(client->data == "half of it");
}

TEST_CASE("a protocol that throws closes without close_notify: its peer learns that it was cut off") {
  LogCapture log;
  TlsServer server;
  server.prepare = [](Keeper& keeper) { keeper.onData = [](Keeper&) { throw std::logic_error("broken protocol"); }; };
  const auto client = server.open(trusting());
  client->transport().write("x");
  REQUIRE(server.world.until([&] { return client->lost; }));
  CHECK(client->reason.check<TlsTruncated>());
  CHECK(server.protocols.back()->reason.check<std::logic_error>());
  CHECK(log.contains("broken protocol"));
  CHECK(server.open(trusting())->made);                // the server lives
}

TEST_CASE("a Stream's reader gets TlsTruncated as an error, not as an end") {
  MemoryWorld world;
  const TlsServerContext context(localhostOptions());
  world.network.setLink(MemoryLink().latency(0.001).truncateAfter(3'000));
  auto port = world.network.listen(443, std::make_shared<TlsFactory>(context, streamFactory([](Stream stream) -> Deferred<> { co_await stream.write(pattern(10'000)); })));
  auto plain = resultOf(world, world.network.connect("127.0.0.1", 443));
  Stream stream(resultOf(world, startTLS(plain, optionsForClientTLS("localhost", trusting()))));
  errorOf<TlsTruncated>(world, stream.readExactly(10'000));
}

TEST_CASE("abort in the handshake, cancel of it, and dropping it leave nothing behind") {
  LogCapture quiet;
  for (int way = 0; way < 3; ++way) {
    TlsServer server;
    auto plain = resultOf(server.world, server.world.network.connect("127.0.0.1", 443));
    std::weak_ptr<Transport> watch = plain;
    auto handshake = startTLS(std::move(plain), optionsForClientTLS("localhost", trusting()));
    server.world.time.advance(0.001);
    if (way == 0) {
      handshake.cancel();
      CHECK(failureResultOf<CancelledError>(std::move(handshake)).check<CancelledError>());
    } else if (way == 1) {
      watch.lock()->abortConnection();
      errorOf<ConnectionAborted>(server.world, std::move(handshake));
    } else {
      handshake.detach();                              // nobody waits: it is done, and closed
    }
    server.world.settle();
    CHECK(watch.expired());
    CHECK(server.tls->handshakes() == 0);
    CHECK(server.world.network.openConnections() == 0);
    CHECK(server.world.time.getDelayedCalls().empty());
  }
}

TEST_CASE("a handshake that the peer does not go on with ends after its time, on the transport's clock") {
  LogCapture log;
  MemoryWorld world;
  auto silent = std::make_shared<Keeper>();
  auto port = world.network.listen(443, factory([&] { return silent; }));
  auto plain = resultOf(world, world.network.connect("127.0.0.1", 443));
  auto handshake = startTLS(plain, optionsForClientTLS("localhost", TlsClientContext(trustingOptions().handshakeTimeout(5))));
  world.time.advance(4.9);
  CHECK(!handshake.called());
  world.time.advance(0.2);
  const auto error = errorOf<HandshakeTimeout>(world, std::move(handshake));
  CHECK(error.seconds == 5);
  CHECK(std::string(error.what()) == "the TLS handshake with localhost (127.0.0.1:443) was not done after 5 s");

  TlsServer server;                                    // the default, for a client that says nothing
  auto mute = resultOf(server.world, server.world.network.connect("127.0.0.1", 443));
  auto keeper = std::make_shared<Keeper>();
  mute->setProtocol(keeper);
  server.world.time.play(29.9);
  CHECK(!keeper->lost);
  CHECK(server.tls->handshakes() == 1);
  server.world.time.play(0.3);
  CHECK(keeper->lost);
  CHECK(server.tls->handshakes() == 0);
  CHECK(log.contains("was not done after 30 s"));
}

TEST_CASE("a peer that speaks something else is NotTls, with its first words") {
  LogCapture log;
  MemoryWorld world;
  auto http = std::make_shared<Keeper>();
  http->onMade = [](Keeper& self) { self.transport().write("HTTP/1.1 400 Bad Request\r\n\r\n"); };
  auto port = world.network.listen(80, factory([&] { return http; }));
  auto plain = resultOf(world, world.network.connect("127.0.0.1", 80));
  const auto error = errorOf<NotTls>(world, startTLS(plain, optionsForClientTLS("localhost", trusting())));
  CHECK(error.received == "HTTP/1.1 400 Bad");
  CHECK(std::string(error.what()).find("is that a port without TLS?") != std::string::npos);

  TlsServer server;
  for (const std::string& garbage : {std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string(1000, '\0'), std::string("\x16\x03\x01\xff\xff") + std::string(70'000, 'x')}) {
    auto client = std::make_shared<Keeper>();
    auto transport = resultOf(server.world, server.world.network.connect("127.0.0.1", 443));
    transport->setProtocol(client);
    transport->write(garbage);
    REQUIRE(server.world.until([&] { return client->lost; }));
  }
  CHECK(server.protocols.empty());
  CHECK(log.contains("it begins with \"GET / HTTP/1.1\\x0d\\x0a\""));
}

TEST_CASE("garbage after the handshake ends the connection with a TlsError") {
  TlsServer server;
  auto plain = resultOf(server.world, server.world.network.connect("127.0.0.1", 443));
  auto secure = resultOf(server.world, startTLS(plain, optionsForClientTLS("localhost", trusting())));
  auto client = std::make_shared<Keeper>();
  secure->setProtocol(client);
  server.world.settle();
  plain->write(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));      // a record that no key opens
  REQUIRE(server.world.until([&] { return client->lost && server.protocols.back()->lost; }));
  CHECK(server.protocols.back()->reason.check<TlsError>());
  REQUIRE(client->reason.check<TlsAlert>());
  CHECK(client->reason.as<TlsAlert>()->name == "bad record mac");
}

TEST_CASE("a connection lost inside a callback, and one closed by its own last words") {
  TlsServer server;
  server.prepare = [](Keeper& keeper) {
    keeper.onData = [](Keeper& self) {
      self.transport().write("bye");
      self.transport().loseConnection();
      self.transport().write("dropped");
    };
  };
  const auto client = server.open(trusting());
  client->transport().write("one");
  client->transport().write("two");
  REQUIRE(server.world.until([&] { return client->lost; }));
  CHECK(client->data == "bye");
  CHECK(client->reason.check<ConnectionDone>());
  CHECK(server.protocols.back()->reason.check<ConnectionDone>());
}

TEST_CASE("a connection cut or reset at any byte of the handshake ends with a typed error: no hang, nothing left") {
  LogCapture quiet;
  using Direction = MemoryLink::Direction;
  for (const Direction direction : {Direction::ToServer, Direction::ToClient}) {
    for (const bool reset : {false, true}) {
      bool succeeded = false;
      for (std::size_t bytes = 0; !succeeded && bytes < 5'000; bytes += 1 + bytes / 8 * (bytes % 16 == 0)) {
        MemoryLink link = MemoryLink().latency(0.001);
        if (reset) link.resetAfter(bytes, direction);
        else link.truncateAfter(bytes, direction);
        TlsServer server(localhostOptions(), link);
        server.prepare = echo;
        auto client = std::make_shared<Keeper>();
        auto connecting = server.connect(trusting()).addCallback([&](std::shared_ptr<Transport> transport) {
          transport->setProtocol(client);
          transport->write("all of it");
        });
        Outcome<> outcome = outcomeOf(server.world, std::move(connecting));
        if (!outcome) {
          CHECK(outcome.failure().check<ConnectionClosed>());
        } else {
          server.world.time.play(1);
          succeeded = client->data == "all of it";
          if (!succeeded && client->lost) CHECK(client->reason.check<ConnectionClosed>());
          if (!succeeded && client->lost && direction == Direction::ToClient) CHECK(client->reason.check<ConnectionLost>());
          if (client->hasTransport()) client->transport().abortConnection();
        }
        server.world.time.play(31);
        CHECK(server.tls->handshakes() == 0);
        CHECK(server.world.network.openConnections() == 0);
        CHECK(server.world.time.getDelayedCalls().empty());
      }
      CHECK(succeeded);
    }
  }
}

TEST_CASE("a network that ends in the middle of a handshake takes it along") {
  LogCapture quiet;
  std::optional<Deferred<std::shared_ptr<Transport>>> handshake;
  {
    TlsServer server;
    auto plain = resultOf(server.world, server.world.network.connect("127.0.0.1", 443));
    handshake.emplace(startTLS(plain, optionsForClientTLS("localhost", trusting())));
    server.world.time.advance(0.001);
    CHECK(!handshake->called());
  }
  CHECK(failureResultOf<ConnectionAborted>(std::move(*handshake)).check<ConnectionAborted>());
}

// ---- J5

TEST_CASE("wrapClientTLS and wrapServerTLS put TLS around endpoints") {
  class Client : public ClientEndpoint {
   public:
    explicit Client(Network& network) : network(network) {}
    using ClientEndpoint::connect;
    Deferred<std::shared_ptr<Transport>> connect() override { return network.connect("127.0.0.1", 443); }
    Network& network;
  };
  class Server : public ServerEndpoint {
   public:
    explicit Server(Network& network) : network(network) {}
    Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) override { return succeed(network.listen(443, std::move(factory))); }
    Network& network;
  };
  MemoryWorld world;
  auto served = std::make_shared<Keeper>();
  echo(*served);
  auto server = wrapServerTLS(TlsServerContext(localhostOptions()), std::make_shared<Server>(world.network));
  auto port = resultOf(world, server->listen(factory([&] { return served; })));
  auto endpoint = wrapClientTLS(optionsForClientTLS("localhost", trusting()), std::make_shared<Client>(world.network));
  auto client = resultOf(world, connectProtocol(*endpoint, std::make_shared<Keeper>()));
  client->transport().write("through both");
  REQUIRE(world.until([&] { return client->data == "through both"; }));
  CHECK(client->transport().tlsFacts()->version() == TlsVersion::Tls13);
}

TEST_CASE("a factory that refuses or throws after the handshake closes the connection and serves the next one") {
  LogCapture log;
  MemoryWorld world;
  int calls = 0;
  const TlsServerContext context(localhostOptions());
  auto port = world.network.listen(443, std::make_shared<TlsFactory>(context, factory([&]() -> std::shared_ptr<Protocol> {
                                     if (++calls == 1) return nullptr;
                                     if (calls == 2) throw std::runtime_error("no more room");
                                     return std::make_shared<Keeper>();
                                   })));
  for (int i = 0; i < 3; ++i) {
    auto plain = resultOf(world, world.network.connect("127.0.0.1", 443));
    auto client = std::make_shared<Keeper>();
    resultOf(world, startTLS(plain, optionsForClientTLS("localhost", trusting())))->setProtocol(client);
    world.settle();
    CHECK(client->lost == (i < 2));
    if (i == 0) CHECK(client->reason.check<ConnectionDone>());
  }
  CHECK(log.contains("no more room"));
}
