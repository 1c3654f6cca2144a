// Finger 01: a server that refuses everybody. The smallest thing that listens: an endpoint, and a factory whose protocols are none.
#include "../arguments.hpp"
#include "../serving.hpp"

#include <memory>

using namespace weft;

class Refusing : public net::Factory {
 public:
  std::shared_ptr<net::Protocol> buildProtocol(const net::Address&) override { return nullptr; }        // the connection is closed again
};

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  co_await serve(network, arguments.text("--listen", "tcp:7979:interface=127.0.0.1"), std::make_shared<Refusing>());
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "finger_01_refuse [--listen ENDPOINT]\n\n"
                            "Accepts connections, and closes them at once.\n"
                            "  --listen ENDPOINT   tcp:7979:interface=127.0.0.1 unless given; port 0 is any free one\n");
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
