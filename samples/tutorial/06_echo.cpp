// 06: a TCP echo. A server that sends back what it gets, and a client that talks to it, both in one program.
#include "../arguments.hpp"

#include <weft/defer.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <string>

using namespace weft;

Deferred<> echo(net::Stream stream) {
  for (;;) {
    std::string_view data = co_await stream.readSome();
    if (data.empty()) co_return;                       // the peer has ended
    co_await stream.write(data);
  }
}

Deferred<> run(Reactor& reactor) {
  net::TcpNetwork network(reactor);
  const auto server = network.listen(0, net::streamFactory(echo), net::ListenOptions().interface("127.0.0.1"));

  net::Stream client(co_await network.connect("127.0.0.1", server->getHost().port()));
  for (const char* line : {"hello\n", "how are you\n", "goodbye\n"}) {
    co_await client.write(line);
    std::string answer = co_await client.readUntil("\n");
    std::printf("echoed: %s", answer.c_str());
  }
  co_await client.close();
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, "tutorial_06_echo\n\nA TCP echo server and its client.\n");
  return react(run, argc, argv);
}
