// Ours, in both manners.
#include "servers.hpp"

#include <weft/core/reactor.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/tcp_network.hpp>

#include <memory>
#include <string_view>

namespace bench {

namespace {

using namespace weft;

class Echo final : public net::Protocol {
 public:
  void dataReceived(std::string_view data) override { transport().write(data); }
};

Deferred<> echo(net::Stream stream) {
  for (;;) {
    std::string_view data = co_await stream.readSome();
    if (data.empty()) co_return;
    co_await stream.write(data);
  }
}

void serve(const Listening& listening, std::shared_ptr<net::Factory> factory) {
  Reactor reactor;
  net::TcpNetwork network(reactor);
  const auto port = network.listen(0, std::move(factory), net::ListenOptions().interface("127.0.0.1").backlog(kBacklog));
  listening(port->getHost().port());
  reactor.run();
}

}  // namespace

void serveByProtocol(const Listening& listening) { serve(listening, net::factoryOf<Echo>()); }
void serveByStream(const Listening& listening) { serve(listening, net::streamFactory(echo)); }

}  // namespace bench
