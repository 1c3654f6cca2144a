// Echo: a server that sends back what it gets, and a client that checks it; each in both manners, as a Protocol and as a Stream.
#include "arguments.hpp"
#include "serving.hpp"

#include <cstdio>
#include <memory>
#include <string>

using namespace weft;

// ---- the server

class EchoProtocol : public net::Protocol {
 public:
  void dataReceived(std::string_view data) override {
    transport().write(data);
    if (transport().buffered() > 64 * 1024) waitUntilSent();             // a peer that does not read is not read from
  }

 private:
  void waitUntilSent() {
    transport().pauseReading();
    auto self = transport().shared_from_this();
    transport().drained().addCallbacks([self] { self->resumeReading(); }, [](const net::ConnectionClosed&) {}).detach();
  }
};

Deferred<> echo(net::Stream stream) {
  for (;;) {
    std::string_view data = co_await stream.readSome();
    if (data.empty()) co_return;                       // the peer has ended
    co_await stream.write(data);                       // waits for a peer that does not read
  }
}

// ---- the client

class Asking : public net::LineOnlyReceiver {
 public:
  explicit Asking(std::string words) : LineOnlyReceiver("\n"), words_(std::move(words)) {}
  /// Asked for once, when the connection is made.
  Deferred<> done() {
    Deferred<> deferred;
    ended_ = deferred.takeTrigger();
    return deferred;
  }
  void connectionMade() override { sendLine(words_); }
  void lineReceived(std::string_view line) override {
    std::printf("echoed: %.*s\n", static_cast<int>(line.size()), line.data());
    transport().loseConnection();
  }
  void connectionLost(const Failure& reason) override {
    if (reason.check<net::ConnectionDone>()) ended_.callback();
    else ended_.errback(reason);
  }

 private:
  std::string words_;
  Trigger<> ended_;
};

Deferred<> askAsProtocol(net::Network& network, std::string endpoint, std::string words) {
  const auto client = net::clientFromString(network, endpoint);
  auto asking = co_await net::connectProtocol(*client, std::make_shared<Asking>(words));
  co_await asking->done();
}

Deferred<> askAsStream(net::Network& network, std::string endpoint, std::string words) {
  const auto client = net::clientFromString(network, endpoint);
  net::Stream stream(co_await client->connect());
  co_await stream.write(words + "\n");
  const std::string answer = co_await stream.readUntil("\n");
  std::printf("echoed: %s", answer.c_str());
  co_await stream.close();
}

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  const std::string connect = arguments.text("--connect", ""), words = arguments.text("--say", "hello");
  if (!connect.empty() && arguments.has("--stream")) co_await askAsStream(network, connect, words);
  else if (!connect.empty()) co_await askAsProtocol(network, connect, words);
  else if (arguments.has("--stream")) co_await serve(network, arguments.text("--listen", "tcp:7007:interface=127.0.0.1"), net::streamFactory(echo));
  else co_await serve(network, arguments.text("--listen", "tcp:7007:interface=127.0.0.1"), net::factoryOf<EchoProtocol>());
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "echo [--listen ENDPOINT | --connect ENDPOINT [--say WORDS]] [--stream]\n\n"
                            "Sends back what it gets, until it is told to stop (Ctrl-C); or asks such a server.\n"
                            "  --listen ENDPOINT    where to wait for clients: tcp:7007:interface=127.0.0.1 unless given; port 0 is any free one\n"
                            "  --connect ENDPOINT   ask the server there: tcp:127.0.0.1:7007, tls:example.com:7008:trustRoots=ca.pem\n"
                            "  --say WORDS          what to send it: hello unless given\n"
                            "  --stream             as a coroutine on a Stream, instead of a Protocol\n");
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
