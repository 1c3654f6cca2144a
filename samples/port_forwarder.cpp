// Port forwarder: passes every connection on to another place, in both directions, at the pace of the slower side. As a pair of Protocols, or as two loops on Streams.
#include "arguments.hpp"
#include "serving.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

using namespace weft;

// ---- as Protocols: each has the other one's transport, and each transport is the other one's producer

class Side : public net::Protocol {
 public:
  void dataReceived(std::string_view data) override { other_->write(data); }
  void readConnectionLost() override { other_->loseWriteConnection(); }
  void connectionLost(const Failure&) override {
    if (other_) other_->loseConnection();
    other_.reset();
  }
  void joinTo(std::shared_ptr<net::Transport> other) {
    other_ = std::move(other);
    other_->registerProducer(transport().shared_from_this(), true);      // more comes in only when that has gone out
  }

 protected:
  std::shared_ptr<net::Transport> other_;
};

class Incoming : public Side {
 public:
  explicit Incoming(std::shared_ptr<net::ClientEndpoint> target) : target_(std::move(target)) {}

  void connectionMade() override {
    transport().pauseReading();                        // until there is somebody to pass it on to
    auto incoming = transport().shared_from_this();
    connecting_ = net::connectProtocol(*target_, std::make_shared<Side>())
                      .addCallbacks(
                          [this, incoming](std::shared_ptr<Side> outgoing) {
                            outgoing->joinTo(incoming);
                            joinTo(outgoing->transport().shared_from_this());
                            incoming->resumeReading();
                          },
                          [incoming](Failure failure) {
                            if (!failure.check<CancelledError>()) std::fprintf(stderr, "%s\n", failure.what());
                            incoming->abortConnection();
                          });
  }
  void connectionLost(const Failure& reason) override {
    connecting_.cancel();
    Side::connectionLost(reason);
  }

 private:
  std::shared_ptr<net::ClientEndpoint> target_;
  Deferred<> connecting_{nullptr};
};

// ---- as Streams

Deferred<> passOn(net::Stream& from, net::Stream& to) {
  co_await net::pump(from, to);
  to.closeWriting();
}

Deferred<> forward(net::Stream client, std::shared_ptr<net::ClientEndpoint> target) {
  net::Stream server(co_await target->connect());
  TaskGroup directions;                                // an error in one of them ends the other
  directions.spawn(passOn, std::ref(client), std::ref(server));
  directions.spawn(passOn, std::ref(server), std::ref(client));
  co_await directions.join();
}

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  const auto target = net::clientFromString(network, arguments.text("--connect", "tcp:127.0.0.1:7007"));
  auto streams = [target](net::Stream client) { return forward(std::move(client), target); };
  const auto factory = arguments.has("--stream") ? net::streamFactory(streams) : net::factoryOf<Incoming>(target);
  co_await serve(network, arguments.text("--listen", "tcp:7020:interface=127.0.0.1"), factory);
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "port_forwarder [--listen ENDPOINT] [--connect ENDPOINT] [--stream]\n\n"
                            "Passes connections on, until it is told to stop (Ctrl-C).\n"
                            "  --listen ENDPOINT    tcp:7020:interface=127.0.0.1 unless given; port 0 is any free one\n"
                            "  --connect ENDPOINT   where to: tcp:127.0.0.1:7007 unless given\n"
                            "  --stream             as two loops on Streams, instead of two Protocols\n");
  setLogSink(stderrLogSink());
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
