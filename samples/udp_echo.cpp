// Datagrams: a server that sends each one back, and a client that asks it.
#include "arguments.hpp"

#include <weft/defer/react.hpp>
#include <weft/net/udp_network.hpp>

#include <cstdio>
#include <string>

using namespace weft;

namespace {

class Echo : public net::DatagramProtocol {
 public:
  void datagramReceived(std::string_view data, const net::Address& from) override { transport().write(data, from); }
};

Deferred<> ask(Reactor& reactor, net::Address server, std::string text, long count) {
  net::UdpNetwork network(reactor);
  net::DatagramSocket socket(network, net::Address::loopback(0));
  socket.connect(server);
  for (long i = 1; i <= count; ++i) {
    socket.write(text + ' ' + std::to_string(i));
    auto receiving = socket.receive().addTimeout(1, reactor);      // a datagram may get lost
    net::Datagram answer = co_await std::move(receiving);
    std::printf("%s\n", answer.data.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "udp_echo: sends datagrams back\n\n"
                            "  udp_echo --serve             answers at the port, until it is interrupted\n"
                            "  udp_echo                     starts a server for itself and asks it\n"
                            "  --port N                     where (0: any free port; 7007 with --serve or --ask)\n"
                            "  --ask                        asks a server that runs already\n"
                            "  --text TEXT --count N        what to say (hello), how often (3)\n");
  const bool serve = arguments.has("--serve"), alone = !serve && !arguments.has("--ask");
  const auto port = static_cast<std::uint16_t>(arguments.number("--port", alone ? 0 : 7007));
  const auto run = [&](Reactor& reactor) -> Deferred<> {
    net::UdpNetwork network(reactor);
    net::DatagramPort server;
    net::Address at = net::Address::loopback(port);
    if (serve || alone) {
      server = network.listen(at, std::make_shared<Echo>());
      at = server->getHost();
    }
    if (serve) {
      std::printf("answering at %s\n", at.toString().c_str());
      std::fflush(stdout);
      Deferred<> never;
      co_await never;
    } else {
      co_await ask(reactor, at, arguments.text("--text", "hello"), arguments.number("--count", 3));
    }
  };
  return react(run, argc, argv);
}
