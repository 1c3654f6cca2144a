// Finger 02: a protocol. Who sends a line gets an answer, and the connection is closed.
#include "../arguments.hpp"
#include "../serving.hpp"

using namespace weft;

class Finger : public net::LineOnlyReceiver {
 public:
  void lineReceived(std::string_view) override {
    sendLine("No such user");
    transport().loseConnection();                      // once that has been sent
  }
};

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  co_await serve(network, arguments.text("--listen", "tcp:7979:interface=127.0.0.1"), net::factoryOf<Finger>());
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "finger_02_answer [--listen ENDPOINT]\n\n"
                            "Knows nobody, and says so: try `echo alice | nc -C 127.0.0.1 7979`.\n"
                            "  --listen ENDPOINT   tcp:7979:interface=127.0.0.1 unless given; port 0 is any free one\n");
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
